import { RoleName } from "@netconductor/contracts/auth/model";
import { pageSearch } from "../../ui/table/list-search.ts";

/** The role that is marked, and on a telephone the one that is shown. */
export const RolesSearch = pageSearch({ role: RoleName });
