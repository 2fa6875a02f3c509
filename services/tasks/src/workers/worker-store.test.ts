import { migrate } from "@netconductor/runtime/db/migrate";
import { type TestDatabase, testDatabase } from "@netconductor/runtime/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkerStore } from "./worker-store.ts";

let database: TestDatabase;

beforeAll(async () => {
	database = await testDatabase("workers");
});
afterAll(() => database.stop());

test("a worker that died before the clock was set back an hour is lost after one lease, not after an hour", async () => {
	const db = await database.service("tasks");
	await migrate(db, new URL("../../migrations", import.meta.url));
	const workers = createWorkerStore(db);
	const lease_ms = 200;
	await workers.register({ id: "w1", hostname: "h", pid: 1, version: "1", concurrency: 1, lease_ms });
	await db.query("update workers set lease_until = lease_until + interval '1 hour'");

	expect(await workers.markLost(lease_ms)).toEqual([]);
	await expect.poll(() => workers.markLost(lease_ms)).toEqual(["w1"]);
});
