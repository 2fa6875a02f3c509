import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";
import { createServerProcess, type ServerProcess } from "./server-process.ts";

/** A worker at another site, which holds the keys of its pool and nothing else, works on that site's devices. */

const dir = mkdtempSync(join(tmpdir(), "netconductor-site-"));
const keys_file = join(dir, "keys");
const program = join(import.meta.dirname, "..", "..", "apps", "server", "bin", "server.mjs");
let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
let product: Product;
let fleet: FleetProcess;
let there: FleetProcess;
let site: ServerProcess;
let api: Clients;

function folder(name: string): string {
	const path = join(dir, name);
	mkdirSync(path, { recursive: true });
	return path;
}

beforeAll(async () => {
	postgres = await startEmbeddedPostgres({
		data_dir: folder("database"),
		log: createLog({ level: "error" }),
		settings: { fsync: "off", synchronous_commit: "off" },
	});
	[fleet, there] = await Promise.all([
		startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } }),
		startFleetProcess({
			devices: [
				{ name: "dc2-1", platform: "arista_eos" },
				{ name: "dc2-2", platform: "arista_eos" },
			],
		}),
	]);
	product = await startProduct(
		{ DATABASE_URL: postgres.url, NETCONDUCTOR_WORKERS_PROCESSES: "1", NETCONDUCTOR_WORKERS_LEASE_MS: "15000" },
		folder("main"),
		{ distributed: false },
	);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	await addFleet(api, there);
	await api.devices.updateDevices({
		body: {
			select: { names: there.devices.map(({ name }) => name) },
			action: { kind: "set_worker_pool", worker_pool: "dc2" },
		},
	});
	execFileSync(process.execPath, [program, "worker-keys", "--pool=dc2", `--to=${keys_file}`], {
		env: { PATH: process.env.PATH, NETCONDUCTOR_DATA_DIR: join(dir, "main"), DATABASE_URL: postgres.url },
	});
	const database = new URL(postgres.url);
	database.username = "nc_tasks";
	database.password = "";
	const port = await freePort();
	const services = ["tasks", "devices", "backup", "config", "alerts", "scheduling"];
	site = createServerProcess({
		args: ["--targets=worker", "--worker-pool=dc2"],
		url: `http://127.0.0.1:${port}`,
		env: {
			HOME: folder("site"),
			NETCONDUCTOR_DATA_DIR: folder("site"),
			NETCONDUCTOR_WORKERS_KEYS_FILE: keys_file,
			NETCONDUCTOR_WORKERS_LEASE_MS: "15000",
			NETCONDUCTOR_INTERNAL_PORT: String(port),
			NETCONDUCTOR_TASKS_DATABASE_URL: database.href,
			...Object.fromEntries(
				services.map((name) => [`NETCONDUCTOR_${name.toUpperCase()}_URL`, product.internalUrl(name)]),
			),
		},
	});
}, 300_000);
afterAll(async () => {
	await site?.end("SIGTERM");
	await product?.dispose();
	await Promise.all([fleet?.stop(), there?.stop()]);
	await postgres?.stop();
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

const poolsOf = async (run_id: string) => {
	const [workers, operations] = await Promise.all([
		api.tasks.listWorkers({ query: { page_size: 100 } }),
		api.tasks.listOperations({ params: { id: run_id }, query: {} }),
	]);
	const pool = new Map(workers.items.map((worker) => [worker.id, worker.pool]));
	return Object.fromEntries(
		operations.items.map(({ device_name, worker_id }) => [device_name, pool.get(worker_id ?? "") ?? null]),
	);
};
const expected = () =>
	Object.fromEntries([
		...fleet.devices.map(({ name }) => [name, "default"]),
		...there.devices.map(({ name }) => [name, "dc2"]),
	]);
const unserved = async (run_id: string) => (await api.tasks.getRun({ params: { id: run_id } })).unserved;

test("until a worker of the pool runs, its devices wait untouched, and the run, the health and the command line say so", async () => {
	const { run_id } = await api.backup.runAll({ body: {} });
	await eventually("the others are done", async () => {
		const { counts } = await api.tasks.getRun({ params: { id: run_id } });
		return counts.succeeded === 2 && counts.pending === 2;
	});
	expect(await unserved(run_id)).toEqual([{ worker_pool: "dc2", waiting: 2 }]);
	await eventually("the health says it", async () =>
		JSON.stringify(await api.system.getHealth({})).includes("2 in the pool dc2"),
	);
	expect(await there.connections()).toEqual([]);

	expect(statSync(keys_file).mode & 0o777).toBe(0o600);
	const secret = readFileSync(join(dir, "main", "master.key"), "utf8").trim();
	expect(readFileSync(keys_file, "utf8")).not.toContain(secret);
	await site.start();
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded", unserved: [] });
	expect(await poolsOf(run_id)).toEqual(expected());
	expect((await there.connections()).length).toBeGreaterThan(0);
	expect(existsSync(join(dir, "site", "master.key"))).toBe(false);
}, 240_000);

test("what a killed worker of the site had waits for the next one of the site", async () => {
	for (const { name } of there.devices) await there.setLatency(name, 3_000);
	const { run_id } = await api.backup.runAll({ body: {} });
	await eventually("it is at work", async () => {
		const { counts } = await api.tasks.getRun({ params: { id: run_id } });
		return counts.succeeded === 2 && counts.running === 2;
	});
	await site.end("SIGKILL");
	await eventually("its work is handed back", async () => (await unserved(run_id))[0]?.waiting === 2);
	for (const { name } of there.devices) await there.setLatency(name, 0);
	await site.start();
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 4 } });
	expect(await poolsOf(run_id)).toEqual(expected());
}, 240_000);

test("a procedure for the devices of one site is carried out there", async () => {
	const mop = await api.config.createMop({
		body: {
			source: "name: look\nsteps:\n  - id: version\n    type: run_command\n    with: { commands: [show version] }\n",
		},
	});
	const names = there.devices.map(({ name }) => name);
	const { run_id } = await api.config.executeMop({ params: { id: mop.id }, body: { targets: { names } } });
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded" });
	expect(await poolsOf(run_id)).toEqual(Object.fromEntries(names.map((name) => [name, "dc2"])));
}, 240_000);

test("a procedure for two sites changes each site's devices from there, and what fails is taken back on both", async () => {
	// Who approves is the business of another test.
	await api.alerts.createApprovalPolicy({ body: { name: "Procedures", kinds: ["mop"], stages: [] } });
	const mop = await api.config.createMop({
		body: {
			source: `name: Uplinks
settings: { on_failure: rollback }
steps:
  - { id: before, type: get_config, save_to_variable: before }
  - id: change
    type: set_config
    with: { lines: "interface {{ 'Ethernet1' if device.device_type == 'arista_eos' else 'GigabitEthernet1/0/1' }}\\n description to the core" }
  - { id: told, type: log, with: { message: "{{ before | length }} changed" } }
  - id: check
    type: run_command
    with: { commands: [show running-config], expect: "{{ looked_for }}" }
variables:
  looked_for: { required: true }
`,
		},
	});
	const all = [
		...fleet.devices.map(({ name }) => ({ at: fleet, name })),
		...there.devices.map(({ name }) => ({ at: there, name })),
	];
	const configs = () => Promise.all(all.map(({ at, name }) => at.config(name)));
	const before = await configs();
	const run = async (looked_for: string) => {
		const { run_id } = await api.config.executeMop({
			params: { id: mop.id },
			body: { targets: { all: true }, variables: { looked_for } },
		});
		return { run_id, ended: await runEnded(api, run_id) };
	};

	const taken_back = await run("never there");
	expect(taken_back.ended).toMatchObject({
		status: "failed",
		end_reason: expect.stringMatching(/check failed.*taken back/s),
	});
	expect(await poolsOf(taken_back.run_id)).toEqual(expected());
	expect(await configs()).toEqual(before);

	const made = await run("description to the core");
	expect(made.ended).toMatchObject({ status: "succeeded", counts: { failed: 0, unknown: 0 } });
	expect(await poolsOf(made.run_id)).toEqual(expected());
	for (const config of await configs()) expect(config).toContain("description to the core");
	const { items } = await api.tasks.listRunSteps({ params: { id: made.run_id }, query: {} });
	expect(items.map(({ path, status, attempts }) => [path, status, attempts])).toEqual([
		["before", "succeeded", 1],
		["change", "succeeded", 1],
		["told", "succeeded", 1],
		["check", "succeeded", 1],
	]);
	expect(items[2]?.result?.message).toBe("4 changed");
}, 240_000);
