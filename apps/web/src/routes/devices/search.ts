import { DeviceTypeId, Health, ListDevices } from "@netconductor/contracts/devices/model";
import { WorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { z } from "zod";
import { listOf, listSearch, truth } from "../../ui/table/list-search.ts";

export const DevicesSearch = listSearch(ListDevices.shape.sort, {
	health: listOf(Health),
	device_type: listOf(DeviceTypeId),
	site: z.coerce.string().min(1).max(100),
	worker_pool: WorkerPool,
	tag: listOf(z.string().max(64)),
	group: listOf(z.string().max(100)),
	enabled: truth,
	credential_id: z.uuid(),
	changed_host_key: truth,
});
