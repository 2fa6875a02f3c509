import { hostname } from "node:os";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import { newId } from "@netconductor/runtime/id";
import type { Log } from "@netconductor/runtime/log";
import type { Engine, Outcome } from "../engine/engine.ts";
import type { Executor } from "../operations/execute-operation.ts";
import type { OperationStore } from "../operations/operation-store.ts";
import { cancelTopic, RunCancelled } from "../progress.ts";
import { keepLease, type Lease } from "./lease.ts";
import type { WorkerStore } from "./worker-store.ts";

export interface WorkerNeeds {
	engine: Engine;
	workers: WorkerStore;
	operations: Pick<OperationStore, "cancelledOf">;
	execute(operation_id: string, executor: Executor): Promise<Outcome>;
	takeOver(worker_ids: readonly string[]): Promise<void>;
	ephemeral: Pick<Ephemeral, "subscribe">;
	clock: Clock;
	log: Log;
	settings: { concurrency: number; lease_ms: number; drain_ms: number };
	version: string;
}

/** How often a worker looks for cancelled runs by itself, in case the word did not reach it. */
const cancelPoll_ms = 700;

/** A worker process: executes operations while it holds a lease, and begins anew under another when it lost one. */
export function createWorker(needs: WorkerNeeds): { start(): Promise<void>; stop(): Promise<void> } {
	const { engine, workers, clock, log, settings } = needs;
	const stopping = new AbortController();
	/** Runs that this worker has operations of. */
	const runs = new Map<string, { cancel: AbortController; operations: number }>();
	let completed = 0;
	let serving: Promise<void> | undefined;
	let unsubscribe: (() => Promise<void>) | undefined;

	interface Stint {
		worker_id: string;
		lease: Lease;
		/** Aborts when what runs must be let go. */
		gone: AbortController;
	}

	async function begin(): Promise<Stint> {
		const worker_id = newId();
		await workers.register({
			id: worker_id,
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
			log,
		});
		const gone = new AbortController();
		lease.lost.addEventListener("abort", () => gone.abort(lease.lost.reason), { once: true });
		try {
			await engine.launch({
				executor_id: worker_id,
				operations: (id) => executeOne(id, { worker_id, gone: gone.signal }),
			});
		} catch (error) {
			lease.end();
			await workers.stopped(worker_id);
			throw error;
		}
		log.info({ worker_id, concurrency: settings.concurrency }, "the worker takes work");
		return { worker_id, lease, gone };
	}

	async function executeOne(
		id: string,
		{ worker_id, gone }: { worker_id: string; gone: AbortSignal },
	): Promise<Outcome> {
		let held: string | undefined;
		try {
			const outcome = await needs.execute(id, {
				worker_id,
				gone,
				cancelled(run_id) {
					held = run_id;
					const run = runs.get(run_id) ?? { cancel: new AbortController(), operations: 0 };
					run.operations++;
					runs.set(run_id, run);
					return run.cancel.signal;
				},
			});
			if (outcome === "done") completed++;
			return outcome;
		} finally {
			const run = held === undefined ? undefined : runs.get(held);
			if (held !== undefined && run !== undefined && --run.operations === 0) runs.delete(held);
		}
	}

	/** Serves until told to stop. A lost lease ends a stint; the next one begins when the old one's work is given back. */
	async function serve(first: Stint): Promise<void> {
		for (let stint: Stint | undefined = first; stint !== undefined; stint = await nextStint()) {
			await untilAborted(AbortSignal.any([stint.lease.lost, stopping.signal]));
			if (!stint.lease.lost.aborted) return drain(stint);
			await letGo(0);
			await giveBack(stint.worker_id);
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

	async function drain({ worker_id, lease, gone }: Stint): Promise<void> {
		await workers.drain(worker_id).catch((err: unknown) => log.warn({ err }, "draining could not be announced"));
		await letGo(settings.drain_ms);
		// What did not finish in time is let go, and does not record anything any more.
		gone.abort(new Error("the worker stops"));
		lease.end();
		await workers.stopped(worker_id).then(
			() => needs.takeOver([worker_id]),
			(err: unknown) => log.warn({ err }, "the worker could not hand back; its lease runs out instead"),
		);
	}

	/** Takes nothing new. Where the database is away the engine complains, but has let go all the same. */
	async function letGo(drain_ms: number): Promise<void> {
		await engine.shutdown(drain_ms).catch((err: unknown) => log.warn({ err }, "the engine did not stop cleanly"));
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

	function cancel(run_id: string): void {
		runs.get(run_id)?.cancel.abort(new Error("the run was cancelled"));
	}

	const pause = (ms: number) => clock.sleep(ms, stopping.signal).catch(() => {});

	return {
		async start() {
			unsubscribe = await needs.ephemeral.subscribe(cancelTopic, (payload) => {
				const word = RunCancelled.safeParse(payload);
				if (word.success) cancel(word.data.run_id);
			});
			serving = serve(await begin());
			serving.catch((err: unknown) => log.fatal({ err }, "the worker ended"));
			void watchCancels();
		},
		async stop() {
			stopping.abort(new Error("the worker stops"));
			await serving;
			await unsubscribe?.();
			await engine.close();
		},
	};
}

function untilAborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener("abort", () => resolve(), { once: true });
	});
}
