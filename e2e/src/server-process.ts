import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How a process ended. */
interface Ended {
	code: number | null;
	signal: NodeJS.Signals | null;
}

/** One `netconductor serve` or `npm run distributed`, started as an operator would. */
export interface ServerProcess {
	/** @throws while it does not run */
	pid(): number;
	/** Processes that it started and that still run. */
	children(): number[];
	/** Of these, those of the product, with what each runs: `worker`, or a service of a distributed one. */
	processes(): { pid: number; target: string }[];
	/** What it wrote, over all its lives. */
	output(): string;
	/** Starts it and waits until it is ready. @throws with what it wrote when it ends instead */
	start(): Promise<void>;
	/** Starts it and waits until it ends by itself. */
	runToEnd(): Promise<Ended>;
	/** Sends a signal and waits for the end; answers at once where it does not run. SIGKILL hits every service of a distributed one. */
	end(signal: "SIGTERM" | "SIGKILL"): Promise<Ended | undefined>;
}

export interface ServerProcessOptions {
	/** Starts every service as a process of its own instead. */
	distributed?: boolean;
	/** After `serve`. */
	args?: readonly string[];
	/** A command that runs it, such as one that limits it. */
	inside?: readonly string[];
	/** Its whole environment besides PATH. */
	env: Readonly<Record<string, string>>;
	/** Base address whose `/health/ready` tells that it is ready. */
	url: string;
}

/** Seconds on a quiet machine. */
const longestStart_ms = 180_000;

const server = join(import.meta.dirname, "..", "..", "apps", "server");
const program = join(server, "bin", "server.mjs");
const distributedProgram = join(server, "bin", "distributed.mjs");
/** As `npm start` has them. */
const flags = ["--max-semi-space-size=8"];

export function createServerProcess({
	distributed = false,
	args = [],
	inside = [],
	env,
	url,
}: ServerProcessOptions): ServerProcess {
	const written: string[] = [];
	let running: { child: ChildProcess; ended: Promise<Ended> } | undefined;

	function launch() {
		const [command = "", ...rest] = [
			...inside,
			process.execPath,
			...flags,
			...(distributed ? [distributedProgram] : [program, "serve"]),
			...args,
		];
		const child = spawn(command, rest, {
			stdio: ["ignore", "pipe", "pipe"],
			env: { PATH: process.env.PATH, NETCONDUCTOR_LOG_FORMAT: "json", ...env },
		});
		for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => written.push(String(piece)));
		const ended = new Promise<Ended>((resolve) =>
			child.once("exit", (code, signal) => {
				running = undefined;
				resolve({ code, signal });
			}),
		);
		running = { child, ended };
		return running;
	}

	const tail = () => written.join("").slice(-4000);

	return {
		pid() {
			const pid = running?.child.pid;
			if (pid === undefined) throw new Error(`the server does not run: ${tail()}`);
			return pid;
		},
		children: () => (running?.child.pid === undefined ? [] : childrenOf(running.child.pid)),
		processes() {
			const children = running?.child.pid === undefined ? [] : childrenOf(running.child.pid);
			return children.flatMap((pid) => {
				const target = /--targets=([a-z]+)\0/.exec(commandLine(pid))?.[1];
				return target === undefined ? [] : [{ pid, target }];
			});
		},
		output: () => written.join(""),
		async start() {
			const { child } = launch();
			for (const deadline = Date.now() + longestStart_ms; Date.now() < deadline; await sleep(100)) {
				if (running?.child !== child) throw new Error(`the server ended with ${child.exitCode}: ${tail()}`);
				if (await answersReady(url)) return;
			}
			throw new Error(`the server was not ready in time: ${tail()}`);
		},
		runToEnd: () => launch().ended,
		async end(signal) {
			const ending = running;
			const services = signal === "SIGKILL" && distributed ? servicesOf(ending?.child.pid) : [];
			ending?.child.kill(signal);
			for (const pid of services) process.kill(pid, signal);
			return ending?.ended;
		},
	};
}

function answersReady(url: string): Promise<boolean> {
	return fetch(`${url}/health/ready`).then(
		(response) => response.ok,
		() => false,
	);
}

/** Processes of services: what they stand on is not killed with them. */
function servicesOf(pid: number | undefined): number[] {
	return pid === undefined ? [] : childrenOf(pid).filter((child) => commandLine(child).includes(program));
}

function commandLine(pid: number): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, "utf8");
	} catch {
		return "";
	}
}

/** Living processes whose parent is `pid`, from proc(5). */
function childrenOf(pid: number): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
		.map(Number);
}

function parentOf(pid: string): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
	} catch {
		return undefined;
	}
}
