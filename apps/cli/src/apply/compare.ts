import { isDeepStrictEqual } from "node:util";

/** One value that differs. Of a text with several lines, both sides are the text. */
export interface FieldChange {
	/** `services.bgp.variables.asn`: entries of lists that have names are called by them. */
	path: string;
	/** Undefined where there is none. */
	before: unknown;
	after: unknown;
}

/** What differs between two documents, as deep as it can be told; whatever the order of keys. */
export function differences(before: unknown, after: unknown, path = ""): FieldChange[] {
	if (isDeepStrictEqual(before, after)) return [];
	const [left, right] = [entriesOf(before), entriesOf(after)];
	if (left === undefined || right === undefined) return [{ path, before, after }];
	const inner = [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
		differences(left.get(key), right.get(key), path === "" ? key : `${path}.${key}`),
	);
	// The same entries in another order.
	return inner.length > 0 ? inner : [{ path, before, after }];
}

/** By key or name; undefined for what has neither. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
	if (value === null || typeof value !== "object") return undefined;
	if (!Array.isArray(value)) return new Map(Object.entries(value));
	const names = value.map((item: unknown) => (item as { name?: unknown } | null)?.name);
	const distinct = new Set(names).size === names.length;
	if (names.length === 0 || !distinct || !names.every((name) => typeof name === "string")) return undefined;
	return new Map(value.map((item: unknown, at) => [String(names[at]), item]));
}
