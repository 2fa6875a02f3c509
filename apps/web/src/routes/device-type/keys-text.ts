/** Keys that are sent to a device as one can type and read them: `\r` for return, `\s` for a space that would not be seen at the end. */
export function keysToText(keys: string): string {
	return JSON.stringify(keys).slice(1, -1).replaceAll('\\"', '"').replace(/^ | $/g, "\\s");
}

/** The keys that such a text means; undefined where it ends in the middle of one. */
export function textToKeys(text: string): string | undefined {
	try {
		const json = text.replaceAll(/\\(.)|"/gs, (all, escaped) => (escaped === "s" ? " " : all === '"' ? '\\"' : all));
		return JSON.parse(`"${json}"`);
	} catch {
		return undefined;
	}
}
