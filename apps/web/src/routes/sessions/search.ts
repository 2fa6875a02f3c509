import { ListSessions } from "@netconductor/contracts/auth/model";
import { listSearch } from "../../ui/table/list-search.ts";

export const SessionsSearch = listSearch(ListSessions.shape.sort, {});
