import { badValue, TemplateFault } from "./fault.ts";

/**
 * What a template works with: Python's values as far as Jinja2 templates see them. A `number` that is an integer is an int, any other `number` a
 * float; a float that happens to be whole is a `Float`, an int beyond 2^53 a `bigint`, so that both print as Python prints them.
 */
export type Value = null | boolean | number | bigint | string | Float | Markup | Value[] | Dict | Native | Undefined;

/** A float with a whole value, as `2.0`. */
export class Float {
	readonly value: number;
	constructor(value: number) {
		this.value = value;
	}
}

/** A string that is HTML already and is not escaped again (markupsafe's Markup). */
export class Markup {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

/** A list that prints as Python's tuple. */
export class Tuple extends Array<Value> {
	static override get [Symbol.species]() {
		return Array;
	}
}

export function tupleOf(...items: Value[]): Tuple {
	return tupleFrom(items);
}

export function tupleFrom(items: Iterable<Value>): Tuple {
	return Tuple.from(items) as Tuple;
}

/** A tuple whose items have names too, as Python's namedtuple. */
export class NamedTuple extends Tuple {
	names: readonly string[] = [];
	static of_names(names: readonly string[], items: Iterable<Value>): NamedTuple {
		const made = NamedTuple.from(items) as NamedTuple;
		made.names = names;
		return made;
	}
}

/** What a mapping's `keys`, `values` and `items` answer: a list that prints as Python's view. */
export class View extends Array<Value> {
	kind = "";
	static override get [Symbol.species]() {
		return Array;
	}
	static of_kind(kind: string, items: Iterable<Value>): View {
		const view = View.from(items) as View;
		view.kind = kind;
		return view;
	}
}

/** Nothing stands here. Any use but asking whether it is defined is an error that names it. */
export class Undefined {
	/** As a template would write it: `neighbor.asn`. */
	readonly expression: string;
	/** What to say instead of "is not defined". */
	readonly hint: string | undefined;
	/** `… if …` without `else` prints as nothing and counts as false, also where all else is strict (Jinja2, `cond_expr_undefined`). */
	readonly lenient: boolean;
	constructor(expression: string, hint?: string, lenient = false) {
		this.expression = expression;
		this.hint = hint;
		this.lenient = lenient;
	}
	fault(): TemplateFault {
		const message = this.hint ?? `\`${this.expression}\` is not defined`;
		return new TemplateFault("template.undefined_variable", message, { variable: this.expression });
	}
}

/** What is there, else what stands in for it. Not `??`: none is a value. */
export function orElse(value: Value | undefined, otherwise: () => Value): Value {
	return value === undefined ? otherwise() : value;
}

export type Named = ReadonlyMap<string, Value>;
export const noneNamed: Named = new Map();

/** An object with attributes of its own: a loop, a macro, a namespace. Nothing of JavaScript's objects can be reached through it. */
export abstract class Native {
	/** How Python calls its type, for messages. */
	abstract readonly type: string;
	attribute(_name: string): Value | undefined {
		return undefined;
	}
	call?(args: Value[], named: Named): Value;
	iterate?(): Iterable<Value>;
	length?(): number;
	abstract print(): string;
}

/** A function that a template may call. */
export class Callable extends Native {
	readonly type = "function";
	readonly name: string;
	override call: (args: Value[], named: Named) => Value;
	constructor(name: string, call: (args: Value[], named: Named) => Value) {
		super();
		this.name = name;
		this.call = call;
	}
	print() {
		return `<function ${this.name}>`;
	}
}

/** Python's dict: keeps the order of insertion, and `1`, `1.0` and `True` are one key. */
export class Dict {
	private readonly values = new Map<unknown, Value>();
	/** Keys that are not their own hash. */
	private readonly originals = new Map<unknown, Value>();

	static from(entries: Iterable<readonly [Value, Value]>): Dict {
		const made = new Dict();
		for (const [key, value] of entries) made.set(key, value);
		return made;
	}
	get size() {
		return this.values.size;
	}
	get(key: Value): Value | undefined {
		return this.values.get(typeof key === "string" ? key : hashOf(key));
	}
	has(key: Value): boolean {
		return this.values.has(typeof key === "string" ? key : hashOf(key));
	}
	set(key: Value, value: Value): void {
		if (typeof key === "string") {
			this.values.set(key, value);
			return;
		}
		const hash = hashOf(key);
		if (hash !== key && !this.values.has(hash)) this.originals.set(hash, key);
		this.values.set(hash, value);
	}
	delete(key: Value): boolean {
		const hash = hashOf(key);
		this.originals.delete(hash);
		return this.values.delete(hash);
	}
	clear(): void {
		this.values.clear();
		this.originals.clear();
	}
	keys(): Value[] {
		const keys = [...this.values.keys()];
		if (this.originals.size === 0) return keys as Value[];
		return keys.map((hash) => (this.originals.has(hash) ? (this.originals.get(hash) as Value) : (hash as Value)));
	}
	list(): Value[] {
		return [...this.values.values()];
	}
	entries(): [Value, Value][] {
		const values = this.list();
		return this.keys().map((key, index) => [key, values[index] as Value]);
	}
}

/** What is the same for keys that are equal. @throws for what Python cannot hash */
export function hashOf(key: Value): unknown {
	if (typeof key === "string" || typeof key === "number" || key === null) return key;
	if (typeof key === "boolean") return Number(key);
	if (typeof key === "bigint") return key;
	if (key instanceof Float) return key.value;
	if (key instanceof Markup) return key.text;
	if (key instanceof Undefined) throw key.fault();
	if (key instanceof Tuple)
		return `\0tuple ${key.map((item) => `${typeof hashOf(item)} ${String(hashOf(item)).length} ${String(hashOf(item))}`).join()}`;
	if (key instanceof Native) return key;
	throw badValue(`${describe(key)} cannot be a key`);
}

export const isText = (value: Value): value is string | Markup => typeof value === "string" || value instanceof Markup;
export const textOf = (value: string | Markup): string => (typeof value === "string" ? value : value.text);
/** A whole number; Python's bool counts as one in arithmetic, but not here. */
export const isInt = (value: Value): value is number | bigint =>
	typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
export const isFloat = (value: Value): value is number | Float =>
	value instanceof Float || (typeof value === "number" && !Number.isInteger(value));
export const isNumber = (value: Value): value is number | bigint | Float =>
	typeof value === "number" || typeof value === "bigint" || value instanceof Float;
/** What can be counted with: numbers, and bools as 0 and 1. */
export const isNumeric = (value: Value): value is number | bigint | Float | boolean =>
	isNumber(value) || typeof value === "boolean";

export const makeFloat = (value: number): number | Float => (Number.isInteger(value) ? new Float(value) : value);
export const makeInt = (value: bigint): number | bigint =>
	value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

export function toNumber(value: number | bigint | Float | boolean): number {
	return value instanceof Float ? value.value : Number(value);
}

/** The value's kind in words, with an article. */
export function describe(value: Value): string {
	if (value === null) return "none";
	if (typeof value === "boolean") return "a truth value";
	if (isInt(value)) return "a whole number";
	if (isFloat(value)) return "a number";
	if (isText(value)) return "a string";
	if (value instanceof Tuple) return "a tuple";
	if (Array.isArray(value)) return "a list";
	if (value instanceof Dict) return "a mapping";
	if (value instanceof Undefined) return "something undefined";
	return `a ${(value as Native).type}`;
}

function fail(value: Undefined): never {
	throw value.fault();
}

function falseOf(value: Undefined): false {
	if (!value.lenient) throw value.fault();
	return false;
}

export function truthy(value: Value): boolean {
	if (typeof value === "boolean") return value;
	if (typeof value === "string") return value !== "";
	if (value === null) return false;
	if (typeof value === "number" || typeof value === "bigint") return value !== 0 && value !== 0n;
	if (Array.isArray(value)) return value.length > 0;
	if (value instanceof Dict) return value.size > 0;
	if (value instanceof Float) return value.value !== 0;
	if (value instanceof Markup) return value.text !== "";
	if (value instanceof Undefined) return falseOf(value);
	return value.length === undefined || value.length() > 0;
}

/** Python's `==`. */
export function equal(left: Value, right: Value): boolean {
	if (left === right) {
		if (left instanceof Undefined) throw left.fault();
		return !Number.isNaN(left);
	}
	if (left instanceof Undefined) throw left.fault();
	if (right instanceof Undefined) throw right.fault();
	if (typeof left === "string" && typeof right === "string") return false;
	if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right) === 0;
	if (isText(left) && isText(right)) return textOf(left) === textOf(right);
	if (Array.isArray(left) && Array.isArray(right)) {
		if (left instanceof Tuple !== right instanceof Tuple || left.length !== right.length) return false;
		return left.every((item, index) => equal(item, right[index] as Value));
	}
	if (left instanceof Dict && right instanceof Dict) {
		if (left.size !== right.size) return false;
		return left.entries().every(([key, value]) => {
			const other = right.get(key);
			return other !== undefined && equal(value, other);
		});
	}
	return false;
}

function compareNumbers(left: number | bigint | Float | boolean, right: number | bigint | Float | boolean): number {
	const [a, b] = [left, right].map((one) =>
		one instanceof Float ? one.value : typeof one === "boolean" ? Number(one) : one,
	) as [number | bigint, number | bigint];
	return a < b ? -1 : a > b ? 1 : a >= b ? 0 : Number.NaN;
}

/** By code points, as Python compares; UTF-16 units would put some characters elsewhere. */
export function compareTexts(left: string, right: string): number {
	if (left === right) return 0;
	const length = Math.min(left.length, right.length);
	for (let index = 0; index < length; index++) {
		const a = left.charCodeAt(index);
		const b = right.charCodeAt(index);
		if (a === b) continue;
		const surrogates = Number(a >= 0xd800 && a <= 0xdfff) - Number(b >= 0xd800 && b <= 0xdfff);
		return surrogates !== 0 ? surrogates : a - b;
	}
	return left.length - right.length;
}

/** Below, equal or above 0 as `left` is less than, equal to or more than `right`; NaN where neither. @throws for what has no order */
export function compare(left: Value, right: Value, sign = "<"): number {
	if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
	if (left instanceof Undefined) throw left.fault();
	if (right instanceof Undefined) throw right.fault();
	if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
	if (isText(left) && isText(right)) return compareTexts(textOf(left), textOf(right));
	if (Array.isArray(left) && Array.isArray(right) && left instanceof Tuple === right instanceof Tuple) {
		const length = Math.min(left.length, right.length);
		for (let index = 0; index < length; index++) {
			const [a, b] = [left[index] as Value, right[index] as Value];
			if (!equal(a, b)) return compare(a, b, sign);
		}
		return left.length - right.length;
	}
	throw badValue(`\`${sign}\` cannot compare ${describe(left)} with ${describe(right)}`);
}

/** The characters of a string; Python counts code points. */
export function charactersOf(text: string): string[] {
	return /[\ud800-\udfff]/.test(text) ? [...text] : text.split("");
}

export function textLength(text: string): number {
	return /[\ud800-\udfff]/.test(text) ? [...text].length : text.length;
}

/** What a loop over the value sees. */
export function iterate(value: Value): Value[] {
	if (Array.isArray(value)) return value;
	if (value instanceof Dict) return value.keys();
	if (isText(value)) return charactersOf(textOf(value));
	if (value instanceof Undefined) return value.lenient ? [] : fail(value);
	if (value instanceof Native && value.iterate !== undefined) return [...value.iterate()];
	throw badValue(`${describe(value)} cannot be looped over`);
}

export function isIterable(value: Value): boolean {
	return (
		Array.isArray(value) ||
		value instanceof Dict ||
		isText(value) ||
		(value instanceof Native && value.iterate !== undefined)
	);
}

export function lengthOf(value: Value): number {
	if (Array.isArray(value)) return value.length;
	if (value instanceof Dict) return value.size;
	if (isText(value)) return textLength(textOf(value));
	if (value instanceof Undefined) return value.lenient ? 0 : fail(value);
	if (value instanceof Native && value.length !== undefined) return value.length();
	throw badValue(`${describe(value)} has no length`);
}

const deepestData = 60;

/** A value of the caller's plain data. Numbers without a fraction become ints. @throws where it is too deep or in a circle */
export function toValue(given: unknown, depth = 0): Value {
	if (typeof given === "string" || typeof given === "boolean" || given === null) return given;
	if (typeof given === "number")
		return Number.isInteger(given) && !Number.isSafeInteger(given) ? new Float(given) : given;
	if (typeof given === "bigint") return makeInt(given);
	if (depth > deepestData)
		throw new TemplateFault("template.too_deep", `variables may be at most ${deepestData} levels deep`);
	if (Array.isArray(given)) return given.map((item) => toValue(item === undefined ? null : item, depth + 1));
	if (given instanceof Map) {
		return Dict.from([...given].map(([key, value]) => [toValue(key, depth + 1), toValue(value, depth + 1)] as const));
	}
	if (typeof given === "object") {
		const made = new Dict();
		for (const key of Object.keys(given)) {
			const value = (given as Record<string, unknown>)[key];
			if (value !== undefined) made.set(key, toValue(value, depth + 1));
		}
		return made;
	}
	throw badValue(`a variable is a ${typeof given}, which no template can use`);
}
