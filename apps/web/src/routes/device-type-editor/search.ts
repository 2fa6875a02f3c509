import { DeviceTypeId } from "@netconductor/contracts/devices/model";
import { z } from "zod";
import { pageSearch } from "../../ui/table/list-search.ts";

const tab = z.enum(["form", "json", "try"]);

export const EditDeviceTypeSearch = pageSearch({ tab });
/** `from` is the device type to start from. */
export const AddDeviceTypeSearch = pageSearch({ tab, from: DeviceTypeId });
