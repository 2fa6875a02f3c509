import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

export const StackTemplateSearch = pageSearch({
	tab: z.enum(["overview", "edit", "stacks"]),
	/** Of its stacks. */
	page: z.int().min(1).max(1_000_000),
	page_size: z.int().min(1).max(500),
});
