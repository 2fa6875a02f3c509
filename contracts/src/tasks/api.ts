import { z } from "zod";
import { TranscriptReading, TryDeviceType } from "../devices/transcript.ts";
import { Id } from "../kernel/ids.ts";
import { defineApi, get, internal, post } from "../kernel/operation.ts";
import { CursorPage, CursorQuery, Page, PageQuery } from "../kernel/page.ts";
import {
	ListOperations,
	ListRuns,
	OutputChunk,
	Plan,
	Run,
	RunOperation,
	RunRef,
	Task,
	TaskResult,
	Worker,
	WorkerStats,
} from "./model.ts";

const byId = z.object({ id: Id });
/** Output of a run after `after` (a `seq`), at most `limit` pieces; the same shape for all operations or one. */
const OutputQuery = z.object({
	after: z.coerce.number().int().min(0).default(0),
	limit: z.coerce.number().int().min(1).max(5000).default(1000),
	operation_id: Id.optional(),
});

export const tasksApi = defineApi("tasks", {
	listRuns: get("/api/runs", {
		summary: "Runs, newest first",
		query: ListRuns,
		returns: CursorPage(Run),
		permission: "runs:read",
	}),
	getRun: get("/api/runs/:id", {
		summary: "One run with its counts",
		params: byId,
		returns: Run,
		permission: "runs:read",
		errors: ["runs.not_found"],
	}),
	listOperations: get("/api/runs/:id/operations", {
		summary: "Operations of a run: one step on one device each",
		params: byId,
		query: ListOperations,
		returns: Page(RunOperation),
		permission: "runs:read",
		errors: ["runs.not_found"],
	}),
	readOutput: get("/api/runs/:id/output", {
		summary: "Stored output of a run, from an offset",
		params: byId,
		query: OutputQuery,
		returns: z.object({ items: z.array(OutputChunk), next_after: z.int(), ended: z.boolean() }),
		permission: "runs:read",
		errors: ["runs.not_found"],
	}),
	cancelRun: post("/api/runs/:id/cancel", {
		summary: "Cancel a run: what has not started is not started, open sessions are closed",
		params: byId,
		returns: Run,
		status: 202,
		permission: "runs:cancel",
		errors: ["runs.not_found", "runs.already_ended"],
	}),
	retryRun: post("/api/runs/:id/retry", {
		summary: "Run again what failed or was cancelled in a run, as a new run",
		params: byId,
		returns: RunRef,
		status: 202,
		permission: "runs:start",
		errors: ["runs.not_found", "runs.still_running", "runs.nothing_to_retry"],
	}),

	listTasks: get("/api/tasks", {
		summary: "Task history, newest first",
		query: ListRuns,
		returns: CursorPage(Task),
		permission: "runs:read",
	}),
	getTask: get("/api/tasks/:id", {
		summary: "One task",
		params: byId,
		returns: Task,
		permission: "runs:read",
		errors: ["runs.not_found"],
	}),
	getTaskResult: get("/api/tasks/:id/result", {
		summary: "Results of a task, device by device",
		params: byId,
		query: PageQuery,
		returns: TaskResult,
		permission: "runs:read",
		errors: ["runs.not_found"],
	}),
	cancelTask: post("/api/tasks/:id/cancel", {
		summary: "Cancel a task",
		params: byId,
		returns: Task,
		status: 202,
		permission: "runs:cancel",
		errors: ["runs.not_found", "runs.already_ended"],
	}),

	listWorkers: get("/api/workers", {
		summary: "Worker processes",
		query: PageQuery,
		returns: Page(Worker),
		permission: "workers:read",
	}),
	getWorkerStats: get("/api/workers/stats", {
		summary: "Load of the workers and the queue",
		returns: WorkerStats,
		permission: "workers:read",
	}),

	/** Here and not with the device types, since only workers and this service speak the language of devices. */
	tryDeviceType: post("/api/device-types/try", {
		summary: "Show how a device type reads the transcript of a session, without a device; nothing is kept",
		body: TryDeviceType,
		returns: TranscriptReading,
		permission: "devices:read",
		changes: false,
		max_body_bytes: 2 * 1024 * 1024,
		errors: ["device_types.not_found", "device_types.bad_pattern", "device_types.try_too_slow"],
	}),

	/** Accepts a plan. The same key always answers the same run: a repeated request starts nothing twice. */
	startRun: internal("/internal/tasks/runs", {
		summary: "Start a run",
		body: z.object({ idempotency_key: z.string().min(1).max(200), plan: Plan }),
		returns: RunRef,
		changes: true,
		max_body_bytes: 16 * 1024 * 1024,
		errors: ["runs.unknown_step", "runs.bad_plan"],
	}),
	/** Runs of a subject, newest first, for the service that owns it. */
	listRunsOfSubject: internal("/internal/tasks/runs/of-subject", {
		summary: "Runs of a subject",
		body: CursorQuery.extend({ type: z.string(), id: z.string() }),
		returns: CursorPage(Run),
	}),
});
