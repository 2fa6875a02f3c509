import type { Database } from "@netconductor/runtime/db/database";
import { migrate } from "@netconductor/runtime/db/migrate";
import { newId } from "@netconductor/runtime/id";
import { type TestDatabase, testDatabase } from "@netconductor/runtime/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkerStore } from "./worker-store.ts";

const lease_ms = 200;
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
	database = await testDatabase("workers");
	db = await database.service("tasks");
	await migrate(db, new URL("../../migrations", import.meta.url));
});
afterAll(() => database.stop());

test("a worker that died before the clock was set back an hour is lost after one lease, not after an hour", async () => {
	const workers = createWorkerStore(db);
	await workers.register({ id: "w1", pool: "default", hostname: "h", pid: 1, version: "1", concurrency: 1, lease_ms });
	await db.query("update workers set lease_until = lease_until + interval '1 hour'");

	expect(await workers.markLost(lease_ms)).toEqual([]);
	await expect.poll(() => workers.markLost(lease_ms)).toEqual(["w1"]);
});

test("a worker that is gone left a procedure behind, too, though no operation of it was under way on a device", async () => {
	const workers = createWorkerStore(db);
	const conducted = async (worker_id: string) => {
		const run_id = newId();
		await db.query(
			`insert into runs (id, idempotency_key, kind, title, status, steps, total, counts, started_by_kind, started_by_id, started_by_name, created_at)
			values ($1, $2, 'mop', 'test', 'running', '[]', 0, '{}', 'user', 'x', 'admin', now())`,
			[run_id, run_id],
		);
		await db.query(
			"insert into procedures (run_id, sealed, sha256, shown, starter, mode, worker_id) values ($1, '', '', '{}', '{}', 'run', $2)",
			[run_id, worker_id],
		);
	};
	for (const id of ["between steps", "at work", "idle"]) {
		await workers.register({ id, pool: "default", hostname: "h", pid: 1, version: "1", concurrency: 1, lease_ms });
	}
	await conducted("between steps");
	await conducted("at work");
	await workers.stopped("between steps");
	await workers.stopped("idle");

	expect(await workers.leftBehind()).toEqual(["between steps"]);
});
