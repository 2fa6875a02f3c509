import type { DiffHunk } from "@netconductor/contracts/backup/model";
import { countEdits, type Edit } from "@netconductor/runtime/text/edits";
import { toHunks, toUnified } from "@netconductor/runtime/text/hunks";
import { splitLines } from "@netconductor/runtime/text/lines";
import { diffArrays } from "diff";
import type { z } from "zod";

export interface TextComparison {
	identical: boolean;
	added: number;
	removed: number;
	hunks: z.infer<typeof DiffHunk>[];
	/** The same as unified diff text. */
	unified: string;
	/** Not all changes are shown; the counts are complete. */
	truncated: boolean;
}

/** Edits above which the shortest script is not searched for: the search costs about their square. */
const mostEdits = 1_000;
const longest_ms = 100;

/** Characters of a comparison that are shown at most. */
const mostCharacters = 2_000_000;

/** What turns one text into another, line by line. Texts that have little in common are replaced between what they begin and end with. */
export function compareTexts(
	given: { from: string; to: string; names: { from: string; to: string } },
	context: number,
): TextComparison {
	const from = splitLines(given.from);
	const to = splitLines(given.to);
	const edits = editsBetween(from, to);
	const { hunks, truncated } = toHunks(from, to, edits, { context, ordered: true, most_characters: mostCharacters });
	return {
		identical: given.from === given.to,
		...countEdits(edits),
		hunks,
		unified: toUnified(hunks, given.names),
		truncated,
	};
}

function editsBetween(from: readonly string[], to: readonly string[]): Edit[] {
	let start = 0;
	const shorter = Math.min(from.length, to.length);
	while (start < shorter && from[start] === to[start]) start++;
	let end = 0;
	while (end < shorter - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
	const a = from.slice(start, from.length - end);
	const b = to.slice(start, to.length - end);
	if (a.length === 0 && b.length === 0) return [];

	const changes = diffArrays(a, b, { maxEditLength: mostEdits, timeout: longest_ms });
	if (changes === undefined) {
		return [{ from_start: start, from_count: a.length, to_start: start, to_count: b.length }];
	}
	const edits: Edit[] = [];
	let i = start;
	let j = start;
	let last: Edit | undefined;
	for (const { added, removed, count } of changes) {
		if (!added && !removed) {
			i += count;
			j += count;
			last = undefined;
			continue;
		}
		if (last === undefined) {
			last = { from_start: i, from_count: 0, to_start: j, to_count: 0 };
			edits.push(last);
		}
		if (removed) {
			last.from_count += count;
			i += count;
		} else {
			last.to_count += count;
			j += count;
		}
	}
	return edits;
}
