import { ListTokens } from "@netconductor/contracts/auth/model";
import { z } from "zod";
import { listSearch } from "../../ui/table/list-search.ts";

/** Page, order and search text are those of the user's API tokens; their sessions have a page of their own. */
export const UserSearch = listSearch(ListTokens.shape.sort, {
	sessions_page: z.int().min(1).max(1_000_000),
});
