import { ListDevices } from "@netconductor/contracts/devices/model";
import { listSearch } from "../../ui/table/list-search.ts";

export const GroupSearch = listSearch(ListDevices.shape.sort, {});
