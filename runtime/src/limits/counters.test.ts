import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabRedis, startRedis } from "@netconductor/lab/redis";
import { stretchWire } from "@netconductor/lab/wire";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../log.ts";
import { type Counters, createMemoryCounters, createRedisCounters } from "./counters.ts";

describe("counts of one process", () => {
	test("begin anew when the window of the first has ended, key by key", async () => {
		let at = 0;
		const counters = createMemoryCounters({ now: () => at });
		expect(await counters.count("a", 1_000)).toEqual({ count: 1, left_ms: 1_000 });
		at = 400;
		expect(await counters.count("a", 1_000)).toEqual({ count: 2, left_ms: 600 });
		expect(await counters.count("b", 1_000)).toEqual({ count: 1, left_ms: 1_000 });
		at = 1_000;
		expect(await counters.count("a", 1_000)).toEqual({ count: 1, left_ms: 1_000 });
	});

	test("take a bounded amount of memory: of a million made-up keys the oldest are forgotten", async () => {
		const counters = createMemoryCounters({ now: () => 0 });
		await counters.count("first", 1_000);
		for (let index = 0; index < 20_000; index++) await counters.count(`made up ${index}`, 1_000);
		expect((await counters.count("made up 19999", 1_000)).count).toBe(2);
		expect((await counters.count("first", 1_000)).count).toBe(1);
	});
});

describe("counts over Redis", () => {
	const dir = mkdtempSync(join(tmpdir(), "nc-redis-"));
	let server: LabRedis;
	let written = "";
	const opened: Counters[] = [];
	const log = createLog({ level: "info", format: "json", destination: { write: (line) => (written += line) } });
	const open = () => {
		const counters = createRedisCounters({ url: server.url, log });
		opened.push(counters);
		return counters;
	};
	beforeAll(async () => {
		server = await startRedis({ dir });
	});
	afterEach(async () => {
		written = "";
		await Promise.all(opened.splice(0).map((counters) => counters.close()));
	});
	afterAll(async () => {
		await server.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	test("are shared by all processes, also those made at the same moment, and end with their window", async () => {
		const [here, there] = [open(), open()];
		const counted = await Promise.all(
			Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? here : there).count("together", 60_000)),
		);
		expect(counted.map(({ count }) => count).toSorted((a, b) => a - b)).toEqual(
			Array.from({ length: 100 }, (_, index) => index + 1),
		);
		for (const { left_ms } of counted) expect(left_ms).toBeGreaterThan(0);
		expect((await here.count("short", 50)).count).toBe(1);
		await expect.poll(async () => (await there.count("short", 50)).count, { interval: 100 }).toBe(1);
		expect(written).toBe("");
	});

	test("go on in each process when Redis dies, which is said once, and together again when it is back", async () => {
		const [here, there] = [open(), open()];
		for (let time = 0; time < 3; time++) await here.count("k", 60_000);
		expect((await there.count("k", 60_000)).count).toBe(4);
		await server.kill();
		// What this process has counted before is not forgotten: nobody gets a whole new limit by it.
		const without = [];
		for (let time = 0; time < 5; time++) without.push((await here.count("k", 60_000)).count);
		expect(without).toEqual([4, 5, 6, 7, 8]);
		const said = () => written.split("\n").filter((line) => line.includes("each process counts limits for itself"));
		expect(said()).toHaveLength(1);
		await server.start();
		await expect
			.poll(() => here.count("back", 60_000).then(() => written), { timeout: 15_000, interval: 100 })
			.toContain("for all processes together");
		expect(said()).toHaveLength(1);
		expect((await here.count("new", 60_000)).count).toBe(1);
		await expect
			.poll(async () => (await there.count("new", 60_000)).count, { timeout: 15_000, interval: 100 })
			.toBeGreaterThan(1);
	}, 40_000);

	test("are shared again after the connection died without a word", async () => {
		const wire = await stretchWire(() => ({ port: server.port }));
		const url = new URL(server.url);
		url.port = String(wire.port);
		const counters = createRedisCounters({ url: url.href, log });
		opened.push(counters);
		const there = open();
		await counters.count("wire", 60_000);
		wire.cut();
		wire.mend({ late: false });
		for (let time = 0; time < 4; time++) await there.count("wire", 60_000);
		await expect
			.poll(() => counters.count("other", 60_000).then(() => written), { timeout: 20_000, interval: 100 })
			.toContain("for all processes together");
		expect((await counters.count("wire", 60_000)).count).toBe(6);
		await counters.close();
		await wire.close();
	}, 40_000);
});

test("where Redis never was there, counting goes on in the process and closing does not hang", async () => {
	const counters = createRedisCounters({ url: "redis://127.0.0.1:1", log: createLog({ level: "silent" }) });
	expect((await counters.count("a", 60_000)).count).toBe(1);
	expect((await counters.count("a", 60_000)).count).toBe(2);
	await counters.close();
});
