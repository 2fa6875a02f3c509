import { expect, test } from "vitest";
import { readJson } from "./json-lines.ts";

const text = `{
	"id": "x",
	"prompt": {
		"exec": "a:b, {c} [d] \\" e"
	},
	"errors": [
		"one",
		"two"
	],
	"facts": [{ "command": "show", "fields": {
		"model": "(x)"
	} }],
	"pager": []
}`;

test("every value is found on its line, whatever its text looks like", () => {
	const read = readJson(text);
	if ("fault" in read) throw new Error(read.fault.message);
	const { lineOf } = read.lines;
	expect(
		["id", "prompt", "prompt.exec", "errors.0", "errors.1", "facts.0.command", "facts.0.fields.model", "pager"].map(
			lineOf,
		),
	).toEqual([2, 3, 4, 7, 8, 10, 11, 13]);
});

test("of a value that is missing the line of its holder is named", () => {
	const read = readJson(text);
	if ("fault" in read) throw new Error(read.fault.message);
	expect(read.lines.lineOf("prompt.enable")).toBe(3);
	expect(read.lines.lineOf("label")).toBe(1);
});

test("what is no JSON is said with its line", () => {
	const faults: [text: string, line: number][] = [
		['{\n"a": 1,\n"b": }\n', 3],
		["", 1],
		['{\n"a": "open\n}', 2],
		['{\n"a": 1\n"b": 2\n}', 3],
		["[\n1,\n]", 3],
		['{\n"a": "\\q"\n}', 2],
		["{\n'a': 1}", 2],
		['{"a": 1}\n\nmore', 3],
		['{"a":\n01}', 2],
	];
	for (const [json, line] of faults) expect([json, readJson(json)]).toMatchObject([json, { fault: { line } }]);
});

test("whatever the browser's parser takes is taken, and nothing else", () => {
	const parts = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "-1.5e3", "true", "null", "\n", " ", '"'];
	// The numbers of an LCG (Numerical Recipes), so that a failure comes again.
	let seed = 7;
	const random = () => {
		seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
		return seed / 2 ** 32;
	};
	let taken = 0;
	for (let round = 0; round < 20_000; round += 1) {
		const json = Array.from(
			{ length: 1 + Math.floor(random() * 7) },
			() => parts[Math.floor(random() * parts.length)],
		).join("");
		const valid = isValid(json);
		if (valid) taken += 1;
		expect([json, "value" in readJson(json)]).toEqual([json, valid]);
	}
	expect(taken).toBeGreaterThan(100);
});

function isValid(json: string): boolean {
	try {
		JSON.parse(json);
		return true;
	} catch {
		return false;
	}
}
