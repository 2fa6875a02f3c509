import type { Arguments, Comparison, Expr, Literal, Operator, Parameter, Statement, Target } from "./ast.ts";
import { TemplateFault } from "./fault.ts";
import { readTokens, type Token } from "./lexer.ts";
import type { EngineSettings } from "./render-task.ts";

/** Deepest nesting of expressions and of blocks: more is nobody's template, and would exhaust the stack of who walks it. */
const deepestNesting = 150;
/** Operators, calls and filters one after the other in an expression: each is a level of the tree. */
const longestChain = 1_000;

const comparisons = new Set(["==", "!=", "<", "<=", ">", ">="]);

/**
 * Reads a template's source into its tree, by the grammar of Jinja2 3.1 with its extensions `do` and `loopcontrols`.
 * @throws template.syntax with template and line
 */
export function parseTemplate(template: string, source: string, settings: EngineSettings): Statement[] {
	try {
		return createParser(readTokens(source, settings)).template();
	} catch (error) {
		if (error instanceof TemplateFault) error.template ??= template;
		throw error;
	}
}

function createParser(tokens: Token[]) {
	let position = 0;
	let depth = 0;
	/** Blocks that are open, for messages. */
	const open: { tag: string; line: number }[] = [];

	let current = tokens[0] as Token;
	const look = () => tokens[Math.min(position + 1, tokens.length - 1)] as Token;

	function next(): Token {
		const token = current;
		if (position < tokens.length - 1) position++;
		current = tokens[position] as Token;
		return token;
	}
	const fail = (message: string, line = current.line) => new TemplateFault("template.syntax", message, { line });
	const isOperator = (text: string) => current.kind === "operator" && current.text === text;
	const atBlockEnd = () => current.kind === "block_end";
	const isName = (text: string, token = current) => token.kind === "name" && token.text === text;
	function skipOperator(text: string): boolean {
		const there = isOperator(text);
		if (there) next();
		return there;
	}
	function skipName(text: string): boolean {
		const there = isName(text);
		if (there) next();
		return there;
	}
	function expectOperator(text: string): Token {
		if (!isOperator(text)) throw fail(`expected \`${text}\`, got ${words(current)}`);
		return next();
	}
	function expectName(text?: string): Token {
		if (current.kind !== "name" || (text !== undefined && current.text !== text)) {
			throw fail(`expected ${text === undefined ? "a name" : `\`${text}\``}, got ${words(current)}`);
		}
		return next();
	}
	function expectKind(kind: Token["kind"]): Token {
		if (current.kind !== kind) throw fail(`expected ${words({ kind, text: "" })}, got ${words(current)}`);
		return next();
	}
	function deeper<T>(read: () => T): T {
		if (++depth > deepestNesting) throw fail(`nested deeper than ${deepestNesting} levels`);
		const read_ = read();
		depth--;
		return read_;
	}
	function chain(): () => void {
		let links = 0;
		return () => {
			if (++links > longestChain) throw fail(`more than ${longestChain} operators in a row`);
		};
	}

	// Statements

	function statements(until: string[], inside: { tag: string; line: number } | undefined): Statement[] {
		if (inside !== undefined) {
			skipOperator(":");
			expectKind("block_end");
			open.push(inside);
		}
		const body = deeper(() => readBody(until));
		if (inside !== undefined) open.pop();
		return body;
	}

	/** Up to a tag of `until`, whose name is current then. */
	function readBody(until: string[]): Statement[] {
		const body: Statement[] = [];
		for (;;) {
			const { line } = current;
			if (current.kind === "end") {
				const innermost = open.at(-1);
				if (innermost === undefined) return body;
				throw fail(`\`${innermost.tag}\` of line ${innermost.line} is not closed: expected ${tags(until)}`);
			}
			if (current.kind === "text") body.push({ kind: "text", text: next().text, line });
			else if (current.kind === "variable_begin") {
				next();
				body.push({ kind: "print", value: tupleOrExpr(), line });
				expectKind("variable_end");
			} else {
				expectKind("block_begin");
				if (current.kind === "name" && until.includes(current.text)) return body;
				body.push(statement());
				expectKind("block_end");
			}
		}
	}

	function statement(): Statement {
		if (current.kind !== "name") throw fail(`expected the name of a tag, got ${words(current)}`);
		const { text: tag, line } = next();
		const inside = { tag, line };
		switch (tag) {
			case "set":
				return set(line, inside);
			case "for":
				return forLoop(line, inside);
			case "if":
				return ifChain(line, inside);
			case "with":
				return withBlock(line, inside);
			case "macro": {
				const { text: name } = expectName();
				const parameters = signature();
				const body = statements(["endmacro"], inside);
				next();
				return { kind: "macro", name, parameters, body, line };
			}
			case "call": {
				const parameters = isOperator("(") ? signature() : [];
				const call = expression();
				if (call.kind !== "call") throw fail("`call` needs a call of a macro", line);
				const body = statements(["endcall"], inside);
				next();
				return { kind: "call_block", parameters, call, body, line };
			}
			case "filter": {
				const filter = filters(undefined, true) as Expr;
				const body = statements(["endfilter"], inside);
				next();
				return { kind: "filter_block", filter, body, line };
			}
			case "autoescape": {
				const on = expression();
				const body = statements(["endautoescape"], inside);
				next();
				return { kind: "autoescape", on, body, line };
			}
			case "block":
				return block(line, inside);
			case "extends":
				return { kind: "extends", template: expression(), line };
			case "include": {
				const template = expression();
				const ignore_missing = isName("ignore") && isName("missing", look());
				if (ignore_missing) {
					next();
					next();
				}
				return { kind: "include", template, ignore_missing, with_context: context() ?? true, line };
			}
			case "import": {
				const template = expression();
				expectName("as");
				const { text: as } = expectName();
				return { kind: "import", template, as, with_context: context() ?? false, line };
			}
			case "from":
				return fromImport(line);
			case "print": {
				const items: Expr[] = [];
				while (!atBlockEnd()) {
					if (items.length > 0) expectOperator(",");
					items.push(expression());
				}
				return { kind: "print", value: { kind: "concat", items, line }, line };
			}
			case "do":
				return { kind: "do", value: tupleOrExpr(), line };
			case "break":
			case "continue":
				if (!open.some(({ tag: of }) => of === "for")) throw fail(`\`${tag}\` stands outside of a loop`, line);
				return { kind: tag, line };
			default: {
				const innermost = open.at(-1);
				const inner = innermost === undefined ? "" : `; \`${innermost.tag}\` of line ${innermost.line} is open`;
				throw fail(`there is no tag \`${tag}\` here${inner}`, line);
			}
		}
	}

	function set(line: number, inside: { tag: string; line: number }): Statement {
		const target = assignTarget(["="], true);
		if (skipOperator("=")) return { kind: "set", target, value: tupleOrExpr(), line };
		const filter = filters(undefined, false);
		const body = statements(["endset"], inside);
		next();
		return { kind: "set_block", target, filter, body, line };
	}

	function forLoop(line: number, inside: { tag: string; line: number }): Statement {
		const target = assignTarget(["in"], false);
		expectName("in");
		const over = tupleOrExpr({ condition: false, end: ["recursive"] });
		const condition = skipName("if") ? expression() : undefined;
		const recursive = skipName("recursive");
		const body = statements(["endfor", "else"], inside);
		const otherwise = next().text === "else" ? statements(["endfor"], { tag: "else", line: current.line }) : undefined;
		if (otherwise !== undefined) next();
		return { kind: "for", target, over, condition, recursive, body, otherwise: otherwise ?? [], line };
	}

	function ifChain(line: number, inside: { tag: string; line: number }): Statement {
		const branches: { test: Expr; body: Statement[] }[] = [];
		for (;;) {
			const test = tupleOrExpr({ condition: false });
			branches.push({ test, body: statements(["elif", "else", "endif"], inside) });
			const { text: end, line: endLine } = next();
			if (end === "elif") continue;
			const otherwise = end === "else" ? statements(["endif"], { tag: "else", line: endLine }) : [];
			if (end === "else") next();
			return { kind: "if", branches, otherwise, line };
		}
	}

	function withBlock(line: number, inside: { tag: string; line: number }): Statement {
		const targets: { target: Target; value: Expr }[] = [];
		while (current.kind !== "block_end") {
			if (targets.length > 0) expectOperator(",");
			const target = assignTarget(["="], false);
			expectOperator("=");
			targets.push({ target, value: expression() });
		}
		const body = statements(["endwith"], inside);
		next();
		return { kind: "with", targets, body, line };
	}

	function block(line: number, inside: { tag: string; line: number }): Statement {
		const { text: name } = expectName();
		const scoped = skipName("scoped");
		const required = skipName("required");
		if (isOperator("-")) throw fail("the name of a block may not contain hyphens; use an underscore");
		const body = statements(["endblock"], inside);
		next();
		if (required && body.some((part) => part.kind !== "text" || /\S/.test(part.text))) {
			throw fail("a required block may contain only comments and white space", line);
		}
		skipName(name);
		return { kind: "block", name, scoped, required, body, line };
	}

	function context(): boolean | undefined {
		if (!(isName("with") || isName("without")) || !isName("context", look())) return undefined;
		const with_ = next().text === "with";
		next();
		return with_;
	}

	function fromImport(line: number): Statement {
		const template = expression();
		expectName("import");
		const names: { name: string; as: string }[] = [];
		let with_context: boolean | undefined;
		for (;;) {
			if (names.length > 0) expectOperator(",");
			if (current.kind !== "name") throw fail(`expected a name, got ${words(current)}`);
			with_context = context();
			if (with_context !== undefined) break;
			const { text: name, line: at } = next();
			if (name.startsWith("_")) throw fail("names that begin with an underscore cannot be imported", at);
			names.push({ name, as: skipName("as") ? expectName().text : name });
			with_context = context();
			if (with_context !== undefined || !isOperator(",")) break;
		}
		return { kind: "from", template, names, with_context: with_context ?? false, line };
	}

	function signature(): Parameter[] {
		const parameters: Parameter[] = [];
		expectOperator("(");
		while (!isOperator(")")) {
			if (parameters.length > 0) expectOperator(",");
			const { text: name, line } = expectName();
			const given = skipOperator("=") ? expression() : undefined;
			if (given === undefined && parameters.at(-1)?.default !== undefined) {
				throw fail(`\`${name}\` needs a default, since the parameter before it has one`, line);
			}
			parameters.push({ name, default: given });
		}
		expectOperator(")");
		return parameters;
	}

	function assignTarget(end: string[], namespaces: boolean): Target {
		const { line } = current;
		if (namespaces && look().kind === "operator" && look().text === ".") {
			const { text: name } = expectName();
			next();
			return { kind: "namespace", name, attribute: expectName().text, line };
		}
		const items: Target[] = [];
		let isTuple = false;
		for (;;) {
			if (items.length > 0) expectOperator(",");
			if (isOperator(")") || current.kind === "block_end" || end.includes(current.text)) break;
			items.push(oneTarget());
			if (!isOperator(",")) break;
			isTuple = true;
		}
		const [only] = items;
		if (only === undefined) throw fail(`expected a name, got ${words(current)}`);
		return isTuple ? { kind: "tuple", items, line } : only;
	}

	function oneTarget(): Target {
		const { line } = current;
		if (skipOperator("(")) {
			const target = deeper(() => assignTarget([")"], false));
			expectOperator(")");
			return target;
		}
		if (current.kind !== "name") throw fail(`cannot assign to ${words(current)}`);
		const { text: name } = next();
		if (constants.has(name)) throw fail(`cannot assign to \`${name}\``, line);
		return { kind: "name", name, line };
	}

	// Expressions, from what binds least to what binds most

	function tupleOrExpr({
		condition = true,
		end = [],
		parentheses = false,
	}: {
		condition?: boolean;
		end?: string[];
		parentheses?: boolean;
	} = {}): Expr {
		const { line } = current;
		const items: Expr[] = [];
		let isTuple = false;
		for (;;) {
			if (items.length > 0) expectOperator(",");
			if (current.kind === "variable_end" || current.kind === "block_end" || isOperator(")")) break;
			if (current.kind === "name" && end.includes(current.text)) break;
			items.push(condition ? expression() : deeper(or));
			if (!isOperator(",")) break;
			isTuple = true;
		}
		const [only] = items;
		if (!isTuple && only !== undefined) return only;
		if (!isTuple && !parentheses) throw fail(`expected an expression, got ${words(current)}`);
		return { kind: "tuple", items, line };
	}

	function expression(): Expr {
		return deeper(() => {
			const { line } = current;
			let then = or();
			const link = chain();
			while (skipName("if")) {
				link();
				const test = or();
				const otherwise = skipName("else") ? expression() : undefined;
				then = { kind: "condition", test, then, otherwise, line };
			}
			return then;
		});
	}

	function or(): Expr {
		let left = and();
		const link = chain();
		while (isName("or")) {
			link();
			const { line } = next();
			left = { kind: "or", left, right: and(), line };
		}
		return left;
	}

	function and(): Expr {
		let left = not();
		const link = chain();
		while (isName("and")) {
			link();
			const { line } = next();
			left = { kind: "and", left, right: not(), line };
		}
		return left;
	}

	function not(): Expr {
		if (!isName("not")) return compareChain();
		const { line } = next();
		return { kind: "not", of: deeper(not), line };
	}

	function compareChain(): Expr {
		const left = sum();
		const { line } = current;
		const steps: { operator: Comparison; right: Expr }[] = [];
		for (;;) {
			if (current.kind === "operator" && comparisons.has(current.text)) {
				const operator = next().text as Comparison;
				steps.push({ operator, right: sum() });
			} else if (skipName("in")) steps.push({ operator: "in", right: sum() });
			else if (isName("not") && isName("in", look())) {
				next();
				next();
				steps.push({ operator: "not in", right: sum() });
			} else return steps.length === 0 ? left : { kind: "compare", left, steps, line };
		}
	}

	function binary(operators: string[], operand: () => Expr): Expr {
		let left = operand();
		const link = chain();
		while (current.kind === "operator" && operators.includes(current.text)) {
			link();
			const { text, line } = next();
			left = { kind: "binary", operator: text as Operator, left, right: operand(), line };
		}
		return left;
	}
	const sum = () => binary(["+", "-"], concat);
	const product = () => binary(["*", "/", "//", "%"], power);
	const power = () => binary(["**"], () => unary(true));

	function concat(): Expr {
		const { line } = current;
		const first = product();
		if (!isOperator("~")) return first;
		const items = [first];
		while (skipOperator("~")) items.push(product());
		return { kind: "concat", items, line };
	}

	function unary(withFilter: boolean): Expr {
		const { line } = current;
		let node: Expr;
		if (skipOperator("-")) node = { kind: "negative", of: deeper(() => unary(false)), line };
		else if (skipOperator("+")) node = { kind: "positive", of: deeper(() => unary(false)), line };
		else node = primary();
		node = postfix(node);
		return withFilter ? filterChain(node) : node;
	}

	function primary(): Expr {
		const { kind, text, line } = current;
		if (kind === "name") {
			next();
			const constant = constants.get(text);
			return constant === undefined ? { kind: "name", name: text, line } : { kind: "literal", value: constant, line };
		}
		if (kind === "string") {
			const parts: string[] = [];
			while (current.kind === "string") parts.push(next().text);
			return { kind: "literal", value: { type: "string", value: parts.join("") }, line };
		}
		if (kind === "int") {
			next();
			return { kind: "literal", value: { type: "int", value: wholeNumber(text, line) }, line };
		}
		if (kind === "float") {
			next();
			return { kind: "literal", value: { type: "float", value: Number(text.replaceAll("_", "")) }, line };
		}
		if (skipOperator("(")) {
			const inner = tupleOrExpr({ parentheses: true });
			expectOperator(")");
			return inner;
		}
		if (skipOperator("[")) {
			const items = listed("]", expression);
			return { kind: "list", items, line };
		}
		if (skipOperator("{")) {
			const items = listed("}", (): [Expr, Expr] => {
				const key = expression();
				expectOperator(":");
				return [key, expression()];
			});
			return { kind: "dict", items, line };
		}
		throw fail(`unexpected ${words(current)}`);
	}

	/** Up to the closing bracket, which may follow a comma. */
	function listed<T>(close: string, read: () => T): T[] {
		const items: T[] = [];
		while (!isOperator(close)) {
			if (items.length > 0) expectOperator(",");
			if (isOperator(close)) break;
			items.push(read());
		}
		next();
		return items;
	}

	function wholeNumber(text: string, line: number): bigint {
		const digits = text.replaceAll("_", "");
		if (digits.length > 4_300) throw fail("a number has more than 4,300 digits", line);
		return BigInt(digits.toLowerCase());
	}

	function postfix(of: Expr): Expr {
		let node = of;
		const link = chain();
		for (;;) {
			if (isOperator(".") || isOperator("[")) node = subscript(node);
			else if (isOperator("(")) node = call(node);
			else return node;
			link();
		}
	}

	function filterChain(of: Expr): Expr {
		let node = of;
		const link = chain();
		for (;;) {
			if (isOperator("|")) node = filters(node, false) as Expr;
			else if (isName("is")) node = test(node);
			else if (isOperator("(")) node = call(node);
			else return node;
			link();
		}
	}

	function subscript(of: Expr): Expr {
		const { line, text } = next();
		if (text === ".") {
			const { kind, text: name } = next();
			if (kind === "name") return { kind: "attribute", of, name, line };
			if (kind !== "int") throw fail(`expected a name or a number after the dot`, line);
			return {
				kind: "item",
				of,
				key: { kind: "literal", value: { type: "int", value: wholeNumber(name, line) }, line },
				line,
			};
		}
		const keys: Expr[] = [];
		while (!isOperator("]")) {
			if (keys.length > 0) expectOperator(",");
			keys.push(subscribed());
		}
		next();
		const [only] = keys;
		return {
			kind: "item",
			of,
			key: only !== undefined && keys.length === 1 ? only : { kind: "tuple", items: keys, line },
			line,
		};
	}

	function subscribed(): Expr {
		const { line } = current;
		const ends = () => isOperator("]") || isOperator(",");
		const start = isOperator(":") ? undefined : expression();
		if (!skipOperator(":")) return start as Expr;
		const stop = isOperator(":") || ends() ? undefined : expression();
		const step = skipOperator(":") && !ends() ? expression() : undefined;
		return { kind: "slice", start, stop, step, line };
	}

	function call(callee: Expr): Expr {
		const { line } = current;
		return { kind: "call", callee, given: callArguments(), line };
	}

	function callArguments(): Arguments {
		const { line } = expectOperator("(");
		const given: Arguments = { args: [], named: [], spread: undefined, spread_named: undefined };
		const ensure = (holds: boolean) => {
			if (!holds) throw fail("the arguments of this call are in an order that is not possible", line);
		};
		let first = true;
		while (!isOperator(")")) {
			if (!first) {
				expectOperator(",");
				if (isOperator(")")) break;
			}
			first = false;
			if (skipOperator("*")) {
				ensure(given.spread === undefined && given.spread_named === undefined);
				given.spread = expression();
			} else if (skipOperator("**")) {
				ensure(given.spread_named === undefined);
				given.spread_named = expression();
			} else if (current.kind === "name" && look().kind === "operator" && look().text === "=") {
				ensure(given.spread_named === undefined);
				const { text: name } = next();
				next();
				given.named.push({ name, value: expression() });
			} else {
				ensure(given.spread === undefined && given.spread_named === undefined && given.named.length === 0);
				given.args.push(expression());
			}
		}
		next();
		return given;
	}

	const nothingGiven = (): Arguments => ({ args: [], named: [], spread: undefined, spread_named: undefined });

	function dottedName(): { text: string; line: number } {
		const { text: first, line } = expectName();
		let text = first;
		while (skipOperator(".")) text += `.${expectName().text}`;
		return { text, line };
	}

	/** One filter or several; `inline` where the first has no `|` before it. Without any: what was given. */
	function filters(of: Expr | undefined, inline: boolean): Expr | undefined {
		let node = of;
		let first = inline;
		const link = chain();
		while (first || isOperator("|")) {
			link();
			if (!first) next();
			first = false;
			const { text: name, line } = dottedName();
			node = { kind: "filter", name, of: node, given: isOperator("(") ? callArguments() : nothingGiven(), line };
		}
		return node;
	}

	function test(of: Expr): Expr {
		const { line } = next();
		const negated = skipName("not");
		const { text: name } = dottedName();
		const given = nothingGiven();
		if (isOperator("(")) Object.assign(given, callArguments());
		else {
			const begins = ["name", "string", "int", "float"].includes(current.kind) || isOperator("[") || isOperator("{");
			if (begins && !isName("else") && !isName("or") && !isName("and")) {
				if (isName("is")) throw fail("tests cannot be chained with `is`");
				given.args.push(postfix(primary()));
			}
		}
		const node: Expr = { kind: "test", name, of, given, line };
		return negated ? { kind: "not", of: node, line } : node;
	}

	return { template: () => statements([], undefined) };
}

const constants = new Map<string, Literal>([
	["true", { type: "bool", value: true }],
	["True", { type: "bool", value: true }],
	["false", { type: "bool", value: false }],
	["False", { type: "bool", value: false }],
	["none", { type: "none" }],
	["None", { type: "none" }],
]);

function tags(names: string[]): string {
	return names.map((name) => `\`${name}\``).join(" or ");
}

function words({ kind, text }: Pick<Token, "kind" | "text">): string {
	switch (kind) {
		case "variable_end":
			return "the end of the tag `}}`";
		case "block_end":
			return "the end of the tag `%}`";
		case "variable_begin":
		case "block_begin":
		case "text":
			return "text";
		case "end":
			return "the end of the template";
		case "string":
			return `the string ${JSON.stringify(text.slice(0, 40))}`;
		case "int":
		case "float":
			return `the number ${text.slice(0, 40)}`;
		case "name":
		case "operator":
			return `\`${text.slice(0, 40)}\``;
	}
}
