import { startWorkLoop } from "@netconductor/runtime/bus/work-loop";
import type { Clock } from "@netconductor/runtime/clock";
import type { Log } from "@netconductor/runtime/log";

export interface Intake {
	/** There may be work. */
	wake(): void;
	/** Takes nothing more. What a claim under way still brings is given back; one that does not come back is waited for a moment only. */
	close(): Promise<void>;
	/** Resolves when everything that was begun is done, or after so long if a time is given. */
	idle(within_ms?: number): Promise<void>;
}

export interface IntakeNeeds<T> {
	/** Takes up at most `limit` pieces of work. */
	claim(limit: number): Promise<T[]>;
	/** Never rejects. */
	execute(claimed: T): Promise<void>;
	/** Leaves to others what a claim brought after the intake was closed: nothing of it was begun. */
	giveBack(claimed: readonly T[]): Promise<void>;
	/** Pieces worked on at a time. */
	concurrency: number;
	clock: Clock;
	log: Log;
}

/** How long an idle worker may overlook work of which no word reached it. */
const slowest_ms = 1_000;
/** How long a freed place may wait for others, so that they are filled by one statement. */
const gather_ms = 40;

/**
 * How long a claim under way may keep the intake from closing. On a connection that hangs it may never come back; a worker that lost its lease
 * must come back all the same. What it claims later, and cannot give back, is found as that of a worker that has ended, and given to others.
 */
const claimPatience_ms = 2_000;

/** Keeps a worker's places filled. */
export function startIntake<T>({ claim, execute, giveBack, concurrency, clock, log }: IntakeNeeds<T>): Intake {
	const running = new Set<Promise<void>>();
	let closed = false;
	let gathering: NodeJS.Timeout | undefined;

	const loop = startWorkLoop({
		async step() {
			const free = concurrency - running.size;
			if (free <= 0) return false;
			const claimed = await claim(free);
			if (closed) {
				// Else it would stand still until this worker ends, which may have much to finish yet.
				if (claimed.length > 0) await giveBack(claimed);
				return false;
			}
			for (const work of claimed) {
				const done: Promise<void> = execute(work).finally(() => {
					running.delete(done);
					refill();
				});
				running.add(done);
			}
			return false;
		},
		rest_ms: slowest_ms,
		clock,
		onError: (err, failures) => log.warn({ err, failures }, "no work can be taken; trying again"),
	});

	function refill(): void {
		const free = concurrency - running.size;
		if (free > concurrency / 8) wake();
		else gathering ??= setTimeout(wake, gather_ms);
	}

	function wake(): void {
		clearTimeout(gathering);
		gathering = undefined;
		loop.wake();
	}

	return {
		wake,
		async close() {
			closed = true;
			const stopped = new AbortController();
			const patience = clock.sleep(claimPatience_ms, stopped.signal).catch(() => {});
			await Promise.race([loop.stop(), patience]);
			stopped.abort();
			clearTimeout(gathering);
		},
		async idle(within_ms) {
			const late = Promise.withResolvers<void>();
			const timer = within_ms === undefined ? undefined : setTimeout(late.resolve, within_ms);
			await Promise.race([Promise.all(running), late.promise]);
			clearTimeout(timer);
		},
	};
}
