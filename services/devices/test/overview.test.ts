import { devicesApi } from "@netconductor/contracts/devices/api";
import { newId } from "@netconductor/runtime/id";
import { actorWith } from "@netconductor/runtime/testing/service";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failureOf, reveal, type Started, startDevices } from "./start.ts";

let started: Started;
let api: Started["api"];
beforeEach(async () => {
	started = await startDevices();
	api = started.api;
});
afterEach(() => started?.stop());

const keyA = `SHA256:${"A".repeat(43)}`;
const keyB = `SHA256:${"B".repeat(43)}`;
const create = (name: string, more = {}) =>
	api.createDevice({ body: { name, host: "192.0.2.1", device_type: "linux", ...more } });
const present = (id: string, fingerprint: string) =>
	api.recordHostKey({ params: { id }, body: { fingerprint, algorithm: "ssh-ed25519", run_id: newId() } });
const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code;
type ListQuery = Parameters<typeof api.listDevices>[0]["query"];
const names = async (query: ListQuery) => (await api.listDevices({ query })).items.map(({ name }) => name);

test("the summary counts the whole inventory, and an empty one", async () => {
	const none = { unknown: 0, reachable: 0, unreachable: 0, auth_failed: 0, host_key_changed: 0, failing: 0 };
	const nothing = { by_device_type: [], by_site: [], by_worker_pool: [], by_group: [], by_tag: [] };
	expect(await api.getDeviceSummary({})).toEqual({
		...nothing,
		total: 0,
		enabled: 0,
		by_health: none,
		without_site: 0,
		changed_host_keys: 0,
	});
	const one = await create("one", { site: "Bern", tags: ["core", "mpls"], groups: ["Edge"] });
	await create("two", { site: "Bern", tags: ["core"], enabled: false, device_type: "frr" });
	await create("three", { device_type: "frr" });
	await api.createGroup({ body: { name: "empty" } });
	await present(one.id, keyA);
	await present(one.id, keyB);
	expect(await api.getDeviceSummary({})).toEqual({
		total: 3,
		enabled: 2,
		by_health: { ...none, unknown: 2, host_key_changed: 1 },
		by_device_type: [
			{ value: "frr", devices: 2 },
			{ value: "linux", devices: 1 },
		],
		by_site: [{ value: "Bern", devices: 2 }],
		without_site: 1,
		by_worker_pool: [{ value: "default", devices: 3 }],
		by_group: [
			{ value: "Edge", devices: 1 },
			{ value: "empty", devices: 0 },
		],
		by_tag: [
			{ value: "core", devices: 2 },
			{ value: "mpls", devices: 1 },
		],
		changed_host_keys: 1,
	});
});

test("a list of choices holds the 200 values with the most devices", async () => {
	const tag = (n: number) => `t${String(n).padStart(3, "0")}`;
	await create("a", { tags: Array.from({ length: 100 }, (_, n) => tag(n)) });
	await create("b", { tags: Array.from({ length: 100 }, (_, n) => tag(n + 100)) });
	await create("c", { tags: Array.from({ length: 100 }, (_, n) => tag(n + 150)) });
	const { by_tag } = await api.getDeviceSummary({});
	expect(by_tag).toHaveLength(200);
	expect(by_tag[0]).toEqual({ value: tag(150), devices: 2 });
	expect(by_tag.at(-1)).toEqual({ value: tag(149), devices: 1 });
});

test("of several device types or healths any will do, and a credential or a changed host key narrows down", async () => {
	const credential = await api.createCredential({ body: { name: "ops", username: "ops", password: "p" } });
	const a = await create("a", { device_type: "linux", credential_id: credential.id });
	const b = await create("b", { device_type: "frr", username: "own", password: "p" });
	await create("c", { device_type: "arista_eos", credential_id: credential.id });
	for (const { id } of [a, b]) await present(id, keyA);
	await present(b.id, keyB);
	expect(await names({ device_type: "linux,frr" })).toEqual(["a", "b"]);
	expect(await names({ device_type: ["arista_eos"] })).toEqual(["c"]);
	expect(await names({ health: "host_key_changed,unknown" })).toEqual(["a", "b", "c"]);
	expect(await names({ health: "host_key_changed" })).toEqual(["b"]);
	expect(await names({ credential_id: credential.id })).toEqual(["a", "c"]);
	expect(await names({ credential_id: b.credential_id ?? "" })).toEqual(["b"]);
	expect(await names({ changed_host_key: "true" })).toEqual(["b"]);
	expect(await names({ changed_host_key: "false" })).toEqual(["a", "c"]);
	expect(await codeOf(names({ health: "well" }))).toBe("request.invalid");
	const exported = JSON.parse(
		await api.exportDevices({ query: { format: "json", device_type: "linux,arista_eos", q: "C" } }),
	) as { name: string }[];
	expect(exported.map(({ name }) => name)).toEqual(["c"]);
});

test("many devices are put into a group, which is made when it is missing, and taken out again", async () => {
	const a = await create("a", { groups: ["edge"] });
	const b = await create("b");
	const both = { device_ids: [a.id, b.id] };
	const act = (action: Parameters<typeof api.updateDevices>[0]["body"]["action"]) =>
		api.updateDevices({ body: { select: both, action } });
	expect(await act({ kind: "add_to_group", group: "EDGE" })).toEqual({ changed: 1 });
	expect((await api.getDevice({ params: { id: b.id } })).groups).toEqual(["edge"]);
	expect(await act({ kind: "add_to_group", group: "new" })).toEqual({ changed: 2 });
	expect((await api.getDevice({ params: { id: a.id } })).groups).toEqual(["edge", "new"]);
	expect(await act({ kind: "remove_from_group", group: "Edge" })).toEqual({ changed: 2 });
	expect(await act({ kind: "remove_from_group", group: "edge" })).toEqual({ changed: 0 });
	expect((await api.getDevice({ params: { id: a.id } })).groups).toEqual(["new"]);
	expect(await codeOf(act({ kind: "remove_from_group", group: "nowhere" }))).toBe("device_groups.not_found");
});

test("many devices take a stored credential, and their own logins are gone for good", async () => {
	const credential = await api.createCredential({ body: { name: "ops", username: "ops", password: "p" } });
	const own = await create("own", { username: "joe", password: "canary-own" });
	const other = await create("other", { credential_id: credential.id });
	const select = { device_ids: [own.id, other.id] };
	const set = (credential_id: string | null) =>
		api.updateDevices({ body: { select, action: { kind: "set_credential", credential_id } } });
	expect(await codeOf(set(own.credential_id))).toBe("credentials.own");
	expect(await codeOf(set(newId()))).toBe("credentials.not_found");
	expect(await reveal(started, own.id)).toMatchObject({ username: "joe" });

	expect(await set(credential.id)).toEqual({ changed: 1 });
	expect(await reveal(started, own.id)).toMatchObject({ username: "ops" });
	expect(await codeOf(api.getCredential({ params: { id: own.credential_id ?? "" } }))).toBe("credentials.not_found");
	expect(await set(null)).toEqual({ changed: 2 });
	expect(await codeOf(reveal(started, own.id))).toBe("devices.no_credential");
});

test("many devices get a site, or none", async () => {
	await create("a", { site: "Bern" });
	await create("b");
	const set = (site: string | null) =>
		api.updateDevices({ body: { select: { all: true }, action: { kind: "set_site", site } } });
	expect(await set("Bern")).toEqual({ changed: 1 });
	expect(await names({ site: "Bern" })).toEqual(["a", "b"]);
	expect(await set(null)).toEqual({ changed: 2 });
	expect((await api.getDeviceSummary({})).without_site).toBe(2);
	expect(await codeOf(set("nul\0"))).toBe("request.invalid");
});

test("a rejected key is trusted by nobody: the accepted one stays, and the device is blocked again when it presents the other", async () => {
	const { id } = await create("core-1");
	await present(id, keyA);
	const reject = (fingerprint: string) => api.rejectHostKey({ params: { id }, body: { fingerprint } });
	expect(await failureOf(reject(keyA))).toMatchObject({
		code: "host_keys.fingerprint_differs",
		message: expect.stringContaining("none to reject"),
	});
	await present(id, keyB);
	expect(await codeOf(reject(keyA))).toBe("host_keys.fingerprint_differs");
	expect(await reject(keyB)).toMatchObject({
		status: "accepted",
		fingerprint: keyA,
		accepted_by: "first use",
		presented_fingerprint: null,
	});
	expect(await api.getDevice({ params: { id } })).toMatchObject({ health: "unknown", health_error: null });
	expect(await present(id, keyB)).toEqual({ status: "changed" });
	expect(await api.getHostKey({ params: { id } })).toMatchObject({
		status: "changed",
		fingerprint: keyA,
		presented_fingerprint: keyB,
	});
	const writer = started.clientOf(devicesApi, actorWith("devices:write"));
	expect(await codeOf(writer.rejectHostKey({ params: { id }, body: { fingerprint: keyB } }))).toBe("auth.forbidden");
});

test("a credential says how many devices, groups and overrides name it", async () => {
	const { id } = await api.createCredential({ body: { name: "ops", username: "ops", password: "p" } });
	const device = await create("a", { credential_id: id });
	await create("b", { credential_id: id });
	await api.createGroup({ body: { name: "g", credential_id: id } });
	await api.putOverride({ params: { id: device.id }, body: { credential_id: id } });
	const { items } = await api.listCredentials({ query: {} });
	expect(items).toMatchObject([{ id, used_by: 4, devices: 2, groups: 1, overrides: 1 }]);
});
