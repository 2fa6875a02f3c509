import { replaceUnsafe, visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";

/** One line that cannot move the cursor, colour anything or pretend to be another line or column: what is unsafe shows as `\x1b`. */
export function sanitiseLine(text: string): string {
	return visibleLine(text).replaceAll("\t", "\\x09");
}

/**
 * The last guard of what is written to a terminal: lines, tabs and the colours that we paint pass, nothing else that it obeys. Names in
 * tables and fields are made safe before, so that not even a colour comes through there.
 */
export function sanitisePainted(text: string): string {
	return text
		.split(colour)
		.map((part, at) => (at % 2 === 1 ? part : visibleText(part)))
		.join("");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour
const colour = /(\u001b\[[0-9;]{0,20}m)/;

/** JSON that a terminal shows harmlessly: what `JSON.stringify` leaves as it is but a terminal obeys is escaped the JSON way. */
export function safeJson(value: unknown, space = 2): string {
	const text = JSON.stringify(value, null, space) ?? "null";
	return replaceUnsafe(text, (character) =>
		character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
