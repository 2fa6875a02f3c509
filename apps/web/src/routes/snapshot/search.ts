import { ListBackups } from "@netconductor/contracts/backup/model";
import { z } from "zod";
import { listSearch, truth } from "../../ui/table/list-search.ts";

export const SnapshotSearch = listSearch(ListBackups.shape.sort, {
	status: z.enum(["succeeded", "failed"]),
	changed: truth,
});
