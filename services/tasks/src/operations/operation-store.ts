import type { Page } from "@netconductor/contracts/kernel/page";
import type {
	ListOperations,
	OperationError,
	OperationStatus,
	Plan,
	RunKind,
	RunOperation,
} from "@netconductor/contracts/tasks/model";
import { createBatch } from "@netconductor/runtime/batch";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { currentTraceparent } from "@netconductor/runtime/telemetry";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { z } from "zod";
import { one, rowsOf } from "../rows.ts";
import { type SealedInput, subjectOf } from "../runs/run-store.ts";
import { operations } from "../tables.ts";
import { groupKey } from "./group-operations.ts";

type Row = typeof operations.$inferSelect;

/** An operation as a worker took it up. */
export interface ClaimedOperation {
	id: string;
	run_id: string;
	step_id: string;
	step_type: string;
	step_index: number;
	device_id: string;
	device_name: string;
	/** Number of this attempt; only the latest one's result counts. */
	attempts: number;
	/** This one included, without those before a person had it run again. */
	tries: number;
	/** An earlier attempt had begun to write. */
	write_started: boolean;
	params: Record<string, unknown>;
	/** What the steps before it on this device came to, by step. */
	earlier: Record<string, Record<string, unknown> | null>;
	cancel_requested: boolean;
	traceparent: string | null;
	run_kind: z.output<typeof RunKind>;
	subject: { type: string; id: string } | null;
	started_by_name: string;
}

/** How an operation ended. */
export interface Ending {
	status: Extract<OperationStatus, "succeeded" | "failed" | "cancelled" | "unknown">;
	result?: Record<string, unknown> | null;
	error?: OperationError | null;
	/** What makes it like others (`outcome.ts`). */
	outcome?: string | null | undefined;
	/** Of a success: why the steps after it have nothing to do on this device. */
	skip_rest?: string | undefined;
}

export interface OperationStore {
	/**
	 * Takes operations of its pool up for a worker whose lease holds, in turn, at most `limit` and never two of one device, nor one of a device on which
	 * another is running. None when there is nothing to do or the worker may not. What is this worker's without its knowing, because the answer to an
	 * earlier claim was lost, comes first, under a new attempt.
	 * @param executing ids of what the worker is at
	 */
	claim(worker_id: string, limit: number, executing: readonly string[]): Promise<ClaimedOperation[]>;
	/** Leaves to others what was claimed and not begun. */
	giveBack(claimed: readonly ClaimedOperation[], worker_id: string): Promise<void>;
	/**
	 * Leaves what was claimed and not begun, and what follows it on its device, to the workers of another pool; the attempt does not count. False when it
	 * is not the latest one any more, or has begun to write.
	 */
	moveToPool(claimed: ClaimedOperation, worker_id: string, worker_pool: string): Promise<boolean>;
	/** Notes that the device is about to be written to. False when the attempt is not the latest any more. */
	startWriting(claimed: ClaimedOperation, worker_id: string): Promise<boolean>;
	/** Records how an attempt ended with its event and what it means for the steps after it. False when it is not the latest attempt or ended before. */
	finish(claimed: ClaimedOperation, worker_id: string, ending: Ending): Promise<boolean>;
	/**
	 * Settles what workers that are gone for good had running: a begun write is `unknown`, what was to be cancelled is cancelled, the rest waits
	 * for another worker. Answers the runs that this concerns.
	 */
	settleLost(tx: Tx, worker_ids: readonly string[]): Promise<string[]>;
	/** Cancels what a run has not begun. Answers how many. */
	cancelPending(tx: Tx, run_id: string, at: Date): Promise<number>;
	/** Of these runs, those that someone cancelled. */
	cancelledOf(run_ids: readonly string[]): Promise<string[]>;
	/**
	 * What the steps on an operation's device were given, sealed, for the worker that has taken it up; undefined when they were given nothing.
	 * @throws operations.not_found — it is not that worker's (any more)
	 */
	inputOf(id: string, taken: { worker_id: string; attempt: number }): Promise<SealedInput | undefined>;
	/** @throws operations.not_found */
	get(run_id: string, id: string): Promise<RunOperation>;
	list(run_id: string, query: z.output<typeof ListOperations>): Promise<Page<RunOperation>>;
	/** A run's devices of which an operation has one of these statuses, in order. */
	devicesWith(
		run_id: string,
		statuses: readonly OperationStatus[],
	): Promise<{ device_id: string; name: string; wave: number; worker_pool: string }[]>;
}

export function createOperationStore(db: Database, outbox: Outbox): OperationStore {
	/** After operations ended: an event for each, and on each device the next step may begin or is left out. */
	async function afterEnd(
		tx: Tx,
		ended: readonly EndedRow[],
		{ causes, skip_rest }: { causes?: ReadonlyMap<string, string>; skip_rest?: ReadonlyMap<string, string> } = {},
	): Promise<void> {
		await outbox.publishAll(
			tx,
			"operation.finished.v1",
			ended.map((row) => ({
				run_id: row.run_id,
				kind: row.kind,
				subject: subjectOf(row),
				operation_id: row.id,
				step_type: row.step_type,
				device_id: row.device_id,
				device_name: row.device_name,
				status: row.status,
				result: row.result,
				error: row.error,
				finished_at: row.finished_at.toISOString(),
			})),
			ended.map(({ id, traceparent }) => causes?.get(id) ?? traceparent ?? undefined),
		);
		// What comes after a step of a procedure is its conductor's to say.
		const withMore = ended.filter(({ kind, step_index, step_count }) => kind !== "mop" && step_index + 1 < step_count);
		const goOn = withMore.filter(({ id, status }) => status === "succeeded" && !skip_rest?.has(id));
		if (goOn.length > 0) {
			await rowsOf(
				tx,
				`update operations o set ready = true from unnest($1::uuid[], $2::uuid[], $3::int[]) as e (run_id, device_id, step_index)
				where o.run_id = e.run_id and o.device_id = e.device_id and o.step_index = e.step_index + 1 and o.status = 'pending' and not o.gated`,
				columnsOf(goOn),
			);
		}
		const goNoFurther = withMore.filter(({ id, status }) => status !== "succeeded" || skip_rest?.has(id));
		if (goNoFurther.length > 0) {
			await rowsOf(
				tx,
				`update operations o set status = 'skipped', skip_reason = e.reason, finished_at = now()
				from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[]) as e (run_id, device_id, step_index, reason)
				where o.run_id = e.run_id and o.device_id = e.device_id and o.step_index > e.step_index and o.status = 'pending'`,
				[
					...columnsOf(goNoFurther),
					goNoFurther.map(({ id, step_id }) => skip_rest?.get(id) ?? `Step ${step_id} before it did not succeed`),
				],
			);
		}
	}

	/** Ends every running operation of lost workers that `where` says. */
	async function endLost(tx: Tx, worker_ids: readonly string[], where: string, ending: Ending): Promise<EndedRow[]> {
		const ended = await rowsOf<EndedRow>(
			tx,
			`update operations o set status = $1, error = $2, ${endedNow} from runs r
			where r.id = o.run_id and o.status = 'running' and o.worker_id = any($3) and ${where} returning ${endedColumns}`,
			[ending.status, json(ending.error), worker_ids],
		);
		await afterEnd(tx, ended);
		return ended;
	}

	const finish = createBatch<Finishing, boolean>({
		interval_ms: 40,
		perform: (given) =>
			db.transaction(async (tx) => {
				const ended = await rowsOf<EndedRow>(
					tx,
					`update operations o set status = e.status, result = e.result, error = e.error, outcome = e.outcome, ${endedNow}
					from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[], $7::text[])
						as e (id, attempts, worker_id, status, result, error, outcome), runs r
					where o.id = e.id and r.id = o.run_id and o.status = 'running' and o.attempts = e.attempts and o.worker_id = e.worker_id
					returning ${endedColumns}`,
					[
						given.map(({ claimed }) => claimed.id),
						given.map(({ claimed }) => claimed.attempts),
						given.map(({ worker_id }) => worker_id),
						given.map(({ ending }) => ending.status),
						given.map(({ ending }) => json(ending.result)),
						given.map(({ ending }) => json(ending.error)),
						given.map(({ ending }) => ending.outcome ?? null),
					],
				);
				const causes = new Map(
					given.flatMap(({ claimed, traceparent }) => (traceparent ? [[claimed.id, traceparent]] : [])),
				);
				const skip_rest = new Map(
					given.flatMap(({ claimed, ending }) => (ending.skip_rest ? [[claimed.id, ending.skip_rest]] : [])),
				);
				await afterEnd(tx, ended, { causes, skip_rest });
				const ids = new Set(ended.map(({ id }) => id));
				return given.map(({ claimed }) => ids.has(claimed.id));
			}),
	});

	/** @throws DatabaseQueryError when another worker takes one of the same device at this very moment */
	async function take(worker_id: string, limit: number, executing: readonly string[]): Promise<ClaimedOperation[]> {
		// Those of procedures are never ready: whoever conducts the procedure carries them out.
		const rows = await db.query<ClaimedRow>(
			`with unheard as (
				select id from operations where status = 'running' and worker_id = $1 and ready and id <> all ($3::uuid[])
				limit $2::int for update skip locked
			), free as (
				select o.id, o.device_id, o.turn from operations o
				where o.status = 'pending' and o.ready
					and o.worker_pool = (select pool from workers where id = $1)
					and o.device_id <> all (array(select device_id from operations where status = 'running'))
				order by o.turn, o.id limit 2 * $2::int for update of o skip locked
			), next as (
				select id from (select distinct on (device_id) id, turn from free order by device_id, turn, id) as first_of_device
				order by turn, id limit greatest(0, $2::int - (select count(*) from unheard))
			), mine as (
				select id from unheard union all select id from next
			)
			update operations o set status = 'running', attempts = o.attempts + 1, worker_id = $1, started_at = now()
			from mine, runs r
			where o.id = mine.id and r.id = o.run_id
				and exists (select from workers w where w.id = $1 and w.status = 'online' and w.lease_until > now())
			returning o.id, o.run_id, o.step_id, o.step_type, o.step_index, o.device_id, o.device_name, o.attempts, o.attempts - o.attempts_decided as tries,
				o.write_started_at is not null as write_started, coalesce(r.steps -> o.step_index::int -> 'params', '{}') as params,
				case when o.step_index = 0 then '{}' else coalesce((select jsonb_object_agg(e.step_id, e.result) from operations e
					where e.device_id = o.device_id and e.run_id = o.run_id and e.step_index < o.step_index), '{}') end as earlier,
				r.cancel_requested_at is not null as cancel_requested, r.traceparent, r.kind as run_kind, r.subject_type, r.subject_id,
				r.started_by_name`,
			[worker_id, limit, executing],
		);
		return rows.map(({ subject_type, subject_id, ...claimed }) => ({
			...claimed,
			subject: subjectOf({ subject_type, subject_id }),
		}));
	}

	return {
		async claim(worker_id, limit, executing) {
			for (const most of [limit, 1]) {
				try {
					return await take(worker_id, most, executing);
				} catch (error) {
					if (violatedUnique(error) === undefined) throw error;
				}
			}
			return [];
		},

		async giveBack(claimed, worker_id) {
			await db.query(
				`update operations o set status = 'pending', worker_id = null
				from unnest($2::uuid[], $3::int[]) as c (id, attempts)
				where o.id = c.id and o.attempts = c.attempts and o.worker_id = $1 and o.status = 'running' and o.write_started_at is null`,
				[worker_id, claimed.map(({ id }) => id), claimed.map(({ attempts }) => attempts)],
			);
		},

		async moveToPool({ id, run_id, device_id, attempts }, worker_id, worker_pool) {
			const rows = await db.query(
				`with moved as (
					update operations set status = 'pending', worker_id = null, worker_pool = $4, attempts_decided = attempts_decided + 1
					where id = $1 and attempts = $2 and worker_id = $3 and status = 'running' and write_started_at is null returning id
				), following as (
					update operations o set worker_pool = $4 from moved
					where o.run_id = $5 and o.device_id = $6 and o.status = 'pending' and o.id <> moved.id
				) select from moved`,
				[id, attempts, worker_id, worker_pool, run_id, device_id],
			);
			return rows.length > 0;
		},

		async startWriting({ id, attempts }, worker_id) {
			const rows = await db.query(
				`update operations set write_started_at = now()
				where id = $1 and attempts = $2 and worker_id = $3 and status = 'running' returning id`,
				[id, attempts, worker_id],
			);
			return rows.length > 0;
		},

		finish: (claimed, worker_id, ending) => finish({ claimed, worker_id, ending, traceparent: currentTraceparent() }),

		async settleLost(tx, worker_ids) {
			const unknown = await endLost(tx, worker_ids, "o.write_started_at is not null", {
				status: "unknown",
				error: writeUnknown,
			});
			const cancelled = await endLost(tx, worker_ids, "r.cancel_requested_at is not null", { status: "cancelled" });
			const waiting = await rowsOf<{ run_id: string }>(
				tx,
				"update operations set status = 'pending', worker_id = null where worker_id = any($1) and status = 'running' returning run_id",
				[worker_ids],
			);
			return [...new Set([...unknown, ...cancelled, ...waiting].map(({ run_id }) => run_id))];
		},

		async cancelPending(tx, run_id, at) {
			const { count } = one(
				await rowsOf<{ count: number }>(
					tx,
					`with cancelled as (
						update operations set status = 'cancelled', finished_at = $2 where run_id = $1 and status = 'pending' returning 1
					) select count(*)::int as count from cancelled`,
					[run_id, at],
				),
			);
			return count;
		},

		async cancelledOf(run_ids) {
			if (run_ids.length === 0) return [];
			const rows = await db.query<{ id: string }>(
				"select id from runs where id = any($1) and cancel_requested_at is not null",
				[run_ids],
			);
			return rows.map(({ id }) => id);
		},

		async inputOf(id, { worker_id, attempt }) {
			const [row] = await db.query<{ input_id: string | null; device_id: string; sealed: string }>(
				`select i.id as input_id, o.device_id, i.sealed from operations o
				left join inputs i on i.run_id = o.run_id and i.device_id = o.device_id
				where o.id = $1 and o.worker_id = $2 and o.attempts = $3 and o.status = 'running'`,
				[id, worker_id, attempt],
			);
			if (row === undefined) {
				throw failed("operations.not_found", {
					message: `The operation ${id} does not run on the worker ${worker_id}`,
					details: { operation_id: id },
				});
			}
			return row.input_id === null ? undefined : { id: row.input_id, device_id: row.device_id, sealed: row.sealed };
		},

		async get(run_id, id) {
			const [row] = await db.orm
				.select()
				.from(operations)
				.where(and(eq(operations.id, id), eq(operations.run_id, run_id)));
			if (row === undefined) {
				throw failed("operations.not_found", {
					message: `There is no operation ${id} in the run ${run_id}`,
					details: { run_id, operation_id: id },
				});
			}
			return toOperation(row);
		},

		async list(run_id, query) {
			const where = and(
				eq(operations.run_id, run_id),
				query.status && query.status.length > 0 ? inArray(operations.status, query.status) : undefined,
				query.step_id ? eq(operations.step_id, query.step_id) : undefined,
				query.device_id ? eq(operations.device_id, query.device_id) : undefined,
				query.group ? sql`${groupKey} = ${query.group}` : undefined,
				query.q ? sql`strpos(lower(${operations.device_name}), lower(${query.q})) > 0` : undefined,
			);
			const window = pageWindow(query, {
				columns: {
					device_name: operations.device_name,
					status: operations.status,
					started_at: operations.started_at,
					duration_ms: operations.duration_ms,
				},
				id: operations.id,
				fallback: "device_name",
			});
			const [items, total] = await Promise.all([
				db.orm
					.select()
					.from(operations)
					.where(where)
					.orderBy(...window.order_by)
					.limit(window.limit)
					.offset(window.offset),
				db.orm.$count(operations, where),
			]);
			return toPage(query, items.map(toOperation), total);
		},

		async devicesWith(run_id, statuses) {
			return db.query<{ device_id: string; name: string; wave: number; worker_pool: string }>(
				`select device_id, min(device_name) as name, min(wave) as wave, min(worker_pool) as worker_pool from operations
				where run_id = $1 and status = any($2) group by device_id order by min(position)`,
				[run_id, statuses],
			);
		},
	};
}

interface Finishing {
	claimed: ClaimedOperation;
	worker_id: string;
	ending: Ending;
	/** Of the operation: those that end together were caused by many. */
	traceparent: string | undefined;
}

const endedNow = "finished_at = now(), duration_ms = (extract(epoch from now() - o.started_at) * 1000)::int";

const endedColumns = `o.id, o.run_id, r.kind, r.subject_type, r.subject_id, jsonb_array_length(r.steps) as step_count, o.step_index,
	o.step_id, o.step_type, o.device_id, o.device_name, o.status, o.result, o.error, o.finished_at, r.traceparent`;

function columnsOf(rows: readonly EndedRow[]): unknown[][] {
	return [
		rows.map(({ run_id }) => run_id),
		rows.map(({ device_id }) => device_id),
		rows.map(({ step_index }) => step_index),
	];
}

/** What is said of a write whose worker was lost. */
export const writeUnknown: OperationError = {
	code: "operations.worker_lost",
	message:
		"The worker was lost after it had begun to write to the device. Whether the change was made is not known, so it was not repeated. Look at the device, then run it again or leave it.",
};

interface ClaimedRow extends Omit<ClaimedOperation, "subject"> {
	subject_type: string | null;
	subject_id: string | null;
	[column: string]: unknown;
}

interface EndedRow {
	id: string;
	run_id: string;
	kind: Plan["kind"];
	subject_type: string | null;
	subject_id: string | null;
	step_count: number;
	step_index: number;
	step_id: string;
	step_type: string;
	device_id: string;
	device_name: string;
	status: OperationStatus;
	result: Record<string, unknown> | null;
	error: OperationError | null;
	finished_at: Date;
	/** Of what started the run. */
	traceparent: string | null;
}

function json(value: unknown): string | null {
	return value === undefined || value === null ? null : jsonbText(value);
}

function toOperation(row: Row): RunOperation {
	return {
		id: row.id,
		run_id: row.run_id,
		step_id: row.step_id,
		step_type: row.step_type,
		device_id: row.device_id,
		device_name: row.device_name,
		wave: row.wave,
		status: row.status,
		attempts: row.attempts,
		worker_id: row.worker_id,
		result: row.result,
		error: row.error,
		skip_reason: row.skip_reason,
		started_at: row.started_at,
		finished_at: row.finished_at,
		duration_ms: row.duration_ms,
		decision: row.decision,
		decided_by: row.decided_by,
		decided_at: row.decided_at,
		decision_reason: row.decision_reason,
	};
}
