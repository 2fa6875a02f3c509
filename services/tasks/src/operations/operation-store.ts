import type { Page } from "@netconductor/contracts/kernel/page";
import type {
	ListOperations,
	OperationError,
	OperationStatus,
	Plan,
	RunKind,
	RunOperation,
} from "@netconductor/contracts/tasks/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { z } from "zod";
import { one, rowsOf } from "../rows.ts";
import { subjectOf } from "../runs/run-store.ts";
import { operations } from "../tables.ts";

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
	/** An earlier attempt had begun to write. */
	write_started: boolean;
	params: Record<string, unknown>;
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
}

export interface OperationStore {
	/** Takes an operation up for a worker whose lease holds. Undefined when there is nothing to do: it ended, or the worker may not. */
	claim(id: string, worker_id: string): Promise<ClaimedOperation | undefined>;
	status(id: string): Promise<OperationStatus | undefined>;
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
	list(run_id: string, query: z.output<typeof ListOperations>): Promise<Page<RunOperation>>;
	/** A run's devices of which an operation has one of these statuses, in order. */
	devicesWith(run_id: string, statuses: readonly OperationStatus[]): Promise<{ device_id: string; name: string }[]>;
}

export function createOperationStore(db: Database, outbox: Outbox): OperationStore {
	/** After an operation ended: its event, and the next step on the device is begun or left out. */
	async function afterEnd(tx: Tx, ended: EndedRow): Promise<void> {
		await outbox.publish(tx, "operation.finished.v1", {
			run_id: ended.run_id,
			kind: ended.kind,
			subject: subjectOf(ended),
			operation_id: ended.id,
			step_type: ended.step_type,
			device_id: ended.device_id,
			device_name: ended.device_name,
			status: ended.status,
			result: ended.result,
			error: ended.error,
			finished_at: ended.finished_at.toISOString(),
		});
		if (ended.step_index + 1 >= ended.step_count) return;
		if (ended.status === "succeeded") {
			await rowsOf(
				tx,
				"update operations set ready = true where run_id = $1 and device_id = $2 and step_index = $3 and status = 'pending'",
				[ended.run_id, ended.device_id, ended.step_index + 1],
			);
		} else {
			await rowsOf(
				tx,
				`update operations set status = 'skipped', skip_reason = $4, finished_at = $5
				where run_id = $1 and device_id = $2 and step_index > $3 and status = 'pending'`,
				[
					ended.run_id,
					ended.device_id,
					ended.step_index,
					`Step ${ended.step_id} before it did not succeed`,
					ended.finished_at,
				],
			);
		}
	}

	async function end(tx: Tx, where: string, values: unknown[], ending: Ending): Promise<EndedRow[]> {
		const ended = await rowsOf<EndedRow>(
			tx,
			`update operations o set status = $1, result = $2, error = $3, finished_at = now(),
				duration_ms = (extract(epoch from now() - o.started_at) * 1000)::int
			from runs r where r.id = o.run_id and o.status = 'running' and ${where}
			returning o.id, o.run_id, r.kind, r.subject_type, r.subject_id, jsonb_array_length(r.steps) as step_count, o.step_index,
				o.step_id, o.step_type, o.device_id, o.device_name, o.status, o.result, o.error, o.finished_at`,
			[ending.status, json(ending.result), json(ending.error), ...values],
		);
		for (const row of ended) await afterEnd(tx, row);
		return ended;
	}

	return {
		async claim(id, worker_id) {
			const [row] = await db.query<ClaimedRow>(
				`update operations o set status = 'running', attempts = o.attempts + 1, worker_id = $2, started_at = now()
				from runs r
				where o.id = $1 and r.id = o.run_id and o.status in ('pending', 'running')
					and exists (select from workers w where w.id = $2 and w.status in ('online', 'draining') and w.lease_until > now())
				returning o.id, o.run_id, o.step_id, o.step_type, o.step_index, o.device_id, o.device_name, o.attempts,
					o.write_started_at is not null as write_started, coalesce(r.steps -> o.step_index::int -> 'params', '{}') as params,
					r.cancel_requested_at is not null as cancel_requested, r.traceparent, r.kind as run_kind, r.subject_type, r.subject_id,
					r.started_by_name`,
				[id, worker_id],
			);
			if (row === undefined) return undefined;
			const { subject_type, subject_id, ...claimed } = row;
			return { ...claimed, subject: subjectOf({ subject_type, subject_id }) };
		},

		async status(id) {
			const [row] = await db.query<{ status: OperationStatus }>("select status from operations where id = $1", [id]);
			return row?.status;
		},

		async startWriting({ id, attempts }, worker_id) {
			const rows = await db.query(
				`update operations set write_started_at = now()
				where id = $1 and attempts = $2 and worker_id = $3 and status = 'running' returning id`,
				[id, attempts, worker_id],
			);
			return rows.length > 0;
		},

		finish: ({ id, attempts }, worker_id, ending) =>
			db.transaction(async (tx) => {
				const where = "o.id = $4 and o.attempts = $5 and o.worker_id = $6";
				return (await end(tx, where, [id, attempts, worker_id], ending)).length > 0;
			}),

		async settleLost(tx, worker_ids) {
			const unknown = await end(tx, "o.worker_id = any($4) and o.write_started_at is not null", [worker_ids], {
				status: "unknown",
				error: writeUnknown,
			});
			const cancelled = await end(tx, "o.worker_id = any($4) and r.cancel_requested_at is not null", [worker_ids], {
				status: "cancelled",
			});
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

		async list(run_id, query) {
			const where = and(
				eq(operations.run_id, run_id),
				query.status && query.status.length > 0 ? inArray(operations.status, query.status) : undefined,
				query.step_id ? eq(operations.step_id, query.step_id) : undefined,
				query.device_id ? eq(operations.device_id, query.device_id) : undefined,
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
			return db.query<{ device_id: string; name: string }>(
				`select device_id, min(device_name) as name from operations
				where run_id = $1 and status = any($2) group by device_id order by min(position)`,
				[run_id, statuses],
			);
		},
	};
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
}

function json(value: unknown): string | null {
	// NUL is valid JSON but not valid in jsonb; device text may hold it.
	return value === undefined || value === null ? null : JSON.stringify(value).replaceAll("\\u0000", "\\ufffd");
}

function toOperation(row: Row): RunOperation {
	return {
		id: row.id,
		run_id: row.run_id,
		step_id: row.step_id,
		step_type: row.step_type,
		device_id: row.device_id,
		device_name: row.device_name,
		status: row.status,
		attempts: row.attempts,
		worker_id: row.worker_id,
		result: row.result,
		error: row.error,
		skip_reason: row.skip_reason,
		started_at: row.started_at,
		finished_at: row.finished_at,
		duration_ms: row.duration_ms,
	};
}
