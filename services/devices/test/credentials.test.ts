import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { createVault } from "@netconductor/runtime/vault";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sealedColumns } from "../src/credentials/secrets.ts";
import { failureOf, reveal, type Started, startDevices } from "./start.ts";

let started: Started;
let api: Started["api"];
beforeAll(async () => {
	started = await startDevices({}, "silent");
	api = started.api;
});
afterAll(() => started?.stop());

const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code;
const create = (name: string, more = {}) =>
	api.createCredential({ body: { name, username: "u", password: "p", ...more } });

test("a secret goes in and never comes out again through the API", async () => {
	const made = await create("write-only", { password: "canary-1", enable_password: "canary-2" });
	const answers = [
		made,
		await api.getCredential({ params: { id: made.id } }),
		await api.listCredentials({ query: {} }),
		await api.updateCredential({ params: { id: made.id }, body: { password: "canary-3" } }),
	];
	expect(JSON.stringify(answers)).not.toContain("canary");
	expect(made).toMatchObject({ has_password: true, has_private_key: false, has_enable_password: true });
});

test("there is one default credential, however many ask for it at once", async () => {
	const made = await Promise.all(
		Array.from({ length: 4 }, (_, index) => create(`default-${index}`, { is_default: true })),
	);
	const { items } = await api.listCredentials({ query: { q: "default-" } });
	expect(items.filter(({ is_default }) => is_default)).toHaveLength(1);
	await Promise.all(made.map(({ id }) => api.updateCredential({ params: { id }, body: { is_default: true } })));
	const after = await api.listCredentials({ query: { q: "default-" } });
	expect(after.items.filter(({ is_default }) => is_default)).toHaveLength(1);
});

test("a name is taken whatever its case", async () => {
	await create("Twice");
	expect(await codeOf(create("TWICE"))).toBe("credentials.name_taken");
});

test("what is used cannot be deleted, and the error says in how many places", async () => {
	const made = await create("used");
	const device = await api.createDevice({
		body: { name: "uses-1", host: "192.0.2.1", device_type: "linux", credential_id: made.id },
	});
	await api.createGroup({ body: { name: "uses", credential_id: made.id } });
	await api.putOverride({ params: { id: device.id }, body: { credential_id: made.id } });
	expect((await api.getCredential({ params: { id: made.id } })).used_by).toBe(3);
	expect(await failureOf(api.deleteCredential({ params: { id: made.id } }))).toMatchObject({
		code: "credentials.in_use",
		message: expect.stringContaining("3 places"),
	});
	const free = await create("free");
	await api.deleteCredential({ params: { id: free.id } });
	expect(await codeOf(api.getCredential({ params: { id: free.id } }))).toBe("credentials.not_found");
});

test("a credential always keeps a password or a key", async () => {
	expect(await codeOf(create("empty", { password: undefined }))).toBe("request.invalid");
	const made = await create("emptied");
	const change = (body: Parameters<typeof api.updateCredential>[0]["body"]) =>
		api.updateCredential({ params: { id: made.id }, body });
	expect(await codeOf(change({ password: null }))).toBe("credentials.incomplete");
	expect(await codeOf(change({ private_key: "-----BEGIN nonsense" }))).toBe("credentials.bad_key");
	expect(await codeOf(api.updateCredential({ params: { id: newId() }, body: {} }))).toBe("credentials.not_found");
});

test("what is sealed belongs to its row, and a rotation of the keys reaches every secret", async () => {
	const made = await create("rotated", { username: "r", password: "before-rotation", enable_password: "e" });
	const device = await api.createDevice({
		body: { name: "rotated-1", host: "192.0.2.1", device_type: "linux", credential_id: made.id },
	});
	const { db } = started;
	const sealed = () => db.query<{ password: string }>("select password from credentials where id = $1", [made.id]);
	const [before] = await sealed();
	const bytes = Buffer.alloc(32, 7);
	const vault = await createVault({
		db,
		master: { current: { id: "07070707", bytes, source: "test" }, previous: undefined },
		service: "devices",
		log: createLog({ level: "silent" }),
		key_ttl_ms: 10,
	});
	const { unreadable, retired_key_ids } = await vault.rotate({ columns: sealedColumns });
	expect({ unreadable, retired: retired_key_ids.length }).toEqual({ unreadable: [], retired: 1 });
	expect(await sealed()).not.toEqual([before]);
	expect(await reveal(started, device.id)).toMatchObject({ password: "before-rotation", enable_password: "e" });

	const thief = await create("thief");
	await db.query("update credentials set password = $1 where id = $2", [(await sealed())[0]?.password, thief.id]);
	await api.updateDevice({ params: { id: device.id }, body: { credential_id: thief.id } });
	expect(await codeOf(reveal(started, device.id))).toBe("vault.cannot_open");
});
