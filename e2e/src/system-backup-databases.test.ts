import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apis } from "@netconductor/contracts/apis";
import { type TestDatabase, testDatabase } from "@netconductor/runtime/testing/database";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { type Clients, startProduct } from "./product.ts";
import { serverCommand } from "./server-command.ts";

/** The product backs itself up, and is restored, where each service has a database of its own with a user that may do nothing else. */

const dir = mkdtempSync(join(tmpdir(), "netconductor-own-databases-"));
const databases: TestDatabase[] = [];
const roles: string[] = [];
afterAll(async () => {
	const [any] = databases;
	for (const database of databases.slice(1)) await database.stop();
	// Nothing is left that they own.
	if (any !== undefined) {
		await administer(any.url, `drop owned by ${roles.join(", ")}; drop role ${roles.join(", ")}`);
		await any.stop();
	}
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function administer(url: string, statements: string): Promise<void> {
	const client = new pg.Client(url);
	await client.connect();
	await client.query(statements).finally(() => client.end());
}

/** A database for each service, as an administrator of databases hands them out. Answers the settings. */
async function databasesOf(services: readonly string[]): Promise<Record<string, string>> {
	const settings: Record<string, string> = {};
	for (const service of services) {
		const database = await testDatabase(`own_${service}`);
		databases.push(database);
		const role = `own_${service}_${randomBytes(4).toString("hex")}`;
		roles.push(role);
		await administer(
			database.url,
			`create role ${role} login password 'its own'; revoke create on schema public from public;
			create extension pg_trgm schema public; create schema ${service} authorization ${role}`,
		);
		const url = new URL(database.url);
		url.username = role;
		url.password = "its own";
		settings[`NETCONDUCTOR_${service.toUpperCase()}_DATABASE_URL`] = url.href;
	}
	return settings;
}

async function stored(api: Clients) {
	const [users, devices, templates, schedules] = await Promise.all([
		api.auth.listUsers({ query: {} }),
		api.devices.listDevices({ query: {} }),
		api.config.listTemplates({ query: {} }),
		api.scheduling.listSchedules({ query: {} }),
	]);
	return [
		users.items.map(({ id, username }) => ({ id, username })),
		devices.items.map(({ id, name }) => ({ id, name })),
		templates.items.map(({ id, name }) => ({ id, name })),
		schedules.items.map(({ id, name }) => ({ id, name })),
	];
}

test("a backup of services with databases of their own is restored into others: same answers, secrets open, the audit chain holds, changes wait", async () => {
	const fast = {
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
		NETCONDUCTOR_DATABASE_POOL_SIZE: "3",
		NETCONDUCTOR_MASTER_KEY: randomBytes(32).toString("base64"),
	};
	const services = [...Object.keys(apis), "realtime"];
	const first = { ...fast, ...(await databasesOf(services)) };
	const second = { ...fast, ...(await databasesOf(services)) };
	const file = join(dir, "own.ncbackup");
	const system = (env: Record<string, string>, ...args: string[]) => {
		const { NETCONDUCTOR_WORKERS_PROCESSES: _, ...settings } = env;
		return serverCommand({ cwd: dir, data_dir: join(dir, "commands"), env: settings }, "system", ...args).ended;
	};
	mkdirSync(join(dir, "commands"));

	const product = await startProduct(first);
	let was: Awaited<ReturnType<typeof stored>>;
	try {
		const api = product.as(product.admin_token);
		await api.auth.createUser({ body: { username: "alice", password: "alice has a long password", role: "viewer" } });
		const { id: credential_id } = await api.devices.createCredential({
			body: { name: "lab", username: "nc", password: "a secret" },
		});
		await api.devices.createDevice({
			body: { name: "core-1", host: "127.0.0.1", device_type: "frr", credential_id },
		});
		await api.scheduling.createSchedule({
			body: {
				name: "nightly",
				kind: "backup",
				params: { select: { all: true } },
				timing: { type: "daily", times: ["06:00"] },
			},
		});
		await api.config.createMop({
			body: { source: "name: Rounds\nsteps:\n  - { id: say, type: log, with: { message: hello } }\n" },
		});
		await api.scheduling.createSchedule({
			body: { name: "rounds", kind: "mop", params: { mop: "Rounds" }, timing: { type: "daily", times: ["06:00"] } },
		});
		was = await stored(api);
		expect(existsSync(join(product.data_dir, "postgres"))).toBe(false);
		const taken = await system(first, "backup", `--to=${file}`, "--json");
		expect(taken, taken.said).toMatchObject({ code: 0 });
		expect(JSON.parse(taken.output).schemas.toSorted()).toEqual(services.toSorted());
		expect(await system(first, "restore", file, "--force")).toMatchObject({
			code: 1,
			said: expect.stringContaining("A NetConductor server is connected"),
		});
	} finally {
		await product.dispose();
	}

	const restored = await system(second, "restore", file, "--json");
	expect(restored, restored.said).toMatchObject({ code: 0 });
	expect(JSON.parse(restored.output).held).toEqual([expect.stringMatching(/^1 schedule of changes: paused/)]);
	const elsewhere = await startProduct(second);
	try {
		const there = elsewhere.as(elsewhere.admin_token);
		expect(await stored(there)).toEqual(was);
		const { items: schedules } = await there.scheduling.listSchedules({ query: {} });
		expect(schedules.map(({ name, state }) => `${name} ${state}`)).toEqual(["nightly active", "rounds paused"]);
		expect(await there.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
		await elsewhere.login("alice", "alice has a long password");
	} finally {
		await elsewhere.dispose();
	}
}, 300_000);
