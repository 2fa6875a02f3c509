import { eq, getTableColumns, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { alias, bigint, boolean, integer, jsonb, numeric, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../id.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { instant } from "./columns.ts";
import type { Database } from "./database.ts";

const things = pgTable("things", {
	id: uuid().primaryKey(),
	name: text().notNull(),
	tags: text().array().notNull(),
	matrix: integer().array().array(),
	size: bigint({ mode: "number" }),
	price: numeric(),
	is_on: boolean(),
	extra: jsonb(),
	seen_at: instant(),
	plain_at: timestamp({ withTimezone: true }),
});

let server: TestDatabase;
let db: Database;

beforeAll(async () => {
	server = await testDatabase(import.meta.filename);
	db = await server.service("things");
	await db.query(`create table things (id uuid primary key, name text not null, tags text[] not null, matrix integer[][],
		size bigint, price numeric, is_on boolean, extra jsonb, seen_at timestamptz(3), plain_at timestamptz)`);
	const empty = { tags: [], matrix: null, size: null, price: null, is_on: null, extra: null, seen_at: null };
	await db.orm.insert(things).values([
		{
			id: newId(),
			name: "full",
			tags: ['a"b', "c,d", ""],
			matrix: [
				[1, 2],
				[3, 4],
			],
			size: 9_007_199_254_740_991,
			price: "12345678901234567890.5",
			is_on: false,
			extra: { deep: [null, "x"] },
			seen_at: "2026-03-02T09:14:07.120Z",
			plain_at: new Date("2026-03-02T09:14:07.120Z"),
		},
		{ ...empty, id: newId(), name: "empty", plain_at: null },
		{ ...empty, id: newId(), name: "json text", extra: "text" },
	]);
});

afterAll(() => server.stop());

test("rows are what Drizzle makes of them, whatever the column", async () => {
	const theirs = drizzle({ client: db.pool });
	const fields = {
		...getTableColumns(things),
		count: sql<number>`(select count(*) from things)`.mapWith(Number),
		aliased: sql<string>`upper(name)`.as("aliased"),
	};
	const mine = await db.orm.select(fields).from(things).orderBy(things.name);
	expect(mine).toEqual(await theirs.select(fields).from(things).orderBy(things.name));
	expect(mine[1]).toMatchObject({
		name: "full",
		matrix: [
			[1, 2],
			[3, 4],
		],
		size: 9_007_199_254_740_991,
		count: 3,
	});
});

test("a table that a left join does not find is null as a whole", async () => {
	const other = alias(things, "other");
	const rows = await db.orm
		.select({ name: things.name, other: { id: other.id, name: other.name } })
		.from(things)
		.leftJoin(other, eq(other.name, sql`upper(${things.name})`))
		.where(eq(things.name, "empty"));
	expect(rows).toEqual([{ name: "empty", other: null }]);
});

test.each([
	["2026-03-02T09:14:07.120Z", "UTC"],
	["2026-03-02T09:14:07.001Z", "UTC"],
	["2026-03-02T09:14:07.000Z", "UTC"],
	["2026-03-02T09:14:07.120Z", "Asia/Kolkata"],
	["1999-12-31T23:59:59.999Z", "America/St_Johns"],
])("the instant %s reads as it was written in a session in %s", async (seen_at, zone) => {
	await db.transaction(async (tx) => {
		await tx.execute(sql.raw(`set local time zone '${zone}'`));
		await tx.update(things).set({ seen_at }).where(eq(things.name, "full"));
		const [row] = await tx.select({ seen_at: things.seen_at }).from(things).where(eq(things.name, "full"));
		expect(row?.seen_at).toBe(seen_at);
	});
});
