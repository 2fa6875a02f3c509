import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "@netconductor/runtime/log";
import { refusals } from "./exit-code.ts";

export interface KeptProcessOptions {
	/** In the log. */
	name: string;
	/** After `serve`. */
	args: readonly string[];
	/** Its whole environment. */
	env: Readonly<Record<string, string | undefined>>;
	/** For Node, besides what this process was given. */
	flags: readonly string[];
	/** How long it may take to finish what it runs when it is stopped. */
	drain_ms: number;
	/** Takes what each of its lives writes, and gives each a session of its own, which a terminal's Ctrl-C does not reach. */
	takeOutput?: (child: ChildProcess) => void;
	/** Each time that it has come up. */
	onReady?: () => void;
	/** It ended for a reason that another start does not change. It is not started again. */
	onRefused?: (code: number) => void;
	log: Log;
}

export interface KeptProcess {
	/** Undefined between two lives. */
	pid(): number | undefined;
	/** Asks it to finish and waits; ends by force what does not. It is not started again. */
	stop(): Promise<void>;
	/** SIGKILL. It is not started again. */
	kill(): void;
}

const shortestLife_ms = 5_000;
const longestPause_ms = 30_000;

/** Keeps a process of ours running: one that dies is replaced, at once if it had lived a while or ended because it was drained. */
export function keepProcess(options: KeptProcessOptions): KeptProcess {
	const { name, args, env, flags, drain_ms, takeOutput, onReady, onRefused, log } = options;
	let child: ChildProcess | undefined;
	let timer: NodeJS.Timeout | undefined;
	let stopping = false;

	function spawn(failures: number): void {
		const started = Date.now();
		const spawned = fork(fileURLToPath(new URL("../bin/server.mjs", import.meta.url)), ["serve", ...args], {
			env: { ...env },
			execArgv: [...process.execArgv, ...flags],
			detached: takeOutput !== undefined,
			stdio: [
				"ignore",
				...(takeOutput === undefined ? (["inherit", "inherit"] as const) : (["pipe", "pipe"] as const)),
				"ipc",
			],
		});
		child = spawned;
		takeOutput?.(spawned);
		spawned.once("message", () => onReady?.());
		spawned.once("exit", (code, signal) => {
			child = undefined;
			if (stopping) return;
			if (onRefused !== undefined && code !== null && refusals.includes(code)) return onRefused(code);
			const drained = code === 0;
			const again = !drained && Date.now() - started < shortestLife_ms ? failures + 1 : 0;
			const pause_ms = again === 0 ? 0 : Math.min(longestPause_ms, 250 * 2 ** again);
			const about = { ended_pid: spawned.pid, code, signal, pause_ms };
			if (drained) log.info(about, `${name} finished; another takes its place`);
			else log.warn(about, `${name} ended; another takes its place`);
			timer = setTimeout(() => spawn(again), pause_ms);
		});
		spawned.once("error", (err) => log.error({ err }, `${name} could not be started`));
	}

	spawn(0);

	return {
		pid: () => child?.pid,
		async stop() {
			stopping = true;
			clearTimeout(timer);
			if (child !== undefined) await end(child, drain_ms);
		},
		kill() {
			stopping = true;
			clearTimeout(timer);
			child?.kill("SIGKILL");
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
