/** One field that a record says was different before. */
export interface Change {
	/** Dotted, as the API names the field: `config.commands`. Empty for a value without fields. */
	path: string;
	kind: "added" | "removed" | "changed";
	before?: unknown;
	after?: unknown;
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
	return typeof value !== "object" || value === null;
}

function same(one: unknown, other: unknown): boolean {
	return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/**
 * What an operation made different, field by field. Of lists of plain values the values that came and went; of other lists each place.
 * A side that is undefined did not exist: then every field was added, or removed.
 */
export function changesOf(before: unknown, after: unknown, path = ""): Change[] {
	if (same(before, after)) return [];
	if (before === undefined)
		return partsOf(after, path).map(([at, value]) => ({ path: at, kind: "added", after: value }));
	if (after === undefined) {
		return partsOf(before, path).map(([at, value]) => ({ path: at, kind: "removed", before: value }));
	}
	if (isObject(before) && isObject(after)) {
		const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
		return names.flatMap((name) => changesOf(before[name], after[name], joined(path, name)));
	}
	if (Array.isArray(before) && Array.isArray(after)) return changesOfList(before, after, path);
	return [{ path, kind: "changed", before, after }];
}

/** The plain values that a value is made of, with their paths; what is empty stands for itself. */
function partsOf(value: unknown, path: string): [path: string, value: unknown][] {
	if (Array.isArray(value) && value.length > 0) {
		return value.flatMap((item, index) =>
			isScalar(item) ? [[path, item]] : partsOf(item, joined(path, String(index))),
		);
	}
	if (isObject(value) && Object.keys(value).length > 0) {
		return Object.entries(value).flatMap(([name, field]) => partsOf(field, joined(path, name)));
	}
	return [[path, value]];
}

function changesOfList(before: unknown[], after: unknown[], path: string): Change[] {
	if (![...before, ...after].every(isScalar)) {
		return Array.from({ length: Math.max(before.length, after.length) }).flatMap((_, index) =>
			changesOf(before[index], after[index], joined(path, String(index))),
		);
	}
	const removed = before.filter((value) => !after.includes(value));
	const added = after.filter((value) => !before.includes(value));
	// The same values in another order, or as often as not.
	if (removed.length === 0 && added.length === 0) return [{ path, kind: "changed", before, after }];
	return [
		...removed.map((value): Change => ({ path, kind: "removed", before: value })),
		...added.map((value): Change => ({ path, kind: "added", after: value })),
	];
}

function joined(path: string, name: string): string {
	return path === "" ? name : `${path}.${name}`;
}

/** A value of a record, for people: text as it is, everything else as JSON. */
export function valueText(value: unknown): string {
	if (typeof value === "string") return value === "" ? '""' : value;
	return JSON.stringify(value) ?? "";
}
