/** Adds lines until the parts are `bytes` long. */
export function fill(parts: string[], bytes: number, line: (i: number) => string): void {
	let length = parts.reduce((sum, part) => sum + part.length + 1, 0);
	for (let i = 0; length < bytes; i++) {
		const part = line(i);
		length += part.length + 1;
		parts.push(part);
	}
}

/** The lines that changed, in order: what was removed, what was added, and where the first of them stands. */
export function changedLines(before: string, after: string): { removed: string[]; added: string[]; at: number } {
	const [old, now] = [before.split("\n"), after.split("\n")];
	let from = 0;
	while (from < old.length && from < now.length && old[from] === now[from]) from++;
	let tail = 0;
	while (tail < old.length - from && tail < now.length - from && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
	const [left, right] = [old.slice(from, old.length - tail), now.slice(from, now.length - tail)];
	// Two edits far apart leave everything between them in the middle; the longest common subsequence takes it out again.
	if (left.length * right.length > 4_000_000) return { removed: left, added: right, at: from };
	const common = longestCommon(left, right);
	return { removed: without(left, common, 0), added: without(right, common, 1), at: from };
}

/** Pairs of positions that the two lists have in common, in order. */
function longestCommon(left: string[], right: string[]): [number, number][] {
	const width = right.length + 1;
	const lengths = new Uint32Array((left.length + 1) * width);
	const length = (i: number, j: number) => lengths[i * width + j] ?? 0;
	for (let i = left.length - 1; i >= 0; i--) {
		for (let j = right.length - 1; j >= 0; j--) {
			lengths[i * width + j] =
				left[i] === right[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
		}
	}
	const pairs: [number, number][] = [];
	for (let i = 0, j = 0; i < left.length && j < right.length; ) {
		if (left[i] === right[j]) pairs.push([i++, j++]);
		else if (length(i + 1, j) >= length(i, j + 1)) i++;
		else j++;
	}
	return pairs;
}

function without(lines: string[], pairs: [number, number][], side: 0 | 1): string[] {
	const kept = new Set(pairs.map((pair) => pair[side]));
	return lines.filter((_, i) => !kept.has(i));
}
