import { ListUsers, RoleName } from "@netconductor/contracts/auth/model";
import { listSearch, truth } from "../../ui/table/list-search.ts";

export const UsersSearch = listSearch(ListUsers.shape.sort, {
	role: RoleName,
	disabled: truth,
});
