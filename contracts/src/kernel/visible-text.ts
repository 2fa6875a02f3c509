// Control characters (C0, DEL, C1), marks that reorder text, line separators that terminals or logs take for a new line,
// characters without width that hide in names, and halves of surrogate pairs.
const unsafe =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
	/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escaped(character: string): string {
	const code = character.charCodeAt(0);
	return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Text in which every character that could hide, reorder or move something is replaced. */
export function replaceUnsafe(text: string, replace: (character: string) => string): string {
	return text.replace(unsafe, replace);
}

/** One line of text from a device or a person that shows what is in it: what could hide or reorder text appears as `\x1b`. Tabs stay. */
export function visibleLine(text: string): string {
	return text.replace(unsafe, (character) => (character === "\t" ? character : escaped(character)));
}

/** Text of several lines, each made visible; CR LF counts as a plain line end. */
export function visibleText(text: string): string {
	return text
		.replaceAll("\r\n", "\n")
		.replace(unsafe, (character) => (character === "\n" || character === "\t" ? character : escaped(character)));
}
