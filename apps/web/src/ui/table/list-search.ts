import { z } from "zod";

/** Every part of an address is a wish: what cannot be read is left out, so that an old or mistyped link still shows something. */
function wish<T extends z.ZodType>(schema: T) {
	return schema.optional().catch(undefined);
}

/**
 * A filter of several values, in an address as the API takes it: `core,edge`. Values that are none are left out. Not for values that may
 * hold a comma.
 */
export function listOf(item: z.ZodType<string, string>) {
	return z
		.union([z.string(), z.number(), z.boolean(), z.array(z.coerce.string())])
		.transform((given) =>
			(Array.isArray(given) ? given : String(given).split(","))
				.map((word) => word.trim())
				.filter((word) => item.safeParse(word).success)
				.join(","),
		)
		.pipe(z.string().min(1));
}

/** A filter that is true or false, as the API takes it: the router reads the word as what it means. */
export const truth = z
	.union([z.enum(["true", "false"]), z.boolean()])
	.transform((given): "true" | "false" => (String(given) === "true" ? "true" : "false"));

/** The values of a filter that `listOf` read. */
export function valuesOf<T extends string>(filter: string | undefined): T[] {
	return filter === undefined ? [] : (filter.split(",") as T[]);
}

type Wishes<S extends Record<string, z.ZodType>> = { [K in keyof S]: ReturnType<typeof wish<S[K]>> };

/** What the address of a page may carry besides a list's own: tabs, filters, versions. */
export function pageSearch<const S extends Record<string, z.ZodType>>(fields: S) {
	return z.object(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, wish(field)])) as Wishes<S>);
}

/**
 * What the address of a paged list carries: page, order, search text, and its filters.
 * @param sort the `sort` of the contract's query, so that only orders the server knows are asked for
 */
export function listSearch<const Sort extends z.ZodType, const S extends Record<string, z.ZodType>>(
	sort: z.ZodDefault<Sort>,
	filters: S,
) {
	return pageSearch({
		page: z.int().min(1).max(1_000_000),
		page_size: z.int().min(1).max(500),
		// The router reads a search for 10 as a number.
		q: z.coerce.string().max(200),
		sort: sort.unwrap() as Sort,
		...filters,
	});
}
