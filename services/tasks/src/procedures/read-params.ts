import type { z } from "zod";

/**
 * Reads the parameters of a step once their templates have values. Where a text is due, a number or truth value that an expression came to is taken
 * for one: `{{ loop.index }}` alone is a number.
 * @throws z.ZodError of what was given
 */
export function readParams<P extends z.ZodType>(schema: P, given: unknown): z.output<P> {
	const first = schema.safeParse(given);
	if (first.success) return first.data;
	const text = withTexts(given, first.error.issues.flatMap(pathsOf));
	const second = text === given ? first : schema.safeParse(text);
	if (second.success) return second.data;
	throw first.error;
}

/** Places that an issue is about: in each of the forms that a value may have. */
function pathsOf(issue: z.core.$ZodIssue): PropertyKey[][] {
	if (issue.code !== "invalid_union") return [issue.path];
	return [
		issue.path,
		...issue.errors
			.flat()
			.flatMap(pathsOf)
			.map((inner) => [...issue.path, ...inner]),
	];
}

/** The same with texts for numbers and truth values at the end of the paths. All in one go: a list may have an issue with each of its elements. */
function withTexts(value: unknown, paths: readonly PropertyKey[][]): unknown {
	if (typeof value === "number" || typeof value === "boolean") {
		return paths.some(({ length }) => length === 0) ? String(value) : value;
	}
	if (typeof value !== "object" || value === null) return value;
	const within = Map.groupBy(
		paths.filter(({ length }) => length > 0),
		([part]) => (typeof part === "number" ? String(part) : part),
	);
	let isChanged = false;
	const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
		const about = within.get(key);
		const text =
			about === undefined
				? inner
				: withTexts(
						inner,
						about.map((path) => path.slice(1)),
					);
		isChanged ||= text !== inner;
		return [key, text];
	});
	if (!isChanged) return value;
	return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
