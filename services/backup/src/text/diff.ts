import type { Edit } from "@netconductor/runtime/text/edits";
import { diffArrays } from "diff";

/**
 * Edits above which the shortest script is not searched further. The search costs about its square; what is left is cut at lines
 * that both sides have once, and compared piece by piece.
 */
const mostEdits = 300;
/** Sum of squares over all pieces: bounds the time whatever the texts are. */
const mostWork = 1_500_000;

/** Pieces within pieces: beyond this a piece is replaced as it is. */
const deepest = 40;

interface Work {
	left: number;
	depth: number;
}

/**
 * What turns `from` into `to`, in order and without touching neighbours. Shortest for texts that differ in few lines; for texts that
 * have little in common it may replace more than needed, in exchange for a time that grows almost linearly with their size.
 */
export function diffLines(from: readonly string[], to: readonly string[]): Edit[] {
	const numbers = new Map<string, number>();
	const numberOf = (line: string) => {
		let number = numbers.get(line);
		if (number === undefined) {
			number = numbers.size;
			numbers.set(line, number);
		}
		return number;
	};
	const edits: Edit[] = [];
	const work = { left: mostWork, depth: 0 };
	compare(from.map(numberOf), to.map(numberOf), 0, 0, edits, work);
	return joined(edits);
}

function compare(
	from: readonly number[],
	to: readonly number[],
	from_offset: number,
	to_offset: number,
	edits: Edit[],
	work: Work,
): void {
	let start = 0;
	const shorter = Math.min(from.length, to.length);
	while (start < shorter && from[start] === to[start]) start++;
	let end = 0;
	while (end < shorter - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
	const a = from.slice(start, from.length - end);
	const b = to.slice(start, to.length - end);
	if (a.length === 0 && b.length === 0) return;
	const at = { from: from_offset + start, to: to_offset + start };
	if (a.length === 0 || b.length === 0) {
		edits.push({ from_start: at.from, from_count: a.length, to_start: at.to, to_count: b.length });
		return;
	}
	if (shortest(a, b, at, edits, work)) return;

	const anchors = work.depth < deepest ? uniqueCommonLines(a, b) : [];
	if (anchors.length === 0) {
		edits.push({ from_start: at.from, from_count: a.length, to_start: at.to, to_count: b.length });
		return;
	}
	let i = 0;
	let j = 0;
	work.depth++;
	for (const anchor of [...anchors, { i: a.length, j: b.length }]) {
		compare(a.slice(i, anchor.i), b.slice(j, anchor.j), at.from + i, at.to + j, edits, work);
		i = anchor.i + 1;
		j = anchor.j + 1;
	}
	work.depth--;
}

/** Myers' shortest script, given up when it needs more than its share of the work. */
function shortest(
	a: readonly number[],
	b: readonly number[],
	at: { from: number; to: number },
	edits: Edit[],
	work: Work,
): boolean {
	// The script cannot be shorter than the difference in length; then trying is lost work.
	const most = Math.min(mostEdits, Math.floor(Math.sqrt(work.left)));
	if (Math.abs(a.length - b.length) > most) return false;
	const changes = diffArrays(a as number[], b as number[], { maxEditLength: most });
	if (changes === undefined) {
		work.left -= most * most;
		return false;
	}
	let length = 0;
	let i = 0;
	let j = 0;
	for (const { added, removed, count } of changes) {
		if (added) edits.push({ from_start: at.from + i, from_count: 0, to_start: at.to + j, to_count: count });
		else if (removed) edits.push({ from_start: at.from + i, from_count: count, to_start: at.to + j, to_count: 0 });
		if (added || removed) length += count;
		if (!added) i += count;
		if (!removed) j += count;
	}
	work.left -= Math.min(most, length) ** 2;
	return true;
}

/** Lines that are once in both, in an order that both have: the longest such series (patience diff). */
function uniqueCommonLines(a: readonly number[], b: readonly number[]): { i: number; j: number }[] {
	const inB = positionsOfUnique(b);
	const pairs: { i: number; j: number }[] = [];
	for (const [number, i] of positionsOfUnique(a)) {
		const j = inB.get(number);
		if (i >= 0 && j !== undefined && j >= 0) pairs.push({ i, j });
	}
	pairs.sort((x, y) => x.i - y.i);

	// Patience sorting: `piles[k]` is the index of the pair with the smallest j that ends an increasing series of length k + 1.
	const piles: number[] = [];
	const before = new Int32Array(pairs.length);
	for (const [index, { j }] of pairs.entries()) {
		let low = 0;
		let high = piles.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((pairs[piles[middle] as number] as { j: number }).j < j) low = middle + 1;
			else high = middle;
		}
		before[index] = low === 0 ? -1 : (piles[low - 1] as number);
		piles[low] = index;
	}
	const series: { i: number; j: number }[] = [];
	for (let index = piles.at(-1) ?? -1; index >= 0; index = before[index] as number) {
		series.push(pairs[index] as { i: number; j: number });
	}
	return series.reverse();
}

/** Position of each number, -1 where it occurs more than once. */
function positionsOfUnique(numbers: readonly number[]): Map<number, number> {
	const positions = new Map<number, number>();
	for (const [index, number] of numbers.entries()) positions.set(number, positions.has(number) ? -1 : index);
	return positions;
}

/** Edits that touch become one. */
function joined(edits: Edit[]): Edit[] {
	const result: Edit[] = [];
	for (const edit of edits) {
		const last = result.at(-1);
		if (
			last !== undefined &&
			last.from_start + last.from_count === edit.from_start &&
			last.to_start + last.to_count === edit.to_start
		) {
			last.from_count += edit.from_count;
			last.to_count += edit.to_count;
		} else result.push({ ...edit });
	}
	return result;
}
