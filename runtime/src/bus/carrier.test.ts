import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LabRabbit, startRabbit } from "@netconductor/lab/rabbitmq";
import { sql } from "drizzle-orm";
import pg from "pg";
import { Connection } from "rabbitmq-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { newId } from "../id.ts";
import { createLog } from "../log.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import type { Carrier } from "./carrier.ts";
import { listDeadEvents, replayDeadEvents } from "./dead-letters.ts";
import { createInProcessCarrier } from "./in-process-carrier.ts";
import { type Consumers, type Delivery, startInbox } from "./inbox.ts";
import { createOutbox } from "./outbox.ts";
import { createRabbitMqCarrier } from "./rabbitmq-carrier.ts";
import { startRelay } from "./relay.ts";
import { ensureBusTables } from "./tables.ts";

const log = createLog({ level: "silent" });
const patient = { timeout: 25_000, interval: 20 };

interface Kind {
	start(): Promise<void>;
	create(): Carrier;
	/** Breaks what the carrier stands on, and mends it. */
	interrupt(): Promise<void>;
	rabbit_url(): string;
	stop(): Promise<void>;
}

let test_database: TestDatabase;

function inProcess(): Kind {
	return {
		start: async () => {},
		create: () => createInProcessCarrier(),
		async interrupt() {
			const client = new pg.Client(test_database.url);
			await client.connect();
			await client.query(
				"select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
			);
			await client.end();
		},
		rabbit_url: () => "",
		stop: async () => {},
	};
}

function rabbitMq(): Kind {
	let dir: string;
	let rabbit: LabRabbit | undefined;
	return {
		async start() {
			dir = mkdtempSync(join(tmpdir(), "nc-rabbit-"));
			rabbit = await startRabbit({ dir });
		},
		create: () => createRabbitMqCarrier({ url: rabbit?.url ?? "", log }),
		async interrupt() {
			// RabbitMQ 3.10 writes its list of quorum queues twice a second: one that is younger when the broker is killed never comes back to life.
			await new Promise((resolve) => setTimeout(resolve, 1_500));
			await rabbit?.kill();
			await rabbit?.start();
		},
		rabbit_url: () => rabbit?.url ?? "",
		async stop() {
			await rabbit?.stop();
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

describe.each([
	["in process", inProcess],
	["RabbitMQ", rabbitMq],
])("events carried %s", (_, kindOf) => {
	const kind = kindOf();
	let carrier: Carrier;
	let mark: string;
	let shop: Database;
	const stops: (() => Promise<void>)[] = [];

	beforeAll(() => kind.start(), 120_000);
	afterAll(() => kind.stop(), 60_000);
	beforeEach(async () => {
		test_database = await testDatabase("carrier");
		mark = newId().slice(-6);
		carrier = kind.create();
		shop = await service("shop");
	});
	afterEach(async () => {
		for (const stop of stops.splice(0).reverse()) await stop();
		await carrier.close();
		await test_database.stop();
	});

	/** Names are new in each test: RabbitMQ keeps the queues of those before. */
	async function service(name: string): Promise<Database> {
		const db = await test_database.service(`${name}_${mark}`);
		await ensureBusTables(db);
		await db.query("create table if not exists effects (position serial, what text)");
		return db;
	}

	async function relay(): Promise<void> {
		const { stop } = await startRelay({
			db: shop,
			service: shop.schema,
			carrier,
			clock: systemClock,
			log,
		});
		stops.push(stop);
	}

	async function inbox(db: Database, consumers: Consumers = { "user.changed.v1": record }, by = carrier) {
		const started = await startInbox({
			db,
			service: db.schema,
			consumers,
			carrier: by,
			clock: systemClock,
			log,
			first_retry_ms: 1,
		});
		stops.push(started.stop);
		return started;
	}

	async function record({ username }: { username: string }, { tx }: Delivery): Promise<void> {
		await tx.execute(sql`insert into effects (what) values (${username})`);
	}

	const happened = (username: string) => ({ user_id: newId(), username, change: "created" as const });
	const publish = (...names: string[]) =>
		shop.transaction(async (tx) => {
			for (const name of names) await createOutbox(shop).publish(tx, "user.changed.v1", happened(name));
		});
	const effects = async (db: Database) =>
		(await db.query<{ what: string }>("select what from effects order by position")).map(({ what }) => what);
	const outbox = async () => (await shop.query("select from outbox")).length;
	const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

	test("an event is delivered after the commit and not before, and never after a rollback", async () => {
		const kitchen = await service("kitchen");
		await inbox(kitchen);
		await relay();
		await shop.transaction(async (tx) => {
			await createOutbox(shop).publish(tx, "user.changed.v1", happened("committed"));
			await new Promise((resolve) => setTimeout(resolve, 300));
			expect(await effects(kitchen)).toEqual([]);
		});
		const undone = shop.transaction(async (tx) => {
			await createOutbox(shop).publish(tx, "user.changed.v1", happened("undone"));
			throw new Error("no");
		});
		await expect(undone).rejects.toThrow("no");
		await publish("last");
		await expect.poll(() => effects(kitchen), patient).toEqual(["committed", "last"]);
		await expect.poll(outbox, patient).toBe(0);
	});

	test("a payload that is not the contract's is refused where it is published", async () => {
		const wrong = shop.transaction((tx) =>
			createOutbox(shop).publish(tx, "user.changed.v1", { username: "x" } as never),
		);
		await expect(wrong).rejects.toThrow(/user.changed.v1/);
	});

	test("a relay killed between handing on and forgetting repeats itself, and the effect is there once", async () => {
		const kitchen = await service("kitchen");
		// The queue exists before: it was subscribed once.
		await (await inbox(kitchen)).stop();
		await publish("one", "two");
		const program = fileURLToPath(new URL("../../test-support/relay-that-dies.ts", import.meta.url));
		const urlOf = (db: Database) => String(db.pool.options.connectionString);
		const child = spawn(
			process.execPath,
			[program, shop.schema, urlOf(shop), kitchen.schema, urlOf(kitchen), kind.rabbit_url()],
			{ stdio: "inherit" },
		);
		const [, signal] = await once(child, "exit");
		expect(signal).toBe("SIGKILL");
		expect(await outbox()).toBe(2);
		await inbox(kitchen);
		await relay();
		await publish("three");
		await expect.poll(outbox, patient).toBe(0);
		await expect.poll(() => effects(kitchen), patient).toEqual(["one", "two", "three"]);
	});

	test("events of one publisher arrive in its order", async () => {
		const kitchen = await service("kitchen");
		await inbox(kitchen);
		await relay();
		for (let at = 0; at < 300; at += 3) await publish(String(at), String(at + 1), String(at + 2));
		await expect.poll(async () => (await effects(kitchen)).length, patient).toBe(300);
		expect(await effects(kitchen)).toEqual(numbers(300));
	});

	test("a consumer that fails is tried ten times, leaves nothing behind, is put aside without blocking others, and can be replayed", async () => {
		const kitchen = await service("kitchen");
		let broken = true;
		await inbox(kitchen, {
			"user.changed.v1": async (payload, delivery) => {
				await record(payload, delivery);
				if (broken && payload.username === "bad") throw new Error("the soup is burnt");
			},
		});
		await relay();
		await publish("first", "bad", "second", "third");
		await expect.poll(() => effects(kitchen), patient).toEqual(["first", "second", "third"]);
		await expect
			.poll(() => listDeadEvents(kitchen), patient)
			.toEqual([expect.objectContaining({ name: "user.changed.v1", attempts: 10, last_error: "the soup is burnt" })]);
		broken = false;
		const [dead] = await listDeadEvents(kitchen);
		expect(await replayDeadEvents(kitchen, [dead?.id ?? "", newId()])).toBe(1);
		await expect.poll(() => effects(kitchen), patient).toEqual(["first", "second", "third", "bad"]);
		expect(await listDeadEvents(kitchen)).toEqual([]);
	});

	test("a consumer of many gets neighbours of one name together, in their order and between the others", async () => {
		const kitchen = await service("kitchen");
		const together: string[][] = [];
		// They lie there already, so that they are found together, however the carrier cuts its batches.
		const lying = [...["a", "b", "c"].map(happened), { session_id: "gone", user_id: newId(), reason: "signed out" }];
		for (const payload of [...lying, ...["d", "e"].map(happened)]) {
			await kitchen.query("insert into inbox (id, name, payload, occurred_at) values ($1, $2, $3, now())", [
				newId(),
				"session_id" in payload ? "session.revoked.v1" : "user.changed.v1",
				payload,
			]);
		}
		await inbox(kitchen, {
			"user.changed.v1": {
				async many(events, tx) {
					together.push(events.map(({ payload }) => payload.username));
					for (const { payload } of events)
						await tx.execute(sql`insert into effects (what) values (${payload.username})`);
				},
			},
			"session.revoked.v1": async ({ session_id }, { tx }) =>
				void (await tx.execute(sql`insert into effects (what) values (${session_id})`)),
		});
		await expect.poll(() => effects(kitchen), patient).toEqual(["a", "b", "c", "gone", "d", "e"]);
		expect(together).toEqual([
			["a", "b", "c"],
			["d", "e"],
		]);
	});

	test("one that fails among many is put off alone; the others take effect once", async () => {
		const kitchen = await service("kitchen");
		await inbox(kitchen, {
			"user.changed.v1": {
				async many(events, tx) {
					for (const { payload } of events)
						await tx.execute(sql`insert into effects (what) values (${payload.username})`);
					if (events.some(({ payload }) => payload.username === "bad")) throw new Error("the soup is burnt");
				},
			},
		});
		await publish(...numbers(150), "bad", ...numbers(120));
		await relay();
		await expect
			.poll(() => listDeadEvents(kitchen), patient)
			.toEqual([expect.objectContaining({ attempts: 10, last_error: "the soup is burnt" })]);
		// It is tried again at once here, so it may be given up before the others are through.
		await expect.poll(() => effects(kitchen), patient).toEqual([...numbers(150), ...numbers(120)]);
	});

	test("an event that was put off is tried again when it is due, though nothing else happens", async () => {
		const kitchen = await service("kitchen");
		let attempts = 0;
		await inbox(kitchen, {
			"user.changed.v1": async (payload, delivery) => {
				attempts++;
				if (attempts < 4) throw new Error("not yet");
				await record(payload, delivery);
			},
		});
		await relay();
		await publish("patient");
		// Looking by itself, the inbox would take ten seconds for each.
		await expect.poll(() => effects(kitchen), { timeout: 4_000, interval: 20 }).toEqual(["patient"]);
	});

	test("an event that was put off while the clock was an hour ahead is tried again when it is set right", async () => {
		const kitchen = await service("kitchen");
		let ahead_ms = 3_600_000;
		const clock = { ...systemClock, now: () => new Date(Date.now() + ahead_ms) };
		const consumers: Consumers = {
			async "user.changed.v1"(payload, delivery) {
				if (ahead_ms > 0) throw new Error("not yet");
				await record(payload, delivery);
			},
		};
		const inbox = await startInbox({
			db: kitchen,
			service: kitchen.schema,
			consumers,
			carrier,
			clock,
			log,
			poll_ms: 50,
		});
		stops.push(inbox.stop);
		await relay();
		await publish("patient");
		const putOff = () => kitchen.query("select from inbox where next_attempt_at > now() + interval '50 minutes'");
		await expect.poll(async () => (await putOff()).length, patient).toBe(1);
		ahead_ms = 0;
		await expect.poll(() => effects(kitchen), patient).toEqual(["patient"]);
	});

	test("a process that did not get its turn tries again soon", async () => {
		const kitchen = await service("kitchen");
		await inbox(kitchen);
		await relay();
		const other = await kitchen.pool.connect();
		await other.query("begin");
		for (const part of [`inbox.${kitchen.schema}`, `relay.${shop.schema}`]) {
			await other.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`netconductor.${part}`]);
		}
		await publish("late");
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(await effects(kitchen)).toEqual([]);
		await other.query("rollback");
		other.release();
		await expect.poll(() => effects(kitchen), { timeout: 4_000, interval: 20 }).toEqual(["late"]);
	});

	test("a payload that the consumer's contract does not know is put aside at once and blocks nobody", async () => {
		const kitchen = await service("kitchen");
		await inbox(kitchen);
		await relay();
		await shop.query(
			"insert into outbox (id, name, payload, occurred_at) values ($1, 'user.changed.v1', '{\"username\": 7}', now())",
			[newId()],
		);
		await publish("healthy");
		await expect.poll(() => effects(kitchen), patient).toEqual(["healthy"]);
		const [dead] = await listDeadEvents(kitchen);
		expect(dead?.attempts).toBe(1);
		expect(dead?.last_error).toContain("user_id");
	});

	test("a subscriber that was away gets what it missed", async () => {
		const kitchen = await service("kitchen");
		const first = await inbox(kitchen);
		await relay();
		await publish("before");
		await expect.poll(() => effects(kitchen), patient).toEqual(["before"]);
		await first.stop();
		await publish("missed", "missed too");
		await new Promise((resolve) => setTimeout(resolve, 200));
		await inbox(kitchen);
		await publish("after");
		await expect.poll(() => effects(kitchen), patient).toEqual(["before", "missed", "missed too", "after"]);
	});

	test("connections lost while events flow cost nothing and repeat nothing", async () => {
		const kitchen = await service("kitchen");
		await inbox(kitchen);
		await relay();
		let stopped = false;
		const published: string[] = [];
		const publishing = (async () => {
			for (let at = 0; !stopped; at++) {
				// Its own connection may be among the lost; then it is not known whether the commit took place.
				await publish(String(at)).then(
					() => published.push(String(at)),
					() => {},
				);
				await new Promise((resolve) => setTimeout(resolve, 2));
			}
		})();
		await new Promise((resolve) => setTimeout(resolve, 300));
		await kind.interrupt();
		await new Promise((resolve) => setTimeout(resolve, 300));
		stopped = true;
		await publishing;
		await publish("end");
		await expect.poll(async () => (await effects(kitchen)).at(-1), patient).toBe("end");
		const seen = await effects(kitchen);
		expect(published.length).toBeGreaterThan(20);
		expect(seen).toEqual(expect.arrayContaining(published));
		expect(new Set(seen).size).toBe(seen.length);
		expect(seen.slice(0, -1).map(Number)).toEqual(
			seen
				.slice(0, -1)
				.map(Number)
				.toSorted((a, b) => a - b),
		);
	}, 60_000);

	test("every subscriber gets every event of the names it asked for, and no other", async () => {
		const kitchens = await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => service(`kitchen_${name}`)));
		await Promise.all(kitchens.map((kitchen) => inbox(kitchen)));
		const deaf = await service("deaf");
		await inbox(deaf, {
			"session.revoked.v1": async ({ reason }, { tx }) =>
				void (await tx.execute(sql`insert into effects (what) values (${reason})`)),
		});
		await relay();
		await publish(...numbers(20));
		await shop.transaction((tx) =>
			createOutbox(shop).publish(tx, "session.revoked.v1", { session_id: "s", user_id: newId(), reason: "signed out" }),
		);
		for (const kitchen of kitchens) await expect.poll(() => effects(kitchen), patient).toEqual(numbers(20));
		await expect.poll(() => effects(deaf), patient).toEqual(["signed out"]);
	});

	test("two processes of one service apply each event once and in order", async () => {
		const kitchen = await service("kitchen");
		const again = await service("kitchen");
		const second = kind.create();
		stops.push(() => second.close());
		await inbox(kitchen);
		await inbox(again, { "user.changed.v1": record }, second);
		await relay();
		await startRelay({ db: shop, service: shop.schema, carrier, clock: systemClock, log }).then(({ stop }) =>
			stops.push(stop),
		);
		for (let at = 0; at < 100; at += 2) await publish(String(at), String(at + 1));
		await expect.poll(async () => (await effects(kitchen)).length, patient).toBe(100);
		expect(await effects(kitchen)).toEqual(numbers(100));
	});

	test("handled events are forgotten after seven days, waiting and dead ones are not", async () => {
		const kitchen = await service("kitchen");
		await kitchen.query(
			`insert into inbox (id, name, payload, occurred_at, handled_at, dead_at, next_attempt_at) values
				($1, 'user.changed.v1', '{}', now(), now() - interval '8 days', null, now()),
				($2, 'user.changed.v1', '{}', now(), now() - interval '6 days', null, now()),
				($3, 'user.changed.v1', '{}', now(), null, now() - interval '99 days', now()),
				($4, 'user.changed.v1', '{}', now(), null, null, now() + interval '1 hour')`,
			[newId(), newId(), newId(), newId()],
		);
		await inbox(kitchen);
		await expect.poll(async () => (await kitchen.query("select from inbox")).length, patient).toBe(3);
	});
});

describe("RabbitMQ alone", () => {
	const kind = rabbitMq();
	beforeAll(async () => {
		await kind.start();
		test_database = await testDatabase("carrier");
	}, 120_000);
	afterAll(async () => {
		await test_database.stop();
		await kind.stop();
	}, 60_000);

	test("what is no event goes to the dead-letter queue and stops nothing", async () => {
		const carrier = kind.create();
		const arrived: string[] = [];
		await carrier.subscribe("kitchen", ["user.changed.v1"], async (messages) => {
			arrived.push(...messages.map(({ id }) => id));
		});
		const stranger = new Connection(kind.rabbit_url());
		const sender = stranger.createPublisher({ confirm: true });
		await sender.send(
			{ routingKey: "netconductor.kitchen", contentType: "application/json" },
			Buffer.from("{not json"),
		);
		const id = newId();
		await carrier.publish([{ id, name: "user.changed.v1", payload: {}, occurred_at: new Date().toISOString() }]);
		await expect.poll(() => arrived, patient).toEqual([id]);
		// Whoever looks at the health hears of it, as often as they look, and it stays.
		const heard = /^1 message that is no event lies in RabbitMQ's queue netconductor\.dead_letters/;
		await expect.poll(() => carrier.ping(), patient).toMatch(heard);
		expect(await carrier.ping()).toMatch(heard);
		await expect
			.poll(async () => {
				const message = await stranger.basicGet({ queue: "netconductor.dead_letters", noAck: true });
				return message?.body.toString();
			}, patient)
			.toBe("{not json");
		await expect.poll(() => carrier.ping(), patient).toBeUndefined();
		await sender.close();
		await stranger.close();
		await carrier.close();
	});

	test("an event that must be taken waits until somebody has subscribed", async () => {
		const carrier = createRabbitMqCarrier({ url: kind.rabbit_url(), log, must_route: ["audit.operation_recorded.v1"] });
		const message = {
			id: newId(),
			name: "audit.operation_recorded.v1",
			payload: {},
			occurred_at: new Date().toISOString(),
		};
		await expect(carrier.publish([message])).rejects.toThrow(/waits in the outbox/);
		const arrived: string[] = [];
		await carrier.subscribe("ledger", [message.name], async (messages) => {
			arrived.push(...messages.map(({ id }) => id));
		});
		await carrier.publish([message]);
		await expect.poll(() => arrived, patient).toEqual([message.id]);
		await carrier.close();
	});

	test("a carrier whose broker never was there can be closed", async () => {
		const carrier = createRabbitMqCarrier({ url: "amqp://127.0.0.1:1", log });
		await expect(carrier.ping()).rejects.toThrow(/not connected/);
		await carrier.close();
	});
});

test("in process, nothing is accepted before every named service has come, nor when it has gone", async () => {
	const carrier = createInProcessCarrier({ services: ["kitchen", "cellar"] });
	const message = { id: newId(), name: "user.changed.v1", payload: {}, occurred_at: new Date().toISOString() };
	const arrived: string[] = [];
	const deliver = async () => void arrived.push("kitchen");
	const subscription = await carrier.subscribe("kitchen", ["user.changed.v1"], deliver);
	await expect(carrier.publish([message])).rejects.toThrow(/cellar/);
	await carrier.subscribe("cellar", [], async () => {});
	await carrier.publish([message]);
	await subscription.close();
	await expect(carrier.publish([message])).rejects.toThrow(/kitchen/);
	expect(arrived).toEqual(["kitchen"]);
});
