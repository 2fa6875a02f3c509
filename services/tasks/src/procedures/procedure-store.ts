import type { Actor } from "@netconductor/contracts/kernel/actor";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type { RunStatus, WaitingFor } from "@netconductor/contracts/tasks/model";
import type { ProcedureMode } from "@netconductor/contracts/tasks/procedure";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Database } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { newId } from "@netconductor/runtime/id";
import { asc, eq, getTableColumns } from "drizzle-orm";
import type { Ending } from "../operations/operation-store.ts";
import { rowsOf } from "../rows.ts";
import { type procedures, runSteps, type StepOutput } from "../tables.ts";
import { type JournalSeal, journalContext } from "./journal-seal.ts";
import { settleLeft } from "./settle-left.ts";

/** A step as the table has it: what it came to is sealed. */
export type StepRow = typeof runSteps.$inferSelect;

/** A step as the worker that conducts the procedure knows it. */
export interface JournalRow extends Omit<StepRow, "output" | "state"> {
	output: StepOutput | null;
	state: Record<string, unknown> | null;
}

const { output: _, state: __, ...shown } = getTableColumns(runSteps);
/** All of a step but what is sealed, which may be large. */
export const shownColumns = shown;

/** A procedure as a worker took it up. */
export interface ClaimedProcedure {
	run_id: string;
	worker_id: string;
	title: string;
	sha256: string;
	mode: ProcedureMode;
	starter: Actor;
	approval: (typeof procedures.$inferSelect)["approval"];
	restarted: (typeof procedures.$inferSelect)["restarted"];
	cancel_requested: boolean;
	/** Somebody broke the glass of what a calendar held back. */
	hold_broken: boolean;
	/** What it waited for until now. */
	waited_for: WaitingFor | null;
	/** Of the worker. */
	worker_pool: string;
	traceparent: string | null;
}

/** One whose journal its worker can read. */
export interface ConductedProcedure extends ClaimedProcedure {
	seal: JournalSeal;
}

/** A step that begins. */
export interface NewStep {
	key: string;
	path: string;
	name: string | null;
	type: string;
	phase: StepRow["phase"];
	/** Steps that have others in them are no steps of a person's going step by step. */
	flow: boolean;
}

/** Why a step may not begin now. `gone`: the procedure is another worker's, or has ended. */
export type Refusal = "gone" | "paused" | "cancelled" | "next_step";

export interface StepEnd {
	status: Exclude<StepRow["status"], "pending" | "running">;
	result?: Record<string, unknown> | null;
	error?: StepRow["error"];
	skip_reason?: string | null;
	saved_variable?: string | null;
	output?: StepOutput | null;
	state?: Record<string, unknown> | null;
	waits_for_run?: string | null;
	asks?: boolean;
	devices?: StepRow["devices"];
}

/** One device of a step, under way. */
export interface StepOperation {
	id: string;
	device_id: string;
	status: "running" | "pending" | "succeeded" | "skipped" | "failed" | "cancelled" | "unknown";
	attempts: number;
	/** A write had begun. */
	written: boolean;
	result: Record<string, unknown> | null;
	error: StepRow["error"];
	skip_reason: string | null;
}

export interface NewOperation {
	run_id: string;
	position: number;
	step_index: number;
	pass: number;
	step_id: string;
	step_type: string;
	device_id: string;
	device_name: string;
}

/** What there is to take back of a run, newest first. */
export interface Undo {
	operation_id: string;
	device_id: string;
}

export type ProcedureStore = ReturnType<typeof createProcedureStore>;

/**
 * Every change asks whether the procedure is still this worker's. One that concerns the run, too, takes hold of the run first, as whoever cancels it
 * or decides on it does: the other way round each would wait for the other.
 */
export function createProcedureStore(db: Database, outbox: Outbox) {
	return {
		/**
		 * Takes up procedures of its pool whose time has come, for a worker whose lease holds; in the default pool also any that was cancelled, which
		 * needs no device to come to its end, so that none waits for a pool without a worker. Also what is this worker's without its knowing, because the answer
		 * to an earlier claim was lost.
		 * @param conducting runs that the worker is at
		 */
		async claim(worker_id: string, limit: number, conducting: readonly string[]): Promise<ClaimedProcedure[]> {
			const rows = await db.query<Omit<ClaimedProcedure, "worker_id">>(
				`with mine as (
					select p.run_id, r.waiting_for from procedures p join runs r on r.id = p.run_id
					where p.ended is null and (p.worker_id is null and p.wake_at <= now() or p.worker_id = $1 and p.run_id <> all ($3))
						and ((select pool from workers where id = $1) = p.worker_pool or
							r.cancel_requested_at is not null and (select pool from workers where id = $1) = $4)
						and exists (select from workers w where w.id = $1 and w.status = 'online' and w.lease_until > now())
					order by p.wake_at limit $2 for update of p skip locked for key share of r skip locked
				), taken as (
					update procedures p set worker_id = $1, wake_at = null from mine where p.run_id = mine.run_id returning p.*
				), begun as (
					update runs r set status = 'running', started_at = coalesce(r.started_at, now()), waiting_for = null from taken
					where r.id = taken.run_id and r.finished_at is null returning r.id
				)
				select t.run_id, r.title, t.sha256, t.mode, t.starter, t.approval, t.restarted, t.worker_pool, r.cancel_requested_at is not null as cancel_requested, r.traceparent,
					coalesce(r.gate ? 'hold_broken', false) as hold_broken, m.waiting_for as waited_for
				from taken t join runs r on r.id = t.run_id join mine m on m.run_id = t.run_id`,
				[worker_id, limit, conducting, defaultWorkerPool],
			);
			return rows.map((row) => ({ ...row, worker_id }));
		},

		/**
		 * Lets go of a procedure that waits; what woke it meanwhile wakes it again, and so does a run that its steps wait for and that has ended.
		 * The runs are held so that none ends unseen between this look and the next.
		 */
		async release(
			claimed: ClaimedProcedure,
			{ wake_at, waiting_for }: { wake_at: Date | null; waiting_for: WaitingFor | null },
		): Promise<void> {
			const { run_id, worker_id } = claimed;
			await db.transaction(async (tx) => {
				await rowsOf(tx, "select from runs where id = $1 for key share", [run_id]);
				const awaited = await rowsOf<{ over: boolean }>(
					tx,
					`select finished_at is not null as over from runs
					where id in (select waits_for_run from run_steps where run_id = $1 and status = 'waiting') order by id for share`,
					[run_id],
				);
				await settleLeft(tx, outbox, claimed);
				await rowsOf(
					tx,
					`with let_go as (
						update procedures set worker_id = null, wake_at = least(wake_at, $3, case when $4 then now() end)
						where run_id = $1 and worker_id = $2 and ended is null returning run_id
					)
					update runs r set status = case when $5::jsonb is null then r.status else 'waiting' end, waiting_for = $5
					from let_go where r.id = let_go.run_id and r.finished_at is null`,
					[run_id, worker_id, wake_at, awaited.some(({ over }) => over), waiting_for && jsonbText(waiting_for)],
				);
			});
		},

		/** Leaves a procedure to the workers of another pool, at once. */
		async handOver(claimed: ClaimedProcedure, worker_pool: string): Promise<void> {
			const { run_id, worker_id } = claimed;
			await db.transaction(async (tx) => {
				await rowsOf(tx, "select from runs where id = $1 for key share", [run_id]);
				await settleLeft(tx, outbox, claimed);
				await rowsOf(
					tx,
					"update procedures set worker_id = null, worker_pool = $3, wake_at = now() where run_id = $1 and worker_id = $2 and ended is null",
					[run_id, worker_id, worker_pool],
				);
			});
		},

		/** When somebody last had a word on a procedure that this worker conducts; null: not since it was taken up, or it is another's. */
		async wokenAt({ run_id, worker_id }: ClaimedProcedure): Promise<string | null> {
			const [row] = await db.query<{ woken_at: string | null }>(
				"select wake_at::text as woken_at from procedures where run_id = $1 and worker_id = $2 and ended is null",
				[run_id, worker_id],
			);
			return row?.woken_at ?? null;
		},

		/** Runs that its steps began, or were beginning when a worker was lost, and that go on. */
		async awaitedRuns(run_id: string): Promise<string[]> {
			const rows = await db.query<{ id: string }>(
				`select r.id from run_steps s join runs r on r.id = s.waits_for_run
				where s.run_id = $1 and s.status in ('running', 'waiting') and r.finished_at is null`,
				[run_id],
			);
			return rows.map(({ id }) => id);
		},

		/** Notes the run that a step is about to begin. False when the procedure is not this worker's. */
		async expectRun({ worker_id }: ClaimedProcedure, row: Pick<JournalRow, "id">, awaited: string): Promise<boolean> {
			const rows = await db.query(
				`update run_steps s set waits_for_run = $3 from procedures p
				where s.id = $1 and p.run_id = s.run_id and p.worker_id = $2 and p.ended is null returning s.id`,
				[row.id, worker_id, awaited],
			);
			return rows.length > 0;
		},

		/** Ends a procedure; the run's driver ends the run. Operations that nobody came to are cancelled. */
		async end(claimed: ClaimedProcedure, ended: { status: RunStatus; reason: string | null }): Promise<void> {
			const { run_id, worker_id } = claimed;
			await db.transaction(async (tx) => {
				await rowsOf(tx, "select from runs where id = $1 for key share", [run_id]);
				await settleLeft(tx, outbox, claimed);
				const mine = await rowsOf(
					tx,
					"update procedures set ended = $3, worker_id = null, wake_at = null where run_id = $1 and worker_id = $2 and ended is null returning run_id",
					[run_id, worker_id, jsonbText(ended)],
				);
				if (mine.length === 0) return;
				await rowsOf(
					tx,
					"update operations set status = 'cancelled', finished_at = now() where run_id = $1 and status = 'pending'",
					[run_id],
				);
				await rowsOf(
					tx,
					"update run_steps set status = 'cancelled', asks = false, finished_at = now() where run_id = $1 and status in ('running', 'waiting', 'pending')",
					[run_id],
				);
				await rowsOf(tx, "update run_steps set asks = false where run_id = $1 and asks", [run_id]);
				await rowsOf(tx, "update runs set end_reason = $2 where id = $1", [run_id, ended.reason]);
			});
		},

		async steps({ run_id, seal }: ConductedProcedure): Promise<JournalRow[]> {
			const rows = await db.orm.select().from(runSteps).where(eq(runSteps.run_id, run_id)).orderBy(asc(runSteps.seq));
			return Promise.all(
				rows.map(async (row): Promise<JournalRow> => {
					const opened = async (column: "output" | "state") =>
						row[column] === null ? null : await seal.open(row[column], journalContext(column, row));
					const [output, state] = await Promise.all([opened("output"), opened("state")]);
					return { ...row, output: output as StepOutput | null, state: state as JournalRow["state"] };
				}),
			);
		},

		/** Steps that failed, in the order in which they began. */
		async failedSteps(run_id: string): Promise<string[]> {
			const rows = await db.query<{ path: string }>(
				"select path from run_steps where run_id = $1 and status = 'failed' order by seq",
				[run_id],
			);
			return rows.map(({ path }) => path);
		},

		/** Begins a step that has not been there, or one that is there again: it had a person's word when it began first, or has one to be tried again. */
		async beginStep(
			{ run_id, worker_id }: ClaimedProcedure,
			step: NewStep,
			again?: { id: string },
		): Promise<{ id: string; seq: number } | { refused: Refusal }> {
			const id = again?.id ?? newId();
			const [row] = await db.query<{
				allowed: boolean;
				paused: boolean;
				cancelled: boolean;
				seq: number | null;
			}>(
				`with mine as (
					select p.run_id, p.mode = 'run' or p.begun < p.may_begin or $9 or $10 as allowed,
						r.pause_requested_by is not null as paused, r.cancel_requested_at is not null as cancelled
					from procedures p join runs r on r.id = p.run_id where p.run_id = $1 and p.worker_id = $2 and p.ended is null for key share of r
				), counted as (
					update procedures p set begun = p.begun + case when $10 then 0 else 1 end,
						may_begin = p.may_begin + case when $9 and not $10 then 1 else 0 end
					from mine where p.run_id = mine.run_id and mine.allowed and not mine.paused and not mine.cancelled returning p.begun
				), added as (
					insert into run_steps (id, run_id, seq, key, path, name, type, phase, status, started_at)
					select $3, $1, counted.begun, $4, $5, $6, $7, $8, 'running', now() from counted where not $10 returning seq
				), resumed as (
					update run_steps s set status = 'running', attempts = s.attempts + 1, asks = false, error = null, finished_at = null
					from counted where $10 and s.id = $3 returning s.seq
				)
				select mine.allowed, mine.paused, mine.cancelled, (select seq from added union all select seq from resumed) as seq from mine`,
				[run_id, worker_id, id, step.key, step.path, step.name, step.type, step.phase, step.flow, again !== undefined],
			);
			if (row === undefined) return { refused: "gone" };
			if (row.seq !== null) return { id, seq: row.seq };
			return { refused: row.cancelled ? "cancelled" : row.paused ? "paused" : "next_step" };
		},

		/**
		 * Records how a step ended, or that it waits. False when the procedure is not this worker's any more, or a person has decided on the step
		 * meanwhile: the first word counts.
		 */
		async finishStep({ worker_id, seal }: ConductedProcedure, row: JournalRow, end: StepEnd): Promise<boolean> {
			const sealed = async (column: "output" | "state") =>
				end[column] == null ? null : await seal.seal(end[column], journalContext(column, row));
			const [output, state] = await Promise.all([sealed("output"), sealed("state")]);
			const rows = await db.query(
				`update run_steps s set status = $3, result = $4, error = $5, skip_reason = $6, saved_variable = $7, output = coalesce($8, s.output),
					state = $9, asks = $10, devices = $11, waits_for_run = $13, finished_at = case when $3 = 'waiting' then null else now() end
				from procedures p where s.id = $1 and p.run_id = s.run_id and p.worker_id = $2 and p.ended is null
					and s.decision is not distinct from $12 returning s.id`,
				[
					row.id,
					worker_id,
					end.status,
					json(end.result),
					json(end.error),
					end.skip_reason ?? null,
					end.saved_variable ?? null,
					output,
					state,
					end.asks ?? false,
					json(end.devices),
					json(row.decision),
					end.waits_for_run ?? null,
				],
			);
			return rows.length > 0;
		},

		/**
		 * Keeps what was evaluated before a step does anything, so that it stays the same when the step is taken up again. False when the procedure is
		 * not this worker's.
		 */
		async keepOutput({ worker_id, seal }: ConductedProcedure, row: JournalRow, output: StepOutput): Promise<boolean> {
			const sealed = await seal.seal(output, journalContext("output", row));
			const rows = await db.query(
				`update run_steps s set output = $2 from procedures p
				where s.id = $1 and p.run_id = s.run_id and p.worker_id = $3 and p.ended is null returning s.id`,
				[row.id, sealed, worker_id],
			);
			return rows.length > 0;
		},

		/** Nobody is asked any more about what stands in a step that has ended. False when the procedure is not this worker's. */
		async dropQuestions({ run_id, worker_id }: ClaimedProcedure, key: string): Promise<boolean> {
			const rows = await db.query(
				`with mine as (select run_id from procedures where run_id = $1 and worker_id = $3 and ended is null),
				dropped as (
					update run_steps s set asks = false from mine where s.run_id = mine.run_id and starts_with(s.key, $2) and s.asks
				)
				select from mine`,
				[run_id, `${key}/`, worker_id],
			);
			return rows.length > 0;
		},

		/**
		 * Settles what a worker that let go of the procedure could not record, before anything else is begun: it would stand in the way of its own
		 * run on the device. Nobody knows what came of a write.
		 */
		settleLeft: (claimed: ClaimedProcedure): Promise<void> => db.transaction((tx) => settleLeft(tx, outbox, claimed)),

		/** Operations of one time of a step, of a worker before. */
		operationsOf: (run_id: string, pass: number) =>
			db.query<StepOperation & Record<string, unknown>>(
				"select id, device_id, status, attempts, write_started_at is not null as written, result, error, skip_reason from operations where run_id = $1 and pass = $2",
				[run_id, pass],
			),

		/**
		 * Begins an operation, or takes up one that is there. `busy`: another operation is under way on the device. `gone`: the procedure is not this
		 * worker's.
		 */
		async beginOperation(
			{ run_id, worker_id }: ClaimedProcedure,
			operation: NewOperation,
			again?: { id: string },
		): Promise<{ id: string; attempt: number } | "busy" | "gone"> {
			const id = again?.id ?? newId();
			try {
				const [row] =
					again === undefined
						? await db.query<{ attempts: number }>(
								`insert into operations (id, run_id, position, step_index, pass, step_id, step_type, device_id, device_name, status, ready, turn, attempts, worker_id, started_at)
								select $1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', false, 0, 1, $10, now()
								from procedures p where p.run_id = $2 and p.worker_id = $10 and p.ended is null returning attempts`,
								[
									id,
									run_id,
									operation.position,
									operation.step_index,
									operation.pass,
									operation.step_id,
									operation.step_type,
									operation.device_id,
									operation.device_name,
									worker_id,
								],
							)
						: await db.query<{ attempts: number }>(
								`update operations o set status = 'running', attempts = o.attempts + 1, worker_id = $2, started_at = now(), finished_at = null, error = null
								from procedures p where o.id = $1 and p.run_id = o.run_id and p.worker_id = $2 and p.ended is null returning o.attempts`,
								[id, worker_id],
							);
				return row === undefined ? "gone" : { id, attempt: row.attempts };
			} catch (error) {
				if (violatedUnique(error) !== "operations_one_a_device") throw error;
				return "busy";
			}
		},

		/** Notes that the device is about to be written to. False when the operation is another's. */
		async startWriting(id: string, worker_id: string): Promise<boolean> {
			const rows = await db.query(
				"update operations set write_started_at = now() where id = $1 and worker_id = $2 and status = 'running' returning id",
				[id, worker_id],
			);
			return rows.length > 0;
		},

		/** Records how an operation ended, with its event. False when it is another's. */
		async finishOperation(
			claimed: ClaimedProcedure & { mop_id: string },
			operation: NewOperation & { id: string },
			ending: Omit<Ending, "status"> & { status: Ending["status"] | "skipped"; skip_reason?: string | undefined },
		): Promise<boolean> {
			return db.transaction(async (tx) => {
				const [row] = await rowsOf<{ finished_at: Date }>(
					tx,
					`update operations set status = $3, result = $4, error = $5, outcome = $6, skip_reason = $7, finished_at = now(),
						duration_ms = (extract(epoch from now() - started_at) * 1000)::int
					where id = $1 and worker_id = $2 and status = 'running' returning finished_at`,
					[
						operation.id,
						claimed.worker_id,
						ending.status,
						json(ending.result),
						json(ending.error),
						ending.outcome ?? null,
						ending.skip_reason ?? null,
					],
				);
				if (row === undefined) return false;
				await outbox.publish(tx, "operation.finished.v1", {
					run_id: claimed.run_id,
					kind: "mop",
					subject: { type: "mop", id: claimed.mop_id },
					operation_id: operation.id,
					step_type: operation.step_type,
					device_id: operation.device_id,
					device_name: operation.device_name,
					status: ending.status,
					result: ending.result ?? null,
					error: ending.error ?? null,
					finished_at: row.finished_at.toISOString(),
				});
				return true;
			});
		},

		/** What the run, and those that it was begun from, changed and nobody has taken back, newest first. Kept before a write that never began, it is nothing. */
		undosOf: (run_id: string) =>
			db.query<Undo & Record<string, unknown>>(
				`with recursive line (run_id) as (
					select $1::uuid union select (p.restarted ->> 'run_id')::uuid from procedures p join line on line.run_id = p.run_id where p.restarted is not null
				)
				select u.operation_id, u.device_id from undos u join line on line.run_id = u.run_id join operations o on o.id = u.operation_id
				where u.taken_back_at is null and o.write_started_at is not null order by u.created_at desc, u.operation_id desc`,
				[run_id],
			),

		async markTakenBack(operation_ids: readonly string[]): Promise<void> {
			await db.query("update undos set taken_back_at = now() where operation_id = any($1)", [operation_ids]);
		},

		async keepApproval({ run_id, worker_id }: ClaimedProcedure, approval: ClaimedProcedure["approval"], gate: unknown) {
			await db.query(
				`with run as (select id from runs where id = $1 for key share),
				kept as (update procedures p set approval = $3 from run where p.run_id = run.id and p.worker_id = $2 returning p.run_id)
				update runs set gate = case when $4::jsonb is null then gate else coalesce(gate, '{}'::jsonb) || $4::jsonb end from kept where id = kept.run_id`,
				[run_id, worker_id, jsonbText(approval), json(gate)],
			);
		},
	};
}

function json(value: unknown): string | null {
	return value === undefined || value === null ? null : jsonbText(value);
}
