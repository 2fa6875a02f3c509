import { expect, test } from "vitest";
import { findMatches } from "./find-matches.ts";

const lines = ["interface Gi0/1", " description (uplink) to core", "interface Gi0/2", "İstanbul interface"];

test("every place is found whatever its case, in the order of the text", () => {
	expect(findMatches(lines, "INTERFACE")).toEqual([
		{ line: 0, start: 0, end: 9 },
		{ line: 2, start: 0, end: 9 },
		{ line: 3, start: 9, end: 18 },
	]);
	expect(findMatches(["aaaa"], "aa")).toHaveLength(2);
});

test("what is looked for is text, not a pattern, and nothing is found of nothing", () => {
	expect(findMatches(lines, "(uplink)")).toEqual([{ line: 1, start: 13, end: 21 }]);
	expect(findMatches(lines, ".*")).toEqual([]);
	expect(findMatches(lines, "")).toEqual([]);
	expect(findMatches(lines, "e", 2)).toHaveLength(2);
});
