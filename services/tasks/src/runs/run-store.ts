import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { CursorPage } from "@netconductor/contracts/kernel/page";
import type { ListRuns, Plan, Run, RunStatus } from "@netconductor/contracts/tasks/model";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, between, desc, eq, gte, inArray, lte, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { rowsOf } from "../rows.ts";
import { operations, runs, wordsOf } from "../tables.ts";
import { unservedPools } from "../workers/worker-store.ts";
import { toProgress } from "./gate.ts";
import { type Counts, finalStatus, hasEnded, noCounts, type operationsOf } from "./run.ts";

type Row = typeof runs.$inferSelect;

/** What the steps on one device are given, sealed. */
export interface SealedInput {
	id: string;
	device_id: string;
	sealed: string;
}

export interface NewRun {
	id: string;
	idempotency_key: string;
	plan: Plan;
	started_by: Actor;
	retry_of: string | null;
	traceparent: string | undefined;
	created_at: Date;
}

/** A run with what belongs to it. */
export interface WholeRun {
	run: NewRun;
	operations: ReturnType<typeof operationsOf>;
	/** Of the operations. */
	ids: string[];
	inputs: readonly SealedInput[];
}

export interface RunStore {
	/** False when a run with this key is there already; nothing is written then. */
	insert(
		tx: Tx,
		run: NewRun,
		operations: ReturnType<typeof operationsOf>,
		ids: string[],
		inputs: readonly SealedInput[],
	): Promise<boolean>;
	/** The same for many at once. Answers the ids of those that were written. */
	insertAll(tx: Tx, given: readonly WholeRun[]): Promise<ReadonlySet<string>>;
	idByKey(on: Database | Tx, key: string): Promise<string | undefined>;
	/** @throws runs.not_found */
	get(id: string): Promise<Run>;
	/** @param scope condition that all of them meet */
	list(query: z.output<typeof ListRuns>, scope?: SQL): Promise<CursorPage<Run>>;
	/** @param scope condition that all of them meet */
	listOfSubjects(query: Subjects, scope?: SQL): Promise<CursorPage<Run>>;
	/** The newest run of each of these subjects, where there is one. @param scope condition that all of them meet */
	listNewest(query: { type: string; ids: readonly string[] }, scope?: SQL): Promise<Run[]>;
	/** The row, locked until the transaction ends. @throws runs.not_found */
	lock(tx: Tx, id: string): Promise<Row>;
	/** Counted anew from the operations. */
	countOperations(on: Database | Tx, id: string): Promise<Counts>;
	/** What a run has come to, once none of its operations is pending or running. */
	outcome(
		on: Database | Tx,
		run: Pick<Row, "id" | "steps" | "end_reason">,
	): Promise<{ counts: Counts; status: RunStatus }>;
	/** What the steps on these devices were given, sealed. */
	inputsOf(id: string, device_ids: readonly string[]): Promise<SealedInput[]>;
}

interface Subjects extends Window {
	type: string;
	/** Left out: any. */
	id?: string | undefined;
	running?: boolean | undefined;
}

interface Window {
	cursor?: string | undefined;
	limit: number;
}

/** Titles that may be read one by one to find a page. */
const readThrough = 20_000;

const historyKey = [
	{ column: runs.created_at, schema: z.iso.datetime() },
	{ column: runs.id, schema: z.uuid() },
] as const;

export function createRunStore(db: Database): RunStore {
	async function page(query: Window, ...conditions: (SQL | undefined)[]) {
		return toRunPage(query, await read(query, ...conditions));
	}

	async function read(query: Window, ...conditions: (SQL | undefined)[]): Promise<Row[]> {
		const { where, order_by, limit } = cursorWindow(query, { key: historyKey, direction: "descending" });
		return db.orm
			.select()
			.from(runs)
			.where(and(where, ...conditions))
			.orderBy(...order_by)
			.limit(limit);
	}

	/**
	 * Words that many titles have are found among the newest runs, rare ones by their index. Left to itself the database takes rare words for common
	 * ones and reads a million titles.
	 */
	async function search(query: Window, sought: SQL, ...conditions: (SQL | undefined)[]): Promise<Row[]> {
		const { where, order_by } = cursorWindow(query, { key: historyKey, direction: "descending" });
		const [oldest] = await db.orm
			.select({ created_at: runs.created_at })
			.from(runs)
			.where(where)
			.orderBy(...order_by)
			.offset(readThrough)
			.limit(1);
		if (oldest === undefined) return read(query, sought, ...conditions);
		const recent = await read(query, sought, gte(runs.created_at, oldest.created_at), ...conditions);
		if (recent.length > query.limit) return recent;
		const found = sql`${runs.id} in (with found as materialized (select ${runs.id} from ${runs} where ${sought}) select id from found)`;
		return read(query, found, ...conditions);
	}

	function toRunPage(query: Window, found: Row[]): CursorPage<Run> {
		const { items, next_cursor } = toCursorPage(found, query.limit, (row) => [row.created_at, row.id]);
		return { items: items.map(toRun), next_cursor };
	}

	async function countOperations(on: Database | Tx, id: string): Promise<Counts> {
		const rows = await rowsOf<{ status: keyof Counts; count: number }>(
			on,
			"select status, count(*)::int as count from operations where run_id = $1 group by status",
			[id],
		);
		return { ...noCounts, ...Object.fromEntries(rows.map(({ status, count }) => [status, count])) };
	}

	async function insertAll(tx: Tx, given: readonly WholeRun[]): Promise<ReadonlySet<string>> {
		// In one order for all, so that two who start the same runs do not wait for each other in a circle.
		const sorted = given.toSorted((a, b) => (a.run.idempotency_key < b.run.idempotency_key ? -1 : 1));
		const inserted = await tx
			.insert(runs)
			.values(sorted.map(runRow))
			.onConflictDoNothing({ target: runs.idempotency_key })
			.returning({ id: runs.id });
		const written = new Set(inserted.map(({ id }) => id));
		const whole = given.filter(({ run }) => written.has(run.id));
		if (whole.length === 0) return written;
		const operationRows = whole.flatMap(({ run, operations: planned, ids }) =>
			planned.map((operation, index) => ({ ...operation, id: ids[index], run_id: run.id, run_at: run.created_at })),
		);
		const steps = whole.flatMap(({ run }) =>
			run.plan.steps.map(({ id, type }, index) => ({ run_id: run.id, index, id, type })),
		);
		// One statement for any number of targets, and where their output begins. The turns are found before anything is written: found for each row, they
		// would be looked for among the rows of this very statement.
		await rowsOf(
			tx,
			`with present as materialized (
					select pool, coalesce((select min(turn) from operations where worker_pool = pool and status = 'pending' and ready), 0) as turn
					from (select distinct unnest($19::text[]) as pool) pools
				), head as (insert into output_heads (run_id) select unnest($1::uuid[]))
			insert into operations (id, run_id, position, step_index, step_id, step_type, device_id, device_name, status, ready, gated, wave, worker_pool, device_groups, turn, skip_reason, finished_at)
			select o.id, o.run_id, o.position, o.step_index, s.id, s.type, o.device_id, o.device_name, o.status, o.ready, o.gated, o.wave, o.worker_pool, o.groups, present.turn + o.position, o.skip_reason,
				case when o.status = 'skipped' then o.run_at end
			from
				unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[], $6::smallint[], $7::uuid[], $8::text[], $9::text[], $10::boolean[], $11::boolean[], $12::int[], $13::jsonb[], $14::text[], $19::text[])
					as o (id, run_id, run_at, position, step_index, device_id, device_name, status, ready, gated, wave, groups, skip_reason, worker_pool)
				join present on present.pool = o.worker_pool
				join unnest($15::uuid[], $16::int[], $17::text[], $18::text[]) as s (run_id, index, id, type) on s.run_id = o.run_id and s.index = o.step_index`,
			[
				whole.map(({ run }) => run.id),
				operationRows.map(({ id }) => id),
				operationRows.map(({ run_id }) => run_id),
				operationRows.map(({ run_at }) => run_at),
				operationRows.map(({ position }) => position),
				operationRows.map(({ step_index }) => step_index),
				operationRows.map(({ device_id }) => device_id),
				operationRows.map(({ device_name }) => device_name),
				operationRows.map(({ status }) => status),
				operationRows.map(({ ready }) => ready),
				operationRows.map(({ gated }) => gated),
				operationRows.map(({ wave }) => wave),
				operationRows.map(({ groups }) => (groups === undefined ? null : jsonbText(groups))),
				operationRows.map(({ skip_reason }) => skip_reason),
				steps.map(({ run_id }) => run_id),
				steps.map(({ index }) => index),
				steps.map(({ id }) => id),
				steps.map(({ type }) => type),
				operationRows.map(({ worker_pool }) => worker_pool),
			],
		);
		const inputs = whole.flatMap(({ run, inputs: own }) => own.map((input) => ({ ...input, run_id: run.id })));
		if (inputs.length > 0) {
			await rowsOf(
				tx,
				"insert into inputs (id, run_id, device_id, sealed) select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])",
				[
					inputs.map(({ id }) => id),
					inputs.map(({ run_id }) => run_id),
					inputs.map(({ device_id }) => device_id),
					inputs.map(({ sealed }) => sealed),
				],
			);
		}
		return written;
	}

	return {
		async insert(tx, run, planned, ids, inputs) {
			return (await insertAll(tx, [{ run, operations: planned, ids, inputs }])).size > 0;
		},

		insertAll,

		async idByKey(on, key) {
			const [row] = await rowsOf<{ id: string }>(on, "select id from runs where idempotency_key = $1", [key]);
			return row?.id;
		},

		async get(id) {
			const [row] = await db.orm.select().from(runs).where(eq(runs.id, id));
			if (row === undefined) throw notFound(id);
			const run = toRun(row);
			if (hasEnded(row.status)) return run;
			const [counts, unserved] = await Promise.all([countOperations(db, id), unservedPools(db, id)]);
			return { ...run, counts, unserved };
		},

		async list(query, scope) {
			const conditions = [
				scope,
				query.kind && query.kind.length > 0 ? inArray(runs.kind, query.kind) : undefined,
				query.status && query.status.length > 0 ? inArray(runs.status, query.status) : undefined,
				query.started_by ? eq(runs.started_by_name, query.started_by) : undefined,
				query.retry_of ? eq(runs.retry_of, query.retry_of) : undefined,
				query.from ? gte(runs.created_at, query.from) : undefined,
				query.to ? lte(runs.created_at, query.to) : undefined,
				query.device_id
					? sql`${runs.id} in (select ${operations.run_id} from ${operations} where ${operations.device_id} = ${query.device_id})`
					: undefined,
			];
			if (query.q === undefined || query.q.trim() === "") return page(query, ...conditions);
			return toRunPage(query, await search(query, sought(query.q), ...conditions));
		},

		listOfSubjects: (query, scope) =>
			page(
				query,
				scope,
				eq(runs.subject_type, query.type),
				query.id === undefined ? undefined : eq(runs.subject_id, query.id),
				query.running === undefined
					? undefined
					: sql`${runs.finished_at} is ${query.running ? sql`null` : sql`not null`}`,
			),

		async listNewest({ type, ids }, scope) {
			const newest = db.orm
				.select({ id: runs.id })
				.from(runs)
				.where(and(scope, eq(runs.subject_type, type), sql`${runs.subject_id} = subject.id`))
				.orderBy(desc(runs.created_at), desc(runs.id))
				.limit(1);
			const found = await db.orm
				.select()
				.from(runs)
				.where(
					sql`${runs.id} in (select newest.id from unnest(${sql.param(ids)}::text[]) as subject (id), lateral ${newest} as newest)`,
				);
			return found.map(toRun);
		},

		async lock(tx, id) {
			const [row] = await tx.select().from(runs).where(eq(runs.id, id)).for("update");
			if (row === undefined) throw notFound(id);
			return row;
		},

		countOperations,

		async outcome(on, { id, steps, end_reason }) {
			const counts = await countOperations(on, id);
			const [conducted] = await rowsOf<{ status: RunStatus | null; decided: boolean }>(
				on,
				`select ended ->> 'status' as status,
					exists (select from operations where run_id = $1 and decision is not null) as decided
				from procedures where run_id = $1`,
				[id],
			);
			if (conducted?.status != null) {
				if (counts.unknown > 0) return { counts, status: "needs_attention" };
				// A person has looked at what was unknown; the procedure did not go on for that.
				const settled = conducted.status === "needs_attention" && conducted.decided;
				return { counts, status: settled ? "failed" : conducted.status };
			}
			if (steps.length < 2) return { counts, status: finalStatus(counts) };
			const [row] = await rowsOf<{ well: number }>(
				on,
				`select count(*)::int as well from (
					select from operations where run_id = $1 group by device_id
					having bool_or(status = 'succeeded') and not bool_or(status in ('failed', 'cancelled', 'unknown'))
						and not coalesce(bool_or(skip_reason = $2), false)
				) as devices`,
				[id, end_reason],
			);
			return { counts, status: finalStatus(counts, row?.well) };
		},

		inputsOf: (id, device_ids) =>
			db.query<{ id: string; device_id: string; sealed: string }>(
				"select id, device_id, sealed from inputs where run_id = $1 and device_id = any($2)",
				[id, device_ids],
			),
	};
}

/** Runs whose title has words that begin like these, or whose id begins so: both stand in an index. */
function sought(q: string): SQL {
	const words = q.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
	// Quoted, so that nothing in them is an operator.
	const query = words.map((word) => `'${word}':*`).join(" & ");
	const titled = words.length === 0 ? sql`false` : sql`${wordsOf(runs.title)} @@ ${query}::tsquery`;
	const ids = idsThatBegin(q);
	return ids === undefined ? titled : sql`(${titled} or ${between(runs.id, ids.first, ids.last)})`;
}

/** First and last id with this beginning; undefined where it is none, or too short to mean one. */
export function idsThatBegin(q: string): { first: string; last: string } | undefined {
	const typed = q.trim().toLowerCase();
	const pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const fits = typed.length >= 4 && typed.length <= pattern.length;
	if (!fits || ![...typed].every((letter, at) => (pattern[at] === "-" ? letter === "-" : /[0-9a-f]/.test(letter)))) {
		return undefined;
	}
	const rest = pattern.slice(typed.length);
	return { first: typed + rest.replaceAll("x", "0"), last: typed + rest.replaceAll("x", "f") };
}

export function notFound(id: string) {
	return failed("runs.not_found", { message: `There is no run ${id}`, details: { run_id: id } });
}

function runRow({ run, operations: planned }: WholeRun): typeof runs.$inferInsert {
	const { plan, started_by } = run;
	return {
		id: run.id,
		idempotency_key: run.idempotency_key,
		kind: plan.kind,
		title: plan.title,
		status: "queued",
		steps: plan.steps,
		subject_type: plan.subject?.type ?? null,
		subject_id: plan.subject?.id ?? null,
		total: planned.length,
		counts: {
			...noCounts,
			pending: planned.filter(({ status }) => status === "pending").length,
			skipped: planned.filter(({ status }) => status === "skipped").length,
		},
		started_by_kind: started_by.kind,
		started_by_id: started_by.id,
		started_by_name: started_by.name,
		retry_of: run.retry_of,
		traceparent: run.traceparent ?? null,
		created_at: run.created_at.toISOString(),
	};
}

function toRun(row: Row): Run {
	return {
		id: row.id,
		kind: row.kind,
		title: row.title,
		status: row.status,
		counts: row.counts,
		total: row.total,
		steps: row.steps.map(({ id, type }) => ({ id, type })),
		started_by: { kind: row.started_by_kind, id: row.started_by_id, name: row.started_by_name },
		subject: subjectOf(row),
		retry_of: row.retry_of,
		cancel_requested_by: row.cancel_requested_by,
		waiting_for: row.waiting_for,
		unserved: [],
		progress: row.gate === null ? null : toProgress(row.gate),
		end_reason: row.end_reason,
		created_at: row.created_at,
		started_at: row.started_at,
		finished_at: row.finished_at,
	};
}

/** What a run belongs to, as events carry it. */
export function subjectOf(row: Pick<Row, "subject_type" | "subject_id">): { type: string; id: string } | null {
	return row.subject_type === null || row.subject_id === null ? null : { type: row.subject_type, id: row.subject_id };
}
