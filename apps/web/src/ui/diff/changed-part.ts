/** From where to where two lines differ, in UTF-16 units of each. */
export interface ChangedPart {
	from: [start: number, end: number];
	to: [start: number, end: number];
}

const wordCharacter = /[\p{L}\p{N}_]/u;
// With less in common a line was not changed but replaced, and marking parts of it tells nothing.
const leastInCommon = 0.3;
const longestLine = 2_000;

/** The part, whole words, in which a line differs from the one that took its place; undefined where they have too little in common. */
export function changedPart(from: string, to: string): ChangedPart | undefined {
	const shorter = Math.min(from.length, to.length);
	const longer = Math.max(from.length, to.length);
	if (longer > longestLine || longer === 0) return undefined;
	let start = 0;
	while (start < shorter && from[start] === to[start]) start += 1;
	let tail = 0;
	while (tail < shorter - start && from[from.length - 1 - tail] === to[to.length - 1 - tail]) tail += 1;
	if (from.slice(0, start).trim().length + tail < longer * leastInCommon) return undefined;
	while (start > 0 && (inWord(from, start) || inWord(to, start))) start -= 1;
	while (tail > 0 && (inWord(from, from.length - tail) || inWord(to, to.length - tail))) tail -= 1;
	return { from: [start, from.length - tail], to: [start, to.length - tail] };
}

/** Whether a word goes on over this place. */
function inWord(text: string, at: number): boolean {
	const before = text[at - 1];
	const after = text[at];
	return before !== undefined && after !== undefined && wordCharacter.test(before) && wordCharacter.test(after);
}
