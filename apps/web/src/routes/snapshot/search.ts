import { ListBackups } from "@netconductor/contracts/backup/model";
import { z } from "zod";
import { listSearch } from "../../ui/table/list-search.ts";

export const SnapshotSearch = listSearch(ListBackups.shape.sort, {
	status: z.enum(["succeeded", "failed"]),
	changed: z.enum(["true", "false"]),
});
