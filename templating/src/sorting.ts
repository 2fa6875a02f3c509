import type { Rendering } from "./rendering.ts";
import { compare, isText, textOf, type Value } from "./values.ts";

/** Stable, by Python's order of the keys. @throws for keys that have no order */
export function sortValues(
	items: readonly Value[],
	keyOf: (item: Value) => Value,
	reverse: boolean,
	rendering: Rendering,
): Value[] {
	const keyed = items.map((item) => ({ key: keyOf(item), item }));
	let comparisons = 0;
	keyed.sort((left, right) => {
		if (++comparisons % 4_096 === 0) rendering.look();
		// Python keeps the order of equal elements in a reversed sort too.
		const order = compare(left.key, right.key);
		return (reverse ? -order : order) || 0;
	});
	return keyed.map(({ item }) => item);
}

/** Strings without their case, all else as it is. */
export function ignoreCase(value: Value): Value {
	return isText(value) ? textOf(value).toLowerCase() : value;
}
