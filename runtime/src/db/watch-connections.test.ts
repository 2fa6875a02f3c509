import { stretchWire } from "@netconductor/lab/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { openDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase("watch");
});
afterAll(() => database.stop());

/** The database over a wire that can be cut. */
async function overWire() {
	await database.service("garden");
	const url = new URL(database.url);
	const folder = decodeURIComponent(url.hostname);
	const wire = await stretchWire(() =>
		folder.startsWith("/") ? { path: `${folder}/.s.PGSQL.${url.port}` } : { port: Number(url.port) },
	);
	const db = openDatabase({
		url: `postgres://${url.username}:${url.password}@127.0.0.1:${wire.port}${url.pathname}`,
		schema: "garden",
		application_name: "watched",
		watch_ms: 100,
	});
	return { wire, db };
}

test("a statement on a connection that died without a word fails as lost, and the next one goes on", async () => {
	const { wire, db } = await overWire();
	await db.query("select 1");
	wire.cut();
	const answer = db.query("select 2").catch((error: unknown) => error);
	wire.mend({ late: false });
	expect(await answer).toSatisfy((error) => hasCode(error, "service.unavailable"));
	expect(await db.query("select 3 as number")).toEqual([{ number: 3 }]);
	await wire.close();
	await db.close();
});

test("a transaction whose connection died without a word fails as lost", async () => {
	const { wire, db } = await overWire();
	const outcome = db
		.transaction(async (tx) => {
			await tx.execute("select 1");
			wire.cut();
			wire.mend({ late: false });
			await tx.execute("select 2");
		})
		.catch((error: unknown) => error);
	expect(await outcome).toSatisfy((error) => hasCode(error, "service.unavailable"));
	await wire.close();
	await db.close();
});

test("a statement that takes long is left alone", async () => {
	const { wire, db } = await overWire();
	expect(await db.query("select pg_sleep(2), 1 as number")).toMatchObject([{ number: 1 }]);
	await wire.close();
	await db.close();
});
