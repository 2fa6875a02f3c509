import { afterEach, expect, test } from "vitest";
import { createManualClock, systemClock } from "../clock.ts";
import { startWorkLoop, type WorkLoop, type WorkLoopOptions } from "./work-loop.ts";

const loops: WorkLoop[] = [];
afterEach(async () => {
	for (const loop of loops.splice(0)) await loop.stop();
});

/** A loop that rests for an hour and counts its steps. */
function start(step: (count: number) => Promise<boolean | number>, more: Partial<WorkLoopOptions> = {}) {
	const counted = { steps: 0 };
	const loop = startWorkLoop({
		step: () => step(++counted.steps),
		rest_ms: 3_600_000,
		clock: systemClock,
		onError: () => {},
		...more,
	});
	loops.push(loop);
	return { loop, counted };
}

const soon = { timeout: 3_000, interval: 5 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a step is repeated while it has more, and then rests until it is woken", async () => {
	const { loop, counted } = start(async (count) => count < 5);
	await expect.poll(() => counted.steps, soon).toBe(5);
	await pause(50);
	expect(counted.steps).toBe(5);
	loop.wake();
	await expect.poll(() => counted.steps, soon).toBe(6);
});

test("what comes in during a step is looked at after it", async () => {
	const under_way = Promise.withResolvers<void>();
	const { loop, counted } = start(async (count) => {
		if (count === 1) await under_way.promise;
		return false;
	});
	loop.wake();
	under_way.resolve();
	await expect.poll(() => counted.steps, soon).toBe(2);
});

test("a step that knows when there is more begins again then, and otherwise when the rest is over", async () => {
	const clock = createManualClock();
	const { counted } = start(async (count) => (count === 1 ? 5_000 : false), { clock, rest_ms: 60_000 });
	await expect.poll(() => clock.sleeping(), soon).toBe(1);
	await clock.advance(4_999);
	expect(counted.steps).toBe(1);
	await clock.advance(1);
	await expect.poll(() => counted.steps, soon).toBe(2);
	await expect.poll(() => clock.sleeping(), soon).toBe(1);
	await clock.advance(29_999);
	expect(counted.steps).toBe(2);
	await clock.advance(30_001);
	await expect.poll(() => counted.steps, soon).toBe(3);
});

test("steps of a loop that is woken without end keep their distance; the first does not wait", async () => {
	const { loop, counted } = start(async () => false, { spacing_ms: 200 });
	const began = performance.now();
	expect(counted.steps).toBe(1);
	for (let n = 0; n < 60; n++) {
		loop.wake();
		await pause(10);
	}
	expect(counted.steps).toBeGreaterThan(2);
	expect(counted.steps).toBeLessThanOrEqual(2 + (performance.now() - began) / 200);
});

test("after a failure a wake waits for the end of the pause, and the return of what was away ends it", async () => {
	const clock = createManualClock();
	const { loop, counted } = start(
		async (count) => {
			if (count === 1) throw new Error("away");
			return false;
		},
		{ clock },
	);
	await expect.poll(() => clock.sleeping(), soon).toBe(1);
	loop.wake();
	await pause(50);
	expect(counted.steps).toBe(1);
	loop.recover();
	await expect.poll(() => counted.steps, soon).toBe(2);
});

test("it stops while it rests, pauses or keeps its distance", async () => {
	const resting = start(async () => false);
	const failing = start(async () => Promise.reject(new Error("no")));
	const apart = start(async () => false, { spacing_ms: 3_600_000 });
	apart.loop.wake();
	await pause(20);
	await Promise.all([resting, failing, apart].map(({ loop }) => loop.stop()));
});
