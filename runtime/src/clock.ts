import { setTimeout as timeout } from "node:timers/promises";

/** Time, injected so that what depends on it can be tested. */
export interface Clock {
	now(): Date;
	/** Milliseconds since some moment. Never jumps, as `now` does when the clock is set: for how long something has been. */
	elapsed_ms(): number;
	/**
	 * Resolves after `ms` milliseconds.
	 * @throws the signal's reason when it is aborted first
	 */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
	now: () => new Date(),
	elapsed_ms: () => performance.now(),
	async sleep(ms, signal) {
		try {
			// By the clock of the wall, a jump of it would cut the sleep short or make it hours long.
			const until = performance.now() + ms;
			// Timers overflow, and fire at once, beyond 2^31 - 1 ms.
			for (let left = ms; left > 0; left = until - performance.now()) {
				await timeout(Math.min(left, 2 ** 31 - 1), undefined, signal === undefined ? {} : { signal });
			}
			signal?.throwIfAborted();
		} catch (error) {
			// Node wraps the reason in an AbortError of its own.
			throw signal?.aborted ? signal.reason : error;
		}
	},
};

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
	/** Moves time on and wakes, in order, whoever slept until then. Resolves when what they do at once is done. */
	advance(ms: number): Promise<void>;
	/** Number of sleepers. */
	sleeping(): number;
}

export function createManualClock(start: Date = new Date("2026-01-01T00:00:00.000Z")): ManualClock {
	let now = start.getTime();
	let sleepers: { until: number; wake: () => void }[] = [];
	// A macrotask lets every promise that depends on the woken one settle first, also those that sleep again.
	const settled = () => new Promise<void>((done) => setImmediate(done));
	return {
		now: () => new Date(now),
		elapsed_ms: () => now,
		sleep(ms, signal) {
			return new Promise((resolve, reject) => {
				if (signal?.aborted) return reject(signal.reason);
				const abort = () => {
					sleepers = sleepers.filter((other) => other !== sleeper);
					reject(signal?.reason);
				};
				const wake = () => {
					signal?.removeEventListener("abort", abort);
					resolve();
				};
				const sleeper = { until: now + Math.max(0, ms), wake };
				sleepers.push(sleeper);
				signal?.addEventListener("abort", abort, { once: true });
			});
		},
		async advance(ms) {
			const target = now + ms;
			for (;;) {
				const next = sleepers.toSorted((a, b) => a.until - b.until)[0];
				if (next === undefined || next.until > target) break;
				sleepers = sleepers.filter((other) => other !== next);
				now = Math.max(now, next.until);
				next.wake();
				await settled();
			}
			now = target;
			await settled();
		},
		sleeping: () => sleepers.length,
	};
}
