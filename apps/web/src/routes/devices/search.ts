import { DeviceTypeId, Health, ListDevices } from "@netconductor/contracts/devices/model";
import { z } from "zod";
import { listSearch } from "../../ui/table/list-search.ts";

export const DevicesSearch = listSearch(ListDevices.shape.sort, {
	health: Health,
	device_type: DeviceTypeId,
	enabled: z.enum(["true", "false"]),
});
