import type { Page } from "@netconductor/contracts/kernel/page";
import type { Worker, WorkerStats } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import { asc, desc } from "drizzle-orm";
import type { z } from "zod";
import { one } from "../rows.ts";
import { workers } from "../tables.ts";

export interface NewWorker {
	id: string;
	hostname: string;
	pid: number;
	version: string;
	concurrency: number;
	lease_ms: number;
}

export interface WorkerStore {
	/** Times are the database's, so that clocks of machines need not agree. */
	register(worker: NewWorker): Promise<void>;
	/** Renews the lease. False when it is not there any more: somebody else has the worker's work. */
	renew(id: string, lease_ms: number, load: { running: number; completed: number }): Promise<boolean>;
	drain(id: string): Promise<void>;
	stopped(id: string): Promise<void>;
	/** Marks those whose lease ran out as lost. Answers their ids. */
	markLost(lease_ms: number): Promise<string[]>;
	/** Those that ended and have operations all the same: claimed in their last moment, or nobody came to take them over. */
	leftBehind(): Promise<string[]>;
	forgetOld(): Promise<void>;
	list(query: { page: number; page_size: number }): Promise<Page<z.output<typeof Worker>>>;
	stats(): Promise<z.output<typeof WorkerStats>>;
}

export function createWorkerStore(db: Database): WorkerStore {
	return {
		async register({ id, hostname, pid, version, concurrency, lease_ms }) {
			await db.query(
				`insert into workers (id, hostname, pid, version, status, concurrency, started_at, last_heartbeat_at, lease_until)
				values ($1, $2, $3, $4, 'online', $5, now(), now(), now() + $6 * interval '1 ms')`,
				[id, hostname, pid, version, concurrency, lease_ms],
			);
		},

		async renew(id, lease_ms, { running, completed }) {
			const rows = await db.query(
				`update workers set last_heartbeat_at = now(), lease_until = now() + $2 * interval '1 ms', running = $3, completed = $4
				where id = $1 and status in ('online', 'draining') and lease_until > now() returning id`,
				[id, lease_ms, running, completed],
			);
			return rows.length > 0;
		},

		async drain(id) {
			await db.query("update workers set status = 'draining' where id = $1 and status = 'online'", [id]);
		},

		async stopped(id) {
			await db.query(
				"update workers set status = 'stopped', running = 0, ended_at = now() where id = $1 and status in ('online', 'draining')",
				[id],
			);
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
			return rows.map(({ id }) => id);
		},

		async leftBehind() {
			const rows = await db.query<{ id: string }>(
				`select w.id from workers w where w.status in ('lost', 'stopped')
					and w.id in (select worker_id from operations where status = 'running')`,
			);
			return rows.map(({ id }) => id);
		},

		async forgetOld() {
			await db.query("delete from workers where status in ('lost', 'stopped') and ended_at < now() - interval '1 day'");
		},

		async list(query) {
			const [items, total] = await Promise.all([
				db.orm
					.select()
					.from(workers)
					.orderBy(desc(workers.started_at), asc(workers.id))
					.limit(query.page_size)
					.offset((query.page - 1) * query.page_size),
				db.orm.$count(workers),
			]);
			return toPage(
				query,
				items.map(({ lease_until: _lease, ended_at: _end, ...worker }) => worker),
				total,
			);
		},

		async stats() {
			const rows = await db.query<z.output<typeof WorkerStats>>(
				`select w.workers_online, w.concurrency, o.running, o.pending, e.completed_last_hour, e.failed_last_hour
				from (select count(*)::int as workers_online, coalesce(sum(concurrency), 0)::int as concurrency
					from workers where status = 'online') w,
				(select count(*) filter (where status = 'running')::int as running, count(*) filter (where status = 'pending')::int as pending
					from operations where status in ('pending', 'running')) o,
				(select count(*)::int as completed_last_hour, count(*) filter (where status = 'failed')::int as failed_last_hour
					from operations where finished_at > now() - interval '1 hour' and status in ('succeeded', 'failed', 'unknown')) e`,
			);
			return one(rows);
		},
	};
}
