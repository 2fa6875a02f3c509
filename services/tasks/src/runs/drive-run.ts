import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import type { Log } from "@netconductor/runtime/log";
import { runWithTraceparent, withSpan } from "@netconductor/runtime/telemetry";
import type { Engine, Outcome } from "../engine/engine.ts";
import { one, rowsOf } from "../rows.ts";
import { finalStatus, hasEnded } from "./run.ts";
import { type RunStore, subjectOf } from "./run-store.ts";

export interface DriveNeeds {
	db: Database;
	outbox: Outbox;
	store: RunStore;
	engine: Engine;
	/** Operations that all workers together execute at once. */
	capacity(): Promise<number>;
	clock: Clock;
	log: Log;
	onChange(run_id: string): void;
}

/** Wakes whoever waits for news of a run. */
interface Bell {
	ring(run_id: string): void;
	ringAll(): void;
}

export interface RunDriver extends Bell {
	/** Drives a run to its end. */
	drive(run_id: string): Promise<Outcome>;
	/** Lets go of all runs; each goes on where it was when it is driven again. */
	stop(): void;
}

/** Between two looks at a run that nobody rang for: word may get lost. */
const slowest_ms = 2_000;
/** Between two looks at a run, however much happens in it. */
const fastest_ms = 50;
/** Between two counts for the list, which shows a run's counts as of a moment ago. */
const countEvery_ms = 500;

/**
 * Drives runs: hands their operations to the workers' queue, a bounded number at a time so that runs share the workers and the queue stays
 * short, and ends the run when all have ended. All state is in the tables; driving the same run twice at once does no harm.
 */
export function createRunDriver(needs: DriveNeeds): RunDriver {
	const { db, outbox, store, engine, clock, log } = needs;
	const stopping = new AbortController();
	const waiting = new Map<string, () => void>();

	async function drive(run_id: string): Promise<Outcome> {
		const origin = await persistently(run_id, () => originOf(run_id));
		if (origin === undefined) return "parked";
		return runWithTraceparent(origin.traceparent ?? undefined, () =>
			withSpan(`run ${origin.kind}`, { "run.id": run_id }, async (setAttributes) => {
				const outcome = await driveToEnd(run_id);
				setAttributes({ "run.outcome": outcome });
				return outcome;
			}),
		);
	}

	async function originOf(run_id: string) {
		return one(
			await db.query<{ kind: string; traceparent: string | null }>("select kind, traceparent from runs where id = $1", [
				run_id,
			]),
		);
	}

	async function driveToEnd(run_id: string): Promise<Outcome> {
		let counted_at = Number.NEGATIVE_INFINITY;
		const look = async (): Promise<"ended" | "goes on"> => {
			const looked_at = performance.now();
			const progress = await advance(run_id);
			if (progress === "ended") return "ended";
			if (progress.open === 0 && (await finish(run_id))) return "ended";
			if (performance.now() - counted_at > countEvery_ms) {
				const before = performance.now();
				await refreshCounts(run_id);
				// Counting a large run takes longer: never more than a small share of the time.
				counted_at = performance.now() + 9 * (performance.now() - before);
			}
			await nextNews(run_id, fastest_ms - (performance.now() - looked_at));
			return "goes on";
		};
		for (;;) {
			const seen = await persistently(run_id, look);
			if (seen !== "goes on") return seen === "ended" ? "done" : "parked";
		}
	}

	/** Tries until it succeeds; undefined when the service stops. */
	async function persistently<T>(run_id: string, step: () => Promise<T>): Promise<T | undefined> {
		while (!stopping.signal.aborted) {
			try {
				return await step();
			} catch (err) {
				log.error({ err, run_id }, "a run could not be driven on; trying again");
				await clock.sleep(1_000, stopping.signal).catch(() => {});
			}
		}
		return undefined;
	}

	/** Hands over what may begin. Answers how many operations have not ended. */
	async function advance(run_id: string): Promise<"ended" | { open: number }> {
		const capacity = await needs.capacity();
		// Enough that no worker waits for us, and no more: a cancelled or later run need not stand behind it.
		const window = Math.min(2_000, Math.max(20, 2 * capacity));
		return db.transaction(async (tx) => {
			const [run] = await rowsOf<{ status: "queued" | "running" }>(tx, "select status from runs where id = $1", [
				run_id,
			]);
			if (run === undefined || hasEnded(run.status)) return "ended";
			if (run.status === "queued") await begin(tx, run_id);
			const { open, queued } = one(
				await rowsOf<{ open: number; queued: number }>(
					tx,
					`select count(*)::int as open, count(*) filter (where queued)::int as queued from operations
					where run_id = $1 and status in ('pending', 'running')`,
					[run_id],
				),
			);
			if (queued >= window) return { open };
			const next = await rowsOf<{ id: string; device_id: string }>(
				tx,
				`update operations set queued = true where id in (
					select id from operations where run_id = $1 and status = 'pending' and ready and not queued
					order by position limit $2 for update skip locked
				) returning id, device_id, position`,
				[run_id, Math.min(500, window - queued)],
			);
			await engine.enqueueOperations(tx, next);
			return { open };
		});
	}

	async function begin(tx: Tx, run_id: string): Promise<void> {
		await rowsOf(tx, "update runs set status = 'running', started_at = $2 where id = $1 and status = 'queued'", [
			run_id,
			clock.now(),
		]);
		needs.onChange(run_id);
	}

	async function refreshCounts(run_id: string): Promise<void> {
		await db.query("update runs set counts = $2 where id = $1 and finished_at is null and counts <> $2", [
			run_id,
			JSON.stringify(await store.countOperations(db, run_id)),
		]);
		needs.onChange(run_id);
	}

	/** Ends the run once. False when an operation is still open after all. */
	async function finish(run_id: string): Promise<boolean> {
		const ended = await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (hasEnded(run.status)) return true;
			const counts = await store.countOperations(tx, run_id);
			if (counts.pending + counts.running > 0) return false;
			const status = finalStatus(counts);
			const finished_at = clock.now();
			await rowsOf(tx, "update runs set status = $2, counts = $3, finished_at = $4 where id = $1", [
				run_id,
				status,
				JSON.stringify(counts),
				finished_at,
			]);
			await outbox.publish(tx, "run.finished.v1", {
				run_id,
				kind: run.kind,
				subject: subjectOf(run),
				title: run.title,
				status,
				counts,
				finished_at: finished_at.toISOString(),
			});
			return true;
		});
		if (ended) needs.onChange(run_id);
		return ended;
	}

	async function nextNews(run_id: string, atLeast_ms: number): Promise<void> {
		const rung = Promise.withResolvers<void>();
		waiting.set(run_id, rung.resolve);
		const late = new AbortController();
		const signal = AbortSignal.any([late.signal, stopping.signal]);
		try {
			await Promise.race([rung.promise, clock.sleep(slowest_ms, signal).catch(() => {})]);
		} finally {
			late.abort();
			if (waiting.get(run_id) === rung.resolve) waiting.delete(run_id);
		}
		if (atLeast_ms > 0) await clock.sleep(atLeast_ms, stopping.signal).catch(() => {});
	}

	return {
		drive,
		ring: (run_id) => waiting.get(run_id)?.(),
		ringAll() {
			for (const ring of waiting.values()) ring();
		},
		stop: () => stopping.abort(new Error("the tasks service stops")),
	};
}
