import type { Run, Task } from "@netconductor/contracts/tasks/model";
import type { z } from "zod";
import { progressOf } from "./run.ts";

/** A run as task history shows it. */
export function toTask(run: Run): z.output<typeof Task> {
	return {
		task_id: run.id,
		kind: run.kind,
		name: run.title,
		status: run.status,
		progress: progressOf(run),
		started_by: run.started_by.name,
		created_at: run.created_at,
		started_at: run.started_at,
		finished_at: run.finished_at,
	};
}
