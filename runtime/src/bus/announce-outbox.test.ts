import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { newId } from "../id.ts";
import { createLog } from "../log.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { announceOutbox, hearOfOutbox } from "./announce-outbox.ts";
import { createPostgresEphemeral, type Ephemeral } from "./ephemeral.ts";
import { createInProcessCarrier } from "./in-process-carrier.ts";
import { startInbox } from "./inbox.ts";
import { createOutbox } from "./outbox.ts";
import { startRelay } from "./relay.ts";
import { ensureBusTables } from "./tables.ts";

const log = createLog({ level: "silent" });
let database: TestDatabase;
let kitchen: Database;
const stops: (() => unknown)[] = [];
beforeAll(async () => {
	database = await testDatabase("announce");
	for (const name of ["shop", "kitchen"]) await ensureBusTables(await database.service(name));
	kitchen = await database.service("kitchen");
	await kitchen.query("create table effects (position serial, what text)");
});
afterEach(async () => {
	for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => database.stop());

function open(): Ephemeral {
	const ephemeral = createPostgresEphemeral({ url: database.url, log });
	stops.push(() => ephemeral.close());
	return ephemeral;
}

const publish = (db: Database, username: string) =>
	db.transaction((tx) =>
		createOutbox(db).publish(tx, "user.changed.v1", { user_id: newId(), username, change: "created" }),
	);
const effects = async () =>
	(await kitchen.query<{ what: string }>("select what from effects order by position")).map(({ what }) => what);

test("events of a process that does not relay them reach their consumer at once, and the last ones of one that stops", async () => {
	const carrier = createInProcessCarrier();
	const relaying = await database.service("shop");
	const inbox = await startInbox({
		db: kitchen,
		service: "kitchen",
		consumers: {
			"user.changed.v1": async ({ username }, { tx }) =>
				void (await tx.execute(sql`insert into effects (what) values (${username})`)),
		},
		carrier,
		clock: systemClock,
		log,
	});
	const relay = await startRelay({ db: relaying, service: "shop", carrier, clock: systemClock, log });
	const here = open();
	const heard = hearOfOutbox({ db: relaying, ephemeral: here, onNews: relay.wake, onGap: relay.recover, log });
	stops.push(inbox.stop, relay.stop, heard.stop);

	const worker = await database.service("shop");
	const announced = announceOutbox({ db: worker, ephemeral: open() });
	await here.subscribe("ready", () => {});
	for (let n = 0; n < 10; n++) await publish(worker, String(n));
	await announced.stop();
	// By themselves they look after five seconds and more.
	await expect.poll(effects, { timeout: 4_000, interval: 20 }).toEqual(Array.from({ length: 10 }, (_, n) => String(n)));
});

test("many commits are announced a few times, the last of them too", async () => {
	const worker = await database.service("shop");
	const published: number[] = [];
	let commits = 0;
	const announced = announceOutbox({ db: worker, ephemeral: { publish: async () => void published.push(commits) } });
	stops.push(announced.stop);
	const began = performance.now();
	for (; commits < 100; commits++) await publish(worker, "x");
	await expect.poll(() => published.at(-1), { timeout: 3_000 }).toBe(100);
	expect(published.length).toBeLessThanOrEqual(2 + (performance.now() - began) / 100);
});

test("a line that was lost and is back tells so, and a lost announcement harms no commit", async () => {
	const told: string[] = [];
	const ephemeral = open();
	const db = await database.service("shop");
	const heard = hearOfOutbox({
		db,
		ephemeral,
		onNews: () => told.push("news"),
		onGap: () => told.push("gap"),
		log,
	});
	const announced = announceOutbox({ db, ephemeral: { publish: () => Promise.reject(new Error("away")) } });
	stops.push(heard.stop, announced.stop);
	// The first look, for what was announced before anybody listened.
	await expect.poll(() => told, { timeout: 5_000 }).toEqual(["news"]);
	const client = new pg.Client(database.url);
	await client.connect();
	await client.query(
		"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'netconductor notifications' and datname = current_database()",
	);
	await client.end();
	await expect.poll(() => told, { timeout: 5_000 }).toEqual(["news", "gap"]);
	await publish(db, "y");
});
