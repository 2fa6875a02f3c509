import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { expect, test } from "vitest";
import { safeJson, sanitiseLine, sanitisePainted } from "./sanitise.ts";

test("what would move the cursor, colour or ring is shown instead of obeyed", () => {
	expect(sanitiseLine("a\u001b[2Jb\u0007c\rd\u009b1me\u007f")).toBe("a\\x1b[2Jb\\x07c\\x0dd\\x9b1me\\x7f");
});

test("what would reorder or hide text is shown", () => {
	expect(sanitiseLine("core\u202egnp\u200b")).toBe("core\\u202egnp\\u200b");
	expect(sanitiseLine("line\u2028break")).toBe("line\\u2028break");
});

test("half a surrogate pair is shown, a whole one stays", () => {
	expect(sanitiseLine("\ud83d and 😀")).toBe("\\ud83d and 😀");
});

test("text keeps its lines and tabs, a line does not", () => {
	expect(visibleText("a\tb\r\nc\rd")).toBe("a\tb\nc\\x0dd");
	expect(sanitiseLine("a\tb\nc")).toBe("a\\x09b\\x0ac");
});

test("JSON stays the same value and holds nothing that a terminal obeys", () => {
	const value = { name: "x\u009b31m\u202e\u007f", lines: ["a\nb"] };
	const text = safeJson(value);
	expect(JSON.parse(text)).toEqual(value);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
	expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test("the last guard lets our colours pass and nothing that moves, clears or sets a title", () => {
	expect(sanitisePainted("\u001b[1mNAME\u001b[22m\n\u001b[2J\u001b[5;5H\u001b]0;x\u0007")).toBe(
		"\u001b[1mNAME\u001b[22m\n\\x1b[2J\\x1b[5;5H\\x1b]0;x\\x07",
	);
});
