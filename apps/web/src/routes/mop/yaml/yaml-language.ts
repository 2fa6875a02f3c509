import { StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { highlight } from "../../../ui/code-editor/highlight.ts";

interface State {
	/** A block text goes on while lines stand further in than this; undefined outside of one. */
	block: number | undefined;
	/** The header of a block text was read: it begins with the next line. */
	begins: boolean;
	/** Within `{{ }}` or `{% %}`. */
	template: boolean;
	/** Of a text in quotes that goes on. */
	quote: '"' | "'" | undefined;
	/** How many brackets and braces are open. */
	depth: number;
}
type Stream = Parameters<StreamParser<State>["token"]>[0];

const key = /^[\w.-][\w .-]*?(?=\s*:(?:\s|$))/;
const scalarEnd = /^(?:[^\s#,[\]{}'"&*|>!%@`:]|:(?!\s|$)|[^\s](?=#))+/;

/** YAML with Jinja2 in its texts. */
export const yamlParser: StreamParser<State> = {
	name: "yaml",
	startState: () => ({ block: undefined, begins: false, template: false, quote: undefined, depth: 0 }),
	copyState: (state) => ({ ...state }),
	token(stream, state) {
		if (stream.sol()) {
			if (state.begins) {
				state.begins = false;
			} else if (state.block !== undefined && stream.indentation() <= state.block && !/^\s*$/.test(stream.string)) {
				state.block = undefined;
				state.template = false;
			}
		}
		if (state.template) return template(stream, state);
		if (stream.match(/^\{[{%]/)) {
			state.template = true;
			return "brace";
		}
		if (state.block !== undefined) return stream.sol() && stream.eatSpace() ? null : blockText(stream);
		return structure(stream, state);
	},
	languageData: { commentTokens: { line: "#" } },
};

function blockText(stream: Stream): string {
	if (!stream.match(/^(?:[^{]|\{(?![{%]))+/)) stream.next();
	return "string";
}

function template(stream: Stream, state: State): string | null {
	if (stream.eatSpace()) return null;
	if (stream.match(/^[%}]\}/)) {
		state.template = false;
		return "brace";
	}
	if (stream.match(/^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/)) return "string";
	if (stream.match(/^\d[\w.]*/)) return "number";
	if (stream.match(/^(?:and|or|not|in|is|if|else|for|endfor|endif|set)\b/)) return "keyword";
	if (stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u)) return "variableName";
	stream.next();
	return "operator";
}

function quoted(stream: Stream, state: State): string {
	while (!stream.eol()) {
		if (stream.match(/^\{[{%]/, false)) return "string";
		const sign = stream.next();
		if (sign === "\\" && state.quote === '"') stream.next();
		else if (sign === state.quote) {
			state.quote = undefined;
			break;
		}
	}
	return "string";
}

function structure(stream: Stream, state: State): string | null {
	if (state.quote !== undefined) return quoted(stream, state);
	if (stream.eatSpace()) return null;
	if (stream.match(/^#.*/)) return "comment";
	if (stream.sol() && stream.match(/^(?:---|\.\.\.)/)) return "operator";
	if (stream.match(/^[|>][-+\d]*(?=\s*(?:#.*)?$)/)) {
		state.block = stream.indentation();
		state.begins = true;
		return "operator";
	}
	if (stream.match(/^-(?=\s|$)/)) return "operator";
	if (stream.match(key)) return "propertyName";
	const sign = stream.peek();
	if (sign === '"' || sign === "'") {
		state.quote = sign;
		stream.next();
		return quoted(stream, state);
	}
	if (stream.match(/^[&*!][^\s,[\]{}]+/)) return "className";
	if (stream.match(/^(?:true|false|null|~|-?\d+(?:\.\d+)?)(?=\s*(?:[,\]}#]|$))/)) return "number";
	if (stream.match(scalarEnd)) return "string";
	stream.next();
	return "operator";
}

/** Reads and colours procedures. */
export const yamlLanguage: Extension = [StreamLanguage.define(yamlParser), highlight];
