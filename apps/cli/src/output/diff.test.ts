import { expect, test } from "vitest";
import { renderUnified } from "./diff.ts";
import type { Paint } from "./terminal.ts";

const named: Paint = (style, text) => `<${style}>${text}</>`;
const plain: Paint = (_style, text) => text;

const unified =
	"--- core-1\tthen\n+++ core-1\tnow\n@@ -1,2 +1,2 @@\n hostname core-1\n--- old banner\n+++ new banner\n";

test("added, removed and headings are told apart, also where a line's own text starts with dashes", () => {
	expect(renderUnified(unified, { paint: named, safe: true }).split("\n")).toEqual([
		"<heading>--- core-1    then</>",
		"<heading>+++ core-1    now</>",
		"<hunk>@@ -1,2 +1,2 @@</>",
		" hostname core-1",
		"<removed>--- old banner</>",
		"<added>+++ new banner</>",
		"",
	]);
});

test("a device cannot reach the terminal through its diff", () => {
	const hostile = "@@ -1 +1 @@\n+banner \u001b]0;owned\u0007\n";
	expect(renderUnified(hostile, { paint: plain, safe: true })).toBe("@@ -1 +1 @@\n+banner \\x1b]0;owned\\x07\n");
});

test("a file gets the diff as it is, so that patch can use it", () => {
	expect(renderUnified(unified, { paint: plain, safe: false })).toBe(unified);
	expect(renderUnified("", { paint: plain, safe: false })).toBe("");
});
