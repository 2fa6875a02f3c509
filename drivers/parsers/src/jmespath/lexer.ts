import { failed } from "@netconductor/runtime/errors";

export type TokenKind =
	| "identifier"
	| "quoted"
	| "literal"
	| "number"
	| "comparator"
	| "flatten"
	| "filter"
	| "and"
	| "or"
	| "end"
	| "."
	| "*"
	| "["
	| "]"
	| "{"
	| "}"
	| "("
	| ")"
	| ","
	| ":"
	| "|"
	| "!"
	| "@"
	| "&";

export interface Token {
	kind: TokenKind;
	/** Where it begins: characters from the start, 0 first. */
	position: number;
	text: string;
	/** Of a literal, a quoted identifier and a number. */
	value?: unknown;
}

const maxLength = 64 * 1024;
const single: readonly string[] = [".", "*", "]", "{", "}", "(", ")", ",", ":", "@"];

/**
 * Cuts a JMESPath expression into tokens, by the grammar of https://jmespath.org/specification.html.
 * @throws parse.jmespath_invalid
 */
export function tokenize(expression: string): Token[] {
	if (expression.length > maxLength)
		throw invalid(expression.slice(0, 40), 0, `it has more than ${maxLength} characters`);
	const tokens: Token[] = [];
	let position = 0;
	while (position < expression.length) {
		const character = expression[position] ?? "";
		if (/[ \t\n\r]/.test(character)) {
			position++;
			continue;
		}
		const token = tokenAt(expression, position);
		tokens.push(token);
		position += token.text.length;
	}
	tokens.push({ kind: "end", position, text: "" });
	return tokens;
}

function tokenAt(expression: string, position: number): Token {
	const character = expression[position] ?? "";
	const two = expression.slice(position, position + 2);
	const token = (kind: TokenKind, text: string, value?: unknown): Token => ({ kind, position, text, value });
	if (/[A-Za-z_]/.test(character)) return token("identifier", wordAt(expression, position));
	if (/[0-9-]/.test(character)) {
		const text = numberAt(expression, position);
		if (text === "-") throw invalid(expression, position, "a minus must stand before a number");
		return token("number", text, Number(text));
	}
	if (two === "[]") return token("flatten", two);
	if (two === "[?") return token("filter", two);
	if (two === "||") return token("or", two);
	if (two === "&&") return token("and", two);
	if (two === "==" || two === "!=" || two === "<=" || two === ">=") return token("comparator", two);
	if (character === "<" || character === ">") return token("comparator", character);
	if (character === "[" || character === "|" || character === "&" || character === "!")
		return token(character, character);
	if (single.includes(character)) return token(character as TokenKind, character);
	if (character === '"') {
		const text = delimited(expression, position, '"');
		return token("quoted", text, jsonOf(expression, position, text));
	}
	if (character === "'") {
		const text = delimited(expression, position, "'");
		// In a raw string only the quote itself is escaped; every other backslash is one.
		return token("literal", text, text.slice(1, -1).replaceAll("\\'", "'"));
	}
	if (character === "`") {
		const text = delimited(expression, position, "`");
		return token(
			"literal",
			text,
			literalOf(expression, position, text.slice(1, -1).replaceAll("\\`", "`").trimStart()),
		);
	}
	if (character === "=") throw invalid(expression, position, "equality is written '=='");
	throw invalid(expression, position, `'${character}' has no meaning here`);
}

function wordAt(expression: string, start: number): string {
	let end = start;
	while (end < expression.length && /[A-Za-z0-9_]/.test(expression[end] ?? "")) end++;
	return expression.slice(start, end);
}

function numberAt(expression: string, start: number): string {
	let end = start + 1;
	while (end < expression.length && /[0-9]/.test(expression[end] ?? "")) end++;
	return expression.slice(start, end);
}

/** From a quote to its like, a backslash taking the character behind it along. */
function delimited(expression: string, start: number, quote: string): string {
	for (let end = start + 1; end < expression.length; end++) {
		if (expression[end] === "\\") end++;
		else if (expression[end] === quote) return expression.slice(start, end + 1);
	}
	throw invalid(expression, start, `the ${quote} is not closed`);
}

/** JEP-12 keeps strings without their quotes (`foo`) for what was written before it. */
function literalOf(expression: string, position: number, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return jsonOf(expression, position, `"${text}"`);
	}
}

function jsonOf(expression: string, position: number, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw invalid(expression, position, `${text.slice(0, 60)} is not JSON`);
	}
}

/** The error of an expression that cannot be read, with a mark below the place. */
export function invalid(expression: string, position: number, reason: string) {
	const from = Math.max(0, position - 30);
	const shown = expression.slice(from, position + 30).replaceAll(/[\n\r\t]/g, " ");
	return failed("parse.jmespath_invalid", {
		message: `The JMESPath expression cannot be read at position ${position}: ${reason}.\n${shown}\n${" ".repeat(position - from)}^`,
		details: { position },
	});
}
