import { backupApi } from "@netconductor/contracts/backup/api";
import { z } from "zod";
import { listSearch, truth } from "../../ui/table/list-search.ts";

const { sort } = backupApi.operations.listSnapshots.query.shape;

export const SnapshotsSearch = listSearch(sort, {
	tab: z.enum(["list", "matrix"]),
	pinned: truth,
	/** How many of the newest the matrix shows. */
	newest: z.int().min(1).max(30),
	only_changed: z.boolean(),
});
