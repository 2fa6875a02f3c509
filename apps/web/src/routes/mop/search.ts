import { z } from "zod";
import { listOf, pageSearch } from "../../ui/table/list-search.ts";

export const MopSearch = pageSearch({
	tab: z.enum(["edit", "versions", "runs", "dry-run"]),
	/** How the editor shows the text. */
	view: z.enum(["builder", "yaml"]),
	/** Step that is open in the builder: its path, `steps.2.then.0`. Or `head`: what is not a step. */
	at: z
		.string()
		.regex(/^(?:head|(?:steps|rollback)(?:\.\w+)*)$/)
		.max(300),
	/** Versions that are compared, at most two. */
	versions: listOf(z.string().regex(/^[1-9]\d{0,8}$/)),
});
