import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureBusTables } from "../bus/tables.ts";
import type { Database } from "../db/database.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { ensureAuditTable } from "./audit-trail.ts";
import { ensureRotationTable } from "./key-rotation.ts";

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
	database = await testDatabase("several_starts");
	db = await database.service("shop", { max: 10 });
});
afterAll(() => database?.stop());

test("processes of a service that start at the same time make its tables once, and all come up", async () => {
	for (let round = 0; round < 10; round++) {
		await db.query("drop table if exists audit_intents, key_rotations");
		const starts = Array.from({ length: 8 }, async () => {
			await ensureBusTables(db);
			await ensureAuditTable(db);
			await ensureRotationTable(db);
		});
		expect((await Promise.allSettled(starts)).filter(({ status }) => status === "rejected")).toEqual([]);
	}
});
