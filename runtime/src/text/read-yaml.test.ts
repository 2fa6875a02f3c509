import { expect, test } from "vitest";
import { readYaml } from "./read-yaml.ts";

test("a document becomes plain data, and every path in it has its place", () => {
	const { value, faults, placeOf } = readYaml("a: 1\nlist:\n  - x: yes\n  - {y: [true, null]}\n");
	expect(faults).toEqual([]);
	expect(value).toEqual({ a: 1, list: [{ x: "yes" }, { y: [true, null] }] });
	expect(placeOf(["list", 0, "x"])).toEqual({ line: 3, column: 5 });
	expect(placeOf(["list", 1, "y", 1])).toEqual({ line: 4, column: 16 });
	// What is missing is told at what it is missing from.
	expect(placeOf(["list", 1, "z"])).toEqual({ line: 4, column: 5 });
});

test("anchors are followed, each use a value of its own", () => {
	const { value } = readYaml("one: &a {x: [1]}\ntwo: *a\nthree: *a\n");
	expect(value).toEqual({ one: { x: [1] }, two: { x: [1] }, three: { x: [1] } });
});

test.each([
	["a key twice", "a: 1\nb: 2\na: 3\n", 3, "`a` stands here twice"],
	["a key of every object", "__proto__: {admin: true}\n", 1, "__proto__"],
	["an unknown tag", "a: !!js/function 'x'\n", 1, "Unresolved tag"],
	["a binary tag", "a: !!binary AAAA\n", 1, "Unresolved tag"],
	["an anchor in itself", "a: &x [1, *x]\n", 1, "contains itself"],
	["an anchor that is nowhere", "a: *nowhere\n", 1, "nowhere"],
	["two documents", "a: 1\n---\nb: 1\n", 2, "multiple documents"],
	["a NUL", 'a: "x\\0y"\n', 1, "NUL"],
	["half of a character", 'a: 1\n"\\uD800": 2\n', 2, "NUL, or half"],
	["a number that is none", "a: 1\nb: .inf\n", 2, "put it in quotes"],
	["a number that would be rounded", "a: 12345678901234567890\n", 1, "kept exactly"],
	["a tab as indentation", "a:\n\tb: 1\n", 2, "Tabs"],
	["a list that is never closed", "a: [1, 2\nb: 3\n", 1, ""],
])("%s is a fault on its line", (_, text, line, message) => {
	const { faults } = readYaml(text);
	expect(faults[0]?.message).toContain(message);
	expect(faults[0]?.line).toBeGreaterThanOrEqual(line);
});

test("two faults of values are told at once", () => {
	expect(readYaml("a: 1\na: 2\nb: .nan\n").faults.map(({ line }) => line)).toEqual([2, 3]);
});

test.each([
	[
		"of aliases",
		`a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(10)}]`).join("\n")}`,
	],
	["of brackets", "[".repeat(200_000)],
	["of dashes", "- ".repeat(200_000)],
	["of indentation", Array.from({ length: 500 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")],
	["of a long text", `a: &a "${"x".repeat(400_000)}"\nb: [${"*a, ".repeat(20_000)}]`],
	["of a long key", `a: &a {${"x".repeat(900)}: 1}\nb: [${"*a, ".repeat(20_000)}]`],
	["of small things", `[${"a, ".repeat(150_000)}]`],
])("a bomb %s is refused in a blink", (_, text) => {
	const { faults } = readYaml(text);
	expect(faults[0]?.message).toMatch(/holds more|levels deep/);
});

test("many keys are no trouble", () => {
	const { value, faults } = readYaml(Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join("\n"));
	expect(faults).toEqual([]);
	expect(Object.keys(value as object)).toHaveLength(20_000);
});
