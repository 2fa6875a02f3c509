import { CoverageQuery, CoverageStatus } from "@netconductor/contracts/backup/model";
import { z } from "zod";
import { listOf, listSearch } from "../../ui/table/list-search.ts";

export const CoverageSearch = listSearch(CoverageQuery.shape.sort, {
	status: listOf(CoverageStatus),
	stale_after_hours: z.int().min(1).max(87_600),
});
