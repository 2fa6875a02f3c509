import { ListRuns } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { migrate } from "@netconductor/runtime/db/migrate";
import { type TestDatabase, testDatabase } from "@netconductor/runtime/testing/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunStore, idsThatBegin } from "./run-store.ts";

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
	database = await testDatabase("runs");
	db = await database.service("tasks");
	await migrate(db, new URL("../../migrations", import.meta.url));
});
afterAll(() => database.stop());

describe("a history longer than the part that is read title by title", () => {
	/** Every third is common, every 9,000th rare; the newest is number 1. */
	const many = 30_000;
	const title =
		"case when n % 9000 = 0 then 'Rare find ' || n when n % 3 = 0 then 'Backup of all' else 'Test of one' end";

	beforeAll(async () => {
		await db.query(
			`insert into runs (id, idempotency_key, kind, title, status, steps, total, counts, started_by_kind, started_by_id, started_by_name,
				created_at, finished_at)
			select gen_random_uuid(), n, 'backup', ${title}, 'succeeded', '[]', 0, '{"pending":0,"running":0,"succeeded":0,"skipped":0,"failed":0,"cancelled":0,"unknown":0}',
				'user', 'x', 'admin', now() - n * interval '1 second', now() from generate_series(1, $1::int) n`,
			[many],
		);
		await db.query("analyze runs");
	});

	async function titles(query: Record<string, unknown>): Promise<string[]> {
		const store = createRunStore(db);
		const found: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await store.list(ListRuns.parse({ ...query, cursor }));
			found.push(...page.items.map((run) => run.title));
			cursor = page.next_cursor ?? undefined;
		} while (cursor !== undefined);
		return found;
	}

	test("shows what many titles have in common, and what few have however old it is, page by page", async () => {
		expect(await titles({ q: "rare" })).toEqual(["Rare find 9000", "Rare find 18000", "Rare find 27000"]);
		expect(await titles({ q: "rare", limit: 1 })).toEqual(["Rare find 9000", "Rare find 18000", "Rare find 27000"]);
		expect(await titles({ q: "find 27000", kind: "connectivity_test,backup" })).toEqual(["Rare find 27000"]);
		expect(await titles({ q: "nothing" })).toEqual([]);
		expect(await titles({ q: "rare", kind: "connectivity_test" })).toEqual([]);
		expect(await titles({ q: "backup", limit: 500 })).toHaveLength(many / 3 - 3);
	});

	test("finds an old run by the beginning of its id", async () => {
		const [row] = await db.query<{ id: string }>("select id from runs where title = 'Rare find 27000'");
		expect(await titles({ q: row?.id.slice(0, 23) })).toContain("Rare find 27000");
	});
});

test.each([
	["0199", "01990000-0000-0000-0000-000000000000", "0199ffff-ffff-ffff-ffff-ffffffffffff"],
	["0199ABCD-12", "0199abcd-1200-0000-0000-000000000000", "0199abcd-12ff-ffff-ffff-ffffffffffff"],
	["  0199abcd-  ", "0199abcd-0000-0000-0000-000000000000", "0199abcd-ffff-ffff-ffff-ffffffffffff"],
])("%j is the beginning of ids", (q, first, last) => {
	expect(idsThatBegin(q)).toEqual({ first, last });
});

test.each(["019", "", "core", "0199-", "0199abcd1", "0199abcd-0000-0000-0000-0000000000000", "0199'--"])(
	"%j is not",
	(q) => {
		expect(idsThatBegin(q)).toBeUndefined();
	},
);
