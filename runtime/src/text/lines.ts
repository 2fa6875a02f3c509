/** Text of a config's bytes: what is not UTF-8 shows as U+FFFD, and so does NUL, which PostgreSQL's text cannot hold. */
export function decodeConfig(bytes: Uint8Array): string {
	return new TextDecoder("utf-8").decode(bytes).replaceAll("\0", "\uFFFD");
}

/** Lines without their ends (`\n` or `\r\n`); a last line end does not begin another line. */
export function splitLines(text: string): string[] {
	if (text === "") return [];
	const lines = text.split("\n");
	if (lines.at(-1) === "") lines.pop();
	if (text.includes("\r")) return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
	return lines;
}

/** A string that PostgreSQL can store: no NUL, no lone surrogates. */
export function storable(text: string): string {
	return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** At most `length` UTF-16 units, cut where no character is torn apart. */
export function clip(text: string, length: number): string {
	if (text.length <= length) return text;
	return text.slice(0, length).toWellFormed();
}
