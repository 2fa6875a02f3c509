import { afterEach, expect, test, vi } from "vitest";
import { createManualClock, systemClock } from "./clock.ts";

test("the system clock sleeps, and an abort ends the sleep with its reason", async () => {
	const before = performance.now();
	await systemClock.sleep(20);
	expect(performance.now() - before).toBeGreaterThan(15);
	const reason = new Error("stop");
	await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
	const later = new AbortController();
	const sleeping = systemClock.sleep(60_000, later.signal);
	later.abort(reason);
	await expect(sleeping).rejects.toBe(reason);
});

afterEach(() => {
	vi.restoreAllMocks();
});

test("a clock that is set back does not make a sleep longer", async () => {
	const before = performance.now();
	const real = Date.now;
	const sleeping = systemClock.sleep(50);
	vi.spyOn(Date, "now").mockImplementation(() => real() - 3_600_000);
	await sleeping;
	expect(performance.now() - before).toBeLessThan(10_000);
});

test("elapsed time goes on whatever becomes of the clock", () => {
	const before = systemClock.elapsed_ms();
	const real = Date.now();
	vi.spyOn(Date, "now").mockReturnValue(real - 3_600_000);
	expect(systemClock.elapsed_ms()).toBeGreaterThanOrEqual(before);
	expect(systemClock.elapsed_ms() - before).toBeLessThan(10_000);
});

test("a sleep longer than a timer can hold does not end at once", async () => {
	const stop = new AbortController();
	const sleeping = systemClock.sleep(2 ** 31 + 1_000, stop.signal).then(
		() => "slept",
		() => "aborted",
	);
	await systemClock.sleep(20);
	stop.abort();
	expect(await sleeping).toBe("aborted");
});

test("the manual clock wakes sleepers in order of time, also those that sleep again", async () => {
	const clock = createManualClock();
	const start = clock.now().getTime();
	const woken: string[] = [];
	const note = (name: string) => woken.push(`${name}@${clock.now().getTime() - start}`);
	void clock.sleep(30).then(() => note("late"));
	void (async () => {
		await clock.sleep(10);
		note("first");
		await clock.sleep(10);
		note("again");
	})();
	await clock.advance(20);
	expect(woken).toEqual(["first@10", "again@20"]);
	await clock.advance(10);
	expect(woken).toEqual(["first@10", "again@20", "late@30"]);
	expect(clock.sleeping()).toBe(0);
});
