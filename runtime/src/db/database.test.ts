import { Timestamp } from "@netconductor/contracts/kernel/ids";
import { eq, ilike, sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { beds, plants } from "../../test-support/garden/src/plants/tables.ts";
import { hasCode } from "../errors.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { type Database, openDatabase } from "./database.ts";
import { applyMigrations, migrate } from "./migrate.ts";
import { cursorWindow, pageWindow, toCursorPage, toPage } from "./paging.ts";
import { provisionSchema } from "./provision.ts";
import { DatabaseQueryError, violatedUnique } from "./query-error.ts";

const migrations = new URL("../../test-support/garden/migrations", import.meta.url);
let test_database: TestDatabase;
let db: Database;

beforeAll(async () => {
	test_database = await testDatabase("database");
	db = await test_database.service("garden");
	await migrate(db, migrations);
});
afterAll(() => test_database.stop());

test("migrations that drizzle-kit wrote and handwritten ones are applied once, also by processes that start together", async () => {
	const fresh = await testDatabase("migrate");
	const databases = await Promise.all([fresh.service("garden"), fresh.service("garden"), fresh.service("garden")]);
	const results = await Promise.all(databases.map((database) => migrate(database, migrations)));
	expect(results.flatMap(({ applied }) => applied)).toEqual(["0000_create_tables", "0001_index_names_by_trigram"]);
	await fresh.stop();
});

test("a schema with a migration that the code does not know is refused", async () => {
	await expect(applyMigrations(db, "service", [])).rejects.toSatisfy((error) =>
		hasCode(error, "startup.schema_too_new"),
	);
});

test("a migration that was edited after it had been applied is refused", async () => {
	await applyMigrations(db, "edited", [{ tag: "0000_a", statements: ["select 1"] }]);
	await expect(applyMigrations(db, "edited", [{ tag: "0000_a", statements: ["select 2"] }])).rejects.toSatisfy(
		(error) => hasCode(error, "startup.migration_changed"),
	);
});

test("a migration that fails leaves nothing behind", async () => {
	const broken = { tag: "0000_broken", statements: ["create table half_done ()", "create table half_done ()"] };
	await expect(applyMigrations(db, "broken", [broken])).rejects.toThrow(/already exists/);
	expect(await db.query("select to_regclass('half_done') as found")).toEqual([{ found: null }]);
});

test("a service's role can do nothing in another service's schema, nor create any", async () => {
	const kitchen = await test_database.service("kitchen");
	await kitchen.query("create table recipes (id int)");
	await expect(db.query("select * from kitchen.recipes")).rejects.toThrow(/permission denied for schema kitchen/);
	await expect(db.query("create table public.strays (id int)")).rejects.toThrow(/permission denied for schema public/);
	await expect(db.query("create schema strays")).rejects.toThrow(/permission denied/);
});

test("provisioning is idempotent, safe in parallel over several databases of one cluster, and sets a new password", async () => {
	const other = await testDatabase("provision");
	const calls = [test_database, other].flatMap(({ admin_url }) =>
		Array.from({ length: 4 }, () => provisionSchema({ admin_url, service: "shed", password: "first" })),
	);
	await Promise.all(calls);
	const url = await provisionSchema({ admin_url: other.admin_url, service: "shed", password: "s/e@c r:e%t" });
	const shed = openDatabase({ url, schema: "shed", application_name: "shed" });
	expect(await shed.query("select current_user as me, current_schema() as schema")).toEqual([
		{ me: "nc_shed", schema: "shed" },
	]);
	await shed.close();
	await other.stop();
});

test("provisioning that a restart of PostgreSQL breaks off begins anew, where nobody answers at all it is said at once", async () => {
	const killer = openDatabase({ url: test_database.url, schema: "public", application_name: "killer" });
	let breaks = 3;
	await provisionSchema({
		admin_url: test_database.admin_url,
		service: "broken_off",
		password: "p",
		async check() {
			if (breaks-- <= 0) return;
			await killer.query(
				"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'netconductor provisioning' and datname = current_database()",
			);
		},
	});
	expect(breaks).toBe(-1);
	expect(await killer.query("select to_regnamespace('broken_off') is not null as made")).toEqual([{ made: true }]);
	await killer.close();
	const began = performance.now();
	await expect(
		provisionSchema({ admin_url: "postgres://nobody@127.0.0.1:1/none", service: "shed", password: "p" }),
	).rejects.toMatchObject({ code: "startup.database_failed" });
	expect(performance.now() - began).toBeLessThan(5_000);
});

test("an administrator who is no superuser can provision", async () => {
	const other = await testDatabase("delegated");
	const owner = await other.service("owner");
	await owner.close();
	const root = openDatabase({ url: other.url, schema: "public", application_name: "test" });
	const name = new URL(other.url).pathname.slice(1);
	await root.query(`create role delegate_${name} login createrole password 'x'`);
	await root.query(`alter database ${name} owner to delegate_${name}`);
	await root.close();
	const admin_url = new URL(other.url);
	admin_url.username = `delegate_${name}`;
	admin_url.password = "x";
	const role = name.slice(0, 30);
	const url = await provisionSchema({
		admin_url: admin_url.href,
		service: role,
		password: "y",
		extra_schemas: ["workflows"],
	});
	const db = openDatabase({ url, schema: role, application_name: "test" });
	await db.query("create table workflows.steps (id int)");
	await db.close();
	await other.stop();
});

test("an instant reads as it does on the wire", async () => {
	const [bed] = await db.orm.insert(beds).values({ name: "instants" }).returning();
	const at = "2026-03-02T09:14:07.120Z";
	const [plant] = await db.orm
		.insert(plants)
		.values({ bed_id: bed?.id ?? "", name: "thyme", planted_at: at })
		.returning();
	expect(plant?.planted_at).toBe(at);
	expect(Timestamp.parse(plant?.planted_at)).toBe(at);
});

test("a transaction that throws leaves nothing; a savepoint undoes only its part", async () => {
	const failing = db.transaction(async (tx) => {
		await tx.insert(beds).values({ name: "undone" });
		throw new Error("changed my mind");
	});
	await expect(failing).rejects.toThrow("changed my mind");
	await db.transaction(async (tx) => {
		await tx.insert(beds).values({ name: "kept" });
		await tx
			.transaction(async (inner) => {
				await inner.insert(beds).values({ name: "undone" });
				throw new Error("inner");
			})
			.catch(() => {});
	});
	const names = await db.orm.select({ name: beds.name }).from(beds).where(sql`${beds.name} in ('kept', 'undone')`);
	expect(names).toEqual([{ name: "kept" }]);
});

test("a violated unique constraint is told by name", async () => {
	await db.orm.insert(beds).values({ name: "twice" });
	const error = await db.orm
		.insert(beds)
		.values({ name: "twice" })
		.then(String, (thrown: unknown) => thrown);
	expect(violatedUnique(error)).toBe("beds_name_unique");
	expect(violatedUnique(new Error("other"))).toBeUndefined();
});

test("an error of a statement tells neither its parameters nor the failing row", async () => {
	const secret = "canary-5up3r";
	const attempts = [
		() => db.orm.insert(plants).values({ bed_id: "00000000-0000-7000-8000-000000000000", name: secret }),
		() => db.orm.insert(plants).values({ bed_id: null as never, name: secret }),
		() => db.query("insert into plants (name) values ($1)", [secret]),
		() => db.transaction((tx) => tx.insert(plants).values({ bed_id: null as never, name: secret })),
		() =>
			db.transaction((tx) =>
				tx.transaction((inner) => inner.execute(sql`insert into plants (name) values (${secret})`)),
			),
	];
	for (const attempt of attempts) {
		const error = await Promise.resolve(attempt()).then(String, (thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(DatabaseQueryError);
		const everything = Object.getOwnPropertyNames(error).map((key) => String((error as Record<string, unknown>)[key]));
		expect(everything.join("\n")).not.toContain(secret);
	}
});

test.each([
	["53100", "could not extend file", "The disk of the database is full"],
	["53200", "out of memory", "lacks what it needs"],
	["58030", "could not write to file", "lacks what it needs"],
])(
	"a database whose machine has nothing left (SQLSTATE %s) is service.unavailable and says so",
	async (sqlstate, said, told) => {
		const statement = `do $$ begin raise exception '${said}' using errcode = '${sqlstate}'; end $$`;
		await expect(db.query(statement)).rejects.toMatchObject({
			code: "service.unavailable",
			retryable: true,
			message: expect.stringContaining(told),
		});
	},
);

test("a database whose socket is not there is service.unavailable", async () => {
	const host = encodeURIComponent("/nowhere/at/all");
	const gone = openDatabase({ url: `postgres://u:p@${host}:5432/d`, schema: "s", application_name: "test" });
	await expect(gone.query("select 1")).rejects.toMatchObject({ code: "service.unavailable" });
	await expect(gone.transaction(async () => {})).rejects.toMatchObject({ code: "service.unavailable" });
	await gone.close();
});

test("a database that takes no connections is service.unavailable", async () => {
	const closed = await testDatabase("closed");
	const garden = await closed.service("garden");
	await garden.query("select 1");
	const name = new URL(closed.url).pathname.slice(1);
	const admin = new pg.Client(test_database.url);
	await admin.connect();
	await admin.query(`alter database ${name} allow_connections false`);
	await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
	await expect
		.poll(() => garden.query("select 1").catch((error: unknown) => error))
		.toMatchObject({
			message: expect.stringContaining("does not answer"),
			code: "service.unavailable",
		});
	await admin.query(`alter database ${name} allow_connections true`);
	await admin.end();
	await closed.stop();
});

test("a lost connection is service.unavailable, in a statement, between two of a transaction and when idle, and the next call works", async () => {
	const unavailable = (error: unknown) => hasCode(error, "service.unavailable");
	const killer = openDatabase({ url: test_database.url, schema: "public", application_name: "killer" });
	const kill = () =>
		killer.query(
			"select pg_terminate_backend(pid) from pg_stat_activity where usename = 'nc_garden' and datname = current_database()",
		);
	const sleeping = db.query("select pg_sleep(20)");
	const transaction = db.transaction(async (tx) => {
		await tx.select().from(beds);
		await new Promise((resolve) => setTimeout(resolve, 300));
		await tx.select().from(beds);
	});
	const both = Promise.allSettled([sleeping, transaction]);
	await new Promise((resolve) => setTimeout(resolve, 100));
	await kill();
	for (const outcome of await both) expect(outcome.status === "rejected" && unavailable(outcome.reason)).toBe(true);
	await db.ping();
	await kill();
	await new Promise((resolve) => setTimeout(resolve, 50));
	await db.ping();
	await killer.close();
});

test("a database that does not answer fails the ping in time", async () => {
	const nowhere = openDatabase({
		url: "postgres://nobody@127.0.0.1:1/none",
		schema: "public",
		application_name: "test",
	});
	await expect(nowhere.ping(500)).rejects.toSatisfy((error) => hasCode(error, "service.unavailable"));
	await nowhere.close();
});

test("pages of a list with equal sort values hold every row once", async () => {
	const [bed] = await db.orm.insert(beds).values({ name: "paged" }).returning();
	const bed_id = bed?.id ?? "";
	await db.orm
		.insert(plants)
		.values(Array.from({ length: 25 }, (_, index) => ({ bed_id, name: "same", height_cm: index % 3 || null })));
	const seen: string[] = [];
	for (let page = 1; page <= 3; page++) {
		const query = { page, page_size: 10, sort: "-height_cm" as const };
		const window = pageWindow(query, {
			columns: { name: plants.name, height_cm: plants.height_cm },
			id: plants.id,
			fallback: "name",
		});
		const rows = await db.orm
			.select()
			.from(plants)
			.where(eq(plants.bed_id, bed_id))
			.orderBy(...window.order_by)
			.limit(window.limit)
			.offset(window.offset);
		seen.push(...toPage(query, rows, 25).items.map(({ id }) => id));
		if (page === 3) expect(rows.at(-1)?.height_cm).toBeNull();
	}
	expect(new Set(seen).size).toBe(25);
});

test("a cursor continues a history after its last row, though new rows came before it", async () => {
	const [bed] = await db.orm.insert(beds).values({ name: "history" }).returning();
	const bed_id = bed?.id ?? "";
	const at = (index: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(index / 4))).toISOString();
	await db.orm
		.insert(plants)
		.values(Array.from({ length: 23 }, (_, index) => ({ bed_id, name: `plant ${index}`, planted_at: at(index) })));
	const key = [
		{ column: plants.planted_at, schema: Timestamp },
		{ column: plants.id, schema: z.uuid() },
	];
	const seen: string[] = [];
	let cursor: string | undefined;
	do {
		const window = cursorWindow({ cursor, limit: 10 }, { key, direction: "descending" });
		const rows = await db.orm
			.select()
			.from(plants)
			.where(sql.join([eq(plants.bed_id, bed_id), window.where ?? sql`true`], sql` and `))
			.orderBy(...window.order_by)
			.limit(window.limit);
		const page = toCursorPage(rows, 10, (row) => [row.planted_at, row.id]);
		seen.push(...page.items.map(({ name }) => name));
		cursor = page.next_cursor ?? undefined;
		await db.orm.insert(plants).values({ bed_id, name: "newcomer", planted_at: at(1_000) });
	} while (cursor !== undefined);
	expect(new Set(seen).size).toBe(23);
	expect(seen).not.toContain("newcomer");
});

test("a forged cursor is refused as invalid input", () => {
	const key = [{ column: plants.planted_at, schema: Timestamp }];
	for (const cursor of [
		"",
		"%%%",
		"bm90IGpzb24",
		Buffer.from('["x"]').toString("base64url"),
		Buffer.from("[1,2]").toString("base64url"),
	]) {
		expect(() => cursorWindow({ cursor, limit: 10 }, { key, direction: "ascending" })).toThrow(
			expect.objectContaining({ code: "request.invalid" }),
		);
	}
});

test("a search in the middle of a name uses the trigram index", async () => {
	const plan = await db.transaction(async (tx) => {
		await tx.execute(sql`set local enable_seqscan = off`);
		const { sql: text, params } = tx.select().from(plants).where(ilike(plants.name, "%osemar%")).toSQL();
		return tx.execute(sql.raw(`explain ${text.replace("$1", `'${params[0]}'`)}`));
	});
	expect(JSON.stringify(plan.rows)).toContain("plants_name_trgm");
});
