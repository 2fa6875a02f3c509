import type { Log } from "@netconductor/runtime/log";
import { keepProcess } from "./kept-process.ts";

export interface WorkerProcessesOptions {
	count: number;
	/** Configuration file, when this process was given one on its command line. */
	config_file: string | undefined;
	/** Environment of the workers: where the other services answer, which database they may use. */
	env: Readonly<Record<string, string | undefined>>;
	/** How long a worker may take to finish what it runs. */
	drain_ms: number;
	log: Log;
}

export interface WorkerProcesses {
	/** Asks all of them to finish and waits; ends by force what does not. */
	stop(): Promise<void>;
}

/** Left to itself V8 lets a worker grow by 60 MB of short-lived objects, and an idle one keeps them. Its CPU per device is the same. */
export const workerFlags = ["--max-semi-space-size=8"];

/** Keeps a number of worker processes running. */
export function startWorkerProcesses({
	count,
	config_file,
	env,
	drain_ms,
	log,
}: WorkerProcessesOptions): WorkerProcesses {
	const args = ["--targets=worker", ...(config_file === undefined ? [] : [`--config=${config_file}`])];
	const workers = Array.from({ length: count }, () =>
		keepProcess({ name: "a worker process", args, env, flags: workerFlags, drain_ms, log }),
	);
	return {
		async stop() {
			await Promise.all(workers.map((worker) => worker.stop()));
		},
	};
}
