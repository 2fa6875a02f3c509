import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";
import { serverCommand } from "./server-command.ts";

/** The product backs itself up while it works, and a machine that has only that file and the master key goes on with it. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;
let dir: string;

const fast = { NETCONDUCTOR_WORKERS_PROCESSES: "1", NETCONDUCTOR_WORKERS_LEASE_MS: "5000" };

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-system-backup-"));
	fleet = await startFleetProcess({ devices: { count: 10, platforms: ["cisco_ios"] }, latency_ms: 250 });
	product = await startProduct({ ...fast, NETCONDUCTOR_WORKERS_CONCURRENCY: "3" });
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

const command = (data_dir: string, ...args: string[]) => serverCommand({ cwd: dir, data_dir }, ...args);
const system = (data_dir: string, ...args: string[]) => command(data_dir, "system", ...args);

/** A data directory that has nothing but the master key. */
function freshFolder(name: string): string {
	const folder = join(dir, name);
	mkdirSync(folder, { mode: 0o700 });
	copyFileSync(join(product.data_dir, "master.key"), join(folder, "master.key"));
	return folder;
}

async function answers(clients: Clients) {
	const [devices, users, backups, credentials, settings] = await Promise.all([
		clients.devices.listDevices({ query: { page_size: 100 } }),
		clients.auth.listUsers({ query: {} }),
		clients.backup.listBackups({ query: { page_size: 100 } }),
		clients.devices.listCredentials({ query: {} }),
		clients.backup.listSnapshots({ query: {} }),
	]);
	return {
		devices: devices.items
			.map(({ id, name, host }) => ({ id, name, host }))
			.toSorted((a, b) => a.id.localeCompare(b.id)),
		users: users.items.map(({ id, username, role }) => ({ id, username, role })),
		backups: backups.items.map(({ id }) => id).toSorted(),
		credentials: credentials.items.map(({ id, name }) => ({ id, name })),
		snapshots: settings.items.map(({ id }) => id).toSorted(),
	};
}

test("a backup that is taken in the middle of a run is restored elsewhere: same answers, secrets open, the audit chain holds, the run ends", async () => {
	const before = await api.backup.runAll({ body: {} });
	await runEnded(api, before.run_id);
	await api.auth.createUser({ body: { username: "alice", password: "alice has a long password", role: "viewer" } });
	const { run_id } = await api.backup.runAll({ body: {} });
	await eventually("the run is in the middle", async () => {
		const { counts } = await api.tasks.getRun({ params: { id: run_id } });
		return counts.succeeded > 0 && counts.running > 0 && counts.pending > 0;
	});
	const file = join(dir, "whole.ncbackup");
	const taken = await system(product.data_dir, "backup", `--to=${file}`, "--json").ended;
	expect(taken, taken.said).toMatchObject({ code: 0 });
	const { rows, tables } = JSON.parse(taken.output);
	expect(tables).toBeGreaterThan(50);
	expect(taken.said).toContain("devices: ");
	await runEnded(api, run_id);
	const was = await answers(api);
	await product.stop();

	const second = freshFolder("second");
	const checked = await system(second, "restore", file, "--check", "--json").ended;
	expect(JSON.parse(checked.output)).toMatchObject({ restored: false, rows });
	expect(existsSync(join(second, "postgres"))).toBe(false);
	const restored = await system(second, "restore", file, "--json").ended;
	expect(restored, restored.said).toMatchObject({ code: 0 });
	expect(JSON.parse(restored.output)).toMatchObject({ restored: true, rows, tables });
	expect(await system(second, "restore", file).ended).toMatchObject({
		code: 1,
		said: expect.stringContaining("There is data already"),
	});

	const elsewhere = await startProduct({ ...fast, NETCONDUCTOR_WORKERS_CONCURRENCY: "3" }, second);
	try {
		const there = elsewhere.as(elsewhere.admin_token);
		// It goes on where it was, with the devices' stored credentials.
		expect(await runEnded(there, run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 10 } });
		const is = await answers(there);
		expect(is).toMatchObject({
			devices: was.devices,
			users: was.users,
			credentials: was.credentials,
			snapshots: was.snapshots,
		});
		expect(is.backups).toHaveLength(was.backups.length);
		expect(await there.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
		await elsewhere.login("alice", "alice has a long password");
		const after = await there.backup.runAll({ body: {} });
		expect(await runEnded(there, after.run_id)).toMatchObject({ status: "succeeded" });
	} finally {
		await elsewhere.dispose();
	}
}, 400_000);

test("kill -9 in the middle of a restore: no server starts on what is there, and the same restore again does it", async () => {
	const file = join(dir, "killed.ncbackup");
	expect(await system(product.data_dir, "backup", `--to=${file}`).ended).toMatchObject({ code: 0 });
	const third = freshFolder("third");
	const dying = system(third, "restore", file);
	await eventually("the first service is in", async () => dying.written().includes("audit: "));
	dying.child.kill("SIGKILL");
	expect(await dying.ended).toMatchObject({ code: null, output: "" });

	await expect(startProduct(fast, third)).rejects.toThrow(
		/ended with 78: .*A restore into this database began and did not end/s,
	);
	const visited = await command(third, "doctor", "--json").ended;
	expect(visited).toMatchObject({ code: 1 });
	expect(JSON.parse(visited.output).findings).toContainEqual({
		check: "database restore",
		status: "failed",
		detail: expect.stringContaining("audit, auth"),
		mend: expect.stringContaining("netconductor system restore"),
	});
	const again = await system(third, "restore", file).ended;
	expect(again, again.said).toMatchObject({ code: 0 });
	const elsewhere = await startProduct(fast, third);
	try {
		const there = elsewhere.as(elsewhere.admin_token);
		expect((await answers(there)).devices).toHaveLength(10);
		expect(await there.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
	} finally {
		await elsewhere.dispose();
	}
}, 300_000);

test("without the master key, with words that mean nothing, or beside a running server nothing is restored", async () => {
	const file = join(dir, "refused.ncbackup");
	expect(await system(product.data_dir, "backup", `--to=${file}`).ended).toMatchObject({ code: 0 });
	const bare = join(dir, "bare");
	mkdirSync(bare);
	expect(await system(bare, "restore", file).ended).toMatchObject({
		code: 78,
		said: expect.stringContaining("There is no master key"),
	});
	expect(await system(bare, "backup", `--to=${join(dir, "none")}`).ended).toMatchObject({ code: 78 });
	for (const words of [
		["restore"],
		["backup"],
		["erase", file],
		["backup", "--force", "--to=x"],
		["restore", file, "x"],
	]) {
		expect((await system(bare, ...words).ended).code, words.join(" ")).toBe(2);
	}
	await product.restart();
	expect(await system(product.data_dir, "restore", file, "--force").ended).toMatchObject({
		code: 1,
		said: expect.stringContaining("Another NetConductor"),
	});
}, 200_000);
