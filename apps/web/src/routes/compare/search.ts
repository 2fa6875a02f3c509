import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

/** Unchanged lines around each change, or all of them. */
export const Context = z.union([z.int().min(0).max(100), z.literal("all")]);
export type Context = z.infer<typeof Context>;

export const CompareSearch = pageSearch({
	from: z.uuid(),
	to: z.uuid(),
	mode: z.enum(["text", "section"]),
	form: z.enum(["raw", "normalised"]),
	view: z.enum(["unified", "split"]),
	context: Context,
	/** The change that a link leads to, from 1. */
	change: z.int().min(1).max(1_000_000),
});
