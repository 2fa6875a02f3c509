import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { type TextTasks, textTasks } from "./tasks.ts";

type Input<K extends keyof TextTasks> = Parameters<TextTasks[K]>[0];
type Output<K extends keyof TextTasks> = ReturnType<TextTasks[K]>;

export interface TextPool {
	/**
	 * Runs a task on texts of about `size` bytes: here when that takes no time worth mentioning, one after the other and with turns for others in
	 * between, else on a thread. An abort ends the thread, so that even a hostile text cannot go on.
	 * @throws the signal's reason when it is aborted first
	 */
	run<K extends keyof TextTasks>(name: K, input: Input<K>, size: number, signal?: AbortSignal): Promise<Output<K>>;
	close(): Promise<void>;
}

/** Texts up to this size are treated where they are: about 2 ms of work, less than handing them over and back is worth. */
const smallBytes = 128 * 1024;
/** How long small texts are treated before whatever else waits for the event loop gets its turn. */
const turn_ms = 4;

/** Runs tasks in the order in which they came, letting others have the event loop every few milliseconds. */
function createTurns(): <T>(task: () => T) => Promise<T> {
	const waiting: (() => void)[] = [];
	let scheduled = false;
	function work(): void {
		const until = performance.now() + turn_ms;
		do waiting.shift()?.();
		while (waiting.length > 0 && performance.now() < until);
		scheduled = waiting.length > 0;
		if (scheduled) setImmediate(work);
	}
	return (task) => {
		const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof task>>();
		waiting.push(() => {
			try {
				resolve(task());
			} catch (error) {
				reject(error);
			}
		});
		if (!scheduled) setImmediate(work);
		scheduled = true;
		return promise;
	};
}

/** Threads start when first needed and end when idle. */
export function createTextPool({ threads }: { threads: number }): TextPool {
	const inTurn = createTurns();
	let pool: Piscina | undefined;
	// A thread that ends after its task was given up has nobody to tell: another takes its place.
	const open = () =>
		(pool ??= new Piscina({
			filename: new URL("./tasks.ts", import.meta.url).href,
			name: "runTextTask",
			minThreads: 0,
			maxThreads: Math.min(threads, Math.max(1, availableParallelism())),
			// Who looks at one comparison looks at the next: starting a thread costs more than comparing.
			idleTimeout: 600_000,
			// Texts come from devices and searches: neither is a reason for a thread to know the environment.
			env: {},
		}).on("error", () => {}));
	return {
		async run(name, input, size, signal) {
			signal?.throwIfAborted();
			if (size <= smallBytes) {
				return inTurn(() => {
					signal?.throwIfAborted();
					return (textTasks[name] as (given: unknown) => Output<typeof name>)(input);
				});
			}
			try {
				return await open().run({ name, input }, signal === undefined ? {} : { signal });
			} catch (error) {
				throw signal?.aborted ? signal.reason : error;
			}
		},
		async close() {
			await pool?.destroy();
			pool = undefined;
		},
	};
}
