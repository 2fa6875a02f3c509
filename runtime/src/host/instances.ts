import { type CircuitBreakerPolicy, ConsecutiveBreaker, circuitBreaker, type IBackoff, type Policy } from "cockatiel";
import { Pool } from "undici";

/** For so long one that was found away is asked only where all others are away, too. */
const away_ms = 2_000;
const mostFailures = 8;

/** A process that answers for a service. */
export interface Instance {
	base_url: string;
	pool: Pool;
	breaker: CircuitBreakerPolicy;
	/** Calls under way. */
	calls: number;
	/** By the clock of `performance`; in the past of one that answers. */
	away_until: number;
}

export interface Instances {
	/**
	 * The one to ask: none that `tried` holds and none that is away, as long as there is another; of those the one with the fewest calls under way, in turns
	 * where several have as few.
	 */
	choose(tried: ReadonlySet<Instance>): Instance;
	readonly count: number;
	close(): Promise<void>;
}

/**
 * All the processes that answer for a service.
 * @param isAway failures that say that the process, and not the call, is at fault
 * @param connections most to each of them at a time
 */
export function createInstances(
	base_urls: readonly string[],
	{ isAway, connections }: { isAway: Policy; connections: number },
): Instances {
	const instances = base_urls.map((base_url) => startInstance(base_url, isAway, connections));
	let turn = 0;
	return {
		choose(tried) {
			const now = performance.now();
			const rank = (one: Instance) => [tried.has(one) ? 1 : 0, one.away_until > now ? 1 : 0, one.calls] as const;
			const inTurn = instances.map((_, index) => instances[(index + turn) % instances.length] as Instance);
			turn = (turn + 1) % instances.length;
			return inTurn.reduce((best, other) => (isLess(rank(other), rank(best)) ? other : best));
		},
		count: instances.length,
		close: async () => void (await Promise.all(instances.map(({ pool }) => pool.destroy()))),
	};
}

function startInstance(base_url: string, isAway: Policy, connections: number): Instance {
	const pool = new Pool(base_url, {
		connections,
		pipelining: 1,
		headersTimeout: 0,
		bodyTimeout: 0,
		keepAliveTimeout: 20_000,
	});
	const halfOpenAfter = { next: () => elapsedFromNow(away_ms) };
	const breaker = circuitBreaker(isAway, { halfOpenAfter, breaker: new ConsecutiveBreaker(mostFailures) });
	const instance: Instance = { base_url, pool, breaker, calls: 0, away_until: Number.NEGATIVE_INFINITY };
	breaker.onBreak(() => markAway(instance));
	return instance;
}

/**
 * What a circuit breaker waits for, by a clock that nobody sets. It compares the duration with what has passed by the clock on the wall since it opened:
 * one that is set back by an hour would keep it open for an hour.
 */
function elapsedFromNow(ms: number): IBackoff<unknown> {
	const until = performance.now() + ms;
	return {
		get duration() {
			return performance.now() < until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
		},
		next: () => elapsedFromNow(ms),
	};
}

/** Nobody is there, or it does not accept anything: the next calls go elsewhere. */
export function markAway(instance: Instance): void {
	instance.away_until = performance.now() + away_ms;
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
	const at = one.findIndex((value, index) => value !== other[index]);
	return at !== -1 && (one[at] ?? 0) < (other[at] ?? 0);
}
