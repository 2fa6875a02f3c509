import { badValue } from "./fault.ts";
import { bind, type ParameterSpec } from "./library.ts";
import { needInt, needText, repr } from "./print.ts";
import type { Given, Rendering } from "./rendering.ts";
import { sortValues } from "./sorting.ts";
import {
	charactersOf,
	Dict,
	equal,
	iterate,
	Markup,
	Native,
	orElse,
	Tuple,
	textLength,
	tupleFrom,
	tupleOf,
	type Value,
	View,
} from "./values.ts";

type Method<Of> = (of: Of, given: Given, rendering: Rendering) => Value;

function method<Of>(
	parameters: readonly ParameterSpec[],
	run: (of: Of, bound: Value[], rendering: Rendering) => Value,
): Method<Of> {
	return (of, given, rendering) => run(of, bind("it", parameters, given), rendering);
}

const controlSpaces = new Set(["\x1c", "\x1d", "\x1e", "\x1f", "\x85"]);
const lineEnds = new Set(["\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]);

/** Whether Python's `str.isspace` says so of the character. */
function isSpace(character: string): boolean {
	return (/\s/.test(character) && character !== "\ufeff") || controlSpaces.has(character);
}

/** Python's `str.strip` and its one-sided siblings. */
export function strip(text: string, characters: string | undefined, side: "both" | "left" | "right" = "both"): string {
	const all = charactersOf(text);
	const given = characters === undefined ? undefined : new Set(charactersOf(characters));
	const goes = (character: string) => (given === undefined ? isSpace(character) : given.has(character));
	let start = 0;
	let end = all.length;
	if (side !== "right") while (start < end && goes(all[start] as string)) start++;
	if (side !== "left") while (end > start && goes(all[end - 1] as string)) end--;
	return start === 0 && end === all.length ? text : all.slice(start, end).join("");
}

/** Python's `str.splitlines`. */
export function splitLines(text: string, keepEnds = false): string[] {
	const lines: string[] = [];
	let start = 0;
	for (let index = 0; index < text.length; index++) {
		const character = text[index] as string;
		if (!lineEnds.has(character)) continue;
		const end = character === "\r" && text[index + 1] === "\n" ? index + 2 : index + 1;
		lines.push(text.slice(start, keepEnds ? end : index));
		start = end;
		index = end - 1;
	}
	if (start < text.length) lines.push(text.slice(start));
	return lines;
}

/** Python's `str.split`: without separator at any run of white space. */
export function split(text: string, separator: string | null, most: number): string[] {
	if (separator === "") throw badValue("the separator is empty");
	const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
	const parts: string[] = [];
	if (separator === null) {
		let start = 0;
		while (start < text.length) {
			while (start < text.length && isSpace(text[start] as string)) start++;
			if (start >= text.length) break;
			if (parts.length >= limit) {
				parts.push(text.slice(start));
				break;
			}
			let end = start;
			while (end < text.length && !isSpace(text[end] as string)) end++;
			parts.push(text.slice(start, end));
			start = end;
		}
		return parts;
	}
	let position = 0;
	while (parts.length < limit) {
		const found = text.indexOf(separator, position);
		if (found < 0) break;
		parts.push(text.slice(position, found));
		position = found + separator.length;
	}
	parts.push(text.slice(position));
	return parts;
}

function splitRight(text: string, separator: string | null, most: number): string[] {
	const reversed = (one: string) => charactersOf(one).reverse().join("");
	return split(reversed(text), separator === null ? null : reversed(separator), most)
		.map(reversed)
		.reverse();
}

const separatorOf = (value: Value) => (value === null ? null : needText(value, "the separator"));

/** Python's `str.title`: every run of letters begins with a capital. */
function title(text: string): string {
	return text.replace(/\p{L}+/gu, (word) => {
		const [first = "", ...rest] = word;
		return first.toUpperCase() + rest.join("").toLowerCase();
	});
}

export function capitalize(text: string): string {
	const [first = "", ...rest] = text;
	return first.toUpperCase() + rest.join("").toLowerCase();
}

function affix(text: string, given: Value, at: "start" | "end", from: Value, to: Value): boolean {
	const part =
		from === null && to === null
			? text
			: charactersOf(text)
					.slice(...bounds(from, to))
					.join("");
	const any = given instanceof Tuple ? given : [given];
	return any.some((one) => {
		const wanted = needText(one, "what to look for");
		return at === "start" ? part.startsWith(wanted) : part.endsWith(wanted);
	});
}

const bounds = (from: Value, to: Value): [number, number | undefined] => [
	from === null ? 0 : needInt(from, "the start"),
	to === null ? undefined : needInt(to, "the end"),
];

function find(text: string, [wanted, from, to]: Value[], last: boolean): number {
	const characters = charactersOf(text);
	const [start, end] = bounds(from as Value, to as Value);
	const first = Math.min(characters.length, start < 0 ? Math.max(0, characters.length + start) : start);
	const part = characters.slice(first, end).join("");
	const needle = needText(wanted as Value, "what to look for");
	const at = last ? part.lastIndexOf(needle) : part.indexOf(needle);
	return at < 0 ? -1 : first + textLength(part.slice(0, at));
}

function padded(text: string, [width, fill]: Value[], side: "left" | "right" | "both", rendering: Rendering): string {
	const columns = needInt(width as Value, "the width");
	const filler = needText(fill as Value, "the fill character");
	if (textLength(filler) !== 1) throw badValue("the fill character must be one character");
	rendering.needText(columns);
	const missing = Math.max(0, columns - textLength(text));
	// CPython puts the odd blank left only when the width is odd too.
	const left = side === "left" ? missing : side === "right" ? 0 : Math.floor(missing / 2) + (missing & columns & 1);
	return filler.repeat(left) + text + filler.repeat(missing - left);
}

/** Python's `str.center`. */
export function center(text: string, width: number, rendering: Rendering): string {
	return padded(text, [width, " "], "both", rendering);
}

export function replaceText(
	text: string,
	old: string,
	replacement: string,
	most: number,
	rendering: Rendering,
): string {
	const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
	const parts = old === "" ? ["", ...charactersOf(text), ""] : split(text, old, -1);
	const times = Math.min(limit, parts.length - 1);
	rendering.needText(text.length + times * Math.max(0, replacement.length - old.length));
	const head = parts.slice(0, times + 1).join(replacement);
	return times === parts.length - 1 ? head : [head, ...parts.slice(times + 1)].join(old);
}

const every = (pattern: RegExp) => (text: string) => pattern.test(text);
const cased = /\p{Lu}|\p{Ll}|\p{Lt}/u;

const questions: Record<string, (text: string) => boolean> = {
	isalnum: every(/^[\p{L}\p{N}]+$/u),
	isalpha: every(/^\p{L}+$/u),
	isdigit: every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u),
	isdecimal: every(/^\p{Nd}+$/u),
	isnumeric: every(/^\p{N}+$/u),
	isspace: (text) => text !== "" && strip(text, undefined) === "",
	isascii: (text) => !/[^\0-\x7f]/.test(text),
	islower: (text) => cased.test(text) && text === text.toLowerCase(),
	isupper: (text) => cased.test(text) && text === text.toUpperCase(),
	istitle: (text) => cased.test(text) && text === title(text),
	isidentifier: every(/^[\p{L}_][\p{L}\p{N}_]*$/u),
};

const stringMethods: Record<string, Method<string>> = {
	...Object.fromEntries(
		Object.entries(questions).map(([name, ask]) => [name, method<string>([], (text) => ask(text))]),
	),
	upper: method([], (text) => text.toUpperCase()),
	lower: method([], (text) => text.toLowerCase()),
	casefold: method([], (text) => text.toLowerCase().replaceAll("ß", "ss")),
	title: method([], title),
	capitalize: method([], capitalize),
	swapcase: method([], (text) =>
		text.replace(/\p{L}/gu, (letter) =>
			letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
		),
	),
	strip: method([["chars", null]], (text, [chars]) => strip(text, optionalText(chars))),
	lstrip: method([["chars", null]], (text, [chars]) => strip(text, optionalText(chars), "left")),
	rstrip: method([["chars", null]], (text, [chars]) => strip(text, optionalText(chars), "right")),
	split: method(
		[
			["sep", null],
			["maxsplit", -1],
		],
		(text, [sep, most]) => split(text, separatorOf(sep as Value), needInt(most as Value, "maxsplit")),
	),
	rsplit: method(
		[
			["sep", null],
			["maxsplit", -1],
		],
		(text, [sep, most]) => splitRight(text, separatorOf(sep as Value), needInt(most as Value, "maxsplit")),
	),
	splitlines: method([["keepends", false]], (text, [keep]) => splitLines(text, keep === true)),
	partition: method(["sep"], (text, [sep]) => {
		const [head = "", ...rest] = split(text, needText(sep as Value, "the separator"), 1);
		return rest.length === 0 ? tupleOf(head, "", "") : tupleOf(head, sep as Value, rest[0] as string);
	}),
	rpartition: method(["sep"], (text, [sep]) => {
		const parts = splitRight(text, needText(sep as Value, "the separator"), 1);
		return parts.length === 1 ? tupleOf("", "", text) : tupleOf(parts[0] as string, sep as Value, parts[1] as string);
	}),
	join: method(["iterable"], (text, [items], rendering) => {
		const parts = iterate(items as Value).map((item) => needText(item, "what `join` joins"));
		rendering.needText(parts.reduce((sum, part) => sum + part.length + text.length, 0));
		return parts.join(text);
	}),
	replace: method(["old", "new", ["count", -1]], (text, [old, new_, count], rendering) =>
		replaceText(
			text,
			needText(old as Value, "what to replace"),
			needText(new_ as Value, "the replacement"),
			needInt(count as Value, "count"),
			rendering,
		),
	),
	startswith: method(["prefix", ["start", null], ["end", null]], (text, [prefix, from, to]) =>
		affix(text, prefix as Value, "start", from as Value, to as Value),
	),
	endswith: method(["suffix", ["start", null], ["end", null]], (text, [suffix, from, to]) =>
		affix(text, suffix as Value, "end", from as Value, to as Value),
	),
	removeprefix: method(["prefix"], (text, [prefix]) => {
		const given = needText(prefix as Value, "the prefix");
		return text.startsWith(given) ? text.slice(given.length) : text;
	}),
	removesuffix: method(["suffix"], (text, [suffix]) => {
		const given = needText(suffix as Value, "the suffix");
		return given !== "" && text.endsWith(given) ? text.slice(0, -given.length) : text;
	}),
	find: method(["sub", ["start", null], ["end", null]], (text, bound) => find(text, bound, false)),
	rfind: method(["sub", ["start", null], ["end", null]], (text, bound) => find(text, bound, true)),
	index: method(["sub", ["start", null], ["end", null]], (text, bound) => found(find(text, bound, false))),
	rindex: method(["sub", ["start", null], ["end", null]], (text, bound) => found(find(text, bound, true))),
	count: method(["sub", ["start", null], ["end", null]], (text, [sub, from, to]) => {
		const part = charactersOf(text)
			.slice(...bounds(from as Value, to as Value))
			.join("");
		const wanted = needText(sub as Value, "what to count");
		return wanted === "" ? textLength(part) + 1 : part.split(wanted).length - 1;
	}),
	center: method(["width", ["fillchar", " "]], (text, bound, rendering) => padded(text, bound, "both", rendering)),
	ljust: method(["width", ["fillchar", " "]], (text, bound, rendering) => padded(text, bound, "right", rendering)),
	rjust: method(["width", ["fillchar", " "]], (text, bound, rendering) => padded(text, bound, "left", rendering)),
	zfill: method(["width"], (text, [width], rendering) => {
		const columns = needInt(width as Value, "the width");
		rendering.needText(columns);
		const sign = /^[-+]/.exec(text)?.[0] ?? "";
		return sign + text.slice(sign.length).padStart(columns - sign.length, "0");
	}),
	expandtabs: method([["tabsize", 8]], (text, [size], rendering) => {
		const columns = needInt(size as Value, "the tab size");
		rendering.needText(text.length * Math.max(1, columns));
		let column = 0;
		return charactersOf(text)
			.map((character) => {
				const blanks = character === "\t" ? (columns > 0 ? columns - (column % columns) : 0) : 1;
				column = character === "\n" || character === "\r" ? 0 : column + blanks;
				return character === "\t" ? " ".repeat(blanks) : character;
			})
			.join("");
	}),
};

const optionalText = (value: Value | undefined) =>
	value === null || value === undefined ? undefined : needText(value, "the characters");

function found(index: number): number {
	if (index < 0) throw badValue("the string does not contain it");
	return index;
}

const tupleMethods: Record<string, Method<Value[]>> = {
	count: method(["value"], (list, [value]) => list.filter((item) => equal(item, value as Value)).length),
	index: method(["value", ["start", 0], ["stop", null]], (list, [value, start, stop]) => {
		const from = needInt(start as Value, "the start");
		const at = list
			.slice(0, stop === null ? undefined : needInt(stop as Value, "the end"))
			.findIndex((item, index) => index >= from && equal(item, value as Value));
		if (at < 0) throw badValue(`${repr(value as Value)} is not in the list`);
		return at;
	}),
};

const listMethods: Record<string, Method<Value[]>> = {
	...tupleMethods,
	append: method(["object"], (list, [item], rendering) => {
		rendering.needElements(list.length + 1);
		list.push(item as Value);
		return null;
	}),
	extend: method(["iterable"], (list, [items], rendering) => {
		const more = iterate(items as Value);
		rendering.needElements(list.length + more.length);
		for (const item of [...more]) list.push(item);
		return null;
	}),
	insert: method(["index", "object"], (list, [index, item], rendering) => {
		rendering.needElements(list.length + 1);
		list.splice(needInt(index as Value, "the index"), 0, item as Value);
		return null;
	}),
	pop: method([["index", -1]], (list, [index]) => {
		const at = needInt(index as Value, "the index");
		const [taken] = at < -list.length || at >= list.length ? [] : list.splice(at, 1);
		if (taken === undefined) throw badValue(list.length === 0 ? "the list is empty" : "the list has no such index");
		return taken;
	}),
	remove: method(["value"], (list, [value]) => {
		const at = list.findIndex((item) => equal(item, value as Value));
		if (at < 0) throw badValue(`${repr(value as Value)} is not in the list`);
		list.splice(at, 1);
		return null;
	}),
	clear: method([], (list) => {
		list.length = 0;
		return null;
	}),
	copy: method([], (list) => [...list]),
	reverse: method([], (list) => {
		list.reverse();
		return null;
	}),
	sort: method([["reverse", false]], (list, [reverse], rendering) => {
		const sorted = sortValues(list, (item) => item, reverse === true, rendering);
		list.splice(0, list.length);
		for (const item of sorted) list.push(item);
		return null;
	}),
};

/** Takes over what a mapping, or a list of pairs, says. */
export function updateDict(dict: Dict, { args, named }: Given, rendering: Rendering): void {
	const [from] = args;
	if (from !== undefined) for (const [key, value] of pairsOf(from)) dict.set(key, value);
	for (const [name, value] of named) dict.set(name, value);
	rendering.needElements(dict.size);
}

export function pairsOf(value: Value): [Value, Value][] {
	if (value instanceof Dict) return value.entries();
	return iterate(value).map((pair) => {
		const [key, item, ...more] = iterate(pair);
		if (key === undefined || item === undefined || more.length > 0)
			throw badValue("a mapping is made of pairs of key and value");
		return [key, item];
	});
}

const dictMethods: Record<string, Method<Dict>> = {
	keys: method([], (dict) => View.of_kind("dict_keys", dict.keys())),
	values: method([], (dict) => View.of_kind("dict_values", dict.list())),
	items: method([], (dict) => View.of_kind("dict_items", dict.entries().map(tupleFrom))),
	get: method(["key", ["default", null]], (dict, [key, fallback]) =>
		orElse(dict.get(key as Value), () => fallback as Value),
	),
	copy: method([], (dict) => Dict.from(dict.entries())),
	update: (dict, given, rendering) => {
		updateDict(dict, given, rendering);
		return null;
	},
	pop: (dict, { args: [key, fallback] }) => {
		if (key === undefined) throw badValue("`pop` needs a key");
		const value = dict.has(key) ? dict.get(key) : fallback;
		if (value === undefined) throw badValue(`the mapping has no key ${repr(key)}`);
		dict.delete(key);
		return value;
	},
	popitem: method([], (dict) => {
		const last = dict.entries().at(-1);
		if (last === undefined) throw badValue("the mapping is empty");
		dict.delete(last[0]);
		return tupleFrom(last);
	}),
	setdefault: method(["key", ["default", null]], (dict, [key, fallback], rendering) => {
		const value = dict.get(key as Value);
		if (value !== undefined) return value;
		rendering.needElements(dict.size + 1);
		dict.set(key as Value, fallback as Value);
		return fallback as Value;
	}),
	clear: method([], (dict) => {
		dict.clear();
		return null;
	}),
};

const numberMethods: Record<string, Method<number | bigint>> = {
	bit_length: method([], (value) => {
		const size = BigInt(value) < 0n ? -BigInt(value) : BigInt(value);
		return size === 0n ? 0 : size.toString(2).length;
	}),
};

// Maps, so that no name of JavaScript's objects is a method.
const methodsOfText = new Map(Object.entries(stringMethods));
const methodsOfList = new Map(Object.entries(listMethods));
const methodsOfTuple = new Map(Object.entries(tupleMethods));
const methodsOfView = new Map<string, Method<Value[]>>();
const methodsOfDict = new Map(Object.entries(dictMethods));
const methodsOfInt = new Map(Object.entries(numberMethods));

type Found = ((given: Given, rendering: Rendering) => Value) | undefined;

function lookUp(of: Value, name: string): Found {
	if (typeof of === "string") return bound(methodsOfText.get(name), of);
	if (of instanceof Dict) return bound(methodsOfDict.get(name), of);
	if (Array.isArray(of))
		return bound(
			(of instanceof Tuple ? methodsOfTuple : of instanceof View ? methodsOfView : methodsOfList).get(name),
			of,
		);
	if (of instanceof Markup) return bound(methodsOfText.get(name), of.text);
	if (typeof of === "number" || typeof of === "bigint") return bound(methodsOfInt.get(name), of);
	return undefined;
}

function bound<Of>(found: Method<Of> | undefined, of: Of): Found {
	return found === undefined ? undefined : (given, rendering) => found(of, given, rendering);
}

/** A method of a value, as something to call later. */
export class BoundMethod extends Native {
	readonly type = "method";
	readonly name: string;
	readonly run: (given: Given, rendering: Rendering) => Value;
	constructor(name: string, run: (given: Given, rendering: Rendering) => Value) {
		super();
		this.name = name;
		this.run = run;
	}
	print() {
		return `<built-in method ${this.name}>`;
	}
}

export function findMethod(of: Value, name: string): BoundMethod | undefined {
	const found = lookUp(of, name);
	return found === undefined ? undefined : new BoundMethod(name, found);
}

/** Calls what can be called. */
export function callValue(callee: Value, given: Given, rendering: Rendering): Value {
	rendering.step();
	if (callee instanceof BoundMethod) {
		rendering.look();
		return callee.run(given, rendering);
	}
	if (callee instanceof Native && callee.call !== undefined) return callee.call(given.args, given.named);
	throw badValue("it cannot be called");
}

export const callable = (value: Value): boolean =>
	value instanceof BoundMethod || (value instanceof Native && value.call !== undefined);
