import { ListTokens } from "@netconductor/contracts/auth/model";
import { listSearch } from "../../ui/table/list-search.ts";

export const TokensSearch = listSearch(ListTokens.shape.sort, {});
