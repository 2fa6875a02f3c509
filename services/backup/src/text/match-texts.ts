import { isAscii } from "node:buffer";
import { createMatcher, fold, hasMatch, type SearchTerm } from "./matcher.ts";
import { unpack } from "./packing.ts";

/** Several packed texts, one after the other. */
export interface PackedTexts {
	packed: Uint8Array;
	/** Bytes of each when unpacked. */
	sizes: readonly number[];
}

/**
 * Which of the texts have a line that matches. They are unpacked together, and plain terms are looked for in all of them at once: for texts of a
 * few kilobytes that is most of the cost.
 * @throws RangeError when a text is not as large as it should be
 */
export function matchTexts({ packed, sizes }: PackedTexts, term: SearchTerm): boolean[] {
	if (sizes.length === 0) return [];
	const total = sizes.reduce((sum, size) => sum + size, 0);
	const bytes = unpack(packed, total);
	if (bytes.length !== total) throw new RangeError(`${bytes.length} bytes of text where ${total} should be`);
	if (!term.regex && !term.ignore_case) return holding(bytes, Buffer.from(term.q), sizes);
	// Of ASCII every byte is a character, before and after folding.
	if (!term.regex && isAscii(bytes)) return holding(bytes.toString("latin1").toLowerCase(), fold(term.q), sizes);
	const matcher = createMatcher(term);
	let from = 0;
	return sizes.map((size) => {
		const text = bytes.toString("utf8", from, from + size);
		from += size;
		return hasMatch(text, matcher);
	});
}

/** Which of the texts, given joined, hold `wanted` within their own bounds. */
function holding<T extends string | Buffer>(joined: T, wanted: T, sizes: readonly number[]): boolean[] {
	const found = sizes.map(() => false);
	const look = (from: number) => (joined as Buffer).indexOf(wanted as Buffer, from);
	let start = 0;
	let at = look(0);
	for (const [index, size] of sizes.entries()) {
		const end = start + size;
		// A place that reaches over the end belongs to no text.
		while (at !== -1 && at < end && at + wanted.length > end) at = look(at + 1);
		if (at === -1) break;
		if (at < end) {
			found[index] = true;
			at = look(end);
		}
		start = end;
	}
	return found;
}
