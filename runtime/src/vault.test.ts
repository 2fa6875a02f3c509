import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "./db/database.ts";
import { createLog } from "./log.ts";
import { loadMasterKeys, type MasterKeys } from "./master-key.ts";
import { type TestDatabase, testDatabase } from "./testing/database.ts";
import { createVault, sealedContext, type Vault } from "./vault.ts";
import type { SealedColumn } from "./vault-rotation.ts";

const log = createLog({ level: "silent" });
const text = { current: randomBytes(32).toString("hex"), other: randomBytes(32).toString("hex") };
const key_ttl_ms = 150;
const columns: SealedColumn[] = [{ table: "credentials", column: "password" }];
let database: TestDatabase;
let db: Database;
let master: MasterKeys;

beforeAll(async () => {
	database = await testDatabase("vault");
	db = await database.service("devices", { max: 10 });
	master = await loadMasterKeys({ configured: text.current, data_dir: "." });
});
afterAll(() => database.stop());
beforeEach(async () => {
	await db.query("drop table if exists vault_keys, credentials, blobs");
	await db.query(
		"create table credentials (id uuid primary key default gen_random_uuid(), password text, note int not null default 0)",
	);
});

function open(keys = master, service = "devices"): Promise<Vault> {
	return createVault({ db, master: keys, service, log, key_ttl_ms });
}

async function store(vault: Vault, secret: string): Promise<string> {
	const id = crypto.randomUUID();
	const sealed = await vault.seal(secret, sealedContext("credentials", "password", id));
	await db.query("insert into credentials (id, password) values ($1, $2)", [id, sealed]);
	return id;
}

async function read(vault: Vault, id: string): Promise<string> {
	const [row] = await db.query<{ password: string }>("select password from credentials where id = $1", [id]);
	return vault.openText(row?.password ?? "", sealedContext("credentials", "password", id));
}

test("a key for one purpose is the same at each start, and of no use for another purpose, service or installation", async () => {
	const key = (await open()).keyFor("throttle");
	expect(key).toHaveLength(32);
	expect((await open()).keyFor("throttle")).toEqual(key);
	expect((await open()).keyFor("another")).not.toEqual(key);
	await db.query("drop table vault_keys");
	expect((await open(master, "auth")).keyFor("throttle")).not.toEqual(key);
	await db.query("drop table vault_keys");
	const other = await loadMasterKeys({ configured: text.other, data_dir: "." });
	expect((await open(other)).keyFor("throttle")).not.toEqual(key);
});

async function keyIdsInUse(): Promise<string[]> {
	const rows = await db.query<{ key_id: string }>(
		"select distinct split_part(password, ':', 2) as key_id from credentials",
	);
	return rows.map((row) => row.key_id);
}

test("whatever is sealed opens again, as text and as bytes, and never looks the same twice", async () => {
	const vault = await open();
	await fc.assert(
		fc.asyncProperty(
			fc.string({ unit: "binary" }),
			fc.uint8Array({ maxLength: 300 }),
			fc.string(),
			async (secret, bytes, context) => {
				const sealed = await vault.seal(secret, context);
				expect(sealed).toMatch(/^v1:[0-9a-f]{16}:[\w-]+$/);
				expect(await vault.seal(secret, context)).not.toBe(sealed);
				expect((await vault.open(sealed, context)).equals(Buffer.from(secret))).toBe(true);
				expect((await vault.openBytes(await vault.sealBytes(bytes, context), context)).equals(bytes)).toBe(true);
			},
		),
		{ numRuns: 50 },
	);
});

test("changed, cut, moved or foreign sealed content does not open", async () => {
	const vault = await open();
	const sealed = await vault.seal("hunter2", "credentials.password:1");
	const blob = await vault.sealBytes(Buffer.from("hunter2"), "b");
	const flip = (bytes: Buffer, at: number) => Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
	const body = sealed.split(":")[2] ?? "";
	const altered = Array.from({ length: Buffer.from(body, "base64url").length }, (_, at) =>
		sealed.replace(body, flip(Buffer.from(body, "base64url"), at).toString("base64url")),
	);
	for (const bad of [
		...altered,
		sealed.slice(0, -4),
		sealed.slice(0, 30),
		"",
		"hunter2",
		"v1::",
		`v2${sealed.slice(2)}`,
	]) {
		await expect(vault.open(bad, "credentials.password:1"), bad).rejects.toMatchObject({ code: "vault.cannot_open" });
	}
	await expect(vault.open(sealed, "credentials.password:2")).rejects.toMatchObject({ code: "vault.cannot_open" });
	for (let at = 12; at < blob.length; at++)
		await expect(vault.openBytes(flip(blob, at), "b")).rejects.toMatchObject({ code: "vault.cannot_open" });
	await expect(vault.openBytes(flip(blob, 5), "b")).rejects.toMatchObject({ code: "vault.unknown_key" });
	await expect(vault.openBytes(blob.subarray(0, 20), "b")).rejects.toMatchObject({ code: "vault.cannot_open" });
	await expect(vault.openBytes(Buffer.alloc(0), "b")).rejects.toMatchObject({ code: "vault.cannot_open" });
});

test("processes that open a vault at the same time share its one data key", async () => {
	const vaults = await Promise.all([open(), open(), open(), open()]);
	expect(new Set(vaults.map((vault) => vault.current_key_id())).size).toBe(1);
	expect(await vaults[3]?.openText(await (vaults[0] as Vault).seal("x", "c"), "c")).toBe("x");
});

test("with a wrong master key the start fails, says what to do, and changes nothing", async () => {
	await open();
	const before = await db.query("select * from vault_keys");
	const wrong = await loadMasterKeys({ configured: text.other, data_dir: "." });
	await expect(open(wrong)).rejects.toMatchObject({
		code: "startup.master_key_wrong",
		message: expect.stringMatching(
			new RegExp(
				`wrapped with the master key ${master.current.id}; this start has ${wrong.current.id} .*NETCONDUCTOR_MASTER_KEY_PREVIOUS`,
			),
		),
	});
	expect(await db.query("select * from vault_keys")).toEqual(before);
	await db.query("update vault_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)");
	await expect(open()).rejects.toMatchObject({
		code: "startup.master_key_wrong",
		message: expect.stringContaining("damaged"),
	});
});

test("a new master key takes over the data keys of the previous one, also when processes start at once", async () => {
	const vault = await open();
	const id = await store(vault, "hunter2");
	const moved = await loadMasterKeys({ configured: text.other, configured_previous: text.current, data_dir: "." });
	const [after] = await Promise.all([open(moved), open(moved)]);
	expect(await read(after, id)).toBe("hunter2");
	const only = await loadMasterKeys({ configured: text.other, data_dir: "." });
	expect(await read(await open(only), id)).toBe("hunter2");
	await expect(open()).rejects.toMatchObject({ code: "startup.master_key_wrong" });
});

test("a data key belongs to one service", async () => {
	await open();
	await expect(open(master, "auth")).rejects.toMatchObject({ code: "startup.master_key_wrong" });
});

test("rotation re-seals every row under concurrent writers and readers, loses no update and retires the old key", async () => {
	const rotating = await open();
	const elsewhere = await open();
	const ids = await Promise.all(Array.from({ length: 300 }, (_, index) => store(rotating, `secret ${index}`)));
	const old_key = rotating.current_key_id();
	const expected = new Map(ids.map((id, index) => [id, `secret ${index}`]));
	let running = true;
	let updates = 0;
	const writer = async () => {
		for (let turn = 0; running; turn++) {
			// Strides of 7 meet rows before, while and after rotation reaches them.
			const id = ids[(turn * 7) % ids.length] as string;
			const secret = `update ${turn}`;
			const sealed = await elsewhere.seal(secret, sealedContext("credentials", "password", id));
			await db.query("update credentials set password = $2 where id = $1", [id, sealed]);
			expected.set(id, secret);
			updates++;
			if (turn % 5 === 0) expected.set(await store(elsewhere, secret), secret);
		}
	};
	const reader = async () => {
		while (running) {
			for (const id of ids.slice(0, 20)) expect(await read(elsewhere, id)).toMatch(/^(secret|update) /);
			await sleep(1);
		}
	};
	const work = Promise.all([writer(), reader()]);
	const progress: number[] = [];
	const rotation = await rotating.rotate({
		columns,
		batch: 50,
		on_progress: ({ remaining }) => progress.push(remaining),
	});
	running = false;
	await work;
	expect(updates).toBeGreaterThan(10);
	// Writers re-seal rows too, so the last report need not be of none.
	expect(progress.length).toBeGreaterThan(1);
	expect(progress).toEqual(progress.toSorted((a, b) => b - a));
	expect(rotation).toMatchObject({
		resumed: false,
		retired_key_ids: [old_key],
		unreadable: [],
		key_id: rotating.current_key_id(),
	});
	expect(rotation.key_id).not.toBe(old_key);
	expect(await keyIdsInUse()).toEqual([rotation.key_id]);
	for (const [id, secret] of expected) expect(await read(rotating, id)).toBe(secret);
	expect(await rotating.isRotationUnfinished()).toBe(false);
});

test("an update that is under way while its row is re-sealed wins", async () => {
	const vault = await open();
	const id = await store(vault, "before");
	const context = sealedContext("credentials", "password", id);
	const sealed = await vault.seal("after", context);
	const client = await db.pool.connect();
	await client.query("begin");
	await client.query("update credentials set password = $2 where id = $1", [id, sealed]);
	const rotating = vault.rotate({ columns });
	const waiting =
		"select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'update \"credentials\"%'";
	while ((await db.query(waiting)).length === 0) await sleep(5);
	await client.query("commit");
	client.release();
	expect(await rotating).toMatchObject({ unreadable: [], retired_key_ids: [expect.any(String)] });
	expect(await read(vault, id)).toBe("after");
});

test("a process that meets a data key it does not know looks for it", async () => {
	const here = await open();
	const there = await open();
	const id = await store(here, "hunter2");
	await there.rotate({ columns });
	expect(await read(here, id)).toBe("hunter2");
	expect(here.current_key_id()).toBe(there.current_key_id());
});

test("one rotation at a time", async () => {
	const vault = await open();
	await store(vault, "x");
	const other = await open();
	const first = vault.rotate({ columns });
	await sleep(50);
	await expect(other.rotate({ columns })).rejects.toMatchObject({ code: "vault.rotation_running" });
	await first;
});

test("a row that does not open is named, left as it is, and keeps its key from being retired", async () => {
	const vault = await open();
	const good = await store(vault, "good");
	const bad = await store(vault, "bad");
	await db.query("update credentials set password = (select password from credentials where id = $2) where id = $1", [
		bad,
		good,
	]);
	const rotation = await vault.rotate({ columns });
	expect(rotation).toMatchObject({
		resealed: 1,
		retired_key_ids: [],
		unreadable: [{ table: "credentials", column: "password", id: bad }],
	});
	expect(await read(vault, good)).toBe("good");
	await db.query("delete from credentials where id = $1", [bad]);
	expect(await vault.rotate({ columns })).toMatchObject({
		resumed: true,
		resealed: 0,
		retired_key_ids: [expect.any(String)],
	});
});

test("a rotation killed in the middle goes on where it stopped", async () => {
	const vault = await open();
	const ids = await Promise.all(Array.from({ length: 100 }, (_, index) => store(vault, `secret ${index}`)));
	const url = db.pool.options.connectionString ?? "";
	const program = fileURLToPath(new URL("../test-support/rotate-vault-process.ts", import.meta.url));
	const child = spawn(process.execPath, [program, url, text.current], { stdio: "inherit" });
	const [, signal] = await once(child, "exit");
	expect(signal).toBe("SIGKILL");
	expect(await keyIdsInUse()).toHaveLength(2);
	expect(await vault.isRotationUnfinished()).toBe(true);
	for (const [index, id] of ids.entries()) expect(await read(vault, id)).toBe(`secret ${index}`);
	const rotation = await vault.rotate({ columns });
	expect(rotation).toMatchObject({ resumed: true, resealed: 60, retired_key_ids: [expect.any(String)] });
	expect(await keyIdsInUse()).toEqual([rotation.key_id]);
	for (const [index, id] of ids.entries()) expect(await read(vault, id)).toBe(`secret ${index}`);
});

test("blobs in bytea columns, with whole numbers as keys and a context of their own, rotate too", async () => {
	await db.query("create table blobs (n bigint primary key, owner text not null, content bytea)");
	const vault = await open();
	const context = (row: Readonly<Record<string, string>>) => `${row.owner}/${row.n}`;
	for (let n = 9; n <= 12; n++) {
		const sealed = await vault.sealBytes(Buffer.alloc(100_000, n), context({ owner: "a", n: String(n) }));
		await db.query("insert into blobs values ($1, 'a', $2), ($1 + 100, 'a', null)", [n, sealed]);
	}
	const rotation = await vault.rotate({
		columns: [{ table: "blobs", column: "content", id_column: "n", context_columns: ["owner"], context }],
		batch: 1,
	});
	expect(rotation).toMatchObject({ resealed: 4, unreadable: [] });
	const rows = await db.query<{ n: string; content: Buffer }>(
		"select n, content from blobs where content is not null order by n",
	);
	for (const { n, content } of rows)
		expect((await vault.openBytes(content, `a/${n}`)).equals(Buffer.alloc(100_000, Number(n)))).toBe(true);
	expect(rows.map(({ content }) => content.subarray(4, 12).toString("hex"))).toEqual(Array(4).fill(rotation.key_id));
});

test("sealing 50 MB gives way to other work", async () => {
	const vault = await open();
	const content = randomBytes(50_000_000);
	let turns = 0;
	let working = true;
	const otherWork = () => {
		turns++;
		if (working) setImmediate(otherWork);
	};
	setImmediate(otherWork);
	const sealed = await vault.sealBytes(content, "big");
	const turnsToSeal = turns;
	const opened = await vault.openBytes(sealed, "big");
	working = false;
	expect(opened.equals(content)).toBe(true);
	expect(turnsToSeal).toBeGreaterThan(5);
	expect(turns - turnsToSeal).toBeGreaterThan(5);
});

test("sealing goes on with the known key while the database is away", async () => {
	const service_db = openDatabase({ url: database.url, schema: "devices", application_name: "to be closed", max: 2 });
	const vault = await createVault({ db: service_db, master, service: "devices", log, key_ttl_ms: 0 });
	await service_db.close();
	expect(await vault.openText(await vault.seal("x", "c"), "c")).toBe("x");
});
