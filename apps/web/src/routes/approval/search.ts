import { z } from "zod";
import { listOf, pageSearch } from "../../ui/table/list-search.ts";

export const ApprovalSearch = pageSearch({
	page: z.int().min(1).max(1_000_000),
	page_size: z.int().min(1).max(500),
	q: z.coerce.string().max(200),
	rollback: listOf(z.enum(["native", "emulated", "none"])),
});
