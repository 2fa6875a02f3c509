import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePorts, startOwnedProcess, waitUntilReady } from "@netconductor/lab/owned-process";
import { startRabbit } from "@netconductor/lab/rabbitmq";
import { startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import { parseYamlDocuments } from "@netconductor/runtime/testing/yaml-documents";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, eventually, runEnded, signedIn } from "./product.ts";

/**
 * The processes of `deploy/compose/compose.yaml` without containers: each with the command, the environment and the secrets that its
 * container has, and nothing else. Only names of hosts become ports of this machine.
 */

interface Container {
	command?: string[];
	environment?: Record<string, string>;
}

const root = resolve(import.meta.dirname, "../..");
const program = join(root, "apps/server/bin/server.mjs");
const undo: (() => Promise<unknown>)[] = [];
let dir: string;
let door: Door;

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-compose-"));
	cpSync(join(root, "deploy/compose/prepare"), join(dir, "prepare"));
	execFileSync(join(dir, "prepare"));
	const secret = (name: string) => join(dir, "secrets", name);
	const correct = (name: string, change: (url: URL) => void) => {
		const url = new URL(readFileSync(secret(name), "utf8").trim());
		change(url);
		writeFileSync(secret(name), `${url.href}\n`);
	};

	mkdirSync(join(dir, "database"));
	const [postgres, rabbit, [redis_port = 0]] = await Promise.all([
		startEmbeddedPostgres({
			data_dir: join(dir, "database"),
			log: createLog({ level: "error" }),
			settings: { fsync: "off", synchronous_commit: "off" },
		}),
		startRabbit({ dir: join(dir, "rabbitmq") }),
		freePorts(1),
	]);
	undo.push(postgres.stop, rabbit.stop);
	writeFileSync(secret("database-url"), postgres.url);
	writeFileSync(secret("rabbitmq-url"), rabbit.url);
	correct("redis-url", (url) => {
		url.host = `127.0.0.1:${redis_port}`;
	});
	// With the configuration that its container reads.
	const redis = startOwnedProcess("redis-server", [secret("redis-password"), "--port", `${redis_port}`], { cwd: dir });
	undo.push(() => redis.stop());
	const workers_database = new URL(postgres.url);
	workers_database.username = "nc_tasks";
	workers_database.password = "";

	const text = readFileSync(join(root, "deploy/compose/compose.yaml"), "utf8");
	const [compose] = parseYamlDocuments(text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1")) as [
		{ services: Record<string, Container> },
	];
	const containers = Object.entries(compose.services).filter(([, { command }]) => command?.[0] === "serve");
	const [http_port = 0, ...ports] = await freePorts(containers.length + 1);
	const portOf = new Map(containers.map(([name], i) => [name, ports[i] ?? 0]));
	const start = ([name, { command = [], environment = {} }]: [string, Container]) => {
		const placed = Object.entries(environment).map(([variable, value]) => {
			const file = /^\/run\/secrets\/(.+)$/.exec(value)?.[1];
			const host = /^http:\/\/(\w+):8001$/.exec(value)?.[1];
			if (file !== undefined) return [variable, secret(file)];
			if (host !== undefined) return [variable, `http://127.0.0.1:${portOf.get(host)}`];
			if (variable === "NETCONDUCTOR_INTERNAL_PORT") return [variable, `${portOf.get(name)}`];
			if (variable === "NETCONDUCTOR_PORT") return [variable, `${http_port}`];
			if (variable === "NETCONDUCTOR_TASKS_DATABASE_URL") return [variable, workers_database.href];
			return [variable, value];
		});
		const env = { ...Object.fromEntries(placed), NETCONDUCTOR_DATA_DIR: join(dir, `data-${name}`) };
		const args = ["--max-semi-space-size=8", program, ...command];
		const started = startOwnedProcess(process.execPath, args, { cwd: dir, env });
		undo.push(() => started.stop(20_000));
		// As the health check of its container asks.
		const answers = () => {
			try {
				execFileSync(process.execPath, [program, "health", "--ready"], { env, stdio: "pipe" });
				return true;
			} catch {
				return false;
			}
		};
		return waitUntilReady(name, started, answers, { timeout_ms: 300_000, interval_ms: 1_000 });
	};
	// Its container waits for the tasks service, too: it uses what that one makes.
	const isWorker = ([name]: [string, Container]) => name === "worker";
	await Promise.all(containers.filter((container) => !isWorker(container)).map(start));
	await Promise.all(containers.filter(isWorker).map(start));
	door = await signedIn(`http://127.0.0.1:${http_port}`, readFileSync(secret("admin-password"), "utf8").trim());
}, 400_000);
afterAll(async () => {
	for (const stop of undo.toReversed()) await stop();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

test("every service comes up, finds those that it calls, and the first password is the one that was prepared", async () => {
	const { services } = await door.as(door.admin_token).system.getHealth({});
	expect(services.map(({ name }) => name)).toContain("gateway");
	expect(services.filter(({ state }) => state !== "ok")).toEqual([]);
});

test("a worker that has neither the administrator's database nor the broker carries out a run", async () => {
	const api = door.as(door.admin_token);
	const { devices } = await api.system.startSimulatedNetwork({ body: { devices: 3 } });
	const { run_id } = await api.backup.runSelected({ body: { select: { tags: ["simulated"] } } });
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded" });
	await eventually("its events have come through", async () => {
		const { items } = await api.audit.listAudit({ query: { operation: "runSelected" } });
		return items.length > 0;
	});
	expect(devices).toHaveLength(3);
}, 120_000);
