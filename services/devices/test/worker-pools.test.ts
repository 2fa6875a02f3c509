import { newId } from "@netconductor/runtime/id";
import { admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type Started, startDevices } from "./start.ts";

let started: Started;
let api: Started["api"];
beforeAll(async () => {
	started = await startDevices();
	api = started.api;
});
afterAll(() => started?.stop());

const create = (name: string, more = {}) =>
	api.createDevice({
		body: { name, host: "192.0.2.1", device_type: "linux", username: "u", password: "p", ...more },
	});
const inUse = async (id: string) => (await api.getConnection({ params: { id } })).worker_pool;
const names = async (worker_pool: string) =>
	(await api.listDevices({ query: { worker_pool } })).items.map(({ name }) => name);

test("the nearest names the pool: device, then of its groups the first by name that does, else the default", async () => {
	await api.createGroup({ body: { name: "Access" } });
	await api.createGroup({ body: { name: "core", worker_pool: "dc2" } });
	await api.createGroup({ body: { name: "Edge", worker_pool: "dc3" } });
	const plain = await create("plain", { groups: ["Access"] });
	const grouped = await create("grouped", { groups: ["Edge", "core", "Access"] });
	const own = await create("own", { groups: ["core"], worker_pool: "lab" });
	const back = await create("back", { groups: ["core"], worker_pool: "default" });
	expect(await inUse(plain.id)).toEqual({ name: "default", from: "default", group: null });
	expect(await inUse(grouped.id)).toEqual({ name: "dc2", from: "group", group: "core" });
	expect(await inUse(own.id)).toEqual({ name: "lab", from: "device", group: null });
	expect(await inUse(back.id)).toEqual({ name: "default", from: "device", group: null });
	expect(await names("default")).toEqual(["back", "plain"]);
	expect(await names("dc2")).toEqual(["grouped"]);
	expect(await names("dc3")).toEqual([]);
	expect(await names("lab")).toEqual(["own"]);
	expect((await api.getDeviceSummary({})).by_worker_pool).toEqual([
		{ value: "default", devices: 2 },
		{ value: "dc2", devices: 1 },
		{ value: "lab", devices: 1 },
	]);
	const { targets } = await api.listTargets({ body: { select: { all: true } } });
	expect(Object.fromEntries(targets.map(({ name, worker_pool }) => [name, worker_pool]))).toEqual({
		plain: "default",
		grouped: "dc2",
		own: "lab",
		back: "default",
	});
	const device_ids = [grouped.id, newId(), own.id];
	expect(
		(await api.listWorkerPools({ body: { device_ids } })).pools.toSorted((a, b) =>
			a.worker_pool < b.worker_pool ? -1 : 1,
		),
	).toEqual([
		{ device_id: grouped.id, worker_pool: "dc2" },
		{ device_id: own.id, worker_pool: "lab" },
	]);
	// A test of the connection is a run for the same workers.
	await api.testDevice({ params: { id: grouped.id } });
	expect(started.plans.at(-1)?.targets).toMatchObject([{ name: "grouped", worker_pool: "dc2" }]);
	await api.updateDevices({
		body: { select: { names: ["own"] }, action: { kind: "set_worker_pool", worker_pool: null } },
	});
	expect(await inUse(own.id)).toEqual({ name: "dc2", from: "group", group: "core" });
});

test("names of pools are lower-case letters, digits and dashes, at most 40", async () => {
	for (const worker_pool of ["", "DC2", "dc 2", "dc_2", "x".repeat(41), "dc2\n", "ü"]) {
		expect(await failureOf(create("bad", { worker_pool }))).toMatchObject({ code: "request.invalid" });
	}
});

test("an import sets and empties the pool, and takes back what an export wrote", async () => {
	const take = (content: string) => api.importDevices({ body: { format: "csv", content } });
	await take("name,host,device_type,worker_pool\nimp-1,192.0.2.9,linux,dc2\nimp-2,192.0.2.9,linux,\n");
	const found = async (name: string) => (await api.listDevices({ query: { q: name } })).items[0]?.worker_pool;
	expect([await found("imp-1"), await found("imp-2")]).toEqual(["dc2", null]);
	const file = await api.exportDevices({ query: { format: "csv", q: "imp-" } });
	expect(await take(file)).toMatchObject({ unchanged: 2 });
	await take("name,worker_pool\nimp-1,\n");
	expect(await found("imp-1")).toBeNull();
	expect(await failureOf(take("name,worker_pool\nimp-1,Not a pool\n"))).toMatchObject({
		code: "devices.import_invalid",
	});
});

test("a worker is told logins of its own pool's devices alone, and records keys of these and of what leads to them", async () => {
	const jump = await create("jump");
	const there = await create("there", { worker_pool: "dc2", jump_device_id: jump.id });
	const other = await create("other", { worker_pool: "dc3" });
	const caller = { actor: admin, worker_pool: "dc2" };
	const reveal = (id: string) =>
		started.service.revealConnection({ params: { id }, body: { run_id: newId(), operation_id: newId() } }, caller);
	expect(await reveal(there.id)).toMatchObject({ name: "there", password: "p" });
	await expect(reveal(other.id)).rejects.toMatchObject({
		code: "devices.other_pool",
		details: { worker_pool: "dc3", device_name: "other" },
	});
	await expect(reveal(jump.id)).rejects.toMatchObject({ code: "devices.other_pool" });
	const present = (id: string) =>
		started.service.recordHostKey(
			{
				params: { id },
				body: { fingerprint: `SHA256:${"A".repeat(43)}`, algorithm: "ssh-ed25519", run_id: newId() },
			},
			caller,
		);
	expect(await present(jump.id)).toEqual({ status: "trusted" });
	await expect(present(other.id)).rejects.toMatchObject({ code: "devices.other_pool" });
});
