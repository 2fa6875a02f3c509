import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { freePorts, type OwnedProcess, startOwnedProcess, waitUntilReady } from "./owned-process.ts";

export interface LabRedis {
	/** `redis://127.0.0.1:port` */
	url: string;
	port: number;
	/** SIGKILL. */
	kill(): Promise<void>;
	/** Starts it again on the same port, empty. */
	start(): Promise<void>;
	stop(): Promise<void>;
}

/** A private Redis of Debian's `redis-server` on a loopback port of its own, without persistence. It ends with this process. */
export async function startRedis({ dir }: { dir: string }): Promise<LabRedis> {
	await mkdir(dir, { recursive: true });
	const [port = 0] = await freePorts(1);
	let server: OwnedProcess | undefined;
	async function start() {
		if (server?.isRunning()) return;
		const settings = { port, bind: "127.0.0.1", dir, save: "", appendonly: "no", daemonize: "no" };
		const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
		server = startOwnedProcess("redis-server", args, { cwd: dir });
		await waitUntilReady("redis-server", server, () => answersPing(port), { timeout_ms: 20_000 });
	}
	await start();
	return {
		url: `redis://127.0.0.1:${port}`,
		port,
		start,
		kill: async () => server?.kill(),
		stop: async () => server?.stop(),
	};
}

function answersPing(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
		socket.setTimeout(1_000, () => socket.destroy());
		socket.on("data", (chunk) => {
			resolve(chunk.toString().startsWith("+PONG"));
			socket.destroy();
		});
		socket.on("error", () => resolve(false));
		socket.on("close", () => resolve(false));
	});
}
