import { type StreamParser, StringStream } from "@codemirror/language";

/** What a language's reader tells apart in a text, line by line, blanks and plain text left out: `kind:text`. */
export function tokensOf<State>(parser: StreamParser<State>, text: string): string[] {
	const state = parser.startState?.(2);
	if (state === undefined) throw new Error("the parser has no state");
	const found: string[] = [];
	for (const line of text.split("\n")) {
		const stream = new StringStream(line, 2, 2);
		if (stream.eol()) parser.blankLine?.(state, 2);
		while (!stream.eol()) {
			stream.start = stream.pos;
			const kind = parser.token(stream, state);
			if (stream.pos === stream.start) throw new Error(`stuck at ${stream.pos} of ${line}`);
			if (kind !== null) found.push(`${kind}:${stream.current()}`);
		}
	}
	return found;
}
