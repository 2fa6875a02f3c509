import { expect, test } from "vitest";
import { unifiedDiff } from "./text-diff.ts";

test("what is taken out stands before what replaces it, with three lines around", () => {
	const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`);
	expect(unifiedDiff(lines.join(""), lines.with(9, "changed\n").join(""))).toBe(
		"@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+changed\n line 11\n line 12\n line 13\n",
	);
});

/** What a text becomes by a unified diff. @throws where a line is not the one that the diff says */
function patched(before: string, unified: string): string {
	const left = before.match(/[^\n]*\n/g) ?? [];
	const made: string[] = [];
	let at = 0;
	for (const line of unified.match(/[^\n]*\n/g) ?? []) {
		const hunk = /^@@ -(\d+),(\d+)/.exec(line);
		if (hunk !== null) {
			const from = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
			made.push(...left.slice(at, from));
			at = from;
			continue;
		}
		if (!line.startsWith("+") && left[at++] !== line.slice(1)) throw new Error(`${at}: ${line}`);
		if (!line.startsWith("-")) made.push(line.slice(1));
	}
	return [...made, ...left.slice(at)].join("");
}

test("by the difference the first text becomes the second", () => {
	// A generator of its own, so that what fails once fails again.
	let seed = 1;
	const below = (limit: number) => {
		seed = (seed * 48_271) % 2_147_483_647;
		return seed % limit;
	};
	const text = () => Array.from({ length: below(40) }, () => `${"abcd"[below(4)]}\n`).join("");
	for (let round = 0; round < 500; round++) {
		const [before, after] = [text(), text()];
		expect(patched(before, unifiedDiff(before, after) ?? "")).toBe(after);
	}
});

test("a text that ends without a line end says so", () => {
	expect(unifiedDiff("a\n", "a")).toBe("@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end\n");
});

test("texts that differ too much are not compared", () => {
	const text = (mark: string) => Array.from({ length: 3_000 }, (_, at) => `${mark}${at}\n`).join("");
	expect(unifiedDiff(text("a"), text("b"))).toBeUndefined();
});
