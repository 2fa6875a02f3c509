import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenToDashboard } from "./live-view.ts";
import { adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** The simulated network as the first-run guide uses it: started, backed up, changed, over restarts, removed. */

let product: Product;
let api: Clients;
beforeAll(async () => {
	product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" });
	api = product.as(product.admin_token);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
});

const network = () => api.system.getSimulatedNetwork({});
const running = () => eventually("the simulated network runs", async () => (await network()).state === "running");

async function backUp(): Promise<string> {
	const { run_id, snapshot_id } = await api.backup.runSelected({ body: { select: { tags: ["simulated"] } } });
	const run = await runEnded(api, run_id);
	expect(run).toMatchObject({ status: "succeeded" });
	await eventually("the snapshot is counted", async () => {
		const { status } = await api.backup.getSnapshot({ params: { id: snapshot_id ?? "" } });
		return status !== "running";
	});
	return snapshot_id ?? "";
}

async function compare(id: string, id2: string) {
	const { summary, items } = await api.backup.compareSnapshots({ params: { id, id2 }, query: { status: ["changed"] } });
	return { summary, changed: items.map(({ device_name }) => device_name).toSorted() };
}

let before: string;
let devicesBefore: Awaited<ReturnType<typeof network>>["devices"];

test("one request puts a network into the inventory that can be backed up", async () => {
	expect(await network()).toMatchObject({ state: "absent", available: true, devices: [] });
	await api.devices.createDevice({ body: { name: "mine", host: "192.0.2.1", device_type: "linux" } });
	const started = await api.system.startSimulatedNetwork({ body: { devices: 7 } });
	expect(started).toMatchObject({ state: "running", changes: 0 });
	expect(started.devices).toHaveLength(7);
	expect(started.devices.every(({ host }) => host === "127.0.0.1")).toBe(true);
	const { items } = await api.devices.listDevices({ query: { tag: "simulated", group: started.group } });
	expect(items.map(({ name }) => name).toSorted()).toEqual(started.devices.map(({ name }) => name).toSorted());
	await expect(api.system.startSimulatedNetwork({ body: {} })).rejects.toMatchObject({
		problem: { code: "system.simulated_network_running" },
	});
	devicesBefore = started.devices;
	before = await backUp();
});

test("a change is typed on three devices, as it says, and each time another one", async () => {
	const first = await api.system.changeSimulatedNetwork({});
	expect(first.changes).toHaveLength(3);
	const after = await backUp();
	const differs = await compare(before, after);
	expect(differs.changed).toEqual(first.changes.map(({ device_name }) => device_name).toSorted());
	expect(differs.summary).toMatchObject({ changed: 3, unchanged: 4 });
	const ntp = first.changes.find(({ device_type }) => device_type === "arista_eos");
	const { items } = await api.backup.searchConfigs({ query: { q: ntp?.lines[0] ?? "" } });
	expect(items.map(({ device_name }) => device_name)).toEqual([ntp?.device_name]);

	const second = await api.system.changeSimulatedNetwork({});
	expect(second.changes.map(({ lines }) => lines)).not.toEqual(first.changes.map(({ lines }) => lines));
	const later = await backUp();
	expect((await compare(after, later)).summary).toMatchObject({ changed: 3, unchanged: 4 });
	before = later;
});

test("after a kill of the server everything is as it was: ports, host keys, configurations with what was typed", async () => {
	await product.kill();
	await product.restart();
	api = product.as(await product.login("admin", adminPassword));
	await running();
	const again = await network();
	expect(again).toMatchObject({ changes: 2, devices: devicesBefore });
	// Trust on first use would refuse other keys: the backup succeeds only with the same ones.
	const after = await backUp();
	expect((await compare(before, after)).summary).toMatchObject({ changed: 0, unchanged: 7 });
	const { total } = await api.devices.listHostKeys({ query: { changed: "true" } });
	expect(total).toBe(0);
});

test("a fleet whose process dies is shown as stopped, and is started again by a request", async () => {
	const pid = simulator();
	const { heard, stop } = await listenToDashboard(product.url, api);
	process.kill(pid, "SIGKILL");
	await eventually("open pages are told", async () => heard.has("system"));
	stop();
	await eventually("it is noticed", async () => (await network()).state === "stopped");
	expect((await network()).detail).toContain("ended");
	await expect(api.system.changeSimulatedNetwork({})).rejects.toMatchObject({
		problem: { code: "system.simulated_network_stopped" },
	});
	const started = await api.system.startSimulatedNetwork({ body: {} });
	expect(started).toMatchObject({ state: "running", detail: null, devices: devicesBefore });
	await backUp();
});

test("a renamed device stays part of it, one deleted by hand does not", async () => {
	const [first, second] = devicesBefore;
	await api.devices.updateDevice({ params: { id: first?.device_id ?? "" }, body: { name: "renamed" } });
	await api.devices.deleteDevice({ params: { id: second?.device_id ?? "" } });
	const { devices } = await network();
	expect(devices).toHaveLength(6);
	expect(devices.find(({ device_id }) => device_id === first?.device_id)?.name).toBe("renamed");
	const { changes } = await api.system.changeSimulatedNetwork({});
	expect(changes.map(({ device_name }) => device_name)).toContain("renamed");
});

test("it goes with its devices, and with nothing else", async () => {
	const pid = simulator();
	await api.system.removeSimulatedNetwork({});
	expect(await network()).toMatchObject({ state: "absent", devices: [] });
	const { items } = await api.devices.listDevices({});
	expect(items.map(({ name }) => name)).toEqual(["mine"]);
	expect((await api.devices.listGroups({})).items.map(({ name }) => name)).not.toContain("Simulated network");
	await eventually("its process is gone", async () => !isAlive(pid));
	const { total } = await api.backup.listBackups({ query: {} });
	expect(total).toBeGreaterThan(0);
	await expect(api.system.removeSimulatedNetwork({})).rejects.toMatchObject({
		problem: { code: "system.no_simulated_network" },
	});
	await eventually("the trail has all of it", async () => {
		const query = { resource_type: "simulated_network", outcome: "succeeded" } as const;
		const done = new Set((await api.audit.listAudit({ query })).items.map(({ operation }) => operation));
		return ["startSimulatedNetwork", "changeSimulatedNetwork", "removeSimulatedNetwork"].every((name) =>
			done.has(name),
		);
	});
});

test("a device of somebody's with the name of a simulated one is left alone, and nothing else is left behind", async () => {
	const name = devicesBefore[3]?.name ?? "";
	const own = await api.devices.createDevice({ body: { name, host: "192.0.2.9", device_type: "linux" } });
	await expect(api.system.startSimulatedNetwork({ body: { devices: 7 } })).rejects.toMatchObject({
		problem: { code: "system.names_taken", detail: expect.stringContaining(name) },
	});
	expect(await network()).toMatchObject({ state: "absent" });
	const { items } = await api.devices.listDevices({});
	expect(items.map(({ id }) => id)).toContain(own.id);
	expect(items).toHaveLength(2);
	expect((await api.devices.listGroups({})).total).toBe(0);
});

test("who may not change the system starts nothing", async () => {
	const { token } = await api.auth.createToken({ body: { name: "reads", permissions: ["*:read"] } });
	const reader = product.as(token);
	expect(await reader.system.getSimulatedNetwork({})).toMatchObject({ state: "absent" });
	await expect(reader.system.startSimulatedNetwork({ body: {} })).rejects.toMatchObject({
		problem: { code: "auth.forbidden" },
	});
});

/** Process of the simulated devices. */
function simulator(): number {
	const pid = product.server
		.children()
		.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("lab/sim/main.ts"));
	if (pid === undefined) throw new Error("the server has no process of simulated devices");
	return pid;
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
