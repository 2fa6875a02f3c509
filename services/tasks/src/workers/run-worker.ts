import { hostname } from "node:os";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Log } from "@netconductor/runtime/log";
import type { Executor, Outcome } from "../operations/execute-operation.ts";
import type { ClaimedOperation, OperationStore } from "../operations/operation-store.ts";
import type { Conducting } from "../procedures/conduct.ts";
import type { ClaimedProcedure, ProcedureStore } from "../procedures/procedure-store.ts";
import { cancelTopic, drainTopic, RunCancelled, WorkerDrained, workTopic } from "../progress.ts";
import { createExecuting } from "./executing.ts";
import { type Intake, startIntake } from "./intake.ts";
import { keepLease, type Lease } from "./lease.ts";
import type { WorkerStore } from "./worker-store.ts";

export interface WorkerNeeds {
	workers: WorkerStore;
	operations: Pick<OperationStore, "claim" | "giveBack" | "cancelledOf">;
	execute(claimed: ClaimedOperation, executor: Executor): Promise<Outcome>;
	procedures: Pick<ProcedureStore, "claim" | "release">;
	conduct(claimed: ClaimedProcedure, conducting: Conducting): Promise<void>;
	takeOver(worker_ids: readonly string[]): Promise<void>;
	/** Gives operations that wait where nobody takes any to the workers that reach their devices by now. */
	rehome(): Promise<void>;
	ephemeral: Pick<Ephemeral, "publish" | "subscribe">;
	clock: Clock;
	log: Log;
	settings: { concurrency: number; lease_ms: number; drain_ms: number; pool: string };
	version: string;
	/** Called when the worker was asked to finish and has: its process may end. */
	onDrained(): void;
}

/** How often a worker looks for cancelled runs by itself, in case the word did not reach it. */
const cancelPoll_ms = 700;

/** Between two looks for operations that wait where no worker takes any: their devices may be of another pool by now. */
const rehomePause_ms = 10_000;

/** How long a worker waits for the tables when it starts. */
const startUp_ms = 60_000;

/** A worker process: executes operations while it holds a lease, and begins anew under another when it lost one. */
export function createWorker(needs: WorkerNeeds): { start(): Promise<void>; stop(): Promise<void> } {
	const { workers, clock, log, settings } = needs;
	const stopping = new AbortController();
	/** Runs that this worker has operations of, or conducts. */
	const runs = new Map<string, { cancel: AbortController; operations: number }>();
	/** Operations of no procedure. */
	const executing = createExecuting();
	let completed = 0;
	let serving: Promise<void> | undefined;
	let intakes: Intake[] = [];
	/** Aborts when somebody asked for the worker of this id to finish: by word, or by what a renewal says. */
	let asked: { worker_id: string; drain: AbortController } | undefined;
	const unsubscribe: (() => Promise<void>)[] = [];

	interface Stint {
		worker_id: string;
		lease: Lease;
		/** Of operations, and of procedures. */
		intakes: Intake[];
		/** Aborts when what runs must be let go. */
		gone: AbortController;
		/** Aborts when somebody asked this worker to finish. */
		drained: AbortSignal;
	}

	async function begin(): Promise<Stint> {
		const worker_id = newId();
		await workers.register({
			id: worker_id,
			pool: settings.pool,
			hostname: hostname(),
			pid: process.pid,
			version: needs.version,
			concurrency: settings.concurrency,
			lease_ms: settings.lease_ms,
		});
		const running = () => [...runs.values()].reduce((sum, { operations }) => sum + operations, 0);
		const lease = keepLease({
			store: workers,
			worker_id,
			lease_ms: settings.lease_ms,
			load: () => ({ running: running(), completed }),
			onLoadChanged: () => announceChange(needs.ephemeral, "workers", worker_id),
			log,
		});
		const drain = new AbortController();
		lease.draining.addEventListener("abort", () => drain.abort(lease.draining.reason), { once: true });
		asked = { worker_id, drain };
		const gone = new AbortController();
		const leaving = AbortSignal.any([drain.signal, stopping.signal]);
		lease.lost.addEventListener("abort", () => gone.abort(lease.lost.reason), { once: true });
		const shared = { concurrency: settings.concurrency, clock, log };
		intakes = [
			startIntake({
				...shared,
				claim: (limit) => needs.operations.claim(worker_id, limit, executing.of(worker_id)),
				execute: (claimed) => executeOne(claimed, { worker_id, gone: gone.signal }),
				async giveBack(claimed) {
					await needs.operations.giveBack(claimed, worker_id);
					await announceWork();
				},
			}),
			startIntake({
				...shared,
				claim: (limit) => needs.procedures.claim(worker_id, limit, [...runs.keys()]),
				execute: (claimed) =>
					whileAtWork(claimed.run_id, (cancelled) => needs.conduct(claimed, { gone: gone.signal, leaving, cancelled })),
				async giveBack(claimed) {
					for (const one of claimed) await needs.procedures.release(one, { wake_at: clock.now(), waiting_for: null });
					await announceWork();
				},
			}),
		];
		log.info({ worker_id, pool: settings.pool, concurrency: settings.concurrency }, "the worker takes work");
		return { worker_id, lease, intakes, gone, drained: drain.signal };
	}

	async function executeOne(
		claimed: ClaimedOperation,
		{ worker_id, gone }: { worker_id: string; gone: AbortSignal },
	): Promise<void> {
		const end = executing.begin(worker_id, claimed.id);
		try {
			await whileAtWork(claimed.run_id, async (cancelled) => {
				const outcome = await needs.execute(claimed, { worker_id, gone, cancelled });
				if (outcome === "done") completed++;
			});
		} catch (err) {
			log.error({ err, operation_id: claimed.id }, "an operation could not be executed; it is taken up again");
		} finally {
			end();
		}
	}

	/** Lets work on a run know when the run is cancelled. */
	async function whileAtWork(run_id: string, work: (cancelled: AbortSignal) => Promise<void>): Promise<void> {
		const run = runs.get(run_id) ?? { cancel: new AbortController(), operations: 0 };
		run.operations++;
		runs.set(run_id, run);
		try {
			await work(run.cancel.signal);
		} finally {
			if (--run.operations === 0) runs.delete(run_id);
		}
	}

	/** Serves until told to stop. A lost lease ends a stint; the next one begins when the old one's work is given back. */
	async function serve(first: Stint): Promise<void> {
		for (let stint: Stint | undefined = first; stint !== undefined; stint = await nextStint()) {
			await untilAborted(AbortSignal.any([stint.lease.lost, stint.drained, stopping.signal]));
			const over = stint.drained.aborted && !stopping.signal.aborted;
			if (over) await finishAll(stint);
			if (stint.lease.lost.aborted) {
				await closeAll(stint.intakes);
				await giveBack(stint.worker_id);
			} else await drain(stint);
			if (over) needs.onDrained();
			if (over || !stint.lease.lost.aborted) return;
		}
	}

	/** Takes nothing more and waits for what runs, as long as it takes: ended before, a write would be left unknown. */
	async function finishAll({ worker_id, intakes, lease }: Stint): Promise<void> {
		log.info({ worker_id }, "the worker was asked to finish: it takes nothing more, and ends after what it has");
		await closeAll(intakes);
		await Promise.race([allIdle(intakes), untilAborted(AbortSignal.any([lease.lost, stopping.signal]))]);
	}

	/** The tasks service, which makes the tables, may start after its workers. @throws startup.database_failed */
	async function firstStint(): Promise<Stint> {
		const asked_at = performance.now();
		for (;;) {
			try {
				return await begin();
			} catch (cause) {
				if (stopping.signal.aborted || performance.now() - asked_at > startUp_ms) {
					throw failed("startup.database_failed", {
						message: "The worker cannot use the tables of the tasks service. Is that service running?",
						cause,
					});
				}
				await pause(500);
			}
		}
	}

	async function nextStint(): Promise<Stint | undefined> {
		while (!stopping.signal.aborted) {
			try {
				return await begin();
			} catch (err) {
				log.warn({ err }, "the worker cannot come back yet; trying again");
				await pause(1_000);
			}
		}
		return undefined;
	}

	async function drain({ worker_id, lease, intakes, gone }: Stint): Promise<void> {
		await workers.drain(worker_id).catch((err: unknown) => log.warn({ err }, "draining could not be announced"));
		await closeAll(intakes);
		await allIdle(intakes, settings.drain_ms);
		// What did not finish in time is let go, and does not record anything any more.
		gone.abort(new Error("the worker stops"));
		lease.end();
		await workers.stopped(worker_id).then(
			() => needs.takeOver([worker_id]),
			(err: unknown) => log.warn({ err }, "the worker could not hand back; its lease runs out instead"),
		);
	}

	/** After a lost lease: marks itself and hands over what nobody has taken yet. The main process does the same; whoever comes first. */
	async function giveBack(worker_id: string): Promise<void> {
		for (;;) {
			try {
				await workers.stopped(worker_id);
				await needs.takeOver([worker_id]);
				return;
			} catch (err) {
				if (stopping.signal.aborted) return;
				log.warn({ err }, "the worker could not give its work back yet; trying again");
				await pause(1_000);
			}
		}
	}

	async function watchCancels(): Promise<void> {
		while (!stopping.signal.aborted) {
			await pause(cancelPoll_ms);
			try {
				for (const run_id of await needs.operations.cancelledOf([...runs.keys()])) cancel(run_id);
			} catch (err) {
				log.debug({ err }, "could not look for cancelled runs");
			}
		}
	}

	async function watchUnserved(): Promise<void> {
		while (!stopping.signal.aborted) {
			await pause(rehomePause_ms);
			await needs.rehome().catch((err: unknown) => log.debug({ err }, "could not look for work without a worker"));
		}
	}

	function cancel(run_id: string): void {
		runs.get(run_id)?.cancel.abort(new Error("the run was cancelled"));
	}

	/** Others look for themselves, too; this is only sooner. */
	const announceWork = () => needs.ephemeral.publish(workTopic, {}).catch(() => {});
	const wakeAll = () => {
		for (const intake of intakes) intake.wake();
	};
	const pause = (ms: number) => clock.sleep(ms, stopping.signal).catch(() => {});

	return {
		async start() {
			unsubscribe.push(
				await needs.ephemeral.subscribe(cancelTopic, (payload) => {
					const word = RunCancelled.safeParse(payload);
					if (word.success) cancel(word.data.run_id);
				}),
				await needs.ephemeral.subscribe(drainTopic, (payload) => {
					const word = WorkerDrained.safeParse(payload);
					if (word.success && word.data.worker_id === asked?.worker_id) {
						asked.drain.abort(new Error("the worker was asked to finish"));
					}
				}),
				await needs.ephemeral.subscribe(workTopic, wakeAll, wakeAll),
			);
			serving = serve(await firstStint());
			serving.catch((err: unknown) => log.fatal({ err }, "the worker ended"));
			void watchCancels();
			void watchUnserved();
		},
		async stop() {
			stopping.abort(new Error("the worker stops"));
			await serving;
			for (const end of unsubscribe) await end();
		},
	};
}

async function closeAll(intakes: readonly Intake[]): Promise<void> {
	await Promise.all(intakes.map((intake) => intake.close()));
}

async function allIdle(intakes: readonly Intake[], within_ms?: number): Promise<void> {
	await Promise.all(intakes.map((intake) => intake.idle(within_ms)));
}

function untilAborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener("abort", () => resolve(), { once: true });
	});
}
