import { sectionHeadings } from "@netconductor/runtime/text/section-headings";
import { expect, test } from "vitest";
import { compareTexts } from "./compare.ts";
import { diffLines } from "./diff.ts";
import { createMatcher, findHits } from "./matcher.ts";
import { diffSections } from "./sections.ts";

/** What a device that means harm may store as its configuration: its text must not cost more than its length. */

/** Far above what linear work takes, far below what quadratic work does. */
const generous_ms = 4_000;

function cpuOf(work: () => unknown): number {
	const before = process.cpuUsage();
	work();
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1000;
}

const half = 100_000;
const hostile: Record<string, string[]> = {
	"a line of blanks with a word at its end": [`${" ".repeat(half)}x`],
	"a line of blanks that are none of ASCII": [`x${"\u00a0".repeat(half)}x`, `${"\u00a0".repeat(half)}x`],
	"a bracket behind blanks": [`${"\t".repeat(half)}}${"\t".repeat(half)}x`],
	"lines that are each deeper than the one before": Array.from(
		{ length: 1_500 },
		(_, depth) => `${" ".repeat(depth)}x${depth}`,
	),
	"one heading again and again": Array.from({ length: 80_000 }, (_, number) => (number % 2 ? ` a${number}` : "x")),
	"few different lines, many times": Array.from({ length: 60_000 }, (_, number) => String(number % 7)),
	"lines of nothing": Array.from({ length: 60_000 }, () => ""),
};

test.each(Object.entries(hostile))("%s: sections, differences and hits cost linear time", (_, lines) => {
	const other = lines.map((line) => `${line}y`);
	expect(cpuOf(() => sectionHeadings(lines))).toBeLessThan(generous_ms);
	expect(cpuOf(() => diffLines(lines, other))).toBeLessThan(generous_ms);
	for (const structure of ["indent", "braces", "set_lines", "flat"] as const) {
		expect(
			cpuOf(() => diffSections(lines, other, structure)),
			structure,
		).toBeLessThan(generous_ms);
	}
	expect(cpuOf(() => compared(lines, other))).toBeLessThan(generous_ms);
	const matcher = createMatcher({ q: "(?:.*x)+$", regex: true, ignore_case: true });
	expect(cpuOf(() => findHits(lines.join("\n"), matcher, 10))).toBeLessThan(generous_ms);
});

function compared(from: string[], to: string[]) {
	return compareTexts({
		from: from.join("\n"),
		to: to.join("\n"),
		names: { from: "a", to: "b" },
		masking: null,
		mode: "section",
		structure: "indent",
		context: 3,
		most_characters: 1_000_000,
	});
}

test("lines that close or separate still head nothing, however they are indented", () => {
	const lines = ["interface a", "  !", "  x", "  }", "end", "  y", "\u00a0#", "  z"];
	expect([...sectionHeadings(lines)]).toEqual([-1, 0, 0, 0, -1, -1, -1, -1]);
});
