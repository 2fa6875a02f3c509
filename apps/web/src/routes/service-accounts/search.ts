import { RoleName } from "@netconductor/contracts/auth/model";
import { ListServiceAccounts } from "@netconductor/contracts/auth/service-accounts";
import { listSearch, truth } from "../../ui/table/list-search.ts";

export const ServiceAccountsSearch = listSearch(ListServiceAccounts.shape.sort, {
	role: RoleName,
	disabled: truth,
	ownerless: truth,
});
