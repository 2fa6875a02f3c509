import { availableParallelism } from "node:os";
import { errorOf } from "@netconductor/templating/engine";
import { Piscina } from "piscina";
import type { Outcome } from "./read-source.ts";
import { type ReadingTasks, type readingTasks, runReadingTask } from "./read-source.ts";

type Value<K extends keyof ReadingTasks> = ReturnType<ReadingTasks[K]> extends Outcome<infer T> ? T : never;

export interface SourceReader {
	/**
	 * Runs a task on sources of so many characters together: here when that takes no time worth mentioning, else on a thread, which is ended
	 * when it takes too long.
	 * @throws template.* — what is wrong with a source
	 */
	run<K extends keyof ReadingTasks>(
		task: K,
		input: Parameters<ReadingTasks[K]>[0],
		characters: number,
	): Promise<Value<K>>;
	close(): Promise<void>;
}

/** Sources up to this length are read where they are: a few milliseconds, less than handing them over is worth. */
const shortSource = 32 * 1024;
const longest_ms = 15_000;

/** Threads start when first needed and end when idle. */
export function createSourceReader({ threads }: { threads: number }): SourceReader {
	let pool: Piscina | undefined;
	// A thread that ends after its task was given up has nobody to tell: another takes its place.
	const open = () =>
		(pool ??= new Piscina({
			filename: new URL("./read-source.ts", import.meta.url).href,
			name: "runReadingTask",
			minThreads: 0,
			maxThreads: Math.min(threads, Math.max(1, availableParallelism())),
			idleTimeout: 60_000,
			// Sources come from users: no reason for a thread to know the environment.
			env: {},
		}).on("error", () => {}));
	return {
		async run(task, input, characters) {
			const outcome = characters <= shortSource ? runReadingTask({ task, input }) : await onThread(task, input);
			if ("fault" in outcome) throw errorOf(outcome.fault);
			return outcome.value as Value<typeof task>;
		},
		async close() {
			await pool?.destroy();
			pool = undefined;
		},
	};

	async function onThread(task: keyof typeof readingTasks, input: unknown): Promise<Outcome<unknown>> {
		const late = AbortSignal.timeout(longest_ms);
		try {
			return await open().run({ task, input }, { signal: late });
		} catch (error) {
			if (!late.aborted) throw error;
			const message = `reading it takes longer than ${longest_ms / 1_000} s`;
			return { fault: { code: "template.too_slow", message, template: "the template", line: 0 } };
		}
	}
}
