import type { z } from "zod";

/**
 * Reads the parameters of a step once their templates have values. Where a text is due, a number or truth value that an expression came to is taken
 * for one: `{{ loop.index }}` alone is a number.
 * @throws z.ZodError of what was given
 */
export function readParams<P extends z.ZodType>(schema: P, given: unknown): z.output<P> {
	const first = schema.safeParse(given);
	if (first.success) return first.data;
	let text = given;
	for (const path of first.error.issues.flatMap(pathsOf)) {
		const value = path.reduce<unknown>(
			(inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part],
			text,
		);
		if (typeof value === "number" || typeof value === "boolean") text = withText(text, path, String(value));
	}
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

function withText(within: unknown, [part, ...rest]: readonly PropertyKey[], text: string): unknown {
	if (part === undefined) return text;
	if (Array.isArray(within))
		return within.map((inner, index) => (index === part ? withText(inner, rest, text) : inner));
	const fields = within as Record<PropertyKey, unknown>;
	return { ...fields, [part]: withText(fields[part], rest, text) };
}
