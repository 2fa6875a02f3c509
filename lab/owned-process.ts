import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface OwnedProcess {
	/** Leads a process group of its own: whatever it forks (and does not daemonise) is in it. */
	pid: number;
	/** What it has written to stdout and stderr, the last 64 KiB. */
	output(): string;
	isRunning(): boolean;
	/** Resolves when it has ended, for whatever reason. */
	ended: Promise<void>;
	/** SIGTERM, then SIGKILL for the whole group after `grace_ms` (5,000). Resolves when it is gone; harmless when it already is. */
	stop(grace_ms?: number): Promise<void>;
	/** SIGKILL for the whole group, as a power cut would. */
	kill(): Promise<void>;
}

export interface OwnedProcessOptions {
	env?: Record<string, string>;
	cwd?: string;
}

/**
 * A shell stands between us and the program and reads from a pipe that only we hold: when this process dies, even by `kill -9`, the
 * pipe ends and the shell kills the group. Without it every crashed test run would leave its servers behind.
 */
const guardian = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM
( read -r _ <&3; kill -s KILL -- "-$$" ) >/dev/null 2>&1 &
watcher=$!
wait "$child"; status=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
kill "$watcher" 2>/dev/null
exit "$status"
`;

/** Starts a program that ends when this process ends. It gets an empty stdin and only the environment given here, PATH and LANG. */
export function startOwnedProcess(command: string, args: string[], options: OwnedProcessOptions = {}): OwnedProcess {
	const child = spawn("/bin/sh", ["-c", guardian, "sh", command, ...args], {
		cwd: options.cwd,
		detached: true,
		stdio: ["pipe", "pipe", "pipe"],
		env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", ...options.env },
	});
	const pid = child.pid ?? 0;
	if (pid === 0) throw new Error(`/bin/sh could not be started for ${command}`);
	let output = "";
	const collect = (chunk: Buffer) => {
		output = (output + chunk.toString("utf8")).slice(-65_536);
	};
	child.stdout.on("data", collect);
	child.stderr.on("data", collect);
	// The guardian may be gone when the pipe is closed; there is nothing left to tell it then.
	child.stdin.on("error", () => {});
	let running = true;
	const ended = new Promise<void>((resolve) => {
		const finish = () => {
			running = false;
			resolve();
		};
		// "close" comes when the last of the group has let go of its output, and with it of its ports.
		child.on("close", finish);
		child.on("exit", () => setTimeout(finish, 1_000).unref());
	});
	const signal = (target: number, name: NodeJS.Signals) => {
		try {
			process.kill(target, name);
		} catch {
			// Already gone, which is what was wanted.
		}
	};
	async function kill() {
		if (running) signal(-pid, "SIGKILL");
		await ended;
	}
	async function stop(grace_ms = 5_000) {
		if (!running) return;
		signal(pid, "SIGTERM");
		await Promise.race([ended, sleep(grace_ms, undefined, { ref: false })]);
		await kill();
	}
	return { pid, output: () => output, isRunning: () => running, ended, stop, kill };
}

/**
 * Waits until `isReady` answers true, asking every `interval_ms`.
 * @throws when the process ends first or `timeout_ms` pass; the message holds the last lines of its output.
 */
export async function waitUntilReady(
	name: string,
	owned: OwnedProcess,
	isReady: () => boolean | Promise<boolean>,
	{ timeout_ms = 60_000, interval_ms = 50 } = {},
): Promise<void> {
	const deadline = performance.now() + timeout_ms;
	while (!(await isReady())) {
		const tail = () => owned.output().split("\n").slice(-20).join("\n");
		if (!owned.isRunning()) throw new Error(`${name} ended while starting:\n${tail()}`);
		if (performance.now() > deadline) {
			await owned.kill();
			throw new Error(`${name} was not ready after ${timeout_ms} ms:\n${tail()}`);
		}
		await sleep(interval_ms);
	}
}

/** Ports on `host` that were free a moment ago, all different. */
export async function freePorts(count: number, host = "127.0.0.1"): Promise<number[]> {
	const servers = await Promise.all(
		Array.from({ length: count }, async () => {
			const server = createServer();
			await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
			return server;
		}),
	);
	return Promise.all(
		servers.map(async (server) => {
			const address = server.address();
			await new Promise((resolve) => server.close(resolve));
			if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
			return address.port;
		}),
	);
}
