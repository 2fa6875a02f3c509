import type { Clock } from "../clock.ts";

export interface WorkLoop {
	/** Something may have come in. */
	wake(): void;
	/** Resolves when the step under way is done. */
	stop(): Promise<void>;
}

/**
 * Repeats `step` while it has work, then rests until woken or `rest_ms` have passed. A step that throws is reported and tried again after a pause
 * that doubles up to 10 s.
 */
export function startWorkLoop(needs: {
	/** Whether there may be more to do at once. */
	step(): Promise<boolean>;
	rest_ms: number;
	clock: Clock;
	onError(error: unknown, failures: number): void;
}): WorkLoop {
	const { step, rest_ms, clock, onError } = needs;
	const stopped = new AbortController();
	let woken = Promise.withResolvers<void>();
	let failures = 0;

	async function run(): Promise<void> {
		while (!stopped.signal.aborted) {
			woken = Promise.withResolvers();
			let pause_ms = rest_ms;
			try {
				if (await step()) pause_ms = 0;
				failures = 0;
			} catch (error) {
				failures++;
				onError(error, failures);
				pause_ms = Math.min(10_000, 100 * 2 ** Math.min(failures, 10));
			}
			if (pause_ms > 0) await rest(pause_ms, failures === 0);
		}
	}

	async function rest(pause_ms: number, wakeable: boolean): Promise<void> {
		const awake = new AbortController();
		const asleep = clock.sleep(pause_ms, AbortSignal.any([stopped.signal, awake.signal])).catch(() => {});
		await (wakeable ? Promise.race([asleep, woken.promise]) : asleep);
		awake.abort();
	}

	const running = run();
	return {
		wake: () => woken.resolve(),
		async stop() {
			stopped.abort();
			woken.resolve();
			await running;
		},
	};
}
