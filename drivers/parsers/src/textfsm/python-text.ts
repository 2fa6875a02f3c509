/** What Python's `str.isspace` and `\s` take for white space; JavaScript's own set differs at U+001C-U+001F, U+0085 and U+FEFF. */
export const pythonSpace = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const leading = new RegExp(`^[${pythonSpace}]+`);
const space = new RegExp(`[${pythonSpace}]`);
const lineEnds = "\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029";
const lineEnd = new RegExp(`\\r\\n|[${lineEnds}]`);

/** `str.rstrip()` */
export function stripEnd(text: string): string {
	// Not a pattern: `[...]+$` takes quadratic time on a line of blanks that does not end in one.
	let end = text.length;
	while (end > 0 && space.test(text[end - 1] ?? "")) end--;
	return text.slice(0, end);
}

/** `str.strip()` */
export function strip(text: string): string {
	return stripEnd(text).replace(leading, "");
}

/** `str.splitlines()`: what ends a line is more than the line feed, and the last line need not be ended. */
export function splitLines(text: string): string[] {
	const lines = text.split(lineEnd);
	if (lines.at(-1) === "") lines.pop();
	return lines;
}

/** A character of `\w`, as Python's `str` patterns mean it. */
export const wordCharacter = "[\\p{L}\\p{N}_]";
