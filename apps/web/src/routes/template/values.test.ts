import type { TemplateVariable } from "@netconductor/contracts/config/templates";
import { expect, test } from "vitest";
import { missing, readScalar, showScalar, withKey } from "./values.ts";

test("what is typed is read as what it looks like", () => {
	const cases: [typed: string, value: unknown][] = [
		["9000", 9000],
		["-1.5", -1.5],
		["true", true],
		['"9000"', "9000"],
		["10.0.0.1", "10.0.0.1"],
		["007", "007"],
		["1e5", "1e5"],
		["12345678901234567890", "12345678901234567890"],
		["Ethernet1", "Ethernet1"],
		['"open', '"open'],
	];
	for (const [typed, value] of cases) expect([typed, readScalar(typed)]).toEqual([typed, value]);
});

test("a value that is shown is read as the same", () => {
	for (const value of [0, 9000, true, false, "x", "9000", "true", "", '"', '"a"', "a b", "007", null]) {
		if (value === null || value === "") continue;
		expect(readScalar(showScalar(value))).toBe(value);
	}
});

test("a mapping whose keys are all taken away is none", () => {
	expect(withKey({ a: { b: 1 } }, "a", {})).toEqual({});
	expect(withKey({ a: 1 }, "b", [])).toEqual({ a: 1, b: [] });
});

test("what is required and not filled in is named, within mappings too", () => {
	const scalar = (name: string, required = true): TemplateVariable => ({
		...{ name, shape: "scalar", required, keys: [], items: null, template: "t", line: 1, lines: [1] },
	});
	const variables = [
		scalar("name"),
		{ ...scalar("bgp"), shape: "mapping" as const, keys: [scalar("asn"), scalar("id", false)] },
	];
	expect(missing(variables, {})).toEqual(["name", "bgp"]);
	expect(missing(variables, { name: "x", bgp: { id: 1 } })).toEqual(["bgp.asn"]);
	expect(missing(variables, { name: "x", bgp: { asn: 1 } })).toEqual([]);
});
