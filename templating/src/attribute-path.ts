import { itemOf } from "./access.ts";
import { str } from "./print.ts";
import { isInt, isText, textOf, Undefined, type Value } from "./values.ts";

/** A path as filters take it: `interfaces.0.name`, or an index. Nothing is the value itself. */
export function readPath(path: Value): Value[] {
	if (path === null) return [];
	if (!isText(path)) return [path];
	return textOf(path)
		.split(".")
		.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** Follows a path from the value; where it ends, `fallback` goes on, or what is undefined. */
export function follow(value: Value, path: Value[], fallback: Value = null): Value {
	let found = value;
	for (const part of path) {
		const next = itemOf(found, part);
		if (next !== undefined) found = next;
		else if (fallback !== null) found = fallback;
		else {
			const name = path.map((one) => (isInt(one) ? `[${str(one)}]` : `.${str(one)}`)).join("");
			found = new Undefined(name.replace(/^\./, ""));
		}
	}
	return found;
}
