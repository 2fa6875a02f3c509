import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "@netconductor/runtime/log";

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
	pids(): number[];
	/** Asks all of them to finish and waits; ends by force what does not. */
	stop(): Promise<void>;
}

const shortestLife_ms = 5_000;
const longestPause_ms = 30_000;

/** Keeps a number of worker processes running: one that dies is replaced, at once if it had lived a while or ended because it was drained. */
export function startWorkerProcesses({
	count,
	config_file,
	env,
	drain_ms,
	log,
}: WorkerProcessesOptions): WorkerProcesses {
	const children = new Set<ChildProcess>();
	const timers = new Set<NodeJS.Timeout>();
	const args = ["serve", "--targets=worker", ...(config_file === undefined ? [] : [`--config=${config_file}`])];
	let stopping = false;

	function spawn(failures: number): void {
		const started = Date.now();
		const child = fork(fileURLToPath(new URL("../bin/server.mjs", import.meta.url)), args, {
			env: { ...env },
			// Left to itself V8 lets a worker grow by 60 MB of short-lived objects, and an idle one keeps them. Its CPU per device is the same.
			execArgv: [...process.execArgv, "--max-semi-space-size=8"],
			stdio: ["ignore", "inherit", "inherit", "ipc"],
		});
		children.add(child);
		child.once("exit", (code, signal) => {
			children.delete(child);
			if (stopping) return;
			const drained = code === 0;
			const again = !drained && Date.now() - started < shortestLife_ms ? failures + 1 : 0;
			const pause_ms = again === 0 ? 0 : Math.min(longestPause_ms, 250 * 2 ** again);
			const about = { worker_pid: child.pid, code, signal, pause_ms };
			if (drained) log.info(about, "a worker process finished; another takes its place");
			else log.warn(about, "a worker process ended; another takes its place");
			const timer = setTimeout(() => {
				timers.delete(timer);
				spawn(again);
			}, pause_ms);
			timers.add(timer);
		});
		child.once("error", (err) => log.error({ err }, "a worker process could not be started"));
	}

	for (let made = 0; made < count; made++) spawn(0);

	return {
		pids: () => [...children].flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
		async stop() {
			stopping = true;
			for (const timer of timers) clearTimeout(timer);
			await Promise.all([...children].map((child) => end(child, drain_ms)));
		},
	};
}

function end(child: ChildProcess, drain_ms: number): Promise<void> {
	return new Promise((resolve) => {
		if (child.exitCode !== null || child.signalCode !== null) return resolve();
		const force = setTimeout(() => child.kill("SIGKILL"), drain_ms);
		child.once("exit", () => {
			clearTimeout(force);
			resolve();
		});
		child.kill("SIGTERM");
	});
}
