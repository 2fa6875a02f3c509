import type { Clock } from "@netconductor/runtime/clock";
import type { Log } from "@netconductor/runtime/log";
import type { WorkerStore } from "./worker-store.ts";

export interface SuperviseNeeds {
	workers: WorkerStore;
	takeOver(worker_ids: readonly string[]): Promise<void>;
	/** Deletes what is not needed any more. */
	prune(): Promise<void>;
	clock: Clock;
	log: Log;
	lease_ms: number;
}

const pruneEvery_ms = 60_000;

/** Watches over the workers: takes over from those whose lease ran out, and from those that ended but may have claimed something in their last moment. */
export function superviseWorkers({ workers, takeOver, prune, clock, log, lease_ms }: SuperviseNeeds) {
	const stopping = new AbortController();
	let watching: Promise<void> | undefined;
	let pruned_at = Number.NEGATIVE_INFINITY;

	async function look(): Promise<void> {
		const lost = await workers.markLost();
		if (lost.length > 0) log.warn({ worker_ids: lost }, "workers gave no sign of life; others take over their work");
		await takeOver(await workers.endedLately());
		if (performance.now() - pruned_at > pruneEvery_ms) {
			pruned_at = performance.now();
			await workers.forgetOld();
			await prune();
		}
	}

	async function watch(): Promise<void> {
		while (!stopping.signal.aborted) {
			await look().catch((err: unknown) => log.error({ err }, "could not look after the workers; trying again"));
			await clock.sleep(lease_ms / 5, stopping.signal).catch(() => {});
		}
	}

	return {
		start() {
			watching = watch();
		},
		async stop() {
			stopping.abort(new Error("the tasks service stops"));
			await watching;
		},
	};
}
