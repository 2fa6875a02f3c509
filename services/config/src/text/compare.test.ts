import fc from "fast-check";
import { expect, test } from "vitest";
import { compareTexts } from "./compare.ts";

const names = { from: "a", to: "b" };
const text = fc
	.array(fc.constantFrom("!", " a", " b", "interface 1", "", "end"), { maxLength: 40 })
	.map((lines) => lines.map((line) => `${line}\n`).join(""));

test("applying the hunks gives the other text", () => {
	fc.assert(
		fc.property(text, text, fc.integer({ min: 0, max: 4 }), (from, to, context) => {
			const { hunks, identical, added, removed } = compareTexts({ from, to, names }, context);
			expect(identical).toBe(from === to);
			const before = from.split("\n").slice(0, -1);
			const after: string[] = [];
			let position = 0;
			for (const hunk of hunks) {
				const start = hunk.from_lines === 0 ? hunk.from_start : hunk.from_start - 1;
				after.push(...before.slice(position, start));
				for (const { kind, text: line } of hunk.lines) if (kind !== "removed") after.push(line);
				position = start + hunk.from_lines;
			}
			expect([...after, ...before.slice(position)]).toEqual(to.split("\n").slice(0, -1));
			const kinds = hunks.flatMap(({ lines }) => lines.map(({ kind }) => kind));
			expect([added, removed]).toEqual(
				["added", "removed"].map((wanted) => kinds.filter((kind) => kind === wanted).length),
			);
		}),
		{ numRuns: 300 },
	);
});

test("texts with nothing in common are replaced as a whole, between what both begin and end with", () => {
	const long = (word: string) => `begin\n${Array.from({ length: 5_000 }, (_, n) => `${word}${n}\n`).join("")}end\n`;
	const { added, removed, hunks } = compareTexts({ from: long("a"), to: long("b"), names }, 0);
	expect({ added, removed, from: hunks[0]?.from_start, hunks: hunks.length }).toEqual({
		...{ added: 5_000, removed: 5_000, from: 2, hunks: 1 },
	});
});
