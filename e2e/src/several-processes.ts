import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { startRabbit } from "@netconductor/lab/rabbitmq";
import { startRedis } from "@netconductor/lab/redis";
import { startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import { ownVhost } from "./own-vhost.ts";
import { adminPassword, type Door, reportErrors, signedIn } from "./product.ts";
import { createServerProcess, type ServerProcess } from "./server-process.ts";

/** Which services share a process; the one with tasks starts the workers. */
export const byPurpose = {
	edge: ["gateway", "realtime"],
	inventory: ["auth", "devices"],
	records: ["audit", "system", "alerts"],
	work: ["tasks", "backup", "config", "scheduling"],
} as const;

/** Two edges, as behind a load balancer: clients reach any service by either. */
export const twoEdges = {
	edge: byPurpose.edge,
	other: byPurpose.edge,
	services: [...byPurpose.inventory, ...byPurpose.records, ...byPurpose.work],
} as const;

/** Every service but the gateway twice. */
export const inTwos = {
	edge: ["gateway"],
	one: [...byPurpose.inventory, ...byPurpose.records, ...byPurpose.work, "realtime"],
	other: [...byPurpose.inventory, ...byPurpose.records, ...byPurpose.work, "realtime"],
} as const;

/** NetConductor as services in several processes, over RabbitMQ, Redis and one PostgreSQL of its own. */
export interface SeveralProcesses<Name extends string = keyof typeof byPurpose> extends Door {
	processes: Record<Name, ServerProcess>;
	/** Where each process with a gateway answers; the first is the door's own. */
	urls: Partial<Record<Name, string>>;
	database_url: string;
	output(): string;
	dispose(): Promise<void>;
}

/** @param env settings of all processes, on top */
export async function startSeveralProcesses<Name extends string>(
	placement: Readonly<Record<Name, readonly string[]>>,
	env: Readonly<Record<string, string>> = {},
): Promise<SeveralProcesses<Name>> {
	const dir = mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
	const folder = (name: string) => {
		const path = join(dir, name);
		mkdirSync(path, { recursive: true });
		return path;
	};
	const undo: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })];
	async function dispose() {
		for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
	}
	try {
		const log = createLog({ level: "error" });
		const vhost = await ownVhost();
		const [postgres, rabbit, redis] = await Promise.all([
			startEmbeddedPostgres({
				data_dir: folder("database"),
				log,
				settings: { fsync: "off", synchronous_commit: "off" },
			}),
			vhost === undefined ? startRabbit({ dir: folder("rabbitmq") }) : { url: vhost, stop: async () => {} },
			startRedis({ dir: folder("redis") }),
		]);
		undo.push(
			() => postgres.stop(),
			() => rabbit.stop(),
			() => redis.stop(),
		);

		const names = Object.keys(placement) as Name[];
		const ports = new Map<Name, number>();
		for (const name of names) ports.set(name, await freePort());
		const addressOf = (name: Name) => `http://127.0.0.1:${ports.get(name)}`;
		const services = new Set(names.flatMap((name) => placement[name]));
		const addresses = [...services].map((service) => {
			const places = names.filter((name) => placement[name].includes(service));
			return [`NETCONDUCTOR_${service.toUpperCase()}_URL`, places.map(addressOf).join(",")] as const;
		});
		const edges = names.filter((name) => (placement[name] as readonly string[]).includes("gateway"));
		const public_ports = new Map<Name, number>();
		for (const name of edges) public_ports.set(name, await freePort());
		const publicOf = (name: Name) => `http://127.0.0.1:${public_ports.get(name)}`;
		const [edge] = edges;
		if (edge === undefined) throw new Error("no process has a gateway");
		const shared = {
			...Object.fromEntries(addresses),
			DATABASE_URL: postgres.url,
			RABBITMQ_URL: rabbit.url,
			REDIS_URL: redis.url,
			NETCONDUCTOR_MASTER_KEY: randomBytes(32).toString("base64"),
			NETCONDUCTOR_ADMIN_PASSWORD: adminPassword,
			NETCONDUCTOR_WORKERS_PROCESSES: "1",
			NETCONDUCTOR_WORKERS_DRAIN_MS: "3000",
			...env,
		};
		const process = (name: Name): [Name, ServerProcess] => [
			name,
			createServerProcess({
				args: [`--targets=${placement[name].join(",")}`],
				url: addressOf(name),
				env: {
					...shared,
					HOME: folder(name),
					NETCONDUCTOR_DATA_DIR: folder(name),
					NETCONDUCTOR_INTERNAL_PORT: String(ports.get(name)),
					NETCONDUCTOR_PORT: String(public_ports.get(name) ?? public_ports.get(edge)),
				},
			}),
		];
		const processes = Object.fromEntries(names.map(process)) as Record<Name, ServerProcess>;
		const all = names.map((name) => processes[name]);
		const output = () => all.map((server) => server.output()).join("");
		undo.push(async () => reportErrors(output()));
		undo.push(() => Promise.all(all.map((server) => server.end("SIGTERM"))));
		await Promise.all(all.map((server) => server.start()));
		const door = await signedIn(publicOf(edge));
		const urls = Object.fromEntries(edges.map((name) => [name, publicOf(name)])) as Partial<Record<Name, string>>;
		return { ...door, processes, urls, database_url: postgres.url, output, dispose };
	} catch (error) {
		await dispose();
		throw error;
	}
}
