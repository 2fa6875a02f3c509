import { ListBackups } from "@netconductor/contracts/backup/model";
import { Id, Timestamp } from "@netconductor/contracts/kernel/ids";
import { z } from "zod";
import { listSearch, truth } from "../../ui/table/list-search.ts";

/** `q` looks for a device's name. */
export const BackupsSearch = listSearch(ListBackups.shape.sort, {
	device_id: Id,
	snapshot_id: Id,
	run_id: Id,
	status: z.enum(["succeeded", "failed"]),
	changed: truth,
	from: Timestamp,
	to: Timestamp,
});
