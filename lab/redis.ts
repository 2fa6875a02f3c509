import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { keptPassword } from "./kept-password.ts";
import { freePorts, type OwnedProcess, startOwnedProcess, waitUntilReady } from "./owned-process.ts";

export interface LabRedis {
	/** `redis://:password@127.0.0.1:port` */
	url: string;
	port: number;
	/** SIGKILL. */
	kill(): Promise<void>;
	/** Starts it again on the same port, empty. */
	start(): Promise<void>;
	stop(): Promise<void>;
}

/**
 * A private Redis of Debian's `redis-server` on a loopback port and with a password of its own, without persistence. It ends with this
 * process.
 */
export async function startRedis({ dir }: { dir: string }): Promise<LabRedis> {
	const password = await keptPassword(dir);
	// On a command line everybody on the machine could read it.
	const secrets = join(dir, "secrets.conf");
	await writeFile(secrets, `requirepass ${password}\n`, { mode: 0o600 });
	const [port = 0] = await freePorts(1);
	let server: OwnedProcess | undefined;
	async function start() {
		if (server?.isRunning()) return;
		const settings = { port, bind: "127.0.0.1", dir, save: "", appendonly: "no", daemonize: "no" };
		const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
		server = startOwnedProcess("redis-server", [secrets, ...options], { cwd: dir });
		await waitUntilReady("redis-server", server, () => answersPing(port, password), { timeout_ms: 20_000 });
	}
	await start();
	return {
		url: `redis://:${password}@127.0.0.1:${port}`,
		port,
		start,
		kill: async () => server?.kill(),
		stop: async () => server?.stop(),
	};
}

function answersPing(port: number, password: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
		let text = "";
		socket.setTimeout(1_000, () => socket.destroy());
		socket.on("data", (chunk) => {
			text += chunk;
			if (!text.endsWith("+PONG\r\n")) return;
			resolve(true);
			socket.destroy();
		});
		socket.on("error", () => resolve(false));
		socket.on("close", () => resolve(false));
	});
}
