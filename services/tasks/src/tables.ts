import type { Actor } from "@netconductor/contracts/kernel/actor";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type {
	Decision,
	OperationError,
	OperationStatus,
	Plan,
	RunStatus,
	WaitingFor,
} from "@netconductor/contracts/tasks/model";
import type { ProcedureMode, RunProcedure, RunStep, RunStepStatus } from "@netconductor/contracts/tasks/procedure";
import { instant } from "@netconductor/runtime/db/columns";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import {
	bigint,
	boolean,
	index,
	integer,
	jsonb,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
	uuid,
} from "drizzle-orm/pg-core";
import type { GateState } from "./runs/gate.ts";
import type { Counts } from "./runs/run.ts";
import { tasksSchema } from "./schema.ts";

/** The words of a title, lower case. Words are letters and digits, so that `core-1` is found by `core` as well as by `core-1`. */
export function wordsOf(title: SQLWrapper): SQL {
	return sql`array_to_tsvector(array_remove(regexp_split_to_array(lower(${title}), '[^[:alnum:]]+'), ''))`;
}

export const runs = tasksSchema.table(
	"runs",
	{
		id: uuid().primaryKey(),
		idempotency_key: text().notNull().unique("runs_idempotency_key"),
		kind: text().$type<Plan["kind"]>().notNull(),
		title: text().notNull(),
		status: text().$type<RunStatus>().notNull(),
		steps: jsonb().$type<Plan["steps"]>().notNull(),
		subject_type: text(),
		subject_id: text(),
		total: integer().notNull(),
		/** Exact once the run has ended; until then as of a moment ago. */
		counts: jsonb().$type<Counts>().notNull(),
		started_by_kind: text().notNull(),
		started_by_id: text().notNull(),
		started_by_name: text().notNull(),
		retry_of: uuid(),
		cancel_requested_by: text(),
		cancel_requested_at: instant(),
		/** Somebody wants no further batch to begin. */
		pause_requested_by: text(),
		waiting_for: jsonb().$type<WaitingFor>(),
		/** Of a run that has come to a gate. */
		gate: jsonb().$type<GateState>(),
		end_reason: text(),
		/** W3C trace context of the request that started it. */
		traceparent: text(),
		created_at: instant().notNull(),
		started_at: instant(),
		finished_at: instant(),
	},
	(table) => [
		index("runs_by_time").on(table.created_at, table.id),
		index("runs_by_kind").on(table.kind, table.created_at, table.id),
		index("runs_by_status").on(table.status, table.created_at, table.id),
		index("runs_by_starter").on(table.started_by_name, table.created_at, table.id),
		index("runs_by_subject").on(table.subject_type, table.subject_id, table.created_at, table.id),
		index("runs_by_retried").on(table.retry_of, table.created_at, table.id).where(sql`retry_of is not null`),
		index("runs_unfinished").on(table.id).where(sql`finished_at is null`),
		index("runs_by_title").using("gin", wordsOf(table.title)),
	],
);

export const operations = tasksSchema.table(
	"operations",
	{
		id: uuid().primaryKey(),
		run_id: uuid()
			.notNull()
			.references(() => runs.id),
		/** Order within the run: all steps of the first device, then of the second. */
		position: integer().notNull(),
		step_index: smallint().notNull(),
		/** Which time the step is carried out, in a procedure: the `seq` of the run's step. */
		pass: integer().notNull().default(0),
		step_id: text().notNull(),
		step_type: text().notNull(),
		device_id: uuid().notNull(),
		device_name: text().notNull(),
		status: text().$type<OperationStatus>().notNull(),
		/** The steps before it on this device have succeeded. */
		ready: boolean().notNull(),
		/** A gate stands before the step: the end of the step before does not make it ready. */
		gated: boolean().notNull().default(false),
		/** Batches take the lowest first, and none of the next before all of it have ended. */
		wave: integer().notNull().default(0),
		/** Pool of the workers that reach the device, as the run was started or a worker of another was told since. */
		worker_pool: text().notNull().default(defaultWorkerPool),
		/** Groups of the device as the run was started, where they were told. */
		device_groups: jsonb().$type<string[]>(),
		/** Workers take the lowest first. Runs that wait together take turns: a new one's begin where the others have got to. */
		turn: bigint({ mode: "number" }).notNull(),
		/** Also says whose result counts: that of the latest attempt. */
		attempts: smallint().notNull().default(0),
		worker_id: text(),
		/** Set before the first write to the device: from then on it is never repeated without a person's word. */
		write_started_at: instant(),
		result: jsonb().$type<Record<string, unknown>>(),
		error: jsonb().$type<OperationError>(),
		/** What makes ends of a step alike (`outcome.ts`): a word of the step's own, or `#` and a hash. */
		outcome: text(),
		skip_reason: text(),
		decision: text().$type<Decision>(),
		decided_by: text(),
		decided_at: instant(),
		decision_reason: text(),
		/** Of `attempts`, those that do not count towards the most there may be: before a person had it run again, by a worker of another pool. */
		attempts_decided: smallint().notNull().default(0),
		started_at: instant(),
		finished_at: instant(),
		duration_ms: integer(),
	},
	(table) => [
		uniqueIndex("operations_by_device").on(table.device_id, table.run_id, table.step_index, table.pass),
		index("operations_by_name").on(table.run_id, table.device_name, table.id),
		index("operations_by_status").on(table.run_id, table.status, table.device_name, table.id),
		index("operations_to_take_of_pool")
			.on(table.worker_pool, table.turn, table.id)
			.where(sql`status = 'pending' and ready`),
		// One operation at a time on a device, over all runs and workers: whatever the code does.
		uniqueIndex("operations_one_a_device").on(table.device_id).where(sql`status = 'running'`),
		index("operations_unfinished").on(table.run_id).where(sql`status in ('pending', 'running')`),
		index("operations_of_worker").on(table.worker_id).where(sql`status = 'running'`),
		index("operations_by_end").on(table.finished_at, table.status).where(sql`finished_at is not null`),
	],
);

/** What the steps on one device are given, sealed: it may hold secrets. */
export const inputs = tasksSchema.table(
	"inputs",
	{
		id: uuid().primaryKey(),
		run_id: uuid()
			.notNull()
			.references(() => runs.id),
		device_id: uuid().notNull(),
		sealed: text().notNull(),
	},
	(table) => [uniqueIndex("inputs_of_device").on(table.run_id, table.device_id)],
);

/** Last number given to a piece of output, by run. Apart from `runs`, so that output and states do not wait for each other. */
export const outputHeads = tasksSchema.table("output_heads", {
	run_id: uuid()
		.primaryKey()
		.references(() => runs.id),
	last_seq: bigint({ mode: "number" }).notNull().default(0),
});

export const outputChunks = tasksSchema.table(
	"output_chunks",
	{
		run_id: uuid().notNull(),
		seq: bigint({ mode: "number" }).notNull(),
		operation_id: uuid().notNull(),
		at: instant().notNull(),
		text: text().notNull(),
	},
	(table) => [
		primaryKey({ name: "output_chunks_pkey", columns: [table.run_id, table.seq] }),
		index("output_chunks_by_operation").on(table.operation_id, table.seq),
	],
);

export const workers = tasksSchema.table(
	"workers",
	{
		/** One for each lease: a worker that lost its lease comes back under another. */
		id: text().primaryKey(),
		pool: text().notNull().default(defaultWorkerPool),
		hostname: text().notNull(),
		pid: integer().notNull(),
		version: text().notNull(),
		status: text().$type<"online" | "draining" | "lost" | "stopped">().notNull(),
		concurrency: integer().notNull(),
		running: integer().notNull().default(0),
		completed: integer().notNull().default(0),
		started_at: instant().notNull(),
		last_heartbeat_at: instant().notNull(),
		lease_until: instant().notNull(),
		ended_at: instant(),
	},
	(table) => [
		index("workers_by_start").on(table.started_at),
		index("workers_by_status").on(table.status, table.lease_until),
	],
);

/** Runs of procedures: the program, who conducts it, and what it waits for. */
export const procedures = tasksSchema.table(
	"procedures",
	{
		run_id: uuid()
			.primaryKey()
			.references(() => runs.id),
		/** The whole of it with its values, sealed. */
		sealed: text().notNull(),
		/** SHA-256 of the whole. */
		sha256: text().notNull(),
		/** What people see of it. */
		shown: jsonb().$type<Omit<RunProcedure, "run_id" | "mode" | "restarted">>().notNull(),
		starter: jsonb().$type<Actor>().notNull(),
		/** All that it is for, those that are left out, too; null of one that was started before this was kept. */
		device_ids: uuid().array(),
		mode: text().$type<ProcedureMode>().notNull(),
		/** Step by step: how many steps may have begun. */
		may_begin: integer().notNull().default(0),
		/** How many have. */
		begun: integer().notNull().default(0),
		restarted: jsonb().$type<RunProcedure["restarted"]>(),
		approval: jsonb().$type<{ id: string | null; started: boolean }>(),
		/** Pool of the workers that reach all its devices. */
		worker_pool: text().notNull().default(defaultWorkerPool),
		worker_id: text(),
		/** When a worker is to take it up; null: when it is told to. */
		wake_at: instant(),
		ended: jsonb().$type<{ status: RunStatus; reason: string | null }>(),
	},
	(table) => [
		index("procedures_to_take").on(table.wake_at).where(sql`worker_id is null and ended is null`),
		index("procedures_of_worker").on(table.worker_id).where(sql`worker_id is not null`),
	],
);

/** What a step came to besides what people see: what is needed to go on from it. */
export interface StepOutput {
	/** Of `save_to_variable`. */
	value?: unknown;
	/** The value is a mapping of device name to value. */
	per_device?: boolean;
	/** Ids of devices on which it failed. */
	failed_devices?: string[];
	/** Ids of devices for which `when` was true. */
	chosen?: string[];
	/** Items of a loop, or whether a condition held: what was evaluated once must stay as it was. */
	evaluated?: unknown;
	/** Values of the step's own variables that are declared secret. */
	secrets?: unknown[];
}

/** Steps of procedures that have begun, each time on its own. */
export const runSteps = tasksSchema.table(
	"run_steps",
	{
		id: uuid().primaryKey(),
		run_id: uuid()
			.notNull()
			.references(() => runs.id),
		seq: integer().notNull(),
		key: text().notNull(),
		path: text().notNull(),
		name: text(),
		type: text().notNull(),
		phase: text().$type<RunStep["phase"]>().notNull(),
		status: text().$type<RunStepStatus>().notNull(),
		attempts: smallint().notNull().default(1),
		devices: jsonb().$type<RunStep["devices"]>(),
		result: jsonb().$type<Record<string, unknown>>(),
		error: jsonb().$type<OperationError>(),
		skip_reason: text(),
		saved_variable: text(),
		/** `StepOutput`, sealed under the procedure's own key. */
		output: text(),
		/** Of a step that waits: what it said last. Sealed likewise. */
		state: text(),
		/** Of a step that waits: run that it began and whose end it waits for. */
		waits_for_run: uuid(),
		/** It waits for a person's decision. */
		asks: boolean().notNull().default(false),
		decision: jsonb().$type<RunStep["decision"]>(),
		carried_from: uuid(),
		started_at: instant(),
		finished_at: instant(),
	},
	(table) => [
		uniqueIndex("run_steps_by_key").on(table.run_id, table.key),
		uniqueIndex("run_steps_by_seq").on(table.run_id, table.seq),
		index("run_steps_waiting_for_run").on(table.waits_for_run).where(sql`waits_for_run is not null`),
	],
);

/** What devices had before a procedure changed them, sealed. */
export const undos = tasksSchema.table(
	"undos",
	{
		operation_id: uuid()
			.primaryKey()
			.references(() => operations.id),
		run_id: uuid().notNull(),
		device_id: uuid().notNull(),
		sealed: text().notNull(),
		created_at: instant().notNull(),
		/** When it was taken back. */
		taken_back_at: instant(),
	},
	(table) => [index("undos_of_run").on(table.run_id, table.created_at)],
);
