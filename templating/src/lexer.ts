import { TemplateFault } from "./fault.ts";
import type { EngineSettings } from "./render-task.ts";

export type TokenKind =
	| "text"
	| "variable_begin"
	| "variable_end"
	| "block_begin"
	| "block_end"
	| "name"
	| "string"
	| "int"
	| "float"
	| "operator"
	| "end";

export interface Token {
	kind: TokenKind;
	/** Of a string what it says, of a number its digits. */
	text: string;
	line: number;
}

const tagBegin = /\{[{%#]/g;
const rawBegin = /\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})/y;
const name = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}_]*/uy;
const float = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y;
const int = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const operator = /\/\/|\*\*|[!=<>]=|[+\-/*%~()[\]{}<>=.:|,;]/y;
const space = /\s+/y;

/** Everything in a source that could be the name of a variable. */
export function namesIn(source: string): string[] {
	return source.match(new RegExp(name, "gu")) ?? [];
}

function matchAt(pattern: RegExp, source: string, position: number): string | undefined {
	pattern.lastIndex = position;
	return pattern.exec(source)?.[0];
}

/**
 * Splits a template's source as Jinja2's lexer does, white space control included (Jinja2 3.1, "Whitespace Control"): `-` takes all white
 * space on its side of a tag, `+` keeps what `trim_blocks` and `lstrip_blocks` would take.
 * @throws template.syntax with the line
 */
export function readTokens(given: string, settings: EngineSettings): Token[] {
	const trim = settings.trim_blocks ?? true;
	const lstrip = settings.lstrip_blocks ?? true;
	let source = given.replace(/\r\n|\r/g, "\n");
	if (!(settings.keep_trailing_newline ?? true) && source.endsWith("\n")) source = source.slice(0, -1);

	const tokens: Token[] = [];
	let position = 0;
	let line = 1;
	/** White space that came before `position` reaches back to the beginning of a line. */
	let atLineStart = true;

	const fail = (message: string, at = line) => new TemplateFault("template.syntax", message, { line: at });
	let nextLineEnd = source.indexOf("\n");
	const advance = (to: number) => {
		for (; nextLineEnd >= 0 && nextLineEnd < to; nextLineEnd = source.indexOf("\n", nextLineEnd + 1)) line++;
		if (to > position) atLineStart = source[to - 1] === "\n";
		position = to;
	};
	const addText = (text: string, at: number) => {
		if (text !== "") tokens.push({ kind: "text", text, line: at });
	};
	/** Text before a tag, without the white space that the tag takes. */
	const beforeTag = (text: string, sign: string | undefined, isVariable: boolean) => {
		if (sign === "-") return text.trimEnd();
		if (sign === "+" || !lstrip || isVariable) return text;
		const begin = text.lastIndexOf("\n") + 1;
		return (begin > 0 || atLineStart) && !/\S/.test(text.slice(begin)) ? text.slice(0, begin) : text;
	};
	/** Where the source goes on after the end of a block or comment that stands before `end`. */
	const afterEnd = (sign: string | undefined, end: number) => {
		if (sign === "-") return end + (matchAt(space, source, end)?.length ?? 0);
		return trim && sign !== "+" && source[end] === "\n" ? end + 1 : end;
	};

	while (position < source.length) {
		tagBegin.lastIndex = position;
		const begin = tagBegin.exec(source)?.index ?? -1;
		if (begin < 0) {
			addText(source.slice(position), line);
			break;
		}
		const kind = source[begin + 1];
		const sign = source[begin + 2];
		const textLine = line;
		const text = beforeTag(source.slice(position, begin), sign, kind === "{");
		addText(text, textLine);
		advance(begin);
		const tagLine = line;

		if (kind === "#") {
			const end = source.indexOf("#}", begin + 2);
			if (end < 0) throw fail("the comment is not closed with `#}`", tagLine);
			const endSign = end > begin + 2 ? source[end - 1] : undefined;
			advance(afterEnd(endSign === "-" || endSign === "+" ? endSign : undefined, end + 2));
			continue;
		}

		const raw = kind === "%" ? matchAt(rawBegin, source, begin) : undefined;
		if (raw !== undefined) {
			advance(begin + raw.length);
			const rawEnd = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
			rawEnd.lastIndex = position;
			const found = rawEnd.exec(source);
			if (found === null) throw fail("the `raw` block is not closed with `endraw`", tagLine);
			const rawLine = line;
			addText(beforeTag(source.slice(position, found.index), found[1] || undefined, false), rawLine);
			advance(afterEnd(found[2] || undefined, found.index + found[0].length));
			continue;
		}

		tokens.push({ kind: kind === "{" ? "variable_begin" : "block_begin", text: "", line: tagLine });
		advance(begin + (sign === "-" || sign === "+" ? 3 : 2));
		readTag(kind === "{");
	}
	tokens.push({ kind: "end", text: "", line });
	return tokens;

	/** Reads what stands between the delimiters of a tag, and its end. */
	function readTag(isVariable: boolean): void {
		const opened: { bracket: string; line: number }[] = [];
		const begun = line;
		for (;;) {
			const blank = matchAt(space, source, position);
			if (blank !== undefined) advance(position + blank.length);
			if (position >= source.length) {
				throw fail(`the tag is not closed with \`${isVariable ? "}}" : "%}"}\``, begun);
			}
			if (opened.length === 0) {
				const closing = isVariable ? /-?\}\}/y : /[-+]?%\}/y;
				const closed = matchAt(closing, source, position);
				if (closed !== undefined) {
					tokens.push({ kind: isVariable ? "variable_end" : "block_end", text: "", line });
					const closeSign = closed.length === 3 ? closed[0] : undefined;
					const end = position + closed.length;
					if (isVariable) advance(closeSign === "-" ? end + (matchAt(space, source, end)?.length ?? 0) : end);
					else advance(afterEnd(closeSign, end));
					return;
				}
			}
			const token = readToken();
			if (token.kind === "operator") {
				if ("([{".includes(token.text)) opened.push({ bracket: token.text, line });
				else if (")]}".includes(token.text)) {
					const expected = opened.pop();
					if (expected === undefined) throw fail(`unexpected \`${token.text}\``);
					const closing = { "(": ")", "[": "]", "{": "}" }[expected.bracket];
					if (closing !== token.text) throw fail(`unexpected \`${token.text}\`, expected \`${closing}\``);
				}
			}
			tokens.push(token);
		}
	}

	function readToken(): Token {
		const at = line;
		const first = source[position] as string;
		if (first === "'" || first === '"') {
			const pattern = first === "'" ? /'[^'\\]*(?:\\[\s\S][^'\\]*)*'/y : /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
			const found = matchAt(pattern, source, position);
			if (found === undefined) throw fail("the string is not closed");
			advance(position + found.length);
			return {
				kind: "string",
				text: unescapeText(found.slice(1, -1), () => fail("the string has a broken escape", at)),
				line: at,
			};
		}
		for (const [kind, pattern] of [
			["float", float],
			["int", int],
			["name", name],
			["operator", operator],
		] as const) {
			// `a.1.2` asks for item 1, then 2: after a dot, no float begins.
			if (kind === "float" && source[position - 1] === ".") continue;
			const found = matchAt(pattern, source, position);
			if (found === undefined) continue;
			advance(position + found.length);
			return { kind, text: found, line: at };
		}
		throw fail(`unexpected character \`${String.fromCodePoint(source.codePointAt(position) ?? 0)}\``);
	}
}

const simpleEscapes: Record<string, string> = {
	"\n": "",
	"\\": "\\",
	"'": "'",
	'"': '"',
	a: "\x07",
	b: "\b",
	f: "\f",
	n: "\n",
	r: "\r",
	t: "\t",
	v: "\v",
};

/** Python's `unicode-escape`; what is no escape stays as it is written. */
function unescapeText(text: string, broken: () => Error): string {
	if (!text.includes("\\")) return text;
	return text.replace(
		/\\(?:([0-7]{1,3})|x([\da-fA-F]{0,2})|u([\da-fA-F]{0,4})|U([\da-fA-F]{0,8})|([\s\S]))/g,
		(whole, octal?: string, byte?: string, short?: string, long?: string, other?: string) => {
			if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
			for (const [digits, length] of [
				[byte, 2],
				[short, 4],
				[long, 8],
			] as const) {
				if (digits === undefined) continue;
				const code = Number.parseInt(digits, 16);
				if (digits.length < length || code > 0x10ffff) throw broken();
				return String.fromCodePoint(code);
			}
			return (other !== undefined ? simpleEscapes[other] : undefined) ?? whole;
		},
	);
}
