import { setTimeout as realTime } from "node:timers/promises";
import type { Clock } from "../clock.ts";

export interface WorkLoop {
	/** Something may have come in. */
	wake(): void;
	/** What the loop stands on is back: also ends the pause after a failure. */
	recover(): void;
	/** Resolves when the step under way is done. */
	stop(): Promise<void>;
}

export interface WorkLoopOptions {
	/** Whether there may be more to do at once, or in how many milliseconds there will be. */
	step(): Promise<boolean | number>;
	/** Longest rest without being woken; the shortest is half of it, so that many loops do not move in step. */
	rest_ms: number;
	/** A loop that is woken again and again begins a step no more often than this: what comes meanwhile goes together. The first does not wait. */
	spacing_ms?: number;
	clock: Clock;
	onError(error: unknown, failures: number): void;
}

/**
 * Repeats `step` while it has work, then rests until it is woken, something is due or the rest is over. A step that throws is reported and
 * tried again after a pause that doubles up to 10 s.
 */
export function startWorkLoop({ step, rest_ms, spacing_ms = 0, clock, onError }: WorkLoopOptions): WorkLoop {
	const stopped = new AbortController();
	let woken = Promise.withResolvers<void>();
	let recovered = Promise.withResolvers<void>();
	let failures = 0;

	async function run(): Promise<void> {
		while (!stopped.signal.aborted) {
			woken = Promise.withResolvers();
			recovered = Promise.withResolvers();
			const began = performance.now();
			let pause_ms = rest_ms * (0.5 + Math.random() / 2);
			try {
				const more = await step();
				if (more === true) pause_ms = 0;
				else if (typeof more === "number") pause_ms = Math.min(more, pause_ms);
				failures = 0;
			} catch (error) {
				failures++;
				onError(error, failures);
				pause_ms = Math.min(10_000, 100 * 2 ** Math.min(failures, 10));
			}
			if (pause_ms <= 0) continue;
			await rest(pause_ms, failures === 0);
			await keepApart(began);
		}
	}

	async function rest(pause_ms: number, wakeable: boolean): Promise<void> {
		const awake = new AbortController();
		const asleep = clock.sleep(pause_ms, AbortSignal.any([stopped.signal, awake.signal])).catch(() => {});
		await Promise.race([asleep, recovered.promise, ...(wakeable ? [woken.promise] : [])]);
		awake.abort();
	}

	/** In real time, whatever `clock` says: this spares the machine and is no matter of dates. */
	async function keepApart(began: number): Promise<void> {
		const left_ms = began + spacing_ms - performance.now();
		if (left_ms > 0) await realTime(left_ms, undefined, { signal: stopped.signal }).catch(() => {});
	}

	const running = run();
	return {
		wake: () => woken.resolve(),
		recover() {
			woken.resolve();
			recovered.resolve();
		},
		async stop() {
			stopped.abort();
			woken.resolve();
			await running;
		},
	};
}
