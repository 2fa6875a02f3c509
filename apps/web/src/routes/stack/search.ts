import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

export const StackSearch = pageSearch({
	tab: z.enum(["overview", "edit", "rendered", "drift", "runs"]),
	/** Of what is rendered: page, part of a device's name, what for. */
	page: z.int().min(1).max(1_000_000),
	q: z.coerce.string().max(200),
	action: z.enum(["deploy", "delete", "validation"]),
});
