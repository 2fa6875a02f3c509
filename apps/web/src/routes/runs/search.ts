import { Id, Timestamp } from "@netconductor/contracts/kernel/ids";
import { RunKind, RunStatus } from "@netconductor/contracts/tasks/model";
import { z } from "zod";
import { listOf, pageSearch } from "../../ui/table/list-search.ts";

export const RunsSearch = pageSearch({
	// The router reads a search for 10 as a number.
	q: z.coerce.string().max(200),
	kind: RunKind,
	status: listOf(RunStatus),
	started_by: z.coerce.string().min(1).max(100),
	device_id: Id,
	from: Timestamp,
	to: Timestamp,
});
