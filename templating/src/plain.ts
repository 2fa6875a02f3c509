import { badValue, TemplateFault } from "./fault.ts";
import { str } from "./print.ts";
import type { Rendering } from "./rendering.ts";
import { Dict, describe, Float, isText, textOf, Undefined, type Value } from "./values.ts";

const deepest = 60;

/**
 * Makes plain data of values, as JSON could say it. What one writer makes counts together against the limits of the rendering.
 * @throws template.* for what JSON cannot say: undefined, functions, numbers that are not finite or not exact
 */
export function createPlainWriter(rendering: Rendering): (value: Value) => unknown {
	let elements = 0;
	let length = 0;
	function text(written: string): string {
		length += written.length;
		rendering.needText(length);
		return written;
	}
	function finite(number: number): number {
		if (Number.isFinite(number)) return number;
		throw badValue("the value is not a finite number");
	}
	function keyOf(key: Value): string {
		if (isText(key)) return textOf(key);
		if (key === null || typeof key === "boolean" || typeof key === "number" || key instanceof Float)
			return key === null || typeof key === "boolean" ? String(key) : str(key);
		throw badValue(`${describe(key)} cannot be a key of what a step is given`);
	}
	function write(value: Value, level: number): unknown {
		rendering.step();
		if (level > deepest)
			throw new TemplateFault("template.too_deep", `the value is deeper than ${deepest} levels, or contains itself`);
		if (value === null || typeof value === "boolean") return value;
		if (isText(value)) return text(textOf(value));
		if (typeof value === "number") return finite(value);
		if (value instanceof Float) return finite(value.value);
		if (typeof value === "bigint")
			throw badValue("the number is too large to be kept exactly: make it text with `|string`");
		if (Array.isArray(value)) {
			elements += value.length;
			rendering.needElements(elements);
			return Array.from(value, (item) => write(item, level + 1));
		}
		if (value instanceof Dict) {
			elements += value.size;
			rendering.needElements(elements);
			return Object.fromEntries(value.entries().map(([key, item]) => [text(keyOf(key)), write(item, level + 1)]));
		}
		if (value instanceof Undefined) {
			// `… if …` without `else`: what it prints.
			if (value.lenient) return "";
			throw value.fault();
		}
		throw badValue(`${describe(value)} is nothing that a step can be given`);
	}
	return (value) => write(value, 0);
}
