import { failed } from "@netconductor/runtime/errors";
import { type CompiledPattern, compilePattern } from "@netconductor/runtime/pattern";

/**
 * A subset of JSONPath (RFC 9535): `$`, names, indexes, `*`, slices, several of them in brackets, and filters with comparisons, `&&`, `||`, `!`,
 * `length()`, `match()` and `search()` (RE2). Not: `..`, `count()`, `value()`.
 */
export interface JsonPath {
	/** It can lead to one value only. */
	single: boolean;
	/** The values that it leads to, in order, and at how many it looked. @throws resources.too_much */
	find(document: unknown): { found: unknown[]; steps: number };
}

const longestPath = 1_000;
const deepestFilter = 20;
/** Values that are looked at, and values that are found. */
const mostSteps = 1_000_000;
const mostFound = 10_000;

type Selector =
	| { kind: "name"; name: string }
	| { kind: "index"; index: number }
	| { kind: "any" }
	| { kind: "slice"; start: number | undefined; end: number | undefined; step: number }
	| { kind: "filter"; test: Test };
type Segment = readonly Selector[];

interface Query {
	from: "$" | "@";
	segments: readonly Segment[];
}

const nothing = Symbol("nothing");
type Value = unknown | typeof nothing;

type Test = (at: unknown, root: unknown, budget: Budget) => boolean;
type Operand = (at: unknown, root: unknown, budget: Budget) => Value;

interface Budget {
	steps: number;
}

/** @throws resources.bad_path — naming the place */
export function parseJsonPath(text: string): JsonPath {
	if (text.length > longestPath) throw bad(text, 0, `A path has at most ${longestPath} characters`);
	const reader = createReader(text);
	if (!reader.take("$")) throw bad(text, 0, "A path begins with $");
	const segments = readSegments(reader, 0);
	if (!reader.atEnd()) throw bad(text, reader.at(), "A path goes on with .name or [");
	return {
		single: isSingle(segments),
		find(document) {
			const budget = { steps: 0 };
			return { found: follow(segments, document, document, budget), steps: budget.steps };
		},
	};
}

function isSingle(segments: readonly Segment[]): boolean {
	return segments.every(([first, ...rest]) => rest.length === 0 && (first?.kind === "name" || first?.kind === "index"));
}

function bad(text: string, at: number, message: string) {
	return failed("resources.bad_path", {
		message: `${message}, at character ${at + 1} of ${JSON.stringify(text.slice(0, 200))}.`,
		errors: [{ path: "body.path", message: `${message} (character ${at + 1})` }],
	});
}

function follow(segments: readonly Segment[], start: unknown, root: unknown, budget: Budget): unknown[] {
	let found: unknown[] = [start];
	for (const segment of segments) {
		const next: unknown[] = [];
		for (const value of found) {
			for (const selector of segment) select(selector, value, root, budget, next);
			if (next.length > mostFound) throw tooMuch(`It leads to more than ${mostFound} values`);
		}
		found = next;
	}
	return found;
}

function select(selector: Selector, value: unknown, root: unknown, budget: Budget, found: unknown[]): void {
	spend(budget, 1);
	if (selector.kind === "name") {
		if (isMapping(value) && Object.hasOwn(value, selector.name)) found.push(value[selector.name]);
		return;
	}
	if (selector.kind === "index") {
		if (!Array.isArray(value)) return;
		const at = selector.index < 0 ? value.length + selector.index : selector.index;
		if (at >= 0 && at < value.length) found.push(value[at]);
		return;
	}
	if (selector.kind === "slice") {
		if (Array.isArray(value)) {
			for (const index of sliceOf(selector, value.length)) {
				spend(budget, 1);
				found.push(value[index]);
			}
		}
		return;
	}
	const entries = Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : [];
	spend(budget, entries.length);
	for (const entry of entries) {
		if (selector.kind === "any" || selector.test(entry, root, budget)) found.push(entry);
	}
}

/** Indexes of a slice, as RFC 9535 2.3.4.2 counts them. */
function* sliceOf({ start, end, step }: Extract<Selector, { kind: "slice" }>, length: number): Generator<number> {
	if (step === 0) return;
	const normal = (index: number) => (index >= 0 ? index : length + index);
	const within = (index: number, least: number, most: number) => Math.min(Math.max(index, least), most);
	if (step > 0) {
		const from = within(normal(start ?? 0), 0, length);
		const to = within(normal(end ?? length), 0, length);
		for (let index = from; index < to; index += step) yield index;
		return;
	}
	const from = within(normal(start ?? length - 1), -1, length - 1);
	const to = end === undefined ? -1 : within(normal(end), -1, length - 1);
	for (let index = from; index > to; index += step) yield index;
}

function spend(budget: Budget, steps: number): void {
	budget.steps += steps;
	if (budget.steps > mostSteps) throw tooMuch(`It looks at more than ${mostSteps} values`);
}

function tooMuch(message: string) {
	return failed("resources.too_much", { message: `${message}. Narrow it down.` });
}

function isMapping(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Reader = ReturnType<typeof createReader>;

function createReader(text: string) {
	let at = 0;
	return {
		text,
		at: () => at,
		atEnd: () => at >= text.length,
		/** Steps over `word` when it stands here. */
		take(word: string): boolean {
			if (!text.startsWith(word, at)) return false;
			at += word.length;
			return true;
		},
		match(pattern: RegExp): RegExpExecArray | undefined {
			const sticky = new RegExp(pattern.source, "uy");
			sticky.lastIndex = at;
			const found = sticky.exec(text) ?? undefined;
			if (found !== undefined) at = sticky.lastIndex;
			return found;
		},
		space(): void {
			while (at < text.length && " \t\n\r".includes(text[at] ?? "")) at += 1;
		},
		fault: (message: string) => bad(text, at, message),
	};
}

const memberName = /[\p{L}_][\p{L}\p{N}_]*/u;
const integer = /-?(?:0|[1-9]\d{0,14})/;

function readSegments(reader: Reader, depth: number): Segment[] {
	const segments: Segment[] = [];
	for (;;) {
		if (reader.take("..")) throw reader.fault("`..` is not known here: name the way");
		if (reader.take(".")) {
			if (reader.take("*")) segments.push([{ kind: "any" }]);
			else {
				const name = reader.match(memberName)?.[0];
				if (name === undefined) throw reader.fault("A name was expected; others are written as ['name']");
				segments.push([{ kind: "name", name }]);
			}
		} else if (reader.take("[")) segments.push(readBrackets(reader, depth));
		else return segments;
	}
}

function readBrackets(reader: Reader, depth: number): Segment {
	const selectors: Selector[] = [];
	do {
		reader.space();
		selectors.push(readSelector(reader, depth));
		reader.space();
	} while (reader.take(","));
	if (!reader.take("]")) throw reader.fault("`]` was expected");
	return selectors;
}

function readSelector(reader: Reader, depth: number): Selector {
	if (reader.take("*")) return { kind: "any" };
	if (reader.take("?")) return { kind: "filter", test: readOr(reader, depth + 1) };
	const name = readText(reader);
	if (name !== undefined) return { kind: "name", name };
	const start = reader.match(integer)?.[0];
	reader.space();
	if (!reader.take(":")) {
		if (start === undefined) throw reader.fault("A name in quotes, a number, `*`, a slice or `?` was expected");
		return { kind: "index", index: Number(start) };
	}
	reader.space();
	const end = reader.match(integer)?.[0];
	reader.space();
	let step: string | undefined;
	if (reader.take(":")) {
		reader.space();
		step = reader.match(integer)?.[0];
	}
	const numberOf = (word: string | undefined) => (word === undefined ? undefined : Number(word));
	return { kind: "slice", start: numberOf(start), end: numberOf(end), step: numberOf(step) ?? 1 };
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function readText(reader: Reader): string | undefined {
	const quote = reader.take("'") ? "'" : reader.take('"') ? '"' : undefined;
	if (quote === undefined) return undefined;
	let text = "";
	for (;;) {
		if (reader.take(quote)) return text;
		if (reader.take("\\")) {
			const code = reader.match(/u([0-9a-fA-F]{4})/)?.[1];
			const one = code === undefined ? reader.match(/[bfnrt/\\'"]/)?.[0] : undefined;
			if (code === undefined && one === undefined) throw reader.fault("This cannot stand after a backslash");
			text += code === undefined ? (escapes[one ?? ""] ?? one) : String.fromCharCode(Number.parseInt(code, 16));
			continue;
		}
		const piece = reader.match(/[^'"\\]+|['"]/)?.[0];
		if (piece === undefined) throw reader.fault(`The closing ${quote} is missing`);
		text += piece;
	}
}

function readOr(reader: Reader, depth: number): Test {
	if (depth > deepestFilter) throw reader.fault("This is nested too deeply");
	const tests = [readAnd(reader, depth)];
	while (reader.take("||")) tests.push(readAnd(reader, depth));
	return (...given) => tests.some((test) => test(...given));
}

function readAnd(reader: Reader, depth: number): Test {
	const tests = [readBasic(reader, depth)];
	while (reader.take("&&")) tests.push(readBasic(reader, depth));
	return (...given) => tests.every((test) => test(...given));
}

function readBasic(reader: Reader, depth: number): Test {
	reader.space();
	const not = reader.take("!");
	reader.space();
	let test: Test;
	if (reader.take("(")) {
		test = readOr(reader, depth + 1);
		if (!reader.take(")")) throw reader.fault("`)` was expected");
	} else test = readComparison(reader, depth, not);
	reader.space();
	return not ? (...given) => !test(...given) : test;
}

function readComparison(reader: Reader, depth: number, not: boolean): Test {
	const matching = reader.match(/(match|search)\(/)?.[1];
	if (matching !== undefined) return readMatch(reader, depth, matching === "match");
	const left = readOperand(reader, depth);
	reader.space();
	const sign = reader.match(/==|!=|<=|>=|<|>/)?.[0];
	if (sign === undefined) {
		const { query } = left;
		if (query === undefined) throw reader.fault("A comparison was expected");
		return (at, root, budget) => ways(query, at, root, budget).length > 0;
	}
	if (not) throw reader.fault("Put the comparison that `!` is for in parentheses");
	reader.space();
	const right = readOperand(reader, depth);
	for (const { query } of [left, right]) {
		if (query !== undefined && !isSingle(query.segments)) {
			throw reader.fault("What is compared must be one value: names and indexes only");
		}
	}
	const compare = comparisons[sign as keyof typeof comparisons];
	return (...given) => compare(left.read(...given), right.read(...given));
}

function ways({ from, segments }: Query, at: unknown, root: unknown, budget: Budget): unknown[] {
	return follow(segments, from === "$" ? root : at, root, budget);
}

function readOperand(reader: Reader, depth: number): { query?: Query; read: Operand } {
	if (reader.take("length(")) {
		reader.space();
		const { read } = readOperand(reader, depth + 1);
		reader.space();
		if (!reader.take(")")) throw reader.fault("`)` was expected");
		return { read: (...given) => lengthOf(read(...given)) };
	}
	const from = reader.take("@") ? ("@" as const) : reader.take("$") ? ("$" as const) : undefined;
	if (from !== undefined) {
		if (depth > deepestFilter) throw reader.fault("This is nested too deeply");
		const query: Query = { from, segments: readSegments(reader, depth) };
		return {
			query,
			read: (at, root, budget) => {
				const found = ways(query, at, root, budget);
				return found.length === 0 ? nothing : found[0];
			},
		};
	}
	const text = readText(reader);
	if (text !== undefined) return { read: () => text };
	const word = reader.match(/true|false|null/)?.[0];
	if (word !== undefined) return { read: () => JSON.parse(word) };
	const number = reader.match(/-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?/)?.[0];
	if (number === undefined) throw reader.fault("@, $, a text in quotes, a number, true, false or null was expected");
	return { read: () => Number(number) };
}

function readMatch(reader: Reader, depth: number, whole: boolean): Test {
	reader.space();
	const { read } = readOperand(reader, depth + 1);
	reader.space();
	if (!reader.take(",")) throw reader.fault("`,` and a pattern were expected");
	reader.space();
	const source = readText(reader);
	if (source === undefined) throw reader.fault("A pattern in quotes was expected");
	reader.space();
	if (!reader.take(")")) throw reader.fault("`)` was expected");
	let pattern: CompiledPattern;
	try {
		pattern = compilePattern(whole ? `^(?:${source})$` : source);
	} catch (error) {
		throw reader.fault(`The pattern is not valid: ${error instanceof Error ? error.message : error}`);
	}
	return (...given) => {
		const value = read(...given);
		return typeof value === "string" && pattern.test(value);
	};
}

function lengthOf(value: Value): Value {
	if (typeof value === "string") return [...value].length;
	if (Array.isArray(value)) return value.length;
	return isMapping(value) ? Object.keys(value).length : nothing;
}

const comparisons = {
	"==": isSame,
	"!=": (one: Value, other: Value) => !isSame(one, other),
	"<": isLess,
	">": (one: Value, other: Value) => isLess(other, one),
	"<=": (one: Value, other: Value) => isSame(one, other) || isLess(one, other),
	">=": (one: Value, other: Value) => isSame(one, other) || isLess(other, one),
};

function isLess(one: Value, other: Value): boolean {
	if (typeof one === "number" && typeof other === "number") return one < other;
	return typeof one === "string" && typeof other === "string" && one < other;
}

function isSame(one: Value, other: Value): boolean {
	if (one === other) return true;
	if (Array.isArray(one) && Array.isArray(other)) {
		return one.length === other.length && one.every((entry, index) => isSame(entry, other[index]));
	}
	if (!isMapping(one) || !isMapping(other)) return false;
	const keys = Object.keys(one);
	return (
		keys.length === Object.keys(other).length &&
		keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
	);
}
