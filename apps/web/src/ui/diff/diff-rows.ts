import type { DiffHunk } from "@netconductor/contracts/backup/model";
import type { z } from "zod";

type Hunk = z.infer<typeof DiffHunk>;

/** How a diff is laid out: both versions in one column, or one beside the other. */
export type DiffLayout = "unified" | "split";

/** A line of one version. */
export interface DiffSide {
	line: number;
	text: string;
}

/** What stands between two parts of a diff: lines that are alike in both versions and not shown. */
export interface DiffFold {
	kind: "fold";
	/** Names the gap while parts of it are shown: the same for as long as the diff is. */
	gap: number;
	/** Lines that are hidden; undefined where nobody said yet how long the texts are. */
	hidden: number | undefined;
	/** Heading of the section that goes on below. */
	section: string | null;
	/** Where the part below begins, as unified diffs say it. */
	place: string | undefined;
	/** Whether lines can be taken out of the fold at its upper and its lower end. */
	above: boolean;
	below: boolean;
}

/** A row of a diff. A changed one has the line of both versions that stand for one another, or of one alone. */
export type DiffRow =
	| DiffFold
	| { kind: "same"; from_line: number; to_line: number; text: string }
	| {
			kind: "changed";
			change: number;
			from: DiffSide | undefined;
			to: DiffSide | undefined;
			show: "from" | "to" | "both";
	  };

/** Lines of a gap that are shown, from its upper and its lower end. */
export interface Unfolded {
	above: number;
	below: number;
}

export interface DiffRows {
	rows: DiffRow[];
	/** For each change, one run of changed lines, the row where it begins. */
	changes: number[];
}

/**
 * Rows of a diff, in order.
 * @param ordered false where the hunks are sections that stand elsewhere in the other version: nothing is between them
 * @param truncated not all hunks are there, so nobody knows whether what follows the last one is alike
 * @param to_lines all lines of the later version, once they are known: what is unfolded comes from them
 * @param unfolded by gap; "all" unfolds every one
 */
export function diffRows(
	hunks: readonly Hunk[],
	{
		layout,
		ordered,
		truncated = false,
		to_lines,
		unfolded,
	}: {
		layout: DiffLayout;
		ordered: boolean;
		truncated?: boolean;
		to_lines?: readonly string[] | undefined;
		unfolded: ReadonlyMap<number, Unfolded> | "all";
	},
): DiffRows {
	const rows: DiffRow[] = [];
	const changes: number[] = [];
	// Lines of both versions that stand above what comes next.
	let from = 0;
	let to = 0;

	function same(count: number) {
		for (let end = to + count; to < end; from++, to++) {
			rows.push({ kind: "same", from_line: from + 1, to_line: to + 1, text: to_lines?.[to] ?? "" });
		}
	}

	function gap(number: number, length: number | undefined, next: Hunk | undefined) {
		const wanted = unfolded === "all" ? { above: length ?? 0, below: 0 } : unfolded.get(number);
		const known = to_lines === undefined || length === undefined ? 0 : length;
		const above = Math.min(wanted?.above ?? 0, known);
		const below = Math.min(wanted?.below ?? 0, known - above);
		const hidden = length === undefined ? undefined : length - above - below;
		same(above);
		if (hidden !== 0 || (number === 0 && length === 0 && next?.section)) {
			rows.push({
				kind: "fold",
				gap: number,
				hidden,
				section: next?.section ?? null,
				place: next === undefined ? undefined : placeOf(next),
				above: hidden !== 0 && number > 0,
				below: hidden !== 0 && next !== undefined,
			});
		}
		from += hidden ?? 0;
		to += hidden ?? 0;
		same(below);
	}

	for (const [number, hunk] of hunks.entries()) {
		if (ordered) gap(number, firstLine(hunk.to_start, hunk.to_lines) - to, hunk);
		else
			rows.push({
				kind: "fold",
				gap: number,
				hidden: 0,
				section: hunk.section,
				place: placeOf(hunk),
				above: false,
				below: false,
			});
		addHunk(hunk);
		from = firstLine(hunk.from_start, hunk.from_lines) + hunk.from_lines;
		to = firstLine(hunk.to_start, hunk.to_lines) + hunk.to_lines;
	}
	const rest = to_lines === undefined ? undefined : to_lines.length - to;
	if (ordered && !truncated && hunks.length > 0 && rest !== 0) gap(hunks.length, rest, undefined);
	return { rows, changes };

	function addHunk({ lines }: Hunk) {
		for (let at = 0; at < lines.length; ) {
			const line = lines[at] as Hunk["lines"][number];
			if (line.kind === "context") {
				rows.push({ kind: "same", from_line: line.from_line ?? 0, to_line: line.to_line ?? 0, text: line.text });
				at += 1;
				continue;
			}
			const removed: DiffSide[] = [];
			const added: DiffSide[] = [];
			for (; at < lines.length && lines[at]?.kind !== "context"; at += 1) {
				const { kind, from_line, to_line, text } = lines[at] as Hunk["lines"][number];
				if (kind === "removed") removed.push({ line: from_line ?? 0, text });
				else added.push({ line: to_line ?? 0, text });
			}
			changes.push(rows.length);
			addChange(changes.length - 1, removed, added);
		}
	}

	function addChange(change: number, removed: readonly DiffSide[], added: readonly DiffSide[]) {
		if (layout === "split") {
			for (let index = 0; index < Math.max(removed.length, added.length); index++) {
				rows.push({ kind: "changed", change, from: removed[index], to: added[index], show: "both" });
			}
			return;
		}
		for (const [index, side] of removed.entries()) {
			rows.push({ kind: "changed", change, from: side, to: added[index], show: "from" });
		}
		for (const [index, side] of added.entries()) {
			rows.push({ kind: "changed", change, from: removed[index], to: side, show: "to" });
		}
	}
}

/** Lines above a hunk. One without lines in a version names the line before it. */
function firstLine(start: number, lines: number): number {
	return lines === 0 ? start : start - 1;
}

function placeOf({ from_start, from_lines, to_start, to_lines }: Hunk): string {
	return `@@ −${from_start},${from_lines} +${to_start},${to_lines} @@`;
}

/** Lines without their ends; a last line end does not begin another line. The same as the server cuts them. */
export function splitLines(text: string): string[] {
	const lines = text.split("\n");
	if (lines.at(-1) === "") lines.pop();
	return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}
