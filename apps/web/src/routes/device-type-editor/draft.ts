type Fields = Record<string, unknown>;

/** A value within another, by its dotted path; undefined where there is none. */
export function valueAt(whole: unknown, path: string): unknown {
	let at = whole;
	for (const name of path.split(".")) {
		if (typeof at !== "object" || at === null) return undefined;
		at = (at as Fields)[name];
	}
	return at;
}

/**
 * A copy in which the value at a path is another; undefined takes it away. An object that holds nothing more after that goes with it,
 * so that a part which may be left out is left out whole.
 */
export function withValue(whole: unknown, path: string, value: unknown): unknown {
	const [name = "", ...rest] = path.split(".");
	const inner = rest.length === 0 ? value : withValue(valueAt(whole, name), rest.join("."), value);
	if (Array.isArray(whole)) {
		return inner === undefined
			? whole.filter((_, index) => String(index) !== name)
			: whole.map((item, index) => (String(index) === name ? inner : item));
	}
	const { [name]: _, ...others } = (whole ?? {}) as Fields;
	if (inner !== undefined) return { ...(whole as Fields | undefined), [name]: inner };
	return Object.keys(others).length === 0 ? undefined : others;
}

/** What is wrong with a definition, and where. */
export interface Fault {
	/** Dotted path within the definition. */
	path: string;
	message: string;
}

/** What is wrong at a path itself or below it, said with the place where it is one of several: "2. Invalid". */
export function faultAt(faults: readonly Fault[], path: string): string | undefined {
	const found = faults.find((fault) => fault.path === path || fault.path.startsWith(`${path}.`));
	if (found === undefined) return undefined;
	const place = /^\d+/.exec(found.path.slice(path.length + 1))?.[0];
	return place === undefined ? found.message : `${Number(place) + 1}. ${found.message}`;
}
