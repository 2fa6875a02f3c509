import { badValue, TemplateFault } from "./fault.ts";
import { printFloat, str } from "./print.ts";
import {
	compareTexts,
	Dict,
	describe,
	Float,
	isFloat,
	isText,
	Markup,
	makeFloat,
	makeInt,
	textOf,
	toNumber,
	Undefined,
	type Value,
} from "./values.ts";

export interface JsonOptions {
	/** Blanks for each level; undefined: all on one line. */
	indent?: number | string | undefined;
	sort_keys?: boolean;
	ensure_ascii?: boolean;
	separators?: [item: string, key: string];
}

const deepest = 200;

/** JSON as Python's `json.dumps` writes it. */
export function writeJson(value: Value, options: JsonOptions = {}): string {
	const { indent, sort_keys = false, ensure_ascii = true } = options;
	const blank = typeof indent === "number" ? " ".repeat(Math.min(Math.max(0, indent), 100)) : indent;
	const [between, after] = options.separators ?? [blank === undefined ? ", " : ",", ": "];
	const quote = (text: string) => {
		const quoted = JSON.stringify(text).replace(/\\u[\da-f]{4}/g, (escaped) => escaped.toLowerCase());
		return ensure_ascii
			? quoted.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
			: quoted;
	};
	function enclose(open: string, close: string, parts: string[], level: number): string {
		if (parts.length === 0) return open + close;
		if (blank === undefined) return open + parts.join(between) + close;
		const line = `\n${blank.repeat(level + 1)}`;
		return `${open}${line}${parts.join(between + line)}\n${blank.repeat(level)}${close}`;
	}
	function keyOf(key: Value): string {
		if (isText(key)) return textOf(key);
		if (key === null) return "null";
		if (typeof key === "boolean" || typeof key === "number" || typeof key === "bigint" || key instanceof Float)
			return write(key, 0);
		throw badValue(`${describe(key)} cannot be a key in JSON`);
	}
	function write(one: Value, level: number): string {
		if (level > deepest)
			throw new TemplateFault("template.too_deep", "the value is too deep for JSON, or contains itself");
		if (one === null) return "null";
		if (typeof one === "boolean") return String(one);
		if (isText(one)) return quote(textOf(one));
		if (isFloat(one)) {
			const number = toNumber(one);
			return Number.isNaN(number)
				? "NaN"
				: Number.isFinite(number)
					? printFloat(number)
					: number > 0
						? "Infinity"
						: "-Infinity";
		}
		if (typeof one === "number" || typeof one === "bigint") return String(one);
		if (Array.isArray(one))
			return enclose(
				"[",
				"]",
				one.map((item) => write(item, level + 1)),
				level,
			);
		if (one instanceof Dict) {
			const entries = one.entries().map(([key, item]) => [keyOf(key), item] as const);
			if (sort_keys) entries.sort(([a], [b]) => compareTexts(a, b));
			return enclose(
				"{",
				"}",
				entries.map(([key, item]) => `${quote(key)}${after}${write(item, level + 1)}`),
				level,
			);
		}
		if (one instanceof Undefined) throw one.fault();
		if (one instanceof Markup) return quote(str(one));
		throw badValue(`${describe(one)} cannot be written as JSON`);
	}
	return write(value, 0);
}

/** Reads JSON with keys in their order, and floats apart from whole numbers. @throws with the line and column */
export function readJson(text: string): Value {
	let position = 0;
	const fail = (message = "unexpected text") => {
		const before = text.slice(0, position);
		const line = before.split("\n").length;
		return badValue(`this is not JSON: ${message} at line ${line}, column ${position - before.lastIndexOf("\n")}`);
	};
	const blank = /[ \t\n\r]*/y;
	const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity/y;
	const string = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;
	const take = (pattern: RegExp): string | undefined => {
		pattern.lastIndex = position;
		const found = pattern.exec(text)?.[0];
		if (found !== undefined) position += found.length;
		return found;
	};
	const skip = (character: string): boolean => {
		take(blank);
		const there = text[position] === character;
		if (there) position++;
		return there;
	};
	function readString(): string {
		take(blank);
		const found = take(string);
		if (found === undefined) throw fail();
		return JSON.parse(found) as string;
	}
	function read(depth: number): Value {
		if (depth > deepest) throw fail(`nested deeper than ${deepest} levels`);
		take(blank);
		const character = text[position];
		if (character === '"') return readString();
		if (skip("[")) {
			const items: Value[] = [];
			if (skip("]")) return items;
			do items.push(read(depth + 1));
			while (skip(","));
			if (!skip("]")) throw fail();
			return items;
		}
		if (skip("{")) {
			const made = new Dict();
			if (skip("}")) return made;
			do {
				const key = readString();
				if (!skip(":")) throw fail();
				made.set(key, read(depth + 1));
			} while (skip(","));
			if (!skip("}")) throw fail();
			return made;
		}
		for (const [word, value] of [
			["true", true],
			["false", false],
			["null", null],
		] as const) {
			if (text.startsWith(word, position)) {
				position += word.length;
				return value;
			}
		}
		const found = take(number);
		if (found === undefined) throw fail(position >= text.length ? "it ends too early" : undefined);
		if (found.length > 4_300) throw fail("a number is too long");
		if (/^-?\d+$/.test(found)) return makeInt(BigInt(found));
		return makeFloat(Number(found));
	}
	const value = read(0);
	take(blank);
	if (position < text.length) throw fail("there is more after the end");
	return value;
}
