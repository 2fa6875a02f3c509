import { repr } from "../print.ts";
import { compare, Dict, describe, Tuple, type Value } from "../values.ts";

const width = 80;

/** Python's `pprint.pformat`: on one line where it fits, keys sorted; a long string stays whole. */
export function prettyPrint(value: Value, indent = 0, after = 0): string {
	const flat = repr(sorted(value));
	if (flat.length <= width - indent - after) return flat;
	if (value instanceof Dict && value.size > 0) {
		const entries = (sorted(value) as Dict).entries();
		const lines = entries.map(([key, item], index) => {
			const name = repr(key);
			return `${name}: ${prettyPrint(item, indent + name.length + 3, index === entries.length - 1 ? after + 1 : 1)}`;
		});
		return `{${lines.join(`,\n${" ".repeat(indent + 1)}`)}}`;
	}
	if (Array.isArray(value) && value.length > 0) {
		const closing = value instanceof Tuple ? (value.length === 1 ? ",)" : ")") : "]";
		const lines = value.map((item, index) =>
			prettyPrint(item, indent + 1, index === value.length - 1 ? after + closing.length : 1),
		);
		return `${value instanceof Tuple ? "(" : "["}${lines.join(`,\n${" ".repeat(indent + 1)}`)}${closing}`;
	}
	return flat;
}

function sorted(value: Value): Value {
	if (Array.isArray(value)) {
		const items = value.map(sorted);
		return value instanceof Tuple ? Tuple.from(items) : items;
	}
	if (!(value instanceof Dict)) return value;
	const entries = value.entries().map(([key, item]) => [key, sorted(item)] as const);
	// Keys of several types have no order of their own: by type, then.
	const comparable = new Set(entries.map(([key]) => describe(key))).size <= 1;
	return Dict.from(
		entries.sort(([a], [b]) =>
			comparable ? compare(a, b) : describe(a) < describe(b) ? -1 : describe(a) > describe(b) ? 1 : 0,
		),
	);
}
