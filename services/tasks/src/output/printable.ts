// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal or a page
const unprintable = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text that cannot move a terminal's cursor, ring its bell or turn the direction of writing: such characters show as `\x1b`. Tabs and line feeds stay. */
export function printable(text: string): string {
	return text.replaceAll("\r\n", "\n").replace(unprintable, (character) => {
		const code = character.charCodeAt(0).toString(16);
		return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
	});
}
