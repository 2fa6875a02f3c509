import { z } from "zod";
import type { Permission } from "../auth/permissions.ts";
import { DevicePhase } from "../kernel/errors.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { CursorQuery, PageQuery, QueryList, sortBy } from "../kernel/page.ts";
import { WorkerPool } from "../kernel/worker-pool.ts";
import { CalendarHold } from "../scheduling/model.ts";

export const RunStatus = z.enum([
	"queued",
	"running",
	"waiting",
	"succeeded",
	"partial",
	"failed",
	"cancelled",
	"needs_attention",
]);
export type RunStatus = z.infer<typeof RunStatus>;

/** `unknown`: a worker died while writing to the device; it is never silently repeated. */
export const OperationStatus = z.enum(["pending", "running", "succeeded", "skipped", "failed", "cancelled", "unknown"]);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** What started the run. */
export const RunKind = z.enum(["backup", "connectivity_test", "plan", "deploy", "delete", "check", "validate", "mop"]);
export type RunKind = z.infer<typeof RunKind>;

/** What it takes, besides the permission to retry, to run anew what a run of this kind did: retrying must not do what starting it may not. */
export const retriedWith: Readonly<Record<RunKind, Permission | null>> = {
	backup: null,
	connectivity_test: null,
	plan: "stacks:deploy",
	deploy: "stacks:deploy",
	delete: "stacks:deploy",
	check: "stacks:deploy",
	validate: "stacks:deploy",
	mop: "mops:execute",
};

/** Name of a step type, as `services/tasks/src/steps` registers them: `collect_config`, `test_connection`. */
export const StepType = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

/** How a change spreads over its devices. */
export const Rollout = z.object({
	/** Devices of each batch, in order: the last number repeats until none is left. `[1, 5]` is one (the canary), then five at a time. */
	batch_sizes: z.array(z.int().min(1).max(50_000)).min(1).max(20).default([50_000]),
	/** When more devices than this have failed, no further batch begins. */
	most_failures: z.int().min(0).max(50_000).default(0),
	/** Waits for a person's word after the first batch. */
	pause_after_first: z.boolean().default(false),
});
export type Rollout = z.output<typeof Rollout>;

/**
 * Before a step begins on any device, the steps before it have ended on all of them. Then it is asked whether what they planned needs an
 * approval, and batch after batch goes on. Steps after it belong to its batches, until the next gate.
 */
export const Gate = z.object({
	/** Whether what was planned needs an approval, as the policies say, and is held back by calendars. */
	approval: z.boolean().default(false),
	/** No batch begins after it, however long an approval takes: the window that the run was started in ends. */
	not_after: Timestamp.nullable().default(null),
	rollout: Rollout.prefault({}),
});
export type Gate = z.output<typeof Gate>;

/** One step of a plan; it runs once on every target, in the order of the steps. */
export const PlanStep = z.object({
	id: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
	type: StepType,
	params: z.record(z.string(), z.unknown()).default({}),
	gate: Gate.optional(),
});

/** What one step on one device is given besides the step's own parameters. It may hold secrets: it is sealed, and no answer has it. */
export const TargetInput = z.record(z.string(), z.unknown());

/** What a run will do: plain data, hashable, complete before anything starts. */
export const Plan = z.object({
	kind: RunKind,
	title: z.string().max(200),
	steps: z.array(PlanStep).min(1).max(100),
	targets: z
		.array(
			z.object({
				device_id: Id,
				name: z.string(),
				/** Device groups that it is in, for approval policies; left out: not known. */
				groups: z.array(z.string()).max(1_000).optional(),
				/** Batches take the devices of the lowest wave first, and none of the next before all of it have ended. Left out: 0. */
				wave: z.int().min(0).max(50_000).optional(),
				/** Pool of the workers that reach it. Left out: the default pool. */
				worker_pool: WorkerPool.optional(),
				/** For all steps on this device. */
				input: TargetInput.optional(),
			}),
		)
		.max(50_000),
	/** Devices that were selected but will not be touched, each with the reason. */
	skipped: z.array(z.object({ device_id: Id, name: z.string(), reason: z.string() })).default([]),
	/** What the run belongs to, for its owner: `{ type: "snapshot", id }`. */
	subject: z.object({ type: z.string(), id: z.string() }).optional(),
});
export type Plan = z.output<typeof Plan>;

/** Why a run stands still. */
export const WaitingFor = z
	.discriminatedUnion("kind", [
		/** An approval: `approval_id` is null until it could be asked for. */
		z.object({ kind: z.literal("approval"), approval_id: Id.nullable(), since: Timestamp }),
		/** It was approved for later. */
		z.object({ kind: z.literal("window"), not_before: Timestamp, since: Timestamp }),
		/** A freeze ends or a maintenance window opens; without a calendar: nobody answers whether one holds it. */
		z.object({
			kind: z.literal("calendar"),
			calendar: CalendarHold.shape.calendar.nullable(),
			/** For people, without a full stop. */
			why: z.string(),
			/** When it goes on; null where that is not in sight. */
			until: Timestamp.nullable(),
			since: Timestamp,
		}),
		/** A person's word: somebody paused it, or the plan pauses after its first batch. */
		z.object({ kind: z.literal("resume"), paused_by: z.string().nullable(), since: Timestamp }),
		/** Step by step: a person's word to carry out the next one. */
		z.object({ kind: z.literal("next_step"), step: z.string(), since: Timestamp }),
		/** A person's decision on a step that failed, or that asks for one. */
		z.object({ kind: z.literal("decision"), step: z.string(), message: z.string(), since: Timestamp }),
		/** Time, or something that is looked at again then. */
		z.object({ kind: z.literal("time"), step: z.string(), until: Timestamp, since: Timestamp }),
		/** The end of another run. */
		z.object({ kind: z.literal("run"), step: z.string(), run_id: Id, since: Timestamp }),
	])
	.meta({ id: "WaitingFor" });
export type WaitingFor = z.infer<typeof WaitingFor>;

/** How far a run with a gate has come. */
export const RunProgress = z
	.object({
		/** Step before which it stands, or whose batches are under way. */
		step_id: z.string(),
		/** SHA-256 of what was planned: steps, devices, commands, and the configurations they were planned against. */
		plan_sha256: z.string().nullable(),
		approval_id: Id.nullable(),
		/** Who approved it, or that nobody had to. */
		approved_by: z.array(z.string()),
		/** Carried out without the approval that a policy wants, or although a calendar held it back. */
		bypassed: z.boolean(),
		/** Who broke the glass of what a calendar held back. */
		hold_broken: z.object({ by: z.string(), reason: z.string(), why: z.string(), at: Timestamp }).nullable(),
		/** The batch that is under way or was the last; 0 before the first. */
		batch: z.int(),
		/** Devices that batches have begun on, and those there are. */
		devices_begun: z.int(),
		devices_total: z.int(),
	})
	.meta({ id: "RunProgress" });
export type RunProgress = z.infer<typeof RunProgress>;

export const RunRef = z.object({ run_id: Id }).meta({ id: "RunRef" });

export const OperationCounts = z.object({
	pending: z.int(),
	running: z.int(),
	succeeded: z.int(),
	skipped: z.int(),
	failed: z.int(),
	cancelled: z.int(),
	unknown: z.int(),
});

/** A pool of workers with work and without a worker that takes any. */
export const UnservedPool = z.object({
	worker_pool: z.string(),
	/** Operations that could begin, and procedures that could go on. */
	waiting: z.int(),
});
export type UnservedPool = z.infer<typeof UnservedPool>;

export const Run = z
	.object({
		id: Id,
		kind: RunKind,
		title: z.string(),
		status: RunStatus,
		counts: OperationCounts,
		total: z.int(),
		/** What is done on each device, in this order. */
		steps: z.array(z.object({ id: z.string(), type: StepType })),
		started_by: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
		subject: z.object({ type: z.string(), id: z.string() }).nullable(),
		/** Run that this one repeats in part. */
		retry_of: Id.nullable(),
		cancel_requested_by: z.string().nullable(),
		waiting_for: WaitingFor.nullable(),
		/** Of a run with a gate that it has come to. */
		progress: RunProgress.nullable(),
		/** What of it waits for a worker of a pool in which none takes work. Looked at where one run is asked for; empty in lists. */
		unserved: z.array(UnservedPool),
		/** Why it ended before its time: rejected, expired, too many failures. */
		end_reason: z.string().nullable(),
		created_at: Timestamp,
		started_at: Timestamp.nullable(),
		finished_at: Timestamp.nullable(),
	})
	.meta({ id: "Run" });
export type Run = z.infer<typeof Run>;

/** Why an operation failed, for the person who must act. */
export const OperationError = z.object({
	code: z.string(),
	message: z.string(),
	phase: DevicePhase.optional(),
	details: z.record(z.string(), z.unknown()).optional(),
});
export type OperationError = z.infer<typeof OperationError>;

/**
 * What a person decides on an operation in `unknown`, having looked at the device. `verified`: the change was made, it counts as succeeded and the
 * steps after it go on. `skip`: it is left out. `failed`: it failed. `retry`: it runs again in the same run, and the steps after it follow.
 */
export const Decision = z.enum(["verified", "skip", "retry", "failed"]);
export type Decision = z.infer<typeof Decision>;

/** Why somebody has a run go on that a calendar holds back: everybody sees it. */
export const BreakGlass = z.object({ reason: z.string().trim().min(10).max(1_000) });

export const NewDecision = z.object({
	decision: Decision,
	/** For those who read it later: what was seen on the device. */
	reason: z.string().trim().min(1).max(500),
});

/** One step on one device. */
export const RunOperation = z
	.object({
		id: Id,
		run_id: Id,
		step_id: z.string(),
		step_type: StepType,
		device_id: Id,
		device_name: z.string(),
		/** Devices of a change take their turns wave after wave, from 0: those of a higher one depend on those of a lower. */
		wave: z.int().default(0),
		status: OperationStatus,
		attempts: z.int(),
		worker_id: z.string().nullable(),
		/** Step type's own result: for a backup `{ backup_id, changed, size_bytes }`. */
		result: z.record(z.string(), z.unknown()).nullable(),
		error: OperationError.nullable(),
		skip_reason: z.string().nullable(),
		started_at: Timestamp.nullable(),
		/** When the attempt ended, not when a person decided on it. */
		finished_at: Timestamp.nullable(),
		duration_ms: z.int().nullable(),
		/** The last decision of a person on it; after `retry` the status is that of the new attempt. */
		decision: Decision.nullable(),
		decided_by: z.string().nullable(),
		decided_at: Timestamp.nullable(),
		decision_reason: z.string().nullable(),
	})
	.meta({ id: "Operation" });
export type RunOperation = z.infer<typeof RunOperation>;

/** Operations of a run that came to the same: same step, same status, same error or, of those that succeeded, same outcome. */
export const OperationGroup = z
	.object({
		/** Filters `listOperations`. It changes with the status of the operations. */
		key: z.string(),
		step_id: z.string(),
		step_type: StepType,
		status: OperationStatus,
		/** What a success came to, where the step has a word for it: `changed`, `unchanged` or `first` for a backup. */
		outcome: z.string().nullable(),
		/** Of the first operation; its device and address stand as `{device}` where there are more. */
		error: OperationError.pick({ code: true, message: true, phase: true }).nullable(),
		skip_reason: z.string().nullable(),
		/** A person's decision that made it what it is. */
		decision: Decision.nullable(),
		count: z.int(),
		/** At most 20, by name. */
		device_names: z.array(z.string()),
		/** Those of `device_names`, in the same order. */
		operation_ids: z.array(Id),
		/** Beginning of the output of the first operation, at most 2,000 characters. */
		sample_output: z.string(),
		sample_output_truncated: z.boolean(),
	})
	.meta({ id: "OperationGroup" });
export type OperationGroup = z.infer<typeof OperationGroup>;

export const ListOperationGroups = PageQuery.extend({
	page_size: z.coerce.number().int().min(1).max(100).default(50),
	status: QueryList(OperationStatus).optional(),
	step_id: z.string().optional(),
});

export const ListRuns = CursorQuery.extend({
	/** Words of the title by their beginning, in any order and case, or the beginning of an id (4 characters or more). */
	q: z.string().max(200).optional(),
	kind: QueryList(RunKind).optional(),
	status: QueryList(RunStatus).optional(),
	device_id: Id.optional(),
	started_by: z.string().max(100).optional(),
	/** Runs that repeat this one in part. */
	retry_of: Id.optional(),
	from: Timestamp.optional(),
	to: Timestamp.optional(),
});
export const ListOperations = PageQuery.extend({
	status: QueryList(OperationStatus).optional(),
	step_id: z.string().optional(),
	device_id: Id.optional(),
	/** Key of an operation group. */
	group: z
		.string()
		.regex(/^[0-9a-f]{32}$/)
		.optional(),
	sort: sortBy(["device_name", "status", "started_at", "duration_ms"], "device_name"),
});

/** A piece of live output. `seq` grows within a run without gaps that matter: resume with the last one seen. */
export const OutputChunk = z.object({
	seq: z.int(),
	operation_id: Id,
	device_name: z.string(),
	at: Timestamp,
	text: z.string(),
});
export type OutputChunk = z.infer<typeof OutputChunk>;

/** A run as task history shows it. */
export const Task = z
	.object({
		task_id: Id,
		kind: RunKind,
		name: z.string(),
		status: RunStatus,
		/** Share of the operations that ended, 0 to 100. */
		progress: z.number(),
		started_by: z.string(),
		created_at: Timestamp,
		started_at: Timestamp.nullable(),
		finished_at: Timestamp.nullable(),
	})
	.meta({ id: "Task" });

export const TaskResult = z
	.object({
		task_id: Id,
		status: RunStatus,
		counts: OperationCounts,
		results: z.array(
			z.object({
				device_id: Id,
				device_name: z.string(),
				step_id: z.string(),
				status: OperationStatus,
				result: z.record(z.string(), z.unknown()).nullable(),
				error: OperationError.nullable(),
			}),
		),
		page: z.int(),
		page_size: z.int(),
		total: z.int(),
	})
	.meta({ id: "TaskResult" });

export const Worker = z
	.object({
		id: z.string(),
		pool: z.string(),
		hostname: z.string(),
		pid: z.int(),
		version: z.string(),
		status: z.enum(["online", "draining", "lost", "stopped"]),
		concurrency: z.int(),
		running: z.int(),
		completed: z.int(),
		started_at: Timestamp,
		last_heartbeat_at: Timestamp,
	})
	.meta({ id: "Worker" });

export const ListWorkers = PageQuery.extend({
	pool: WorkerPool.optional(),
});

export const WorkerStats = z
	.object({
		workers_online: z.int(),
		concurrency: z.int(),
		running: z.int(),
		pending: z.int(),
		completed_last_hour: z.int(),
		failed_last_hour: z.int(),
		/** Runs of which an operation waits. */
		waiting_runs: z.int(),
		/** When the run was started that has waited longest; null when nothing waits. */
		oldest_pending_at: Timestamp.nullable(),
		/** Kinds of which nothing waits or runs are left out. */
		by_kind: z.array(z.object({ kind: RunKind, pending: z.int(), running: z.int() })),
		/** Pools that have workers or work, by name. */
		by_pool: z.array(
			z.object({
				pool: z.string(),
				workers_online: z.int(),
				concurrency: z.int(),
				/** Operations that could begin, and procedures that could go on: without a worker online they wait until there is one. */
				waiting: z.int(),
			}),
		),
	})
	.meta({ id: "WorkerStats" });

/** A run that waits for workers or has operations on them. */
export const QueuedRun = z
	.object({
		run_id: Id,
		title: z.string(),
		kind: RunKind,
		status: RunStatus,
		started_by: z.string(),
		created_at: Timestamp,
		pending: z.int(),
		running: z.int(),
		/** Since when its oldest pending operation waits: its run's start, or a person's decision to run it again. */
		oldest_pending_at: Timestamp.nullable(),
	})
	.meta({ id: "QueuedRun" });
export type QueuedRun = z.infer<typeof QueuedRun>;
