/** A type of JMESPath, as `type()` names it. */
export type ValueType = "number" | "string" | "boolean" | "array" | "object" | "null";

export type JsonObject = Record<string, unknown>;

/** Work that an evaluation may still do: each call takes so many steps, and fails when none are left. */
export type Spend = (steps: number) => void;

export function typeOf(value: unknown): ValueType {
	if (value === null || value === undefined) return "null";
	if (Array.isArray(value)) return "array";
	const type = typeof value;
	return type === "number" || type === "string" || type === "boolean" ? type : "object";
}

export function isObject(value: unknown): value is JsonObject {
	return typeOf(value) === "object";
}

/** False, null, and everything that is empty; zero is true. */
export function isFalse(value: unknown): boolean {
	if (value === null || value === undefined || value === false || value === "") return true;
	if (Array.isArray(value)) return value.length === 0;
	return isObject(value) && Object.keys(value).length === 0;
}

/** Equal as JSON values: the order of an object's keys does not count. */
export function isEqual(a: unknown, b: unknown, spend: Spend): boolean {
	spend(1);
	const type = typeOf(a);
	if (type !== typeOf(b)) return false;
	if (Array.isArray(a) && Array.isArray(b)) {
		return a.length === b.length && a.every((element, i) => isEqual(element, b[i], spend));
	}
	if (isObject(a) && isObject(b)) {
		const keys = Object.keys(a);
		return (
			keys.length === Object.keys(b).length &&
			keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key], spend))
		);
	}
	return type === "null" || a === b;
}

/** By code points, as the specification orders strings; JavaScript's `<` compares UTF-16 units. */
export function compareStrings(a: string, b: string): number {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const x = a.charCodeAt(i);
		const y = b.charCodeAt(i);
		// A surrogate stands for a code point above every other unit.
		if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
	}
	return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
	return unit >= 0xd800 && unit <= 0xdfff;
}

/** Compact JSON. A value may hold the same part many times over, so each part is paid for where it is written. */
export function jsonText(value: unknown, spend: Spend): string {
	spend(1);
	if (Array.isArray(value)) return `[${value.map((element) => jsonText(element, spend)).join(",")}]`;
	if (isObject(value)) {
		const members = Object.entries(value).filter(([, member]) => member !== undefined);
		return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member, spend)}`).join(",")}}`;
	}
	const text = JSON.stringify(value ?? null);
	spend(text.length);
	return text;
}
