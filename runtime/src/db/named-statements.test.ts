import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import type { Database } from "./database.ts";
import { plannedForItsValues } from "./named-statements.ts";

let test_database: TestDatabase;
let db: Database;

beforeAll(async () => {
	test_database = await testDatabase("named_statements");
	db = await test_database.service("garden", { max: 1 });
	await db.query("create table plants (id int primary key, name text)");
});
afterAll(() => test_database.stop());

async function kept(): Promise<string[]> {
	const rows = await db.query<{ statement: string }>(
		"select statement from pg_prepared_statements where name like 'nc%'",
	);
	return rows.map(({ statement }) => statement);
}

test("a statement that comes again is kept planned, whichever way it comes, and answers as before", async () => {
	const text = "select $1::int + 1 as next";
	for (const given of [1, 2, 3]) expect(await db.query(text, [given])).toEqual([{ next: given + 1 }]);
	await db.transaction((tx) => tx.execute("select 1"));
	expect((await kept()).filter((statement) => statement === text)).toHaveLength(1);
});

test("one that comes once, or has no parameters, is not kept", async () => {
	await db.query("select $1::int as only_once", [1]);
	await db.query("select 1 as plain");
	await db.query("select 1 as plain");
	expect((await kept()).filter((statement) => /only_once|plain/.test(statement))).toEqual([]);
});

test("one whose plan depends on its values is planned for them each time, however often it comes", async () => {
	const text = `select ${plannedForItsValues} $1::int as fitting`;
	for (const given of [1, 2, 3]) expect(await db.query(text, [given])).toEqual([{ fitting: given }]);
	expect((await kept()).filter((statement) => statement.includes("fitting"))).toEqual([]);
});

test("a statement that fails is as good as new afterwards", async () => {
	const insert = "insert into plants values ($1, $2)";
	await db.query(insert, [1, "a"]);
	await db.query(insert, [2, "b"]);
	await expect(db.query(insert, [2, "again"])).rejects.toThrow(/duplicate key/);
	await expect(db.query(insert, ["x", "y"])).rejects.toThrow(/invalid input/);
	await db.query(insert, [3, "c"]);
	expect(await db.query("select count(*)::int as count from plants")).toEqual([{ count: 3 }]);
});

test("however many different texts come, a connection keeps a bounded number", async () => {
	for (let index = 0; index < 400; index++) {
		const text = `select $1::int as column_${index}`;
		await db.query(text, [index]);
		expect(await db.query(text, [index])).toEqual([{ [`column_${index}`]: index }]);
	}
	expect((await kept()).length).toBeLessThanOrEqual(250);
});
