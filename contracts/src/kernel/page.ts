import { z } from "zod";

/** Query of every paged list. A list that can be asked for in several orders adds `sort: sortBy(…)`. */
export const PageQuery = z.object({
	page: z.coerce.number().int().min(1).max(1_000_000).default(1),
	page_size: z.coerce.number().int().min(1).max(500).default(50),
	q: z.string().max(200).optional(),
});

/** Query parameter `sort` limited to the named fields, ascending or (with `-`) descending. */
export function sortBy<const F extends string>(fields: readonly F[], byDefault: F | `-${F}`) {
	return z
		.enum([...fields, ...fields.map((field) => `-${field}` as const)] as [F | `-${F}`, ...(F | `-${F}`)[]])
		.default(byDefault as never);
}

/** One page of a list with its total. */
export function Page<T extends z.ZodType>(item: T) {
	return z.object({ items: z.array(item), page: z.int(), page_size: z.int(), total: z.int() });
}
export interface Page<T> {
	items: T[];
	page: number;
	page_size: number;
	total: number;
}

/** So many entries past a page are counted where a near total is enough. */
export const countedAhead = 100;

/** Query of a paged list that may be long: in the middle of it, the way to a page and the total cost more than the page. */
export const LongPageQuery = PageQuery.extend({
	after: z
		.string()
		.max(1_000)
		.optional()
		.describe(
			"next_after of the page before: the page is what follows there, whatever came or went meanwhile, and costs the same at every place. Give the page's number as well: totals go by it.",
		),
	count: z
		.enum(["exact", "near"])
		.default("exact")
		.describe(
			`near counts no further than ${countedAhead} entries past the page; total_is_exact then tells whether it reached the last.`,
		),
});

/** One page of such a list. */
export function LongPage<T extends z.ZodType>(item: T) {
	return Page(item).extend({
		total_is_exact: z.boolean().describe("Where it is false, there are at least so many as total tells."),
		next_after: z
			.string()
			.nullable()
			.describe("Where the page ends, for after; null where it is not full, so that nothing follows."),
	});
}

/** Query of a history that grows without end. `cursor` is opaque: the `next_cursor` of the page before. */
export const CursorQuery = z.object({
	cursor: z.string().max(500).optional(),
	limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** One page of an endless history; `next_cursor` is null on the last one. */
export function CursorPage<T extends z.ZodType>(item: T) {
	return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}
export interface CursorPage<T> {
	items: T[];
	next_cursor: string | null;
}

/** A boolean in a query string: `true|false|1|0`. */
export const QueryBoolean = z.enum(["true", "false", "1", "0"]).transform((word) => word === "true" || word === "1");

/** A list in a query string: repeated (`tag=a&tag=b`) or with commas (`tag=a,b`). */
export function QueryList<T extends z.ZodType<unknown, string>>(item: T) {
	return z
		.union([z.string(), z.array(z.string())])
		.transform((given) => (Array.isArray(given) ? given : given.split(",")).map((part) => part.trim()).filter(Boolean))
		.pipe(z.array(item));
}
