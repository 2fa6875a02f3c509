import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { OperationCounts, OperationError, OperationStatus, RunKind, RunStatus, StepType } from "./model.ts";

const runRef = {
	run_id: Id,
	kind: RunKind,
	subject: z.object({ type: z.string(), id: z.string() }).nullable(),
};

export const tasksEvents = defineEvents({
	"run.started.v1": z.object({
		...runRef,
		title: z.string(),
		total: z.int(),
		started_by: z.string(),
		/** Run that it repeats in part. */ retry_of: Id.nullable().optional(),
	}),
	"operation.finished.v1": z.object({
		...runRef,
		operation_id: Id,
		step_type: StepType,
		device_id: Id,
		device_name: z.string(),
		status: OperationStatus,
		result: z.record(z.string(), z.unknown()).nullable(),
		error: OperationError.nullable(),
		finished_at: Timestamp,
	}),
	/** Somebody had a run go on that a calendar held back. */
	"run.glass_broken.v1": z.object({
		...runRef,
		title: z.string(),
		by: z.object({ id: z.string(), name: z.string() }),
		reason: z.string(),
		/** What held it back, for people. */
		why: z.string(),
		at: Timestamp,
	}),
	"run.finished.v1": z.object({
		...runRef,
		title: z.string(),
		status: RunStatus,
		counts: OperationCounts,
		finished_at: Timestamp,
	}),
});
