import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { newId } from "@netconductor/runtime/id";
import { admin } from "@netconductor/runtime/testing/service";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { failureOf, type Started, startDevices } from "./start.ts";

// A role that is limited to the group `berlin`: no other device exists for who holds it.
let started: Started;
let api: Started["api"];
let groups: Record<string, string> = {};
let inside: string;
let outside: string;
let scoped: Started["api"];

beforeAll(async () => {
	started = await startDevices();
	api = started.api;
});
afterAll(() => started?.stop());

const create = (name: string, more = {}) =>
	api.createDevice({ body: { name, host: "192.0.2.1", device_type: "linux", ...more } });

beforeEach(async () => {
	await started.db.query("update devices set jump_device_id = null, credential_id = null");
	await started.db.query("truncate devices, device_groups, credentials cascade");
	const own = { username: "u", password: "p" };
	inside = (await create("b1", { groups: ["berlin", "core"], site: "Berlin", tags: ["edge"], ...own })).id;
	outside = (await create("m1", { groups: ["munich"], site: "Munich", tags: ["edge", "secret"], ...own })).id;
	const { items } = await api.listGroups({ query: {} });
	groups = Object.fromEntries(items.map(({ name, id }) => [name, id]));
	const actor: Actor = { ...admin, name: "bea", device_groups: [groups.berlin ?? ""] };
	scoped = started.clientOf(devicesApi, actor);
});

const present = (id: string, letter: string) =>
	api.recordHostKey({
		params: { id },
		body: { fingerprint: `SHA256:${letter.repeat(43)}`, algorithm: "ssh-ed25519", run_id: newId() },
	});
const names = async (query: Parameters<typeof api.listDevices>[0]["query"]) => {
	const { items, total } = await scoped.listDevices({ query });
	expect(total).toBe(items.length);
	return items.map(({ name }) => name);
};

test("lists, filters, searches and counts know no device outside", async () => {
	expect(await names({})).toEqual(["b1"]);
	expect(await names({ q: "m1" })).toEqual([]);
	expect(await names({ tag: ["edge"] })).toEqual(["b1"]);
	expect(await names({ site: "Munich" })).toEqual([]);
	expect(await names({ sort: "-updated_at" })).toEqual(["b1"]);
	expect(await scoped.getDeviceSummary({})).toMatchObject({
		total: 1,
		enabled: 1,
		by_health: { unknown: 1 },
		by_device_type: [{ value: "linux", devices: 1 }],
		by_site: [{ value: "Berlin", devices: 1 }],
		by_group: [{ value: "berlin", devices: 1 }],
		by_tag: [{ value: "edge", devices: 1 }],
	});
	expect(await scoped.exportDevices({ query: { format: "json" } })).not.toContain("m1");
	const linux = await scoped.getDeviceType({ params: { id: "linux" } });
	expect(linux.devices).toBe(1);
	const types = await scoped.listDeviceTypes({ query: { sort: "-devices", page_size: 1 } });
	expect(types.items[0]).toMatchObject({ id: "linux", devices: 1 });
});

test("what a device outside is asked for by id is answered exactly as of one that does not exist", async () => {
	await present(outside, "A");
	await api.putOverride({ params: { id: outside }, body: { disabled: true, disabled_reason: "broken" } });
	const fingerprint = `SHA256:${"A".repeat(43)}`;
	const asked: ((id: string) => Promise<unknown>)[] = [
		(id) => scoped.getDevice({ params: { id } }),
		(id) => scoped.updateDevice({ params: { id }, body: { site: "x" } }),
		(id) => scoped.deleteDevice({ params: { id } }),
		(id) => scoped.listDeviceHealth({ params: { id } }),
		(id) => scoped.getConnection({ params: { id } }),
		(id) => scoped.testDevice({ params: { id } }),
		(id) => scoped.getOverride({ params: { id } }),
		(id) => scoped.putOverride({ params: { id }, body: {} }),
		(id) => scoped.deleteOverride({ params: { id } }),
		(id) => scoped.getHostKey({ params: { id } }),
		(id) => scoped.acceptHostKey({ params: { id }, body: { fingerprint } }),
		(id) => scoped.rejectHostKey({ params: { id }, body: { fingerprint } }),
		(id) => scoped.forgetHostKey({ params: { id } }),
		(id) => scoped.testDevices({ body: { select: { device_ids: [inside, id] } } }),
		(id) => scoped.updateDevices({ body: { select: { device_ids: [id] }, action: { kind: "delete" } } }),
		(id) => scoped.updateDevice({ params: { id: inside }, body: { jump_device_id: id } }),
	];
	for (const ask of asked) {
		const nowhere = newId();
		const [there, none] = [await failureOf(ask(outside)), await failureOf(ask(nowhere))];
		expect(there.code, ask.toString()).toBe("devices.not_found");
		expect(there.message.replaceAll(outside, nowhere), ask.toString()).toBe(none.message);
	}
	expect((await api.getDevice({ params: { id: outside } })).site).toBe("Munich");
	expect((await scoped.listOverrides({ query: {} })).total).toBe(0);
	expect((await scoped.listHostKeys({ query: {} })).total).toBe(0);
});

test("a selection narrows to what is inside, and naming what is outside is naming nothing", async () => {
	const tag = { kind: "add_tags" as const, tags: ["touched"] };
	for (const select of [{ all: true }, { tags: ["edge"] }, { groups: ["berlin"] }]) {
		await scoped.updateDevices({ body: { select, action: tag } });
	}
	expect((await api.getDevice({ params: { id: outside } })).tags).not.toContain("touched");
	expect((await api.getDevice({ params: { id: inside } })).tags).toContain("touched");
	const codeOf = async (select: object) =>
		(await failureOf(scoped.updateDevices({ body: { select, action: tag } }))).code;
	expect(await codeOf({ names: ["b1", "m1"] })).toBe("devices.not_found");
	expect(await codeOf({ groups: ["munich"] })).toBe("device_groups.not_found");
	expect(await codeOf({ groups: ["core"] })).toBe("device_groups.not_found");
	expect(await codeOf({ tags: ["secret"] })).toBe("devices.nothing_selected");
	await scoped.testDevices({ body: { select: { all: true } } });
	expect(started.plans.at(-1)?.targets.map(({ name }) => name)).toEqual(["b1"]);
	const { targets } = await scoped.listTargets({ body: { select: { all: true } } });
	expect(targets.map(({ name }) => name)).toEqual(["b1"]);
	const described = await scoped.describeDevices({ body: { device_ids: [inside, outside] } });
	expect(described.devices.map(({ name }) => name)).toEqual(["b1"]);
	expect(await scoped.listDevicesInScope({ body: {} })).toEqual({ device_ids: [inside] });
	expect(await scoped.listDevicesInScope({ body: { among: [outside] } })).toEqual({ device_ids: [] });
	expect(await api.listDevicesInScope({ body: {} })).toEqual({ device_ids: null });
});

test("groups outside are neither seen nor filtered by, nor on the devices that are in them too", async () => {
	expect((await scoped.listGroups({ query: {} })).items.map(({ name }) => name)).toEqual(["berlin"]);
	expect((await failureOf(scoped.getGroup({ params: { id: groups.core ?? "" } }))).code).toBe(
		"device_groups.not_found",
	);
	expect((await scoped.getDevice({ params: { id: inside } })).groups).toEqual(["berlin"]);
	expect(await names({ group: ["berlin"] })).toEqual(["b1"]);
	expect(await names({ group: ["core"] })).toEqual([]);
});

test("no device is put outside, made there or taken in from there, and groups that are not seen stay as they are", async () => {
	const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code;
	const body = { name: "new", host: "192.0.2.9", device_type: "linux" };
	expect(await codeOf(scoped.createDevice({ body }))).toBe("devices.leaves_scope");
	for (const group of ["munich", "made up"]) {
		const groups = ["berlin", group];
		expect(await codeOf(scoped.createDevice({ body: { ...body, groups } }))).toBe("device_groups.not_found");
		const add = { kind: "add_to_group" as const, group };
		expect(await codeOf(scoped.updateDevices({ body: { select: { all: true }, action: add } }))).toBe(
			"device_groups.not_found",
		);
	}
	const made = await scoped.createDevice({ body: { ...body, groups: ["Berlin"] } });
	expect(made.groups).toEqual(["berlin"]);
	const update = (change: object) => scoped.updateDevice({ params: { id: inside }, body: change });
	expect(await codeOf(update({ groups: [] }))).toBe("devices.leaves_scope");
	const remove = { kind: "remove_from_group" as const, group: "berlin" };
	expect(await codeOf(scoped.updateDevices({ body: { select: { all: true }, action: remove } }))).toBe(
		"devices.leaves_scope",
	);
	await update({ groups: ["berlin"], site: "B" });
	expect(await api.getDevice({ params: { id: inside } })).toMatchObject({ groups: ["berlin", "core"], site: "B" });
	expect((await api.listGroups({ query: {} })).items.map(({ name }) => name)).toEqual(["berlin", "core", "munich"]);
});

const take = (rows: object[], dry_run = false, as = scoped) =>
	as.importDevices({ body: { format: "json", content: JSON.stringify(rows), dry_run } });
const problemsOf = async (row: object) =>
	(await take([row], true)).problems.map(({ column, message }) => `${column}: ${message}`);

test("an import adds and changes devices inside alone, and leaves what it does not see of them as it is", async () => {
	await api.updateDevice({ params: { id: inside }, body: { jump_device_id: outside } });
	const answer = await take([
		{ name: "B1", site: "Spandau", groups: ["Berlin"], jump_host: null },
		{ name: "b2", host: "192.0.2.2", device_type: "linux", groups: ["berlin"], jump_host: "b1" },
	]);
	expect(answer).toMatchObject({ created: 1, updated: 1, problems: [] });
	expect(JSON.stringify(answer)).not.toMatch(/m1|core|munich/);
	expect(await api.getDevice({ params: { id: inside } })).toMatchObject({
		site: "Spandau",
		groups: ["berlin", "core"],
		jump_device_id: outside,
	});
	expect(await names({})).toEqual(["B1", "b2"]);
	// As before: nothing of it differs.
	expect(await take([{ name: "b2", groups: ["berlin"] }])).toMatchObject({ unchanged: 1, updated: 0 });
});

test("an import puts no device outside, takes none in from there, and names nothing of it", async () => {
	const fresh = { name: "new", host: "192.0.2.9", device_type: "linux" };
	const shared = await api.createCredential({ body: { name: "core login", username: "root", password: "x" } });
	await api.updateDevice({ params: { id: outside }, body: { credential_id: shared.id } });
	const noGroup = "groups: Your role is limited to some groups: name one of them";
	const refused: [object, string[]][] = [
		[fresh, [noGroup]],
		[{ ...fresh, groups: ["munich"] }, ["groups: There is no group munich"]],
		[{ ...fresh, groups: ["berlin", "made up"] }, ["groups: There is no group made up"]],
		[
			{ ...fresh, groups: ["berlin"], jump_host: "m1" },
			["jump_host: There is no such device, neither here nor in the file"],
		],
		[{ ...fresh, groups: ["berlin"], credential: "core login" }, ["credential: There is no such credential"]],
		[{ name: "b1", groups: [] }, [noGroup]],
		[{ name: "b1", groups: ["core"] }, ["groups: There is no group core"]],
		[{ ...fresh, name: "M1", groups: ["berlin"], site: "mine" }, ["name: There is a device of this name already"]],
	];
	for (const [row, problems] of refused) {
		expect(await problemsOf(row), JSON.stringify(row)).toEqual(problems);
		expect((await failureOf(take([row]))).code, JSON.stringify(row)).toBe("devices.import_invalid");
	}
	expect(await api.getDevice({ params: { id: outside } })).toMatchObject({ site: "Munich", groups: ["munich"] });
	expect((await api.listGroups({ query: {} })).items.map(({ name }) => name)).toEqual(["berlin", "core", "munich"]);
	expect(await names({})).toEqual(["b1"]);
});

test("an import takes no device back in that left the groups while it was planned", async () => {
	const both: Actor = { ...admin, name: "bea", device_groups: [groups.berlin ?? "", groups.munich ?? ""] };
	const rows = [{ name: "b1", host: "198.51.100.66", groups: ["munich"] }];
	let answer: ReturnType<typeof failureOf> | undefined;
	await started.db.transaction(async (tx) => {
		await tx.execute(sql`select id from devices where id = ${inside} for update`);
		answer = failureOf(take(rows, false, started.clientOf(devicesApi, both)));
		await isWaiting();
		await tx.execute(
			sql`delete from device_group_members where device_id = ${inside} and group_id = ${groups.berlin}::uuid`,
		);
	});
	expect((await answer)?.code).toBe("devices.import_conflict");
	expect(await api.getDevice({ params: { id: inside } })).toMatchObject({ host: "192.0.2.1", groups: ["core"] });
});

/** Until a statement waits for the lock that a test holds. */
async function isWaiting(): Promise<void> {
	for (;;) {
		const waiting = await started.db.query(
			"select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
		);
		if (waiting.length > 0) return;
	}
}

test("an import makes no circle of jump hosts through one that it does not see", async () => {
	const second = await create("b2", { groups: ["berlin"] });
	await api.updateDevice({ params: { id: outside }, body: { jump_device_id: second.id } });
	await api.updateDevice({ params: { id: inside }, body: { jump_device_id: outside } });
	const circle = [
		{ name: "b1", site: "x" },
		{ name: "b2", jump_host: "b1" },
	];
	const { problems } = await take(circle, true);
	expect(problems.map(({ row, column }) => [row, column])).toEqual([[2, "jump_host"]]);
	expect(JSON.stringify(problems)).not.toContain("m1");
	expect((await failureOf(take(circle))).code).toBe("devices.import_invalid");
});

test("what decides who is in a group, or with which login, is not open to a role that is limited to some", async () => {
	const id = groups.berlin ?? "";
	const closed: (() => Promise<unknown>)[] = [
		() => scoped.createGroup({ body: { name: "mine" } }),
		() => scoped.updateGroup({ params: { id }, body: { name: "mine" } }),
		() => scoped.deleteGroup({ params: { id } }),
		() => scoped.setGroupMembers({ params: { id }, body: { device_ids: [inside, outside] } }),
		() => scoped.createCredential({ body: { name: "c", username: "u", password: "p" } }),
	];
	for (const ask of closed) expect((await failureOf(ask())).code, ask.toString()).toBe("auth.out_of_scope");
});

test("only a credential that is in use inside is seen or given: any other could be sent to a host of one's own", async () => {
	const shared = await api.createCredential({ body: { name: "core login", username: "root", password: "x" } });
	await api.updateDevice({ params: { id: outside }, body: { credential_id: shared.id } });
	const give = { credential_id: shared.id };
	const attempts: (() => Promise<unknown>)[] = [
		() => scoped.getCredential({ params: { id: shared.id } }),
		() => scoped.updateDevice({ params: { id: inside }, body: give }),
		() => scoped.putOverride({ params: { id: inside }, body: give }),
		() => scoped.updateDevices({ body: { select: { all: true }, action: { kind: "set_credential", ...give } } }),
		() =>
			scoped.createDevice({
				body: { name: "trap", host: "192.0.2.66", device_type: "linux", groups: ["berlin"], ...give },
			}),
	];
	for (const attempt of attempts) {
		expect((await failureOf(attempt())).code, attempt.toString()).toBe("credentials.not_found");
	}
	expect((await scoped.listCredentials({ query: {} })).items).toEqual([]);
	expect((await scoped.listCredentials({ query: { own: "true" } })).items.map(({ name }) => name)).toEqual(["b1"]);
	await api.updateGroup({ params: { id: groups.berlin ?? "" }, body: give });
	expect(await scoped.getCredential({ params: { id: shared.id } })).toMatchObject({
		used_by: 1,
		devices: 0,
		groups: 1,
	});
	await scoped.updateDevice({ params: { id: inside }, body: give });
});

test("a jump host outside bears no name, and a change that does not know of it leaves it", async () => {
	await api.updateDevice({ params: { id: inside }, body: { jump_device_id: outside } });
	const seen = await scoped.getDevice({ params: { id: inside } });
	expect(seen.jump_device_id).toBeNull();
	expect((await scoped.getConnection({ params: { id: inside } })).jump_hosts).toEqual([]);
	expect(await scoped.exportDevices({ query: { format: "csv" } })).not.toContain("m1");
	await scoped.updateDevice({ params: { id: inside }, body: { jump_device_id: null, site: "C" } });
	expect((await api.getDevice({ params: { id: inside } })).jump_device_id).toBe(outside);
	await api.updateDevice({ params: { id: outside }, body: { enabled: false } });
	const refused = await failureOf(scoped.testDevice({ params: { id: inside } }));
	expect(refused.code).toBe("devices.disabled");
	expect(refused.message).not.toContain("m1");
	expect((await scoped.getConnection({ params: { id: inside } })).refused?.message).not.toContain("m1");
	await api.updateDevice({ params: { id: outside }, body: { enabled: true, jump_device_id: null } });
	await api.updateDevice({ params: { id: inside }, body: { jump_device_id: null } });
	await api.updateDevice({ params: { id: outside }, body: { jump_device_id: inside } });
	const inUse = await failureOf(scoped.deleteDevice({ params: { id: inside } }));
	expect(inUse.code).toBe("devices.jump_in_use");
	expect(inUse.message).not.toContain("m1");
});

test("who moves a device, or deletes the group, decides at once, and an empty scope is no device", async () => {
	await api.setGroupMembers({ params: { id: groups.berlin ?? "" }, body: { device_ids: [outside] } });
	expect(await names({})).toEqual(["m1"]);
	await api.deleteGroup({ params: { id: groups.berlin ?? "" } });
	expect(await names({})).toEqual([]);
	expect((await scoped.getDeviceSummary({})).total).toBe(0);
	const all = scoped.testDevices({ body: { select: { all: true } } });
	expect((await failureOf(all)).code).toBe("devices.nothing_selected");
	// One of the same name is another group.
	await create("b2", { groups: ["berlin"] });
	expect(await names({})).toEqual([]);
});
