import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabRedis, startRedis } from "@netconductor/lab/redis";
import { stretchWire, type Wire } from "@netconductor/lab/wire";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../log.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { createPostgresEphemeral, createRedisEphemeral, type Ephemeral, max_bytes } from "./ephemeral.ts";

const log = createLog({ level: "silent" });
const patient = { timeout: 15_000, interval: 10 };

interface Kind {
	start(): Promise<void>;
	create(): Ephemeral;
	/** One that looks often whether its connection lives, over a wire that can be cut. */
	createOverWire(): Promise<{ ephemeral: Ephemeral; wire: Wire }>;
	/** Breaks every connection; they can be made anew at once or soon. */
	interrupt(): Promise<void>;
	stop(): Promise<void>;
}

function postgres(): Kind {
	let database: TestDatabase;
	return {
		async start() {
			database = await testDatabase("ephemeral");
		},
		create: () => createPostgresEphemeral({ url: database.url, log }),
		async createOverWire() {
			const { hostname, port, username, password, pathname } = new URL(database.url);
			const folder = decodeURIComponent(hostname);
			const path = `${folder}/.s.PGSQL.${port}`;
			const wire = await stretchWire(() => (folder.startsWith("/") ? { path } : { port: Number(port) }));
			const url = `postgres://${username}:${password}@127.0.0.1:${wire.port}${pathname}`;
			return { wire, ephemeral: createPostgresEphemeral({ url, log, beat_ms: 200 }) };
		},
		async interrupt() {
			const client = new pg.Client(database.url);
			await client.connect();
			await client.query(
				"select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
			);
			await client.end();
		},
		stop: () => database.stop(),
	};
}

function redis(): Kind {
	let dir: string;
	let server: LabRedis | undefined;
	return {
		async start() {
			dir = mkdtempSync(join(tmpdir(), "nc-redis-"));
			server = await startRedis({ dir });
		},
		create: () => createRedisEphemeral({ url: server?.url ?? "", log }),
		async createOverWire() {
			const wire = await stretchWire(() => ({ port: server?.port ?? 0 }));
			const url = new URL(server?.url ?? "");
			url.port = String(wire.port);
			return { wire, ephemeral: createRedisEphemeral({ url: url.href, log, beat_ms: 200 }) };
		},
		async interrupt() {
			await server?.kill();
			await server?.start();
		},
		async stop() {
			await server?.stop();
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

describe.each([
	["PostgreSQL", postgres],
	["Redis", redis],
])("live messages over %s", (_, kindOf) => {
	const kind = kindOf();
	const opened: Ephemeral[] = [];
	const open = () => {
		const ephemeral = kind.create();
		opened.push(ephemeral);
		return ephemeral;
	};
	beforeAll(() => kind.start());
	afterEach(async () => {
		await Promise.all(opened.splice(0).map((ephemeral) => ephemeral.close()));
	});
	afterAll(() => kind.stop());

	test("reach every process that listens, the sender included, in the sender's order and each once, equal ones too", async () => {
		const [here, there] = [open(), open()];
		const heard: Record<"here" | "there", unknown[]> = { here: [], there: [] };
		await here.subscribe("run.output", (payload) => heard.here.push(payload));
		await there.subscribe("run.output", (payload) => heard.there.push(payload));
		await Promise.all([1, 2, 2, 2, 3].map((tick) => here.publish("run.output", { tick })));
		await expect.poll(() => heard.there.length, patient).toBe(5);
		await expect.poll(() => heard.here, patient).toEqual([1, 2, 2, 2, 3].map((tick) => ({ tick })));
		expect(heard.there).toEqual(heard.here);
	});

	test("are heard again after their connection died without a word, and the gap is told", async () => {
		const { ephemeral, wire } = await kind.createOverWire();
		opened.push(ephemeral);
		const heard: unknown[] = [];
		let gaps = 0;
		await ephemeral.subscribe(
			"t",
			(payload) => heard.push(payload),
			() => gaps++,
		);
		wire.cut();
		wire.mend({ late: false });
		await expect.poll(() => gaps, patient).toBe(1);
		await ephemeral.publish("t", "afterwards");
		await expect.poll(() => heard, patient).toEqual(["afterwards"]);
		await ephemeral.close();
		await wire.close();
	});

	test("are heard by topic or by the beginning of the topic, until the listener has had enough", async () => {
		const ephemeral = open();
		const exact: string[] = [];
		const prefix: string[] = [];
		await ephemeral.subscribe("run.1", (_, topic) => exact.push(topic));
		const unsubscribe = await ephemeral.subscribe("run.*", (_, topic) => prefix.push(topic));
		for (const topic of ["run.1", "run.10", "device.1"]) await ephemeral.publish(topic, null);
		await expect.poll(() => prefix, patient).toEqual(["run.1", "run.10"]);
		await unsubscribe();
		await ephemeral.publish("run.2", null);
		await ephemeral.publish("run.1", "last");
		await expect.poll(() => exact, patient).toEqual(["run.1", "run.1"]);
		expect(prefix).toEqual(["run.1", "run.10"]);
	});

	test("may hold anything that is JSON, up to the limit in bytes, and not more", async () => {
		const ephemeral = open();
		const heard: unknown[] = [];
		await ephemeral.subscribe("t", (payload) => heard.push(payload));
		const largest = "ü".repeat(Math.floor((max_bytes - 40) / 2));
		await ephemeral.publish("t", largest);
		await ephemeral.publish("t", { quote: 'it\'s "$1" \\ \n \u0001', nested: [null, true, 1.5] });
		await expect(ephemeral.publish("t", "ü".repeat(max_bytes / 2))).rejects.toMatchObject({
			code: "request.too_large",
		});
		await expect
			.poll(() => heard, patient)
			.toEqual([largest, { quote: 'it\'s "$1" \\ \n \u0001', nested: [null, true, 1.5] }]);
	});

	test("a lost connection comes back by itself, and listeners are told of the gap", async () => {
		const ephemeral = open();
		const heard: unknown[] = [];
		let gaps = 0;
		await ephemeral.subscribe(
			"t",
			(payload) => heard.push(payload),
			() => {
				gaps++;
			},
		);
		await ephemeral.publish("t", "before");
		await expect.poll(() => heard, patient).toEqual(["before"]);
		await kind.interrupt();
		await expect.poll(() => gaps, patient).toBe(1);
		await expect
			.poll(
				() =>
					ephemeral.publish("t", "after").then(
						() => true,
						() => false,
					),
				patient,
			)
			.toBe(true);
		await expect.poll(() => heard.at(-1), patient).toBe("after");
	});

	test("a listener that throws harms neither the others nor the connection", async () => {
		const ephemeral = open();
		const heard: unknown[] = [];
		await ephemeral.subscribe("t", () => {
			throw new Error("bad listener");
		});
		await ephemeral.subscribe("t", (payload) => heard.push(payload));
		await ephemeral.publish("t", 1);
		await ephemeral.publish("t", 2);
		await expect.poll(() => heard, patient).toEqual([1, 2]);
	});

	test("five thousand at once all arrive", async () => {
		const ephemeral = open();
		let sum = 0;
		await ephemeral.subscribe("t", (payload) => {
			sum += payload as number;
		});
		await Promise.all(Array.from({ length: 5_000 }, (_, index) => ephemeral.publish("t", index)));
		await expect.poll(() => sum, patient).toBe((5_000 * 4_999) / 2);
	});

	test("after closing nothing can be sent", async () => {
		const ephemeral = open();
		await ephemeral.publish("t", 1);
		await ephemeral.close();
		await expect(ephemeral.publish("t", 2)).rejects.toMatchObject({ code: "service.unavailable" });
	});
});

test("two installations on one Redis, each with a database of its own there, do not hear each other", async () => {
	const dir = mkdtempSync(join(tmpdir(), "nc-redis-"));
	const server = await startRedis({ dir });
	const installations = ["", "/0", "/1", "/1", "/2"].map((database) =>
		createRedisEphemeral({ url: `${server.url.replace(/\/\d*$/, "")}${database}`, log }),
	);
	const heard: unknown[][] = installations.map(() => []);
	try {
		for (const [at, one] of installations.entries()) await one.subscribe("t", (payload) => heard[at]?.push(payload));
		for (const [at, one] of installations.entries()) await one.publish("t", at);
		await expect.poll(() => heard.flat().length, patient).toBe(9);
		expect(heard.map((all) => all.toSorted())).toEqual([[0, 1], [0, 1], [2, 3], [2, 3], [4]]);
	} finally {
		await Promise.all(installations.map((one) => one.close()));
		await server.stop();
		rmSync(dir, { recursive: true, force: true });
	}
});

test.each([
	["PostgreSQL", () => createPostgresEphemeral({ url: "postgres://nobody@127.0.0.1:1/none", log })],
	["Redis", () => createRedisEphemeral({ url: "redis://127.0.0.1:1", log })],
])("where %s does not answer, sending fails in time and closing does not hang", async (_, create) => {
	const ephemeral = create();
	await expect(ephemeral.publish("t", 1)).rejects.toMatchObject({ code: "service.unavailable" });
	await ephemeral.close();
});
