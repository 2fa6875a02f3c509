import { StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { highlight } from "../../ui/code-editor/highlight.ts";

interface State {
	/** What the reader is in: text, a comment, an expression `{{ }}`, a statement `{% %}`. */
	place: "text" | "comment" | "expression" | "statement";
	/** The next word of a statement is its tag. */
	atTag: boolean;
	/** The next word of an expression is a filter or test. */
	afterPipe: boolean;
	raw: boolean;
}

type Stream = Parameters<StreamParser<State>["token"]>[0];

const operators = /^(?:and|or|not|in|is|if|else|import|as|with|without|context|ignore|missing|recursive|only)\b/;
const words = /^[\p{L}_][\p{L}\p{N}_]*/u;
const numbers = /^\d[\w.]*/;
const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/;

/** Jinja2 in a text of a configuration: tags and their insides, and of the text itself comments, addresses and numbers. */
export const jinjaParser: StreamParser<State> = {
	name: "jinja2",
	startState: () => ({ place: "text", atTag: false, afterPipe: false, raw: false }),
	copyState: (state) => ({ ...state }),
	token: (stream, state) => {
		if (state.place === "comment") return comment(stream, state);
		return state.place === "text" ? text(stream, state) : inside(stream, state);
	},
	languageData: { commentTokens: { block: { open: "{#", close: "#}" } } },
};

function text(stream: Stream, state: State): string | null {
	if (state.raw) {
		if (!stream.match(/^\{%[-+]?\s*endraw/, false)) {
			stream.next();
			stream.eatWhile(/[^{]/);
			return null;
		}
		state.raw = false;
	}
	if (stream.match("{#")) {
		state.place = "comment";
		return comment(stream, state);
	}
	if (stream.match(/^\{\{[-+]?/)) {
		state.place = "expression";
		return "brace";
	}
	if (stream.match(/^\{%[-+]?/)) {
		state.place = "statement";
		state.atTag = true;
		return "brace";
	}
	if (stream.sol() && stream.match(/^\s*[!#][^{]*/)) return "comment";
	if (stream.match(/^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})(?:\/\d{1,3})?(?![\w:.])/i))
		return "number";
	if (stream.match(/^\d+\b/)) return "number";
	if (stream.match(/^(?:"[^"{]*"|'[^'{]*')/)) return "string";
	if (stream.match(/^[\w-]+/) || stream.match(/^\s+/)) return null;
	stream.next();
	return null;
}

function comment(stream: Stream, state: State): string {
	if (stream.match(/^.*?#\}/)) state.place = "text";
	else stream.skipToEnd();
	return "comment";
}

function inside(stream: Stream, state: State): string | null {
	if (stream.eatSpace()) return null;
	if (stream.match(state.place === "expression" ? /^[-+]?\}\}/ : /^[-+]?%\}/)) {
		state.place = "text";
		state.afterPipe = false;
		return "brace";
	}
	if (stream.match(quoted)) return "string";
	if (stream.match(numbers)) return "number";
	if (stream.match("|")) {
		state.afterPipe = true;
		return "operator";
	}
	const wasAfterPipe = state.afterPipe;
	state.afterPipe = false;
	if (state.atTag) {
		state.atTag = false;
		const tag = stream.match(words) as RegExpMatchArray | null;
		if (tag?.[0] === "raw") state.raw = true;
		if (tag) return "keyword";
	}
	if (stream.match(/^is(?:\s+not)?\b/)) {
		state.afterPipe = true;
		return "keyword";
	}
	if (!wasAfterPipe && stream.match(operators)) return "keyword";
	if (stream.match(/^(?:true|false|none|True|False|None)\b/)) return "number";
	if (stream.match(words)) return wasAfterPipe ? "className" : "variableName";
	stream.next();
	return "operator";
}

/** Reads and colours templates. */
export const jinjaLanguage: Extension = [StreamLanguage.define(jinjaParser), highlight];
