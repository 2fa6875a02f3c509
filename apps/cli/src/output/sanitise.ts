// Control characters (C0, DEL, C1), marks that reorder text, line separators that terminals or logs take for a new line,
// characters without width that hide in names, and halves of surrogate pairs. Tab and newline are told apart by the callers.
const unsafe =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
	/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escaped(character: string): string {
	const code = character.charCodeAt(0);
	return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** One line that cannot move the cursor, colour anything or pretend to be another line: what is unsafe shows as `\x1b`. */
export function sanitiseLine(text: string): string {
	return text.replace(unsafe, escaped);
}

/** Text of several lines, each made safe; tabs stay, and so does CR LF as a plain line end. */
export function sanitiseText(text: string): string {
	return text
		.replaceAll("\r\n", "\n")
		.replace(unsafe, (character) => (character === "\n" || character === "\t" ? character : escaped(character)));
}

/**
 * The last guard of what is written to a terminal: lines, tabs and the colours that we paint pass, nothing else that it obeys. Names in
 * tables and fields are made safe before, so that not even a colour comes through there.
 */
export function sanitisePainted(text: string): string {
	return text
		.split(colour)
		.map((part, at) => (at % 2 === 1 ? part : sanitiseText(part)))
		.join("");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour
const colour = /(\u001b\[[0-9;]{0,20}m)/;

/** JSON that a terminal shows harmlessly: what `JSON.stringify` leaves as it is but a terminal obeys is escaped the JSON way. */
export function safeJson(value: unknown, space = 2): string {
	const text = JSON.stringify(value, null, space) ?? "null";
	return text.replace(unsafe, (character) =>
		character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
