/** Whether each word of `wanted` begins a word of `text`, in any order and case: "back up" finds "Back up all devices". */
export function beginsWords(text: string, wanted: string): boolean {
	const words = wordsOf(text);
	return wordsOf(wanted).every((part) => words.some((word) => word.startsWith(part)));
}

function wordsOf(text: string): string[] {
	return text
		.toLowerCase()
		.split(/[\s/,:-]+/)
		.filter(Boolean);
}

const verbs = [
	{ verb: "test", pattern: /^test\s+(\S.*)$/i },
	{ verb: "back_up", pattern: /^back\s?up\s+(\S.*)$/i },
] as const;

/** What is to be done with a device of the palette: "test core-1". Without a verb it is opened. */
export function verbOf(wanted: string): { verb: "open" | "test" | "back_up"; rest: string } {
	for (const { verb, pattern } of verbs) {
		const rest = pattern.exec(wanted)?.[1];
		if (rest !== undefined) return { verb, rest: rest.trim() };
	}
	return { verb: "open", rest: wanted };
}
