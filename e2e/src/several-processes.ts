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

/** Every service but the gateway twice. */
export const inTwos = {
	edge: ["gateway"],
	one: [...byPurpose.inventory, ...byPurpose.records, ...byPurpose.work, "realtime"],
	other: [...byPurpose.inventory, ...byPurpose.records, ...byPurpose.work, "realtime"],
} as const;

/** NetConductor as services in several processes, over RabbitMQ, Redis and one PostgreSQL of its own. */
export interface SeveralProcesses<Name extends string = keyof typeof byPurpose> extends Door {
	processes: Record<Name, ServerProcess>;
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
		const public_port = await freePort();
		const shared = {
			...Object.fromEntries(addresses),
			DATABASE_URL: postgres.url,
			RABBITMQ_URL: rabbit.url,
			REDIS_URL: redis.url,
			NETCONDUCTOR_MASTER_KEY: randomBytes(32).toString("base64"),
			NETCONDUCTOR_ADMIN_PASSWORD: adminPassword,
			NETCONDUCTOR_PORT: String(public_port),
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
				},
			}),
		];
		const processes = Object.fromEntries(names.map(process)) as Record<Name, ServerProcess>;
		const all = names.map((name) => processes[name]);
		const output = () => all.map((server) => server.output()).join("");
		undo.push(async () => reportErrors(output()));
		undo.push(() => Promise.all(all.map((server) => server.end("SIGTERM"))));
		await Promise.all(all.map((server) => server.start()));
		const door = await signedIn(`http://127.0.0.1:${public_port}`);
		return { ...door, processes, database_url: postgres.url, output, dispose };
	} catch (error) {
		await dispose();
		throw error;
	}
}
