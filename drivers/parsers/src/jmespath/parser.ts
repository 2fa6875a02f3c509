import { callFault } from "./functions.ts";
import { invalid, type Token, type TokenKind, tokenize } from "./lexer.ts";
import type { Comparator, Node } from "./syntax.ts";

/** How tightly a token binds what stands left of it; what is not named does not bind. */
const bindingPower: Partial<Record<TokenKind, number>> = {
	"|": 1,
	or: 2,
	and: 3,
	comparator: 5,
	flatten: 9,
	"*": 20,
	filter: 21,
	".": 40,
	"!": 45,
	"{": 50,
	"[": 55,
	"(": 60,
};
/** Below it, a projection ends: what follows works on its result as a whole. */
const projectionStop = 10;
const maxDepth = 200;

/**
 * Reads a JMESPath expression (https://jmespath.org/specification.html) by operator precedence.
 * @throws parse.jmespath_invalid: the message marks the place, `details.position` is its offset
 */
export function parseExpression(expression: string): Node {
	const tokens = tokenize(expression);
	let index = 0;
	let depth = 0;
	const current = (): Token => tokens[index] as Token;
	const ahead = (offset = 1): Token | undefined => tokens[index + offset];
	const power = () => bindingPower[current().kind] ?? 0;

	function advance(): Token {
		const token = current();
		index++;
		return token;
	}

	function unexpected(token: Token, wanted?: string) {
		const found = token.kind === "end" ? "the expression ends" : `'${token.text.slice(0, 40)}' stands`;
		return invalid(expression, token.position, `${found} where ${wanted ?? "an expression"} is expected`);
	}

	function expect(kind: TokenKind): Token {
		if (current().kind !== kind) throw unexpected(current(), `'${kind}'`);
		return advance();
	}

	function parse(minimum: number): Node {
		if (++depth > maxDepth) throw invalid(expression, current().position, `it is nested deeper than ${maxDepth}`);
		let left = prefix(advance());
		// A chain is a tree that leans left, as deep as it is long.
		for (let links = 0; minimum < power(); links++) {
			if (links > 1_000) throw invalid(expression, current().position, "it has too many parts");
			left = infix(advance(), left);
		}
		depth--;
		return left;
	}

	/** What a token means at the start of an expression. */
	function prefix(token: Token): Node {
		switch (token.kind) {
			case "literal":
				return { type: "literal", value: token.value };
			case "identifier":
				return { type: "field", name: token.text };
			case "quoted":
				if (current().kind === "(") throw invalid(expression, token.position, "the name of a function is not quoted");
				return { type: "field", name: String(token.value) };
			case "@":
				return { type: "current" };
			case "*":
				return { type: "projection", over: "values", left: { type: "current" }, right: projected(20) };
			case "filter":
				return filter({ type: "current" });
			case "flatten":
				return flatten({ type: "current" });
			case "{":
				return hash();
			case "[":
				return bracket(token);
			case "!":
				return { type: "not", node: parse(45) };
			case "(": {
				const inside = parse(0);
				expect(")");
				return inside;
			}
			default:
				throw unexpected(token);
		}
	}

	function bracket(token: Token): Node {
		if (current().kind === "number" || current().kind === ":") return indexOrSlice({ type: "current" });
		if (current().kind === "*" && ahead()?.kind === "]") {
			index += 2;
			return { type: "projection", over: "list", left: { type: "current" }, right: projected(20) };
		}
		if (current().kind === "]") throw unexpected(token);
		return list();
	}

	/** What a token means behind an expression. */
	function infix(token: Token, left: Node): Node {
		switch (token.kind) {
			case ".":
				if (current().kind === "*") {
					advance();
					return { type: "projection", over: "values", left, right: projected(40) };
				}
				return { type: "chain", left, right: afterDot(40) };
			case "|":
				return { type: "chain", left, right: parse(1) };
			case "or":
				return { type: "or", left, right: parse(2) };
			case "and":
				return { type: "and", left, right: parse(3) };
			case "comparator":
				return { type: "comparison", operator: token.text as Comparator, left, right: parse(5) };
			case "filter":
				return filter(left);
			case "flatten":
				return flatten(left);
			case "[":
				if (current().kind === "number" || current().kind === ":") return indexOrSlice(left);
				expect("*");
				expect("]");
				return { type: "projection", over: "list", left, right: projected(20) };
			case "(":
				return call(token, left);
			default:
				throw unexpected(token, "an operator");
		}
	}

	function call(token: Token, left: Node): Node {
		const name = tokens[index - 2];
		if (left.type !== "field" || name?.kind !== "identifier") {
			throw invalid(expression, token.position, "only a name can be called");
		}
		const given: Node[] = [];
		while (current().kind !== ")") {
			given.push(argument());
			if (current().kind !== ",") break;
			advance();
			if (current().kind === ")") throw unexpected(current());
		}
		expect(")");
		const fault = callFault(left.name, given);
		if (fault) throw invalid(expression, name.position, fault);
		return { type: "call", name: left.name, arguments: given, position: name.position };
	}

	/** `&` makes an expression an argument; it has no other place. */
	function argument(): Node {
		if (current().kind !== "&") return parse(0);
		advance();
		return { type: "reference", node: parse(0) };
	}

	function filter(left: Node): Node {
		const condition = parse(0);
		expect("]");
		const right: Node = current().kind === "flatten" ? { type: "current" } : projected(21);
		return { type: "filter", left, condition, right };
	}

	function flatten(left: Node): Node {
		return { type: "projection", over: "list", left: { type: "flatten", node: left }, right: projected(9) };
	}

	/** `[3]`, `[1:2]`, `[::-1]`: the bracket is taken already. */
	function indexOrSlice(left: Node): Node {
		const position = current().position;
		const first = current().kind === "number" ? Number(advance().value) : undefined;
		if (current().kind === "]" && first !== undefined) {
			advance();
			return { type: "chain", left, right: { type: "index", index: first } };
		}
		const parts: (number | undefined)[] = [first];
		while (current().kind === ":" && parts.length < 3) {
			advance();
			parts.push(current().kind === "number" ? Number(advance().value) : undefined);
		}
		expect("]");
		const [start, stop, step] = parts;
		const slice: Node = { type: "slice", start, stop, step, position };
		const sliced: Node = { type: "chain", left, right: slice };
		return { type: "projection", over: "list", left: sliced, right: projected(20) };
	}

	/** The right side of a projection, applied to each element. */
	function projected(minimum: number): Node {
		if (power() < projectionStop) return { type: "current" };
		if (current().kind === "[" || current().kind === "filter") return parse(minimum);
		if (current().kind === ".") {
			advance();
			return afterDot(minimum);
		}
		throw unexpected(current(), "an operator");
	}

	function afterDot(minimum: number): Node {
		const { kind } = current();
		if (kind === "identifier" || kind === "quoted" || kind === "*") return parse(minimum);
		if (kind === "[") {
			advance();
			return list();
		}
		if (kind === "{") {
			advance();
			return hash();
		}
		throw unexpected(current(), "a name, '*', '[' or '{'");
	}

	function list(): Node {
		const items: Node[] = [];
		for (;;) {
			items.push(parse(0));
			if (current().kind === "]") break;
			expect(",");
		}
		advance();
		return { type: "list", items };
	}

	function hash(): Node {
		const entries: { key: string; node: Node }[] = [];
		for (;;) {
			const token = advance();
			if (token.kind !== "identifier" && token.kind !== "quoted") throw unexpected(token, "a name");
			expect(":");
			entries.push({ key: token.kind === "quoted" ? String(token.value) : token.text, node: parse(0) });
			if (current().kind === "}") break;
			expect(",");
		}
		advance();
		return { type: "hash", entries };
	}

	const tree = parse(0);
	if (current().kind !== "end") throw unexpected(current(), "an operator or the end");
	return tree;
}
