import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apis } from "@netconductor/contracts/apis";
import { type Client, createClient } from "@netconductor/contracts/kernel/client";
import { createFetchTransport } from "@netconductor/contracts/kernel/fetch-transport";

export const adminPassword = "correct horse battery staple";

type Apis = typeof apis;
export type Clients = { [K in keyof Apis]: Client<Apis[K]> };

/** A running NetConductor: real processes, a data folder of their own, a free port. */
export interface Product {
	url: string;
	data_dir: string;
	/** Typed clients that act with this token. */
	as(token: string | undefined): Clients;
	login(username: string, password: string): Promise<string>;
	/** Token of the administrator. */
	admin_token: string;
	/** What the processes wrote, for canary searches. */
	output(): string;
	/** `kill -9` of the main process. */
	kill(): Promise<void>;
	/** Starts again on the same data. */
	restart(): Promise<void>;
	/** SIGTERM, and waits. */
	stop(): Promise<void>;
	/** Removes what is left. */
	dispose(): Promise<void>;
}

export function clientsOf(url: string, token: string | undefined): Clients {
	const transport = createFetchTransport({ url, token: () => token });
	return Object.fromEntries(
		Object.entries(apis).map(([name, api]) => [name, createClient(api, transport)]),
	) as unknown as Clients;
}

/** Starts the product as an operator would, with `env` on top, and signs in as its administrator. */
export async function startProduct(env: Readonly<Record<string, string>> = {}): Promise<Product> {
	const data_dir = mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	const written: string[] = [];
	let child: ChildProcess | undefined;

	async function start(): Promise<void> {
		const main = join(import.meta.dirname, "..", "..", "apps", "server", "src", "main.ts");
		const started = spawn(process.execPath, [main, "serve"], {
			stdio: ["ignore", "pipe", "pipe"],
			env: {
				PATH: process.env.PATH,
				HOME: data_dir,
				NETCONDUCTOR_DATA_DIR: data_dir,
				NETCONDUCTOR_PORT: String(port),
				NETCONDUCTOR_ADMIN_PASSWORD: adminPassword,
				NETCONDUCTOR_LOG_FORMAT: "json",
				...env,
			},
		});
		child = started;
		for (const stream of [started.stdout, started.stderr]) stream?.on("data", (piece) => written.push(String(piece)));
		const deadline = Date.now() + 60_000;
		while (Date.now() < deadline) {
			if (started.exitCode !== null)
				throw new Error(`the server ended with ${started.exitCode}: ${written.join("").slice(-4000)}`);
			const ready = await fetch(`${url}/health/ready`).then(
				(response) => response.ok,
				() => false,
			);
			if (ready) return;
			await sleep(100);
		}
		throw new Error(`the server was not ready within a minute: ${written.join("").slice(-4000)}`);
	}

	async function end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
		const ending = child;
		if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
		const gone = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
		ending.kill(signal);
		await gone;
	}

	const login = async (username: string, password: string) => {
		const { access_token } = await clientsOf(url, undefined).auth.login({ body: { username, password } });
		return access_token;
	};

	await start();
	return {
		url,
		data_dir,
		as: (token) => clientsOf(url, token),
		login,
		admin_token: await login("admin", adminPassword),
		output: () => written.join(""),
		kill: () => end("SIGKILL"),
		restart: start,
		stop: () => end("SIGTERM"),
		async dispose() {
			await end("SIGTERM");
			// What the server itself calls an error explains a failed test better than the test does.
			const errors = written.join("").split("\n").filter((line) => /"level":"(error|fatal)"/.test(line));
			if (errors.length > 0) process.stderr.write(`${errors.slice(0, 20).join("\n").slice(0, 8000)}\n`);
			rmSync(data_dir, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}

/** Waits until `look` answers something. */
export async function eventually<T>(
	what: string,
	look: () => Promise<T | undefined | false>,
	within_ms = 60_000,
): Promise<T> {
	const deadline = Date.now() + within_ms;
	for (;;) {
		const found = await look();
		if (found !== undefined && found !== false) return found;
		if (Date.now() > deadline) throw new Error(`${what}: not within ${within_ms} ms`);
		await sleep(100);
	}
}

const endedStatuses = ["succeeded", "partial", "failed", "cancelled", "needs_attention"];

/** The run once it has ended. */
export function runEnded(clients: Clients, run_id: string, within_ms = 60_000) {
	return eventually(
		`run ${run_id} ends`,
		async () => {
			const run = await clients.tasks.getRun({ params: { id: run_id } });
			return endedStatuses.includes(run.status) && run;
		},
		within_ms,
	);
}

/** A free port below those that the system gives out by itself, so that nobody gets it between two of our starts. */
async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(12_000, 32_000);
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => resolve(true));
		});
		await new Promise((resolve) => server.close(resolve));
		if (free) return port;
	}
}
