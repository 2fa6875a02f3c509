import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf, reveal, type Started, startDevices } from "./start.ts";

let started: Started;
let api: Started["api"];
beforeAll(async () => {
	started = await startDevices();
	api = started.api;
});
afterAll(() => started?.stop());

const device = (name: string, more = {}) => ({ name, host: "192.0.2.1", device_type: "linux", ...more });
const create = (name: string, more = {}) => api.createDevice({ body: device(name, more) });
const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code;

describe("devices", () => {
	test("a device is read back as it was given, with its defaults and its groups", async () => {
		const made = await create("a-core-1", {
			tags: ["b", "a", "b"],
			groups: ["Edge", "core"],
			site: "Bern",
			port: 2222,
		});
		expect(made).toMatchObject({
			name: "a-core-1",
			port: 2222,
			tags: ["a", "b"],
			groups: ["core", "Edge"],
			health: "unknown",
			source: "manual",
			credential_id: null,
			facts: {},
		});
		expect(await api.getDevice({ params: { id: made.id } })).toEqual(made);
	});

	test("a name is taken whatever its case, also when two ask at once", async () => {
		await create("Dup-1");
		expect(await codeOf(create("dup-1"))).toBe("devices.name_taken");
		const both = await Promise.allSettled([create("race-1"), create("RACE-1")]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		const other = await create("dup-2");
		expect(await codeOf(api.updateDevice({ params: { id: other.id }, body: { name: "DUP-1" } }))).toBe(
			"devices.name_taken",
		);
	});

	test("what a device refers to must exist", async () => {
		expect(await codeOf(create("r-1", { device_type: "no_such" }))).toBe("devices.unknown_type");
		expect(await codeOf(create("r-1", { credential_id: newId() }))).toBe("credentials.not_found");
		expect(await codeOf(create("r-1", { jump_device_id: newId() }))).toBe("devices.not_found");
		expect(await codeOf(api.getDevice({ params: { id: newId() } }))).toBe("devices.not_found");
	});

	test("hostile text is refused before it reaches the database", async () => {
		for (const wrong of [
			{ name: "x; drop table devices" },
			{ name: "-oProxyCommand=evil" },
			{ host: "-oProxyCommand=evil" },
			{ host: "a b" },
			{ site: "nul\0" },
			{ description: "nul\0" },
			{ tags: ["nul\0"] },
			{ username: "nul\0", password: "x" },
			{ port: 70_000 },
			{ username: "alone" },
			{ password: "alone" },
		]) {
			expect(await codeOf(create("hostile", wrong)), JSON.stringify(wrong)).toBe("request.invalid");
		}
	});

	test("names stand in the order in which people count", async () => {
		for (const name of ["Sorted-10", "sorted-2", "sorted-1-12", "sorted-1-3"]) await create(name);
		const { items } = await api.listDevices({ query: { q: "sorted-", sort: "name" } });
		expect(items.map(({ name }) => name)).toEqual(["sorted-1-3", "sorted-1-12", "sorted-2", "Sorted-10"]);
	});

	test("the list searches, filters, sorts and pages", async () => {
		for (const [name, more] of Object.entries({
			"list-1": { site: "Zug", tags: ["x"], groups: ["L1"], description: "100%_sure" },
			"list-2": { site: "Zug", tags: ["x", "y"], groups: ["L1", "L2"], device_type: "frr" },
			"list-3": { site: null, tags: ["x", "y"], enabled: false },
		})) {
			await create(name, more);
		}
		const names = async (query: Parameters<typeof api.listDevices>[0]["query"]) =>
			(await api.listDevices({ query: { q: "list-", ...query } })).items.map(({ name }) => name);
		expect(await names({ sort: "-name" })).toEqual(["list-3", "list-2", "list-1"]);
		expect(await names({ sort: "-site" })).toEqual(["list-2", "list-1", "list-3"]);
		expect(await names({ tag: "x,y" })).toEqual(["list-2", "list-3"]);
		expect(await names({ group: "l1" })).toEqual(["list-1", "list-2"]);
		expect(await names({ device_type: "frr" })).toEqual(["list-2"]);
		expect(await names({ enabled: "false" })).toEqual(["list-3"]);
		expect(await names({ site: "Zug" })).toEqual(["list-1", "list-2"]);
		expect(await names({ health: "reachable" })).toEqual([]);
		expect(await names({ q: "LIST-2" })).toEqual(["list-2"]);
		expect(await names({ q: "0%_S" })).toEqual(["list-1"]);
		expect(await names({ q: "0_%s" })).toEqual([]);
		expect(await api.listDevices({ query: { q: "list-", page: 2, page_size: 2 } })).toMatchObject({
			page: 2,
			total: 3,
			items: [{ name: "list-3" }],
		});
	});

	test("a search reads an index", async () => {
		const { db } = started;
		await db.query("set enable_seqscan = off");
		const plan = await db.query<{ "QUERY PLAN": string }>(
			"explain select id from devices where search_text like '%core-17%'",
		);
		expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain("devices_by_search_text");
	});
});

describe("a device's own login", () => {
	test("is a credential of that device alone, sealed, and revealed only to a worker", async () => {
		const made = await create("own-1", { username: "joe", password: "canary-own-1", enable_password: "canary-en" });
		const credential = await api.getCredential({ params: { id: made.credential_id ?? "" } });
		expect(credential).toMatchObject({
			device_id: made.id,
			username: "joe",
			has_password: true,
			has_enable_password: true,
		});
		expect((await api.listCredentials({ query: { q: "own-1" } })).total).toBe(0);
		expect((await api.listCredentials({ query: { q: "own-1", own: "true" } })).total).toBe(1);
		const other = await failureOf(create("own-2", { credential_id: made.credential_id }));
		expect(other.code).toBe("credentials.own");
		expect(await reveal(started, made.id)).toMatchObject({
			username: "joe",
			password: "canary-own-1",
			enable_password: "canary-en",
		});
		const { db } = started;
		for (const { table_name } of await db.query<{ table_name: string }>(
			"select table_name from information_schema.tables where table_schema = 'devices'",
		)) {
			const rows = await db.query(`select * from devices."${table_name}"`);
			expect(JSON.stringify(rows), table_name).not.toContain("canary-");
		}
	});

	test("changes part by part, and goes when the device takes a stored credential or is deleted", async () => {
		const shared = await api.createCredential({ body: { name: "shared-1", username: "ops", password: "s" } });
		const made = await create("own-3", { username: "joe", password: "one" });
		const change = (body: Parameters<typeof api.updateDevice>[0]["body"]) =>
			api.updateDevice({ params: { id: made.id }, body });
		await change({ password: "two", name: "own-3b" });
		expect(await reveal(started, made.id)).toMatchObject({ username: "joe", password: "two", name: "own-3b" });
		await change({ credential_id: shared.id });
		expect(await codeOf(api.getCredential({ params: { id: made.credential_id ?? "" } }))).toBe("credentials.not_found");
		expect(await reveal(started, made.id)).toMatchObject({ username: "ops", password: "s" });
		expect(await codeOf(change({ password: "three" }))).toBe("devices.incomplete_login");
		const again = await change({ username: "jane", password: "four" });
		expect(again.credential_id).toBe(made.credential_id);
		expect(await reveal(started, made.id)).toMatchObject({ username: "jane", password: "four" });
		await api.deleteDevice({ params: { id: made.id } });
		expect(await codeOf(api.getCredential({ params: { id: made.credential_id ?? "" } }))).toBe("credentials.not_found");
	});
});

describe("how a device is reached", () => {
	test("without any credential the error names the device; group, override and request win in their order", async () => {
		const made = await create("layer-1", { groups: ["layers"] });
		expect(await failureOf(reveal(started, made.id))).toMatchObject({
			code: "devices.no_credential",
			message: expect.stringContaining("layer-1"),
		});
		const make = async (name: string, more = {}) =>
			(await api.createCredential({ body: { name, username: name, password: "p", ...more } })).id;
		const [byDefault, group, override, request] = [
			await make("l-default", { is_default: true }),
			await make("l-group"),
			await make("l-override"),
			await make("l-request"),
		];
		const username = async (given?: { credential_id: string }) => (await reveal(started, made.id, given)).username;
		expect(await username()).toBe("l-default");
		const groups = await api.listGroups({ query: { q: "layers" } });
		await api.updateGroup({ params: { id: groups.items[0]?.id ?? "" }, body: { credential_id: group } });
		expect(await username()).toBe("l-group");
		await api.putOverride({
			params: { id: made.id },
			body: { credential_id: override, timeouts: { connect_ms: 900 }, port: 2200 },
		});
		expect(await username()).toBe("l-override");
		expect(await username({ credential_id: request })).toBe("l-request");
		const connection = await reveal(started, made.id);
		expect(connection).toMatchObject({ port: 2200, timeouts: { connect_ms: 900, auth_ms: 20_000 }, host_key: null });
		expect(connection.platform.id).toBe("linux");
		await api.updateCredential({ params: { id: byDefault }, body: { is_default: false } });
	});

	test("jump hosts come with their own login and host key; loops are refused when they are made", async () => {
		const jump = await create("jump-1", { username: "j", password: "jp", enable_password: "je", host: "192.0.2.9" });
		const behind = await create("behind-1", { username: "b", password: "bp", jump_device_id: jump.id });
		const fingerprint = `SHA256:${"A".repeat(43)}`;
		await api.recordHostKey({
			params: { id: jump.id },
			body: { fingerprint, algorithm: "ssh-ed25519", run_id: newId() },
		});
		const { jump_hosts } = await reveal(started, behind.id);
		expect(jump_hosts).toMatchObject([{ name: "jump-1", username: "j", password: "jp", host_key: { fingerprint } }]);
		expect(jump_hosts[0]).not.toHaveProperty("enable_password");
		const loop = await failureOf(api.updateDevice({ params: { id: jump.id }, body: { jump_device_id: behind.id } }));
		expect(loop).toMatchObject({
			code: "devices.jump_loop",
			message: expect.stringContaining("jump-1 → behind-1 → jump-1"),
		});
		expect(await failureOf(api.deleteDevice({ params: { id: jump.id } }))).toMatchObject({
			code: "devices.jump_in_use",
			message: expect.stringContaining("behind-1"),
		});
		const both = { select: { device_ids: [jump.id, behind.id] }, action: { kind: "delete" as const } };
		expect(await api.updateDevices({ body: both })).toEqual({ changed: 2 });
	});

	test("a disabled device is refused by a single test and skipped with its reason in bulk", async () => {
		const on = await create("test-1", { username: "u", password: "p", groups: ["tests"] });
		const off = await create("test-2", { username: "u", password: "p", groups: ["tests"] });
		await api.putOverride({ params: { id: off.id }, body: { disabled: true, disabled_reason: "RMA until Monday" } });
		expect(await failureOf(api.testDevice({ params: { id: off.id } }))).toMatchObject({
			code: "devices.disabled",
			message: expect.stringContaining("RMA until Monday"),
		});
		const { plans } = started;
		plans.length = 0;
		await api.testDevice({ params: { id: on.id } });
		await api.testDevices({ body: { select: { groups: ["TESTS"] } } });
		expect(plans).toMatchObject([
			{
				kind: "connectivity_test",
				targets: [{ device_id: on.id, name: "test-1" }],
				steps: [{ type: "test_connection" }],
			},
			{
				targets: [{ device_id: on.id }],
				skipped: [{ device_id: off.id, name: "test-2", reason: "disabled: RMA until Monday" }],
			},
		]);
		expect(await codeOf(api.testDevices({ body: { select: { device_ids: [off.id] } } }))).toBe("devices.disabled");
		const { targets } = await api.listTargets({ body: { select: { names: ["TEST-2"] } } });
		expect(targets).toMatchObject([{ name: "test-2", enabled: false, disabled_reason: "RMA until Monday" }]);
		await api.deleteOverride({ params: { id: off.id } });
		expect((await api.listTargets({ body: { select: { names: ["test-2"] } } })).targets).toMatchObject([
			{ enabled: true },
		]);
	});
});

describe("selections and bulk actions", () => {
	test("a name, id or group that does not exist is an error, never left out", async () => {
		await create("sel-1", { tags: ["sel"] });
		const targets = (select: Parameters<typeof api.listTargets>[0]["body"]["select"]) =>
			api.listTargets({ body: { select } });
		expect(await failureOf(targets({ names: ["sel-1", "sel-9"] }))).toMatchObject({
			code: "devices.not_found",
			message: expect.stringContaining("sel-9"),
		});
		expect(await codeOf(targets({ device_ids: [newId()] }))).toBe("devices.not_found");
		expect(await codeOf(targets({ groups: ["no such"] }))).toBe("device_groups.not_found");
		expect((await targets({ names: ["SEL-1"], tags: ["sel"] })).targets).toHaveLength(1);
		expect(await codeOf(targets({}))).toBe("request.invalid");
		expect((await targets({ all: true })).targets.length).toBeGreaterThan(3);
	});

	test("an action changes all or none, and counts what it changed", async () => {
		await create("bulk-1", { tags: ["a"], groups: ["bulk"] });
		await create("bulk-2", { tags: Array.from({ length: 99 }, (_, i) => `t${i}`), groups: ["bulk"] });
		const act = (action: Parameters<typeof api.updateDevices>[0]["body"]["action"]) =>
			api.updateDevices({ body: { select: { groups: ["bulk"] }, action } });
		expect(await codeOf(act({ kind: "add_tags", tags: ["x", "y"] }))).toBe("devices.too_many_tags");
		expect((await api.listDevices({ query: { q: "bulk-1" } })).items[0]?.tags).toEqual(["a"]);
		expect(await act({ kind: "add_tags", tags: ["a"] })).toEqual({ changed: 1 });
		expect(await act({ kind: "remove_tags", tags: ["a"] })).toEqual({ changed: 2 });
		expect(await act({ kind: "disable" })).toEqual({ changed: 2 });
		expect(await act({ kind: "disable" })).toEqual({ changed: 0 });
		expect(await act({ kind: "enable" })).toEqual({ changed: 2 });
		expect(await act({ kind: "delete" })).toEqual({ changed: 2 });
		expect(await codeOf(act({ kind: "delete" }))).toBe("devices.nothing_selected");
	});

	test("a group holds exactly the devices that were set, and leaves them when it is deleted", async () => {
		const made = await create("member-1", { groups: ["g-old"] });
		const group = await api.createGroup({ body: { name: "g-new" } });
		expect(await codeOf(api.createGroup({ body: { name: "G-NEW" } }))).toBe("device_groups.name_taken");
		const set = (device_ids: string[]) => api.setGroupMembers({ params: { id: group.id }, body: { device_ids } });
		expect((await set([made.id, made.id])).devices).toBe(1);
		expect(await codeOf(set([newId()]))).toBe("devices.not_found");
		expect((await api.getDevice({ params: { id: made.id } })).groups).toEqual(["g-new", "g-old"]);
		await api.deleteGroup({ params: { id: group.id } });
		expect((await api.getDevice({ params: { id: made.id } })).groups).toEqual(["g-old"]);
	});
});
