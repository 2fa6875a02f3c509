import { hasCode } from "./errors.ts";

export interface BatchOptions<I, O> {
	/**
	 * Does the work of all items at once and answers for each, in their order; an `Error` in the answer is that item's alone.
	 * When it throws, nothing may have happened: items that came together are then tried one by one, so that none fails for another's sake.
	 */
	perform(items: readonly I[]): Promise<readonly (O | Error)[]>;
	/** Most items at once. */
	max?: number;
	/** Batches under way at a time. */
	concurrency?: number;
	/** Between the beginnings of two batches, unless one is full: under load calls gather for so long, one that comes alone still does not wait. */
	interval_ms?: number;
}

/**
 * Joins calls that come while earlier ones are under way: the busier it is, the more of them share a statement and a commit. A call that comes
 * alone does not wait. Each caller is answered, or fails, as if it had been alone.
 */
export function createBatch<I, O>({
	perform,
	max = 100,
	concurrency = 1,
	interval_ms = 0,
}: BatchOptions<I, O>): (item: I) => Promise<O> {
	interface Waiting {
		item: I;
		resolve(answer: O): void;
		reject(error: unknown): void;
	}
	let waiting: Waiting[] = [];
	let underWay = 0;
	let begun_at = Number.NEGATIVE_INFINITY;
	let begin: NodeJS.Immediate | undefined;
	let later: NodeJS.Timeout | undefined;

	function schedule(): void {
		if (begin !== undefined || waiting.length === 0 || underWay >= concurrency) return;
		const early_ms = begun_at + interval_ms - performance.now();
		if (early_ms > 0 && waiting.length < max) {
			later ??= setTimeout(() => {
				later = undefined;
				schedule();
			}, early_ms);
			return;
		}
		clearTimeout(later);
		later = undefined;
		// After this turn of the event loop: what was read from the sockets in the same one goes together.
		begin = setImmediate(() => {
			begin = undefined;
			begun_at = performance.now();
			const batch = waiting.slice(0, max);
			waiting = waiting.slice(max);
			underWay++;
			void settle(batch).finally(() => {
				underWay--;
				schedule();
			});
			schedule();
		});
	}

	async function settle(batch: readonly Waiting[]): Promise<void> {
		let answers: readonly (O | Error)[];
		try {
			answers = await perform(batch.map(({ item }) => item));
		} catch (error) {
			if (batch.length === 1 || hasCode(error, "service.unavailable")) {
				for (const { reject } of batch) reject(error);
			} else {
				for (const one of batch) await settle([one]);
			}
			return;
		}
		for (const [index, { resolve, reject }] of batch.entries()) {
			const answer = answers[index];
			if (answer instanceof Error) reject(answer);
			else resolve(answer as O);
		}
	}

	return (item) =>
		new Promise<O>((resolve, reject) => {
			waiting.push({ item, resolve, reject });
			schedule();
		});
}
