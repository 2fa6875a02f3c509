import { devicesApi } from "@netconductor/contracts/devices/api";
import { describe, expect, test } from "vitest";
import { guessFields, importFields, isSecret, template } from "./fields.ts";
import { formatOf, readHead, readRecords } from "./read-head.ts";

const known = (header: string) => header.toLowerCase() in importFields;

describe("what a file holds", () => {
	test("JSON is told from CSV by its first sign", () => {
		expect(formatOf('\uFEFF [{"name":"a"}]')).toBe("json");
		expect(formatOf("name,host\r\n")).toBe("csv");
		expect(formatOf("")).toBe("csv");
	});

	test.each([",", ";", "\t"])("columns and first values are read whatever separates them: %j", (delimiter) => {
		const text = [
			["name", "host", "notes"],
			["a", "192.0.2.1", '"say ""hi""\nthere"'],
			["b", "192.0.2.2", ""],
		];
		const content = `\uFEFF${text.map((row) => row.join(delimiter)).join("\r\n")}\r\n`;
		expect(readHead(content, "csv", known)).toEqual({
			headers: ["name", "host", "notes"],
			samples: [["a", "b"], ["192.0.2.1", "192.0.2.2"], ['say "hi"\nthere']],
		});
	});

	test("a delimiter within quotes separates nothing, and a file that ends in the middle is read as far as it goes", () => {
		expect(readRecords('a,"b,c",d\n1,"2', ",", 9)).toEqual([
			["a", "b,c", "d"],
			["1", "2"],
		]);
		expect(readRecords("\n\n", ",", 9)).toEqual([]);
	});

	test("of JSON all keys are columns; what is no list of objects has none", () => {
		const content = JSON.stringify([{ name: "a", tags: ["x", "y"] }, { name: "b", port: 22 }, 7]);
		expect(readHead(content, "json", known)).toEqual({
			headers: ["name", "tags", "port"],
			samples: [["a", "b"], ["x;y"], ["22"]],
		});
		for (const broken of ["[{", '{"name":"a"}', "[]", "null"]) {
			expect(readHead(broken, "json", known).headers).toEqual([]);
		}
	});
});

describe("which field a column stands for", () => {
	test("is guessed from what other tools call it", () => {
		expect(guessFields(["Device Name", "Primary IP", "Platform", "Location", "Rack"])).toEqual({
			"Device Name": "name",
			"Primary IP": "host",
			Platform: "device_type",
			Location: "site",
			Rack: "",
		});
	});

	test("is each field once at most, the field's own name first", () => {
		expect(guessFields(["hostname", "name", "IP", "host"])).toEqual({
			hostname: "",
			name: "name",
			IP: "",
			host: "host",
		});
		expect(guessFields(["Device-Type", "type"])).toEqual({ "Device-Type": "device_type", type: "" });
	});

	test("covers what the contract takes, and the template names every field in its own words", () => {
		for (const field of Object.keys(importFields)) {
			expect(devicesApi.operations.importDevices.description).toContain(field);
		}
		const [headers = [], row = []] = readRecords(template, ",", 2);
		expect(headers.toSorted()).toEqual(Object.keys(importFields).toSorted());
		expect(row).toHaveLength(headers.length);
	});

	test("values of a column that may hold passwords are not shown, whatever it is mapped to", () => {
		expect(isSecret("pwd", "")).toBe(true);
		expect(isSecret("whatever", "password")).toBe(true);
		expect(isSecret("site", "site")).toBe(false);
	});
});
