import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { apis } from "@netconductor/contracts/apis";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import { type Client, createClient } from "@netconductor/contracts/kernel/client";
import { ApiProblem, createFetchTransport } from "@netconductor/contracts/kernel/fetch-transport";
import { freePort } from "@netconductor/lab/free-port";
import type { FleetProcess } from "@netconductor/lab/sim/process";
import { copyOfStart, newFolder, startsAlike } from "./copy-of-start.ts";
import { ownVhost } from "./own-vhost.ts";
import { createServerProcess, type ServerProcess } from "./server-process.ts";

export const adminPassword = "correct horse battery staple";

type Apis = typeof apis;
export type Clients = { [K in keyof Apis]: Client<Apis[K]> };

/** The ways into a running product. */
export interface Door {
	url: string;
	/** Typed clients that act with this token. */
	as(token: string | undefined): Clients;
	login(username: string, password: string): Promise<string>;
	/** Token of the administrator. */
	admin_token: string;
}

/** A running NetConductor: one process tree, a data folder of its own, a free port. */
export interface Product extends Door {
	data_dir: string;
	/** Where a service answers the others. */
	internalUrl(service: string): string;
	/** The main process. */
	server: ServerProcess;
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

function clientsOf(url: string, token: string | undefined): Clients {
	const transport = createFetchTransport({ url, token: () => token });
	return Object.fromEntries(
		Object.entries(apis).map(([name, api]) => [name, createClient(api, transport)]),
	) as unknown as Clients;
}

/** The environment of a product of its own: data in this folder, the door at this port, an administrator who signs in with `adminPassword`. */
export function productEnvironment({ data_dir, port }: { data_dir: string; port: number }): Record<string, string> {
	return {
		HOME: data_dir,
		NETCONDUCTOR_DATA_DIR: data_dir,
		NETCONDUCTOR_PORT: String(port),
		NETCONDUCTOR_ADMIN_PASSWORD: adminPassword,
	};
}

/**
 * Starts the product as an operator would, with `env` on top and data in a folder of its own, and signs in as its administrator. Where it is to be
 * distributed, as NETCONDUCTOR_E2E_TOPOLOGY says unless told, every service is a process of its own, over Redis and RabbitMQ: the test run's, unless
 * it is to start its own. Unless a folder is given or it is to be a first start, the folder may be a copy of one on which it was started before.
 */
export async function startProduct(
	env: Readonly<Record<string, string>> = {},
	folder?: string,
	{
		distributed = isDistributed(),
		own_rabbit = false,
		first_start = !startsAlike(env),
	}: { distributed?: boolean; own_rabbit?: boolean; first_start?: boolean } = {},
): Promise<Product> {
	const data_dir = folder ?? (first_start ? newFolder() : await copyOfStart());
	const isGiven = env.RABBITMQ_URL !== undefined;
	const rabbitmq_url = distributed && !own_rabbit && !isGiven ? await ownVhost() : undefined;
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	const server = createServerProcess({
		distributed,
		url,
		env: {
			...productEnvironment({ data_dir, port }),
			...(rabbitmq_url !== undefined && { RABBITMQ_URL: rabbitmq_url }),
			...env,
		},
	});
	try {
		await server.start();
	} catch (error) {
		await server.end("SIGTERM");
		throw error;
	}
	return {
		...(await signedIn(url)),
		data_dir,
		internalUrl: (service) => internalUrl(server.output(), service, distributed),
		server,
		output: server.output,
		kill: async () => void (await server.end("SIGKILL")),
		restart: server.start,
		stop: async () => void (await server.end("SIGTERM")),
		async dispose() {
			await server.end("SIGTERM");
			reportErrors(server.output());
			rmSync(data_dir, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}

/** Whether these tests are about services in processes of their own. */
export function isDistributed(): boolean {
	return process.env.NETCONDUCTOR_E2E_TOPOLOGY === "distributed";
}

/** The address that the process with this service logged last. */
function internalUrl(output: string, service: string, distributed: boolean): string {
	const said = output
		.split("\n")
		.filter((line) => !distributed || line.startsWith(`{"process":"${service}",`))
		.flatMap((line) => line.match(/Answering our own processes at ([^"\s]+)/)?.[1] ?? []);
	const url = said.at(-1);
	if (url === undefined) throw new Error(`${service} has not said where it answers`);
	return url;
}

/** The ways into a running product, signed in as its administrator. */
export async function signedIn(url: string, password = adminPassword): Promise<Door> {
	const login = async (username: string, password: string) => {
		const { access_token } = tokensOf(await clientsOf(url, undefined).auth.login({ body: { username, password } }));
		return access_token;
	};
	// On a busy machine the first sign-ins after a start may be told to come again.
	const admin_token = await eventually("the administrator signs in", () =>
		login("admin", password).catch((error) => {
			if (error instanceof ApiProblem && error.problem.retryable) return undefined;
			throw error;
		}),
	);
	return { url, as: (token) => clientsOf(url, token), login, admin_token };
}

/** What the server itself calls an error explains a failed test better than the test does. */
export function reportErrors(output: string): void {
	const errors = output.split("\n").filter((line) => /"level":"(error|fatal)"/.test(line));
	if (errors.length > 0) process.stderr.write(`${errors.slice(0, 20).join("\n").slice(0, 8000)}\n`);
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

/** Puts a simulated fleet into the inventory. */
export async function addFleet(clients: Clients, fleet: Pick<FleetProcess, "devices">): Promise<void> {
	const rows = fleet.devices.map(({ platform, host_key_fingerprint: _, ...device }) => ({
		...device,
		device_type: platform,
	}));
	await clients.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
}
