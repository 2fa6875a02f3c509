import { z } from "zod";
import { TranscriptReading, TryDeviceType } from "../devices/transcript.ts";
import { Id } from "../kernel/ids.ts";
import { defineApi, get, internal, post } from "../kernel/operation.ts";
import { CursorPage, CursorQuery, Page, PageQuery } from "../kernel/page.ts";
import {
	BreakGlass,
	ListOperationGroups,
	ListOperations,
	ListRuns,
	ListWorkers,
	NewDecision,
	OperationGroup,
	OutputChunk,
	Plan,
	QueuedRun,
	Run,
	RunOperation,
	RunRef,
	TargetInput,
	Task,
	TaskResult,
	Worker,
	WorkerStats,
} from "./model.ts";
import { ResumeRun } from "./procedure.ts";
import { procedureOperations } from "./procedure-api.ts";

const byId = z.object({ id: Id });
const OutputPart = z.object({
	/** Only what comes after this `seq`. */
	after: z.coerce.number().int().min(0).default(0),
	operation_id: Id.optional(),
});
/**
 * Output of a run, of all operations or one: forward from `after`, at most `limit` pieces; or with `tail` the last so many of them, and with
 * `before` the last so many before that `seq`. Pieces always come in ascending order.
 */
const OutputQuery = OutputPart.extend({
	limit: z.coerce.number().int().min(1).max(5000).default(1000),
	before: z.coerce.number().int().min(1).optional(),
	tail: z.coerce.number().int().min(1).max(5000).optional(),
});

export const tasksApi = defineApi("tasks", {
	...procedureOperations,

	listRuns: get("/api/runs", {
		summary: "Runs, newest first",
		query: ListRuns,
		returns: CursorPage(Run),
		permission: "runs:read",
		scope: "devices",
	}),
	getRun: get("/api/runs/:id", {
		summary: "One run with its counts",
		params: byId,
		returns: Run,
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found"],
	}),
	listOperations: get("/api/runs/:id/operations", {
		summary: "Operations of a run: one step on one device each",
		params: byId,
		query: ListOperations,
		returns: Page(RunOperation),
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found"],
	}),
	listOperationGroups: get("/api/runs/:id/groups", {
		summary:
			"Operations of a run, those with an identical result together: what failed or is unknown first, then the largest group",
		params: byId,
		query: ListOperationGroups,
		returns: Page(OperationGroup),
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found"],
	}),
	readOutput: get("/api/runs/:id/output", {
		summary: "Stored output of a run, from an offset or from its end",
		params: byId,
		query: OutputQuery,
		returns: z.object({
			items: z.array(OutputChunk),
			/** The `after` to read on with. */
			next_after: z.int(),
			/** There is older output than the first of `items`: read it with `before` and `tail`. */
			has_earlier: z.boolean(),
			/** The run has ended and nothing comes after these. */
			ended: z.boolean(),
		}),
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found"],
	}),
	downloadOutput: get("/api/runs/:id/output.txt", {
		summary: "Stored output of a run as text, each line after the name of its device",
		description:
			"At most 16,777,216 characters in one answer. When there is more, the last line says so and names the `after` to go on with.",
		params: byId,
		query: OutputPart,
		returns: z.string(),
		produces: "text/plain; charset=utf-8",
		permission: "runs:read",
		scope: "devices",
		timeout_ms: 120_000,
		errors: ["runs.not_found"],
	}),
	cancelRun: post("/api/runs/:id/cancel", {
		summary: "Cancel a run: what has not started is not started, open sessions are closed",
		params: byId,
		returns: Run,
		status: 202,
		permission: "runs:cancel",
		scope: "devices",
		errors: ["runs.not_found", "runs.already_ended"],
	}),
	pauseRun: post("/api/runs/:id/pause", {
		summary: "Let a run with batches finish the one that is under way and begin no other until it is resumed",
		params: byId,
		returns: Run,
		status: 202,
		permission: "runs:cancel",
		scope: "devices",
		errors: ["runs.not_found", "runs.already_ended", "runs.cannot_pause"],
	}),
	resumeRun: post("/api/runs/:id/resume", {
		summary: "Let a paused run go on with its next batch, or a procedure with its next step",
		params: byId,
		body: ResumeRun.prefault({}),
		returns: Run,
		status: 202,
		permission: "runs:cancel",
		scope: "devices",
		errors: ["runs.not_found", "runs.already_ended", "runs.not_paused"],
	}),
	breakGlass: post("/api/runs/:id/break-glass", {
		summary: "Break glass: let a run begin that a calendar holds back, with a reason that everybody sees",
		params: byId,
		body: BreakGlass,
		returns: Run,
		status: 202,
		permission: "approvals:bypass",
		errors: ["runs.not_found", "runs.already_ended", "runs.not_held"],
	}),
	retryRun: post("/api/runs/:id/retry", {
		summary: "Run again what failed or was cancelled in a run, as a new run",
		params: byId,
		returns: RunRef,
		status: 202,
		permission: "runs:start",
		scope: "devices",
		errors: ["runs.not_found", "runs.still_running", "runs.nothing_to_retry", "runs.is_a_procedure"],
	}),
	decideOperation: post("/api/runs/:id/operations/:operation_id/decide", {
		summary: "Decide on an operation of which nobody knows whether it changed the device",
		description:
			"Only one of several decisions on an operation is taken; whoever comes later is refused and told of the first. The same decision by the same person again changes nothing.",
		params: byId.extend({ operation_id: Id }),
		body: NewDecision,
		returns: RunOperation,
		permission: "runs:decide",
		scope: "devices",
		errors: [
			"runs.not_found",
			"runs.was_cancelled",
			"runs.is_a_procedure",
			"operations.not_found",
			"operations.not_undecided",
		],
	}),
	decideRun: post("/api/runs/:id/decide", {
		summary: "Decide the same on all operations of a run that are unknown",
		params: byId,
		body: NewDecision,
		returns: z.object({ decided: z.int(), run: Run }),
		permission: "runs:decide",
		scope: "devices",
		errors: ["runs.not_found", "runs.was_cancelled", "runs.is_a_procedure", "runs.nothing_to_decide"],
	}),

	listTasks: get("/api/tasks", {
		summary: "Task history, newest first",
		query: ListRuns,
		returns: CursorPage(Task),
		permission: "runs:read",
		scope: "devices",
	}),
	getTask: get("/api/tasks/:id", {
		summary: "One task",
		params: byId,
		returns: Task,
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found"],
	}),
	getTaskResult: get("/api/tasks/:id/result", {
		summary: "Results of a task, device by device",
		params: byId,
		query: PageQuery,
		returns: TaskResult,
		permission: "runs:read",
		scope: "devices",
		errors: ["runs.not_found"],
	}),
	cancelTask: post("/api/tasks/:id/cancel", {
		summary: "Cancel a task",
		params: byId,
		returns: Task,
		status: 202,
		permission: "runs:cancel",
		scope: "devices",
		errors: ["runs.not_found", "runs.already_ended"],
	}),

	listWorkers: get("/api/workers", {
		summary: "Worker processes",
		query: ListWorkers,
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
		scope: "none",
		changes: false,
		max_body_bytes: 2 * 1024 * 1024,
		errors: ["device_types.bad_pattern", "device_types.try_too_slow"],
	}),

	listQueue: get("/api/workers/queue", {
		summary: "Runs that wait for workers or are on them, the one that has waited longest first",
		query: PageQuery,
		returns: Page(QueuedRun),
		permission: "workers:read",
	}),
	drainWorker: post("/api/workers/:id/drain", {
		summary:
			"Have a worker finish what it has, take nothing more and end; a worker that the server started is replaced",
		params: z.object({ id: z.string().max(100) }),
		returns: Worker,
		status: 202,
		permission: "workers:write",
		errors: ["workers.not_found", "workers.already_ended"],
	}),

	/** Accepts a plan. The same key always answers the same run: a repeated request starts nothing twice. */
	startRun: internal("/internal/tasks/runs", {
		summary: "Start a run",
		body: z.object({
			idempotency_key: z.string().min(1).max(200),
			plan: Plan,
			/** Of the run, where whoever starts it has to know it before. */
			run_id: Id.optional(),
		}),
		returns: RunRef,
		changes: true,
		max_body_bytes: 256 * 1024 * 1024,
		errors: ["runs.unknown_step", "runs.bad_plan", "devices.not_found"],
	}),
	/** What an operation was given, for the worker that has taken it up: it may hold secrets. */
	revealInput: internal("/internal/tasks/operations/:id/input", {
		summary: "What an operation was given",
		params: byId,
		body: z.object({ worker_id: z.string(), attempt: z.int() }),
		returns: z.object({ input: TargetInput }),
		errors: ["operations.not_found"],
	}),
	/** Runs of subjects of a type, or of one of them, that exist for whom it is asked; newest first, for the service that owns the subjects. */
	listRunsOfSubjects: internal("/internal/tasks/runs/of-subjects", {
		summary: "Runs of subjects",
		body: CursorQuery.extend({
			type: z.string(),
			id: Id.optional(),
			/** Only those that have not ended, or only those that have. */
			running: z.boolean().optional(),
		}),
		returns: CursorPage(Run),
	}),
	/** Of each of these subjects the newest run that exists for whom it is asked, where there is one. */
	listNewestRuns: internal("/internal/tasks/runs/newest-of-subjects", {
		summary: "Newest runs of subjects",
		body: z.object({ type: z.string(), ids: z.array(Id).max(500) }),
		returns: z.object({ runs: z.array(Run) }),
	}),
});
