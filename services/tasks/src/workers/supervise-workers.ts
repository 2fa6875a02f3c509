import type { Clock } from "@netconductor/runtime/clock";
import type { Log } from "@netconductor/runtime/log";
import type { WorkerStore } from "./worker-store.ts";

export interface SuperviseNeeds {
	workers: WorkerStore;
	takeOver(worker_ids: readonly string[]): Promise<void>;
	clock: Clock;
	log: Log;
	lease_ms: number;
}

const forgetEvery_ms = 60_000;

/** Watches over the workers: takes over from those whose lease ran out, and from those that ended but may have claimed something in their last moment. */
export function superviseWorkers({ workers, takeOver, clock, log, lease_ms }: SuperviseNeeds) {
	const stopping = new AbortController();
	let watching: Promise<void> | undefined;
	let forgot_at = Number.NEGATIVE_INFINITY;

	async function look(): Promise<void> {
		const lost = await workers.markLost(lease_ms);
		if (lost.length > 0) log.warn({ worker_ids: lost }, "workers gave no sign of life; others take over their work");
		await takeOver(await workers.leftBehind());
		if (performance.now() - forgot_at > forgetEvery_ms) {
			forgot_at = performance.now();
			await workers.forgetOld();
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
