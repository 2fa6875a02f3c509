import type { DiffHunk } from "@netconductor/contracts/backup/model";
import type { z } from "zod";
import type { Edit } from "./edits.ts";
import { clip } from "./lines.ts";
import { sectionHeadings } from "./section-headings.ts";

type Hunk = z.infer<typeof DiffHunk>;

/** A line longer than this is shown cut; nobody reads it, and a page must still open. */
const longestLine = 10_000;

export interface HunkOptions {
	/** Unchanged lines around a change. */
	context: number;
	/** Edits stand in the same order in both texts, so that their surroundings may be joined. False for sections that moved. */
	ordered: boolean;
	/** Characters of text that are shown at most. */
	most_characters: number;
}

/** Edits with their surroundings, as people read them. `truncated` when not all of them fit. */
export function toHunks(
	from: readonly string[],
	to: readonly string[],
	edits: readonly Edit[],
	{ context, ordered, most_characters }: HunkOptions,
): { hunks: Hunk[]; truncated: boolean } {
	const hunks: Hunk[] = [];
	if (edits.length === 0) return { hunks, truncated: false };
	const headings = { from: sectionHeadings(from), to: sectionHeadings(to) };
	let left = most_characters;
	for (const group of groupEdits(edits, ordered ? context * 2 : -1)) {
		const first = group[0] as Edit;
		const last = group.at(-1) as Edit;
		// A section that is new or gone has no counterpart, and so no surroundings, in the other text.
		const before = ordered ? Math.min(context, first.from_start, first.to_start) : 0;
		const after = ordered
			? Math.min(context, from.length - last.from_start - last.from_count, to.length - last.to_start - last.to_count)
			: 0;
		const lines: Hunk["lines"] = [];
		let i = first.from_start - before;
		let j = first.to_start - before;
		const start = { i, j };
		const show = (kind: Hunk["lines"][number]["kind"], text: string) => {
			left -= text.length + 60;
			if (left < 0) return;
			lines.push({
				kind,
				from_line: kind === "added" ? null : i + 1,
				to_line: kind === "removed" ? null : j + 1,
				text: clip(text, longestLine),
			});
		};
		const same = (until: number) => {
			for (; i < until; i++, j++) show("context", from[i] as string);
		};
		for (const edit of group) {
			same(edit.from_start);
			for (const end = i + edit.from_count; i < end; i++) show("removed", from[i] as string);
			for (const end = j + edit.to_count; j < end; j++) show("added", to[j] as string);
		}
		same(i + after);
		const section =
			first.to_count > 0 || first.from_count === 0
				? headingOf(to, headings.to, first.to_start)
				: headingOf(from, headings.from, first.from_start);
		if (lines.length > 0) {
			hunks.push({
				from_start: i === start.i ? start.i : start.i + 1,
				from_lines: i - start.i,
				to_start: j === start.j ? start.j : start.j + 1,
				to_lines: j - start.j,
				section,
				lines,
			});
		}
		if (left < 0) return { hunks, truncated: true };
	}
	return { hunks, truncated: false };
}

/** Neighbours at most `distance` unchanged lines apart share a hunk. */
function* groupEdits(edits: readonly Edit[], distance: number): Generator<Edit[]> {
	let group: Edit[] = [];
	for (const edit of edits) {
		const last = group.at(-1);
		if (last !== undefined && edit.from_start - last.from_start - last.from_count > distance) {
			yield group;
			group = [];
		} else if (last !== undefined && distance < 0) {
			yield group;
			group = [];
		}
		group.push(edit);
	}
	if (group.length > 0) yield group;
}

function headingOf(lines: readonly string[], headings: Int32Array, number: number): string | null {
	const heading = headings[Math.min(number, lines.length - 1)] ?? -1;
	return heading < 0 ? null : clip((lines[heading] as string).trim(), 200);
}

/** Hunks as unified diff text (POSIX diff -u), with the heading after the second `@@` as `diff -p` writes it. */
export function toUnified(hunks: readonly Hunk[], names: { from: string; to: string }): string {
	if (hunks.length === 0) return "";
	const sign = { context: " ", added: "+", removed: "-" };
	const parts = [`--- ${names.from}`, `+++ ${names.to}`];
	for (const hunk of hunks) {
		const heading = hunk.section === null ? "" : ` ${hunk.section}`;
		parts.push(`@@ -${range(hunk.from_start, hunk.from_lines)} +${range(hunk.to_start, hunk.to_lines)} @@${heading}`);
		for (const line of hunk.lines) parts.push(sign[line.kind] + line.text);
	}
	return `${parts.join("\n")}\n`;
}

function range(start: number, lines: number): string {
	return lines === 1 ? String(start) : `${start},${lines}`;
}
