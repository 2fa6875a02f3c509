import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createBatch } from "./batch.ts";
import { failed } from "./errors.ts";

test("calls of one moment go together, those that come meanwhile go with the next, each with its own answer", async () => {
	const seen: number[][] = [];
	const gate = Promise.withResolvers<void>();
	const double = createBatch<number, number>({
		async perform(items) {
			seen.push([...items]);
			if (seen.length === 1) await gate.promise;
			return items.map((item) => item * 2);
		},
	});
	const first = [double(1), double(2)];
	await setImmediate();
	await setImmediate();
	const second = [double(3), double(4), double(5)];
	gate.resolve();
	expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8, 10]);
	expect(seen).toEqual([
		[1, 2],
		[3, 4, 5],
	]);
});

test("no batch is larger than the bound, and no more are under way than may be", async () => {
	let underWay = 0;
	let most = 0;
	const sizes: number[] = [];
	const count = createBatch<number, number>({
		max: 4,
		concurrency: 2,
		async perform(items) {
			most = Math.max(most, ++underWay);
			sizes.push(items.length);
			await sleep(2);
			underWay--;
			return items;
		},
	});
	await Promise.all(Array.from({ length: 30 }, (_, index) => count(index)));
	expect(most).toBe(2);
	expect(Math.max(...sizes)).toBe(4);
});

test("an item's own error is its own; one that fails the whole batch fails alone", async () => {
	const seen: string[][] = [];
	const check = createBatch<string, string>({
		async perform(items) {
			seen.push([...items]);
			if (items.includes("poison")) throw new Error("poisoned");
			return items.map((item) => (item === "bad" ? new TypeError("bad item") : item));
		},
	});
	const settled = await Promise.allSettled(["good", "bad", "poison", "fine"].map(check));
	expect(settled.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as Error).message))).toEqual([
		"good",
		"bad item",
		"poisoned",
		"fine",
	]);
	expect(seen).toHaveLength(5);
});

test("where the service behind is away everyone is told at once", async () => {
	let calls = 0;
	const call = createBatch<number, number>({
		async perform() {
			calls++;
			throw failed("service.unavailable", { message: "away" });
		},
	});
	const settled = await Promise.allSettled([call(1), call(2), call(3)]);
	expect(settled.every(({ status }) => status === "rejected")).toBe(true);
	expect(calls).toBe(1);
});

test("with an interval the first call does not wait, those after it gather, and a full batch waits for nothing", async () => {
	const seen: number[] = [];
	const count = createBatch<number, number>({
		max: 5,
		interval_ms: 60_000,
		async perform(items) {
			seen.push(items.length);
			return items;
		},
	});
	await count(0);
	const gathered = Promise.all([1, 2, 3, 4].map(count));
	await sleep(20);
	expect(seen).toEqual([1]);
	await Promise.all([gathered, count(5)]);
	expect(seen).toEqual([1, 5]);
});
