import type { RunStatus } from "@netconductor/contracts/tasks/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import { startWorkLoop, type WorkLoop } from "@netconductor/runtime/bus/work-loop";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { Log } from "@netconductor/runtime/log";
import { runWithTraceparent, withSpan } from "@netconductor/runtime/telemetry";
import { wakeWaitingFor } from "../procedures/wake.ts";
import { rowsOf } from "../rows.ts";
import { hasEnded } from "./run.ts";
import { type RunStore, subjectOf } from "./run-store.ts";

export interface DriveNeeds {
	db: Database;
	outbox: Outbox;
	store: RunStore;
	clock: Clock;
	log: Log;
	onChange(run_id: string): void;
	/** For a run of which nothing is under way, and something is left. */
	passGate(run_id: string): Promise<void>;
}

export interface RunDriver {
	/** Begins with the runs that have not ended, whoever drove them before. */
	start(): void;
	/** There is news of a run, or a new run. */
	ring(run_id: string): void;
	/** There may be news of any. */
	ringAll(): void;
	/** Lets go of all runs; each goes on where it was when it is driven again. */
	stop(): Promise<void>;
}

/** Between two looks at a run that nobody rang for, and for runs that nobody told of: word may get lost. */
const slowest_ms = 2_000;
/** Between two looks at a run, however much happens in it. */
const fastest_ms = 50;
/** Runs that are started at nearly one moment are taken up together. */
const gather_ms = 25;
/** Between two counts for the list, which shows a run's counts as of a moment ago. */
const countEvery_ms = 500;

interface Seen {
	status: RunStatus;
	cancelled: boolean;
	/** An operation has not ended. */
	open: boolean;
	/** One is running, or a worker may take it. */
	active: boolean;
	/** Its procedure has not ended: it has no gates, and may have no operation under way. */
	conducted: boolean;
	[column: string]: unknown;
}

interface Waiting {
	id: string;
	kind: string;
	traceparent: string | null;
	[column: string]: unknown;
}

/**
 * Drives runs: begins them, keeps their counts, and ends each when all its operations have ended; workers take the operations by themselves.
 * All state is in the tables; driving the same run twice at once, in one process or several, does no harm.
 */
export function createRunDriver(needs: DriveNeeds): RunDriver {
	const { db, outbox, store, clock, log } = needs;
	const stopping = new AbortController();
	const driven = new Map<string, { bell: Bell; ended: Promise<void> }>();
	let lookout: WorkLoop | undefined;

	async function takeUp(): Promise<boolean> {
		const waiting = await db.query<Waiting>("select id, kind, traceparent from runs where finished_at is null");
		for (const run of waiting) {
			if (driven.has(run.id)) continue;
			const bell = createBell();
			driven.set(run.id, { bell, ended: drive(run, bell).finally(() => driven.delete(run.id)) });
		}
		return false;
	}

	function drive({ id, kind, traceparent }: Waiting, bell: Bell): Promise<void> {
		return runWithTraceparent(traceparent ?? undefined, () =>
			withSpan(`run ${kind}`, { "run.id": id }, async (setAttributes) => {
				const ended = await driveToEnd(id, bell);
				setAttributes({ "run.outcome": ended ? "done" : "parked" });
			}),
		);
	}

	async function driveToEnd(run_id: string, bell: Bell): Promise<boolean> {
		let count_at = performance.now() + countEvery_ms;
		const look = async (): Promise<"ended" | "goes on"> => {
			const looked_at = performance.now();
			bell.quieten();
			const seen = await lookAt(run_id);
			if (seen === undefined || hasEnded(seen.status)) return "ended";
			if (seen.status === "queued") await begin(run_id);
			const over = !seen.open && !seen.conducted;
			if (over && (await finish(run_id))) return "ended";
			if (seen.open && !seen.active && !seen.cancelled && !seen.conducted) await needs.passGate(run_id);
			if (looked_at > count_at) {
				await refreshCounts(run_id);
				// Counting a large run takes longer: never more than a small share of the time.
				count_at = performance.now() + countEvery_ms + 9 * (performance.now() - looked_at);
			}
			await nextNews(bell, fastest_ms - (performance.now() - looked_at));
			return "goes on";
		};
		for (;;) {
			const seen = await persistently(run_id, look);
			if (seen !== "goes on") return seen === "ended";
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

	async function lookAt(run_id: string): Promise<Seen | undefined> {
		const [seen] = await db.query<Seen>(
			`select status, cancel_requested_at is not null as cancelled,
				exists (select from operations where run_id = $1 and status in ('pending', 'running')) as open,
				exists (select from operations where run_id = $1 and status in ('pending', 'running') and (status = 'running' or ready)) as active,
				exists (select from procedures where run_id = $1 and ended is null) as conducted
			from runs where id = $1`,
			[run_id],
		);
		return seen;
	}

	async function begin(run_id: string): Promise<void> {
		await db.query("update runs set status = 'running', started_at = $2 where id = $1 and status = 'queued'", [
			run_id,
			clock.now(),
		]);
		needs.onChange(run_id);
	}

	async function refreshCounts(run_id: string): Promise<void> {
		const counts = await store.countOperations(db, run_id);
		// How many operations a procedure comes to shows while it goes on.
		const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
		await db.query("update runs set counts = $2, total = $3 where id = $1 and finished_at is null and counts <> $2", [
			run_id,
			JSON.stringify(counts),
			total,
		]);
		needs.onChange(run_id);
	}

	/** Ends the run once. False when an operation is still open after all. */
	async function finish(run_id: string): Promise<boolean> {
		const ended = await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (hasEnded(run.status)) return true;
			const { counts, status } = await store.outcome(tx, run);
			const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
			if (counts.pending + counts.running > 0) return false;
			const finished_at = clock.now();
			await rowsOf(
				tx,
				"update runs set status = $2, counts = $3, total = $4, finished_at = $5, waiting_for = null where id = $1",
				[run_id, status, JSON.stringify(counts), total, finished_at],
			);
			await wakeWaitingFor(tx, run_id);
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

	async function nextNews(bell: Bell, atLeast_ms: number): Promise<void> {
		const late = new AbortController();
		const signal = AbortSignal.any([late.signal, stopping.signal]);
		await Promise.race([bell.rung(), clock.sleep(slowest_ms, signal).catch(() => {})]);
		late.abort();
		if (atLeast_ms > 0) await clock.sleep(atLeast_ms, stopping.signal).catch(() => {});
	}

	return {
		start() {
			const onError = (err: unknown, failures: number) =>
				log.warn({ err, failures }, "could not look for runs; trying again");
			lookout = startWorkLoop({ step: takeUp, rest_ms: slowest_ms, spacing_ms: gather_ms, clock, onError });
		},
		ring(run_id) {
			const run = driven.get(run_id);
			if (run === undefined) lookout?.wake();
			else run.bell.ring();
		},
		ringAll() {
			lookout?.wake();
			for (const { bell } of driven.values()) bell.ring();
		},
		async stop() {
			stopping.abort(new Error("the tasks service stops"));
			await lookout?.stop();
			await Promise.all([...driven.values()].map(({ ended }) => ended));
		},
	};
}

/** Rung at any time, heard at the next wait: word that comes during a look is for the next one. */
interface Bell {
	ring(): void;
	quieten(): void;
	rung(): Promise<void>;
}

function createBell(): Bell {
	let { promise, resolve } = Promise.withResolvers<void>();
	return {
		ring: () => resolve(),
		quieten() {
			({ promise, resolve } = Promise.withResolvers<void>());
		},
		rung: () => promise,
	};
}
