import type { Page } from "@netconductor/contracts/kernel/page";
import type { QueuedRun, UnservedPool, Worker, WorkerStats } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import type { Examination } from "@netconductor/runtime/host/service";
import { asc, desc, eq } from "drizzle-orm";
import type { z } from "zod";
import { one } from "../rows.ts";
import { workers } from "../tables.ts";

export interface NewWorker {
	id: string;
	pool: string;
	hostname: string;
	pid: number;
	version: string;
	concurrency: number;
	lease_ms: number;
}

export interface WorkerStore {
	/** Times are the database's, so that clocks of machines need not agree. */
	register(worker: NewWorker): Promise<void>;
	/** Renews the lease. Undefined when it is not there any more: somebody else has the worker's work. */
	renew(
		id: string,
		lease_ms: number,
		load: { running: number; completed: number },
	): Promise<{ draining: boolean } | undefined>;
	/** The worker takes nothing from now on; nothing changes for one that is draining. @throws workers.not_found @throws workers.already_ended */
	drain(id: string): Promise<z.output<typeof Worker>>;
	stopped(id: string): Promise<void>;
	/** Marks those whose lease ran out as lost. Answers their ids. */
	markLost(lease_ms: number): Promise<string[]>;
	/** Those that ended and have operations or procedures all the same: claimed in their last moment, or nobody came to take them over. */
	leftBehind(): Promise<string[]>;
	forgetOld(): Promise<void>;
	list(query: { page: number; page_size: number; pool?: string | undefined }): Promise<Page<z.output<typeof Worker>>>;
	stats(): Promise<z.output<typeof WorkerStats>>;
	queue(query: { page: number; page_size: number; q?: string | undefined }): Promise<Page<QueuedRun>>;
}

/** @param onChange told of each worker that came, goes, or is gone, after it is stored */
export function createWorkerStore(db: Database, onChange: (worker_id: string) => void = () => {}): WorkerStore {
	return {
		async register({ id, pool, hostname, pid, version, concurrency, lease_ms }) {
			await db.query(
				`insert into workers (id, hostname, pid, version, status, concurrency, started_at, last_heartbeat_at, lease_until, pool)
				values ($1, $2, $3, $4, 'online', $5, now(), now(), now() + $6 * interval '1 ms', $7)`,
				[id, hostname, pid, version, concurrency, lease_ms, pool],
			);
			onChange(id);
		},

		async renew(id, lease_ms, { running, completed }) {
			const [row] = await db.query<{ draining: boolean }>(
				`update workers set last_heartbeat_at = now(), lease_until = now() + $2 * interval '1 ms', running = $3, completed = $4
				where id = $1 and status in ('online', 'draining') and lease_until > now() returning status = 'draining' as draining`,
				[id, lease_ms, running, completed],
			);
			return row;
		},

		async drain(id) {
			await db.query("update workers set status = 'draining' where id = $1 and status = 'online'", [id]);
			const [row] = await db.orm.select().from(workers).where(eq(workers.id, id));
			if (row === undefined) {
				throw failed("workers.not_found", { message: `There is no worker ${id}`, details: { worker_id: id } });
			}
			if (row.status === "lost" || row.status === "stopped") {
				throw failed("workers.already_ended", {
					message: `The worker ${id} on ${row.hostname} has ended already (${row.status})`,
					details: { worker_id: id, status: row.status },
				});
			}
			onChange(id);
			return toWorker(row);
		},

		async stopped(id) {
			await db.query(
				"update workers set status = 'stopped', running = 0, ended_at = now() where id = $1 and status in ('online', 'draining')",
				[id],
			);
			onChange(id);
		},

		async markLost(lease_ms) {
			// Longer than any lease is one that was taken before the clock was set back: who holds it shows so soon, or is gone.
			await db.query(
				`update workers set lease_until = now() + $1 * interval '1 ms'
				where status in ('online', 'draining') and lease_until > now() + $1 * interval '1 ms'`,
				[lease_ms],
			);
			const rows = await db.query<{ id: string }>(
				`update workers set status = 'lost', running = 0, ended_at = now()
				where status in ('online', 'draining') and lease_until < now() returning id`,
			);
			for (const { id } of rows) onChange(id);
			return rows.map(({ id }) => id);
		},

		async leftBehind() {
			const rows = await db.query<{ id: string }>(
				`select w.id from workers w where w.status in ('lost', 'stopped')
					and (w.id in (select worker_id from operations where status = 'running')
						or w.id in (select worker_id from procedures where worker_id is not null))`,
			);
			return rows.map(({ id }) => id);
		},

		async forgetOld() {
			await db.query("delete from workers where status in ('lost', 'stopped') and ended_at < now() - interval '1 day'");
		},

		async list(query) {
			const where = query.pool === undefined ? undefined : eq(workers.pool, query.pool);
			const [items, total] = await Promise.all([
				db.orm
					.select()
					.from(workers)
					.where(where)
					.orderBy(desc(workers.started_at), asc(workers.id))
					.limit(query.page_size)
					.offset((query.page - 1) * query.page_size),
				db.orm.$count(workers, where),
			]);
			return toPage(query, items.map(toWorker), total);
		},

		async stats() {
			const rows = await db.query<
				Omit<z.output<typeof WorkerStats>, "oldest_pending_at"> & { oldest_pending_at: Date | null }
			>(
				`with open_runs as (${openRuns})
				select w.workers_online, w.concurrency, o.running, o.pending, e.completed_last_hour, e.failed_last_hour, o.waiting_runs,
					o.oldest_pending_at, k.by_kind, p.by_pool
				from (select count(*)::int as workers_online, coalesce(sum(concurrency), 0)::int as concurrency
					from workers where status = 'online') w,
				(select coalesce(sum(running), 0)::int as running, coalesce(sum(pending), 0)::int as pending,
					count(*) filter (where pending > 0)::int as waiting_runs, min(oldest_pending_at) as oldest_pending_at from open_runs) o,
				(select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'pending', pending, 'running', running) order by kind), '[]') as by_kind
					from (select kind, sum(pending)::int as pending, sum(running)::int as running from open_runs group by kind) kinds) k,
				(select coalesce(jsonb_agg(pools order by pool), '[]') as by_pool from (
					select pool, coalesce(workers_online, 0) as workers_online, coalesce(concurrency, 0) as concurrency, coalesce(waiting, 0) as waiting
					from (select pool, count(*)::int as workers_online, sum(concurrency)::int as concurrency
						from workers where status = 'online' group by pool) w
					full join (select worker_pool as pool, sum(waiting)::int as waiting from (${waitingByPool()}) each group by worker_pool) q using (pool)
				) pools) p,
				(select count(*)::int as completed_last_hour, count(*) filter (where status = 'failed')::int as failed_last_hour
					from operations where finished_at > now() - interval '1 hour' and status in ('succeeded', 'failed', 'unknown')) e`,
			);
			const { oldest_pending_at, ...stats } = one(rows);
			return { ...stats, oldest_pending_at: oldest_pending_at?.toISOString() ?? null };
		},

		async queue({ page, page_size, q = "" }) {
			const rows = await db.query<QueueRow>(
				`with open_runs as (${openRuns})
				select r.id as run_id, r.title, r.kind, r.status, r.started_by_name as started_by, r.created_at,
					o.pending, o.running, o.oldest_pending_at, count(*) over ()::int as total
				from open_runs o join runs r on r.id = o.run_id
				where $3 = '' or strpos(lower(r.title), lower($3)) > 0
				order by o.oldest_pending_at nulls last, r.created_at, r.id limit $1 offset $2`,
				[page_size, (page - 1) * page_size, q],
			);
			const items = rows.map(({ total: _total, created_at, oldest_pending_at, ...run }) => ({
				...run,
				created_at: created_at.toISOString(),
				oldest_pending_at: oldest_pending_at?.toISOString() ?? null,
			}));
			return { items, page, page_size, total: rows[0]?.total ?? 0 };
		},
	};
}

/** What workers could take up, by pool: all of it, or that of one run. */
function waitingByPool(run_id?: "$1"): string {
	const ofRun = run_id === undefined ? "" : `and run_id = ${run_id}`;
	return `select worker_pool, count(*) as waiting from operations where status = 'pending' and ready ${ofRun} group by worker_pool
		union all select worker_pool, count(*) from procedures
		where worker_id is null and ended is null and wake_at <= now() ${ofRun} group by worker_pool`;
}

/** What of a run waits in pools of which no worker takes work. */
export function unservedPools(db: Database, run_id: string): Promise<UnservedPool[]> {
	return db.query<UnservedPool & Record<string, unknown>>(
		`select worker_pool, sum(waiting)::int as waiting from (${waitingByPool("$1")}) each
		where not exists (select from workers where pool = worker_pool and status = 'online' and lease_until > now())
		group by worker_pool order by worker_pool`,
		[run_id],
	);
}

/** Work that nobody takes up although workers are there: those of its pool are not. */
export const idlePools: Examination = {
	check: "worker pools",
	query: `select worker_pool, sum(waiting)::int as waiting from (${waitingByPool()}) each
		where not exists (select from workers where pool = worker_pool and status = 'online' and lease_until > now())
			and exists (select from workers where status = 'online' and lease_until > now())
		group by worker_pool order by worker_pool`,
	tell: (rows) => ({
		detail: rows
			.map(({ worker_pool, waiting }) => `${waiting} waiting in ${worker_pool}, of which no worker takes work`)
			.join("; "),
		mend: "Start a worker of that pool (NETCONDUCTOR_WORKERS_POOL), or give its devices another one; `netconductor workers pools` shows all.",
	}),
};

/** Runs with operations that wait or run; the index of unfinished operations leads to them. */
const openRuns = `select o.run_id, r.kind, count(*) filter (where o.status = 'running')::int as running,
		count(*) filter (where o.status = 'pending')::int as pending,
		min(coalesce(o.decided_at, r.created_at)) filter (where o.status = 'pending') as oldest_pending_at
	from operations o join runs r on r.id = o.run_id where o.status in ('pending', 'running') group by o.run_id, r.kind`;

interface QueueRow extends Omit<QueuedRun, "created_at" | "oldest_pending_at"> {
	created_at: Date;
	oldest_pending_at: Date | null;
	total: number;
	[column: string]: unknown;
}

function toWorker({
	lease_until: _lease,
	ended_at: _end,
	...worker
}: typeof workers.$inferSelect): z.output<typeof Worker> {
	return worker;
}
