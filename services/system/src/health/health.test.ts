import { expect, test } from "vitest";
import { judgeDisk, judgeWorkers, worst } from "./health.ts";

const GiB = 1024 ** 3;

test("the whole is as good as its worst part; what could not be asked is worse than what is well", () => {
	expect(worst(["ok", "unknown", "degraded", "failed"])).toBe("failed");
	expect(worst(["ok", "unknown", "degraded"])).toBe("degraded");
	expect(worst(["ok", "unknown"])).toBe("unknown");
	expect(worst([])).toBe("ok");
});

test("a disk is well until little is left, and failed while there is still room to mend it", () => {
	expect(judgeDisk({ free_bytes: 50 * GiB, total_bytes: 100 * GiB })).toEqual({
		state: "ok",
		detail: "50 GiB of 100 GiB free",
	});
	expect(judgeDisk({ free_bytes: 1.5 * GiB, total_bytes: 100 * GiB })).toMatchObject({ state: "degraded" });
	expect(judgeDisk({ free_bytes: 100 * 1024 * 1024, total_bytes: 100 * GiB })).toMatchObject({
		state: "failed",
		detail: expect.stringContaining("100 MiB of"),
	});
});

test("no worker online is a failure whether or not something waits; many waiting is none", () => {
	expect(judgeWorkers({ workers_online: 0, running: 0, pending: 0, by_pool: [] }).state).toBe("failed");
	expect(judgeWorkers({ workers_online: 1, running: 50, pending: 100_000, by_pool: [] }).state).toBe("ok");
});

test("what waits in a pool without a worker shows, and a pool without either does not", () => {
	const stats = { workers_online: 1, running: 0, pending: 12 };
	const served = { pool: "default", workers_online: 1, waiting: 5 };
	expect(judgeWorkers({ ...stats, by_pool: [served, { pool: "dc2", workers_online: 0, waiting: 12 }] })).toMatchObject({
		state: "degraded",
		detail: expect.stringContaining("12 in the pool dc2"),
	});
	expect(judgeWorkers({ ...stats, by_pool: [served, { pool: "dc2", workers_online: 0, waiting: 0 }] }).state).toBe(
		"ok",
	);
});
