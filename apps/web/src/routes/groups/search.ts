import { devicesApi } from "@netconductor/contracts/devices/api";
import { listSearch } from "../../ui/table/list-search.ts";

export const GroupsSearch = listSearch(devicesApi.operations.listGroups.query.shape.sort, {});
