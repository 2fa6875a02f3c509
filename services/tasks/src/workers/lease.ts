import type { Log } from "@netconductor/runtime/log";
import type { WorkerStore } from "./worker-store.ts";

/** The right to execute operations, for as long as it is renewed. */
export interface Lease {
	/** Aborts when the lease is about to end or has been taken away. From then on nothing may be done under it. */
	lost: AbortSignal;
	/** Aborts when somebody asked the worker to finish and end. */
	draining: AbortSignal;
	/** Stops renewing. */
	end(): void;
}

export interface LeaseNeeds {
	store: Pick<WorkerStore, "renew">;
	worker_id: string;
	lease_ms: number;
	load(): { running: number; completed: number };
	/** Called after a renewal told of another load than the one before. */
	onLoadChanged?(): void;
	log: Log;
}

/** A lease is given up when this share of it passed without a renewal: the rest is for closing sessions before others take over. */
const fenceAt = 0.7;

/**
 * Renews a lease that was just taken, five times within its length. It is lost when a renewal is refused, and also when none has come back in
 * time, whatever the reason: the database is away, the network is cut, this process was stopped for a while.
 */
export function keepLease({ store, worker_id, lease_ms, load, onLoadChanged, log }: LeaseNeeds): Lease {
	const lost = new AbortController();
	const draining = new AbortController();
	let told = "0 0";
	let ended = false;
	let renewed_at = performance.now();
	let renewing = false;

	const renew = async () => {
		if (renewing) return;
		renewing = true;
		// Counted from before the statement: the database reckons from a later moment, never an earlier one.
		const asked_at = performance.now();
		try {
			const now = load();
			const renewed = await store.renew(worker_id, lease_ms, now);
			if (renewed === undefined) return give("its lease was taken away");
			renewed_at = asked_at;
			if (renewed.draining) draining.abort(new Error("the worker was asked to finish"));
			const state = `${now.running} ${now.completed}`;
			if (told !== state) onLoadChanged?.();
			told = state;
		} catch (err) {
			if (!ended) log.warn({ err, worker_id }, "the worker's lease could not be renewed; trying again");
		} finally {
			renewing = false;
		}
	};
	const give = (reason: string) => {
		if (ended || lost.signal.aborted) return;
		log.error({ worker_id, reason }, "the worker drops its sessions");
		lost.abort(new Error(reason));
		end();
	};
	const watch = () => {
		if (performance.now() - renewed_at > lease_ms * fenceAt) give("its lease could not be renewed in time");
	};
	const timers = [setInterval(() => void renew(), lease_ms / 5), setInterval(watch, Math.min(250, lease_ms / 20))];
	const end = () => {
		ended = true;
		for (const timer of timers) clearInterval(timer);
	};
	return { lost: lost.signal, draining: draining.signal, end };
}
