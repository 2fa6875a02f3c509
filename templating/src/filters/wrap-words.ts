import { badValue } from "../fault.ts";
import type { Rendering } from "../rendering.ts";

/** Chunks as Python's textwrap makes them: white space, words, and parts of words that end in a hyphen. */
const chunks =
	/[\t\n\v\f\r ]+|(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])|[^\t\n\v\f\r ]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=[\t\n\v\f\r ]|$)|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_]))/gu;
const wordsOnly = /[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+/g;

interface WrapOptions {
	width: number;
	breakWords: boolean;
	breakHyphens: boolean;
}

/** Python's `textwrap.wrap` for one line of text. */
export function wrapWords(
	line: string,
	{ width, breakWords, breakHyphens }: WrapOptions,
	rendering: Rendering,
): string[] {
	if (width <= 0) throw badValue("the width must be more than 0");
	const left = (line.match(breakHyphens ? chunks : wordsOnly) ?? []).reverse();
	const lines: string[] = [];
	const isBlank = (chunk: string) => chunk.trim() === "";
	while (left.length > 0) {
		rendering.step();
		const current: string[] = [];
		let length = 0;
		if (lines.length > 0 && isBlank(left.at(-1) as string)) left.pop();
		while (left.length > 0 && length + (left.at(-1) as string).length <= width) {
			const chunk = left.pop() as string;
			current.push(chunk);
			length += chunk.length;
		}
		const next = left.at(-1);
		if (next !== undefined && next.length > width) {
			const room = width - length;
			if (breakWords) {
				let end = room;
				if (breakHyphens && next.length > room) {
					const hyphen = next.lastIndexOf("-", room - 1);
					if (hyphen > 0 && /[^-]/.test(next.slice(0, hyphen))) end = hyphen + 1;
				}
				current.push(next.slice(0, end));
				left[left.length - 1] = next.slice(end);
			} else if (current.length === 0) current.push(left.pop() as string);
		}
		if (current.length > 0 && isBlank(current.at(-1) as string)) current.pop();
		if (current.length > 0) lines.push(current.join(""));
	}
	return lines;
}
