import { ListTokens } from "@netconductor/contracts/auth/model";
import { listSearch } from "../../ui/table/list-search.ts";

/** Page, order and search text are those of the account's API tokens. */
export const ServiceAccountSearch = listSearch(ListTokens.shape.sort, {});
