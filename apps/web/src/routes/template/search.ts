import { z } from "zod";
import { listOf, pageSearch } from "../../ui/table/list-search.ts";

export const TemplateSearch = pageSearch({
	tab: z.enum(["edit", "versions", "uses"]),
	/** Device that it is rendered for. */
	device: z.uuid(),
	/** Versions that are compared, at most two. */
	versions: listOf(z.string().regex(/^[1-9]\d{0,8}$/)),
});
