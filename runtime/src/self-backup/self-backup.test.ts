import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureBusTables } from "../bus/tables.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { migrate } from "../db/migrate.ts";
import { ensureAuditTable } from "../host/audit-trail.ts";
import { ensureRotationTable } from "../host/key-rotation.ts";
import type { AfterRestore } from "../host/service.ts";
import { createLog } from "../log.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { testMaster } from "../testing/master.ts";
import { createVault } from "../vault.ts";
import type { Place } from "./place.ts";
import { inspectBackup, restoreBackup } from "./restore-backup.ts";
import { takeBackup } from "./take-backup.ts";

const log = createLog({ level: "silent" });
const secret = { master: testMaster, passphrase: undefined };
const otherMaster = { current: { id: "08080808", bytes: Buffer.alloc(32, 8), source: "test" }, previous: undefined };

const first = [
	"create table beds (id uuid primary key default gen_random_uuid(), name text not null, label text generated always as (upper(name)) stored)",
	"create table plants (n bigint generated always as identity primary key, bed uuid not null references beds (id), parent bigint references plants (n), photo bytea)",
	"create table diary (line integer primary key, words jsonb not null)",
	'insert into diary values (0, \'{"by":"a migration"}\')',
	"create function refuse() returns trigger language plpgsql as $$ begin raise 'a diary only grows'; end $$",
	"create trigger diary_grows before update or delete or truncate on diary for each statement execute function refuse()",
	"revoke update, delete, truncate on diary from current_user",
	"create unlogged table weather (said text)",
	"create sequence tags start 100",
];

let dir: string;
let source: TestDatabase;
let garden: Database;
const stops: (() => Promise<void>)[] = [];

/** A folder as drizzle-kit writes it. */
function migrations(name: string, all: readonly (readonly string[])[]): URL {
	const folder = join(dir, name);
	mkdirSync(join(folder, "meta"), { recursive: true });
	const entries = all.map((statements, idx) => {
		const tag = `000${idx}_step`;
		writeFileSync(join(folder, `${tag}.sql`), statements.join("--> statement-breakpoint\n"));
		return { idx, tag };
	});
	writeFileSync(join(folder, "meta", "_journal.json"), JSON.stringify({ entries }));
	return pathToFileURL(`${folder}/`);
}

async function start(db: Database, folder: URL): Promise<{ applied: string[] }> {
	await ensureBusTables(db);
	await ensureAuditTable(db);
	await ensureRotationTable(db);
	const migrated = await migrate(db, folder);
	await createVault({ db, master: testMaster, service: "garden", log });
	return migrated;
}

const known = (folder: URL, after_restore: readonly AfterRestore[] = []) => [
	{ schema: "garden", migrations: folder, after_restore },
];
const places = ({ admin_url }: TestDatabase): Place[] => [{ url: admin_url, schemas: ["garden"], provisions: true }];

async function freshDatabase(): Promise<TestDatabase> {
	const database = await testDatabase("restored");
	stops.push(() => database.stop());
	return database;
}

let count = 0;
async function backedUp(given: Partial<Parameters<typeof takeBackup>[0]> = {}): Promise<string> {
	const path = join(dir, `${++count}.ncbackup`);
	await takeBackup({ places: places(source), path, secret, version: "1.0.0", ...given });
	return path;
}

let folder: URL;
beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "nc-self-backup-"));
	folder = migrations("first", [first]);
	source = await testDatabase("self_backup");
	garden = await source.service("garden");
	await start(garden, folder);
	await garden.query("insert into beds (name) values ('north'), ('süd')");
	// Nothing that a compressor could make small: several parts.
	await garden.query("insert into plants (bed, photo) select id, $1 from beds", [randomBytes(700_000)]);
	await garden.query("insert into plants (bed, parent) select bed, n from plants");
	await garden.query("insert into diary select n, jsonb_build_object('n', n) from generate_series(1, 40000) n");
	await garden.query("insert into weather values ('rain')");
	await garden.query("select nextval('tags') from generate_series(1, 5)");
}, 60_000);
afterAll(async () => {
	for (const stop of stops) await stop();
	await source?.stop();
	rmSync(dir, { recursive: true, force: true });
});

/** Everything in the tables that both have. */
async function contentOf(db: Database) {
	const tables = ["beds", "plants", "diary", "schema_migrations", "vault_keys", "outbox", "inbox"];
	return Promise.all(
		tables.map(async (table) => [
			table,
			await db.query(
				`select count(*)::int as rows, md5(string_agg(t::text, '|' order by t::text)) as hash from ${table} t`,
			),
		]),
	);
}

test("everything is there again: rows, generated columns, identities, sequences, keys, triggers and rights; unlogged tables are empty", async () => {
	const path = await backedUp();
	expect(statSync(path).mode & 0o777).toBe(0o600);
	const restored = await freshDatabase();
	const summary = await restoreBackup({ path, secret, places: places(restored), known: known(folder), force: false });
	expect(summary).toMatchObject({ version: "1.0.0", sealed_with: "master_key", schemas: ["garden"] });

	const db = await restored.service("garden");
	expect(await contentOf(db)).toEqual(await contentOf(garden));
	expect(await start(db, folder)).toEqual({ applied: [] });
	expect(await db.query("select said from weather")).toEqual([]);
	expect(await db.query("select label from beds order by 1")).toEqual([{ label: "NORTH" }, { label: "SÜD" }]);
	expect(await db.query("insert into plants (bed) select id from beds limit 1 returning n::int")).toEqual([{ n: 5 }]);
	expect(await db.query("select nextval('tags')::int as n")).toEqual([{ n: 105 }]);
	await expect(db.query("insert into plants (bed) values (gen_random_uuid())")).rejects.toMatchObject({
		sqlstate: "23503",
	});
	await expect(db.query("delete from diary")).rejects.toMatchObject({ sqlstate: "42501" });
	await db.query("grant delete on diary to current_user");
	await expect(db.query("delete from diary")).rejects.toThrow("a diary only grows");
});

test("a backup beside writers is of one moment: what one transaction wrote is there whole or not at all", async () => {
	let writing = true;
	const writers = [1, 2].map(async () => {
		while (writing) {
			await garden.transaction(async (tx) => {
				await tx.execute("insert into beds (name) values ('pair')");
				await tx.execute(
					"insert into outbox (id, name, payload, occurred_at) values (gen_random_uuid(), 'pair', '{}', now())",
				);
			});
		}
	});
	const path = await backedUp({ onTable: () => undefined });
	writing = false;
	await Promise.all(writers);
	const restored = await freshDatabase();
	await restoreBackup({ path, secret, places: places(restored), known: known(folder), force: false });
	const db = await restored.service("garden");
	const [found] = await db.query<{ beds: number; events: number }>(
		"select (select count(*)::int from beds where name = 'pair') as beds, (select count(*)::int from outbox) as events",
	);
	expect(found?.beds).toBe(found?.events);
	expect(found?.beds).toBeLessThan(
		(await garden.query<{ n: number }>("select count(*)::int as n from outbox"))[0]?.n ?? 0,
	);
});

test("a file with any byte changed, cut anywhere, or with parts exchanged, doubled or added is refused", async () => {
	const path = await backedUp();
	const whole = readFileSync(path);
	const spoiled = join(dir, "spoiled.ncbackup");
	const refused = async (bytes: Buffer) => {
		writeFileSync(spoiled, bytes);
		await expect(inspectBackup({ path: spoiled, secret, known: known(folder) })).rejects.toMatchObject({
			code: expect.stringMatching(/^system\.backup_(damaged|key_wrong)$/),
		});
	};
	const at = fc.nat({ max: whole.length - 1 });
	await fc.assert(
		fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), async (position, bits) => {
			const bytes = Buffer.from(whole);
			bytes[position] = (bytes[position] ?? 0) ^ bits;
			await refused(bytes);
		}),
		{ numRuns: 60 },
	);
	await fc.assert(
		fc.asyncProperty(at, (length) => refused(whole.subarray(0, length))),
		{ numRuns: 30 },
	);
	const frames = framesOf(whole);
	expect(frames.parts.length).toBeGreaterThan(2);
	const [one, two, ...rest] = frames.parts as [Buffer, Buffer, ...Buffer[]];
	await refused(Buffer.concat([frames.beginning, two, one, ...rest]));
	await refused(Buffer.concat([frames.beginning, one, one, two, ...rest]));
	await refused(Buffer.concat([frames.beginning, two, ...rest]));
	await refused(Buffer.concat([frames.beginning, ...frames.parts.slice(0, -1)]));
	await refused(Buffer.concat([whole, Buffer.from("more")]));
	await refused(Buffer.concat([whole, ...frames.parts]));
	expect(await inspectBackup({ path, secret, known: known(folder) })).toMatchObject({ version: "1.0.0" });
}, 120_000);

function framesOf(whole: Buffer): { beginning: Buffer; parts: Buffer[] } {
	let from = 12 + whole.readUInt32BE(8);
	const beginning = whole.subarray(0, from);
	const parts: Buffer[] = [];
	while (from < whole.length) {
		const end = from + 4 + (whole.readUInt32BE(from) & 0x7fff_ffff) + 16;
		parts.push(whole.subarray(from, end));
		from = end;
	}
	return { beginning, parts };
}

test("only the key that sealed a file opens it: another master key, no passphrase or a wrong one is refused", async () => {
	const byKey = await backedUp();
	const byWord = await backedUp({ secret: { master: testMaster, passphrase: "correct horse" } });
	const open = (path: string, master: typeof testMaster, passphrase?: string) =>
		inspectBackup({ path, secret: { master, passphrase }, known: known(folder) });
	await expect(open(byKey, otherMaster)).rejects.toMatchObject({ code: "system.backup_key_wrong" });
	await expect(open(byWord, testMaster)).rejects.toMatchObject({ code: "system.backup_key_wrong" });
	await expect(open(byWord, testMaster, "correct house")).rejects.toMatchObject({ code: "system.backup_damaged" });
	// It opens, but the secrets in it would not.
	await expect(open(byWord, otherMaster, "correct horse")).rejects.toMatchObject({ code: "system.backup_key_wrong" });
	expect(await open(byWord, testMaster, "correct horse")).toMatchObject({ sealed_with: "passphrase" });
	expect(await open(byKey, { current: otherMaster.current, previous: testMaster.current })).toMatchObject({
		master_key_id: testMaster.current.id,
	});
	for (const path of [byKey, byWord]) expect(readFileSync(path).includes("NORTH")).toBe(false);
}, 30_000);

test("a backup of a newer version is refused; one of an older version is brought up to date by the next start", async () => {
	const path = await backedUp();
	const none = migrations("none", [["create table beds (id uuid)"]]);
	await expect(inspectBackup({ path, secret, known: known(none) })).rejects.toMatchObject({
		code: "startup.migration_changed",
	});
	await expect(inspectBackup({ path, secret, known: known(migrations("empty", [])) })).rejects.toMatchObject({
		code: "startup.schema_too_new",
	});
	await expect(inspectBackup({ path, secret, known: [] })).rejects.toMatchObject({ code: "system.backup_too_new" });

	const later = migrations("later", [first, ["alter table beds add column sunny boolean not null default true"]]);
	const restored = await freshDatabase();
	await restoreBackup({ path, secret, places: places(restored), known: known(later), force: false });
	const db = await restored.service("garden");
	expect(await start(db, later)).toEqual({ applied: ["0001_step"] });
	expect(await db.query("select sunny from beds where name = 'north'")).toEqual([{ sunny: true }]);
});

test("data is replaced by force alone; a restore that fails on the way leaves it as it was, and a server may start on it", async () => {
	const path = await backedUp();
	const target = await freshDatabase();
	const db = await target.service("garden");
	await start(db, folder);
	await db.query("insert into beds (name) values ('mine')");
	const before = await contentOf(db);
	const restore = (file: string, force: boolean, after_restore: AfterRestore[] = []) =>
		restoreBackup({ path: file, secret, places: places(target), known: known(folder, after_restore), force });

	await expect(restore(path, false)).rejects.toMatchObject({
		code: "system.restore_not_empty",
		message: expect.stringContaining("garden ("),
	});
	const cut = join(dir, "cut.ncbackup");
	writeFileSync(cut, readFileSync(path).subarray(0, -1));
	await expect(restore(cut, true)).rejects.toMatchObject({ code: "system.backup_damaged" });
	const violating = [{ statement: "insert into plants (bed) values (gen_random_uuid())" }];
	await expect(restore(path, true, violating)).rejects.toMatchObject({
		sqlstate: "23503",
	});
	expect(await contentOf(db)).toEqual(before);
	expect(await migrate(db, folder)).toEqual({ applied: [] });

	const telling = [
		{ statement: "update beds set name = name where false", tell: () => "nothing" },
		{ statement: "select from beds where name = 'north'", tell: (rows: number) => `${rows} bed` },
	];
	expect(await restore(path, true, telling)).toMatchObject({ held: ["1 bed"] });
	expect(await contentOf(db)).toEqual(await contentOf(garden));
});

test("while a restore has not ended no server starts on the database, and restoring again ends it", async () => {
	const path = await backedUp();
	const target = await freshDatabase();
	const db = await target.service("garden");
	await db.query("create table restore_unfinished (began_at timestamptz)");
	await expect(ensureBusTables(db)).rejects.toMatchObject({ code: "startup.restore_unfinished" });
	await restoreBackup({ path, secret, places: places(target), known: known(folder), force: false });
	expect(await start(db, folder)).toEqual({ applied: [] });
});

test("a restore that fails leaves the mark of one before it that did not end", async () => {
	const path = await backedUp();
	const target = await freshDatabase();
	const db = await target.service("garden");
	await db.query("create table restore_unfinished (began_at timestamptz)");
	const fails = known(folder, [{ statement: "select 1 / 0" }]);
	await expect(
		restoreBackup({ path, secret, places: places(target), known: fails, force: false }),
	).rejects.toMatchObject({ sqlstate: "22012" });
	await expect(ensureBusTables(db)).rejects.toMatchObject({ code: "startup.restore_unfinished" });
});

test("a server that is started between the look for one and the mark that keeps servers out is seen, and goes on", async () => {
	const path = await backedUp();
	const target = await freshDatabase();
	const db = await target.service("garden");
	await start(db, folder);
	await db.query("insert into beds (name) values ('mine')");
	const before = await contentOf(db);

	const blocker = new pg.Client({ connectionString: target.url });
	await blocker.connect();
	const own = await blocker.query<{ pid: number }>("select pg_backend_pid() as pid");
	await blocker.query("begin; create table garden.restore_unfinished (began_at timestamptz)");
	const restoring = restoreBackup({ path, secret, places: places(target), known: known(folder), force: true });
	const refused = expect(restoring).rejects.toMatchObject({ code: "system.restore_in_use" });
	const waits = async () => {
		// Within a transaction what was seen first stays.
		await blocker.query("select pg_stat_clear_snapshot()");
		const { rows } = await blocker.query("select from pg_stat_activity where pg_blocking_pids(pid) @> $1::int[]", [
			[Number(own.rows[0]?.pid)],
		]);
		return rows.length > 0;
	};
	let ended: unknown;
	restoring.catch((error) => {
		ended = error;
	});
	await expect.poll(async () => ended ?? (await waits()), { timeout: 20_000 }).toBe(true);
	const server = openDatabase({ url: target.url, schema: "garden", application_name: "netconductor garden" });
	await server.query("select 1");
	await blocker.query("rollback");
	await refused;
	await blocker.end();
	expect(await start(server, folder)).toEqual({ applied: [] });
	expect(await contentOf(db)).toEqual(before);
	await server.close();
});

test("a database that a server is connected to is not restored into", async () => {
	const path = await backedUp();
	const target = await freshDatabase();
	const server = openDatabase({ url: target.url, schema: "garden", application_name: "netconductor garden" });
	await server.query("select 1");
	await expect(
		restoreBackup({ path, secret, places: places(target), known: known(folder), force: true }),
	).rejects.toMatchObject({ code: "system.restore_in_use" });
	await server.close();
});

test("a file that is there is not written over, and a backup that fails leaves none", async () => {
	const path = await backedUp();
	const before = readFileSync(path);
	await expect(takeBackup({ places: places(source), path, secret, version: "1.0.0" })).rejects.toMatchObject({
		code: "system.backup_file_exists",
	});
	expect(readFileSync(path).equals(before)).toBe(true);
	const fails = join(dir, "fails");
	mkdirSync(fails);
	const dying = takeBackup({
		places: places(source),
		path: join(fails, "x.ncbackup"),
		secret,
		version: "1.0.0",
		onTable() {
			throw new Error("the disk is full, say");
		},
	});
	await expect(dying).rejects.toThrow("the disk is full");
	expect(readdirSync(fails)).toEqual([]);
});
