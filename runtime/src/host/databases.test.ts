import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../db/database.ts";
import { createLog } from "../log.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { createVault } from "../vault.ts";
import { openDatabases } from "./databases.ts";
import { type AnyService, defineService } from "./service.ts";

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase("host databases");
});
afterAll(() => database?.stop());

// A name of its own: roles belong to the cluster, which test files share.
const services: AnyService[] = [
	defineService({
		name: "keyed",
		api: { name: "keyed", operations: {} },
		setup: () => ({ operations: {} }),
	}),
];
const masterKeys = (id: string) => ({
	current: { id, bytes: randomBytes(32), source: "test" },
	previous: undefined,
});

test("a process with a wrong master key is refused before it changes a password under those that run", async () => {
	const right = masterKeys("aaaaaaaa");
	const access = { admin_url: database.admin_url, pool_size: 2 };
	const opened = (await openDatabases(services, access, right)).get("keyed");
	if (opened === undefined) throw new Error("the schema was not opened");
	await createVault({ db: opened.db, master: right, service: "keyed", log: createLog({ level: "silent" }) });

	await expect(openDatabases(services, access, masterKeys("bbbbbbbb"))).rejects.toMatchObject({
		code: "startup.master_key_wrong",
	});
	const again = openDatabase({ url: opened.url, schema: "keyed", application_name: "test", max: 1 });
	await expect(again.query("select 1 as one")).resolves.toEqual([{ one: 1 }]);

	const changed = masterKeys("cccccccc");
	const moved = await openDatabases(services, access, { ...changed, previous: right.current });
	await Promise.all([opened, ...moved.values()].map(({ db }) => db.close()));
	await again.close();
});

test("a database that refuses its user is named with the user, without the password", async () => {
	const url = new URL(database.admin_url);
	url.password = "canary-of-url";
	const refused = openDatabases(services, { admin_url: url.href, pool_size: 1 }, masterKeys("aaaaaaaa"));
	await expect(refused).rejects.toMatchObject({
		code: "startup.database_failed",
		message: expect.stringMatching(/does not let postgres in/),
	});
	await expect(refused).rejects.not.toThrow("canary-of-url");
});
