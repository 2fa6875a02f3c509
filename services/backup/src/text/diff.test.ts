import type { Edit } from "@netconductor/runtime/text/edits";
import { toHunks } from "@netconductor/runtime/text/hunks";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareTexts } from "./compare.ts";
import { diffLines } from "./diff.ts";
import { diffSections } from "./sections.ts";

const line = fc.constantFrom("!", " a", " b", "interface 1", "interface 2", "", "x y", "end");
const lines = fc.array(line, { maxLength: 60 });
const unlike = fc.array(fc.stringMatching(/^[a-z]{0,3}$/), { maxLength: 60 });

function apply(from: readonly string[], to: readonly string[], edits: readonly Edit[]): string[] {
	const result: string[] = [];
	let position = 0;
	for (const edit of edits) {
		result.push(...from.slice(position, edit.from_start), ...to.slice(edit.to_start, edit.to_start + edit.to_count));
		position = edit.from_start + edit.from_count;
	}
	return [...result, ...from.slice(position)];
}

test("applying the edits to one text gives the other", () => {
	for (const texts of [lines, unlike]) {
		fc.assert(
			fc.property(texts, texts, (from, to) => {
				expect(apply(from, to, diffLines(from, to))).toEqual(to);
			}),
			{
				numRuns: 500,
			},
		);
	}
});

test("applying the hunks gives the other text, whatever surroundings they show", () => {
	fc.assert(
		fc.property(lines, lines, fc.integer({ min: 0, max: 5 }), (from, to, context) => {
			const { hunks } = toHunks(from, to, diffLines(from, to), { context, ordered: true, most_characters: 1e6 });
			const result: string[] = [];
			let position = 0;
			for (const hunk of hunks) {
				const start = hunk.from_lines === 0 ? hunk.from_start : hunk.from_start - 1;
				result.push(...from.slice(position, start));
				for (const { kind, text, from_line, to_line } of hunk.lines) {
					if (kind !== "removed") {
						result.push(text);
						expect(to_line).toBe(result.length);
					}
					if (kind !== "added") expect(from[(from_line ?? 0) - 1]).toBe(text);
				}
				expect(hunk.lines.filter(({ kind }) => kind !== "added")).toHaveLength(hunk.from_lines);
				expect(hunk.lines.filter(({ kind }) => kind !== "removed")).toHaveLength(hunk.to_lines);
				position = start + hunk.from_lines;
			}
			expect([...result, ...from.slice(position)]).toEqual(to);
		}),
		{ numRuns: 500 },
	);
});

test("texts beyond the search for the shortest script still come out right", () => {
	const many = (seed: number) =>
		Array.from({ length: 5_000 }, (_, n) => (n % 97 === 0 ? `unique ${n}` : ("abcd"[(n * seed + (n >> 3)) % 4] ?? "")));
	const from = many(3);
	const to = many(7);
	expect(apply(from, to, diffLines(from, to))).toEqual(to);
});

test("a megabyte against a megabyte takes less than 200 ms of CPU, however they differ", () => {
	const from = Array.from({ length: 30_000 }, (_, n) => `interface Gi${n} description ${n * 7}`);
	const others = {
		"every second line": from.map((text, n) => (n % 2 ? text : `${text} x`)),
		"nothing alike": from.map((_, n) => `${n}`),
		"turned round": from.toReversed(),
		"halves swapped": [...from.slice(15_000), ...from.slice(0, 15_000)],
		"few distinct lines": from.map((_, n) => "abcd"[(n * n) % 4] ?? ""),
	};
	diffLines(from, others["every second line"]);
	for (const [name, to] of Object.entries(others)) {
		const before = process.cpuUsage();
		diffLines(from, to);
		const { user, system } = process.cpuUsage(before);
		expect((user + system) / 1000, name).toBeLessThan(200);
	}
});

const block = fc
	.tuple(
		fc.constantFrom("interface", "router", "vrf"),
		fc.nat(30),
		fc.array(fc.constantFrom(" a", " b", "  deep", " c"), { maxLength: 4 }),
	)
	.map(([word, number, body]) => [`${word} ${number}`, ...body]);
const blocks = fc.array(block, { maxLength: 15 });

test("sections in another order are the same config, in every structure", () => {
	fc.assert(
		fc.property(
			blocks,
			fc.array(fc.nat(), { minLength: 15, maxLength: 15 }),
			fc.boolean(),
			(sections, keys, separated) => {
				const order = sections.map((_, index) => index).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
				const text = (list: string[][]) => list.flatMap((lines) => (separated ? [...lines, "!"] : lines));
				const moved = order.map((index) => sections[index] ?? []);
				expect(diffSections(text(sections), text(moved), "indent")).toEqual([]);
				const braced = (list: string[][]) => list.flatMap(([head, ...body]) => [`${head} {`, ...body, "}"]);
				expect(diffSections(braced(sections), braced(moved), "braces")).toEqual([]);
				const flat = (list: string[][]) => list.flat().map((line) => `set ${line.trim()}`);
				expect(diffSections(flat(sections), flat(moved), "set_lines")).toEqual([]);
			},
		),
	);
});

test("a section diff counts just what its sections gained and lost", () => {
	fc.assert(
		fc.property(blocks, blocks, (before, after) => {
			const from = before.flat();
			const to = after.flat();
			const edits = diffSections(from, to, "indent");
			const bag = (list: string[]) => list.toSorted().join("\n");
			const kept = [...from];
			for (const edit of edits.toSorted((a, b) => b.from_start - a.from_start))
				kept.splice(edit.from_start, edit.from_count);
			const added = edits.flatMap((edit) => to.slice(edit.to_start, edit.to_start + edit.to_count));
			expect(bag([...kept, ...added])).toBe(bag(to));
		}),
		{ numRuns: 500 },
	);
});

test("a hunk names its section by the nearest line with less indentation", () => {
	const from = "interface Gi0/1\n ip address 1.1.1.1\n service-policy\n  class a\n   bandwidth 1\n!\n";
	const compared = compareTexts({
		from,
		to: from.replace("bandwidth 1", "bandwidth 2"),
		names: { from: "a", to: "b" },
		masking: null,
		mode: "text",
		structure: "indent",
		context: 0,
		most_characters: 1e6,
	});
	expect(compared.hunks.map(({ section }) => section)).toEqual(["class a"]);
	expect(compared.unified).toBe("--- a\n+++ b\n@@ -5 +5 @@ class a\n-   bandwidth 1\n+   bandwidth 2\n");
});

test("mixed line ends do not differ", () => {
	const given = {
		names: { from: "a", to: "b" },
		masking: null,
		mode: "text",
		structure: "flat",
		context: 3,
		most_characters: 1e6,
	} as const;
	expect(compareTexts({ from: "a\r\nb\nc", to: "a\nb\r\nc\r\n", ...given }).identical).toBe(true);
});
