import { Redis } from "ioredis";
import type { Log } from "../log.ts";

/** How often something happened within its window. */
interface Counted {
	/** This time included. */
	count: number;
	/** Until the window ends and counting begins anew. */
	left_ms: number;
}

/** Counts within windows of time, for limits. */
export interface Counters {
	/** One more of `key`; its window begins with the first. Never throws and never waits long: a limit must not keep anybody from being served. */
	count(key: string, window_ms: number): Promise<Counted>;
	close(): Promise<void>;
}

const most_kept = 20_000;

/** Counts of this process alone. */
export function createMemoryCounters({ now = () => performance.now() }: { now?: () => number } = {}): Counters {
	const windows = new Map<string, { count: number; until: number }>();
	return {
		async count(key, window_ms) {
			const at = now();
			let window = windows.get(key);
			if (window === undefined || window.until <= at) {
				windows.delete(key);
				window = { count: 0, until: at + window_ms };
				windows.set(key, window);
				// The oldest go first: whoever makes up keys to be forgotten waits for the end of a window anyway.
				if (windows.size > most_kept) windows.delete(windows.keys().next().value as string);
			}
			window.count++;
			return { count: window.count, left_ms: window.until - at };
		},
		close: async () => {},
	};
}

// One step for Redis, so that no window is left without an end by a process that dies between two.
const countOnce = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
`;

/** A Redis on the same network answers in less than a millisecond; one that takes longer than this is as good as away. */
const patience_ms = 250;
const away_ms = 2_000;

interface CountingRedis extends Redis {
	countOnce(key: string, window_ms: number): Promise<[number, number]>;
}

/**
 * Counts that all processes with the same Redis share. While Redis is away each process goes on with what it has counted itself, and asks
 * Redis again every two seconds; the log says once that it is so, and once that it is over.
 */
export function createRedisCounters({ url, log }: { url: string; log: Log }): Counters {
	const own = createMemoryCounters();
	const redis = new Redis(url, {
		connectionName: "netconductor limits",
		enableOfflineQueue: false,
		enableAutoPipelining: true,
		maxRetriesPerRequest: 0,
		connectTimeout: 5_000,
		commandTimeout: patience_ms,
		retryStrategy: (attempt) => Math.min(2_000, 50 * 2 ** attempt),
	}) as CountingRedis;
	redis.defineCommand("countOnce", { numberOfKeys: 1, lua: countOnce });
	// Each lost connection is told of by the next count that cannot be made.
	redis.on("error", () => {});
	let away_until: number | undefined;

	async function shared(key: string, window_ms: number): Promise<Counted | undefined> {
		if (away_until !== undefined && performance.now() < away_until) return undefined;
		try {
			const [count, left_ms] = await redis.countOnce(`netconductor:limit:${key}`, window_ms);
			if (away_until !== undefined) log.info("limits are counted in Redis again, for all processes together");
			away_until = undefined;
			return { count, left_ms: Math.max(0, left_ms) };
		} catch (err) {
			if (away_until === undefined) {
				log.warn({ err }, "Redis does not answer: until it does, each process counts limits for itself");
			}
			away_until = performance.now() + away_ms;
			// Where it is the connection that died without a word, a new one helps.
			if (redis.status === "ready") redis.disconnect(true);
			return undefined;
		}
	}

	// The first requests would find a connection that is not there yet, and say that Redis is away.
	const begun = new Promise<void>((resolve) => {
		redis.once("ready", resolve);
		redis.once("error", () => resolve());
		setTimeout(resolve, 1_000).unref();
	});
	return {
		async count(key, window_ms) {
			await begun;
			const [here, together] = await Promise.all([own.count(key, window_ms), shared(key, window_ms)]);
			return together ?? here;
		},
		async close() {
			redis.disconnect();
		},
	};
}
