import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

vi.setConfig({ testTimeout: 90_000 });

let lab: EngineLab;

beforeAll(async () => {
	lab = await startEngineLab({ NETCONDUCTOR_WORKERS_CONCURRENCY: "4", NETCONDUCTOR_WORKERS_LEASE_MS: "10000" });
	await Promise.all([lab.startWorker(), lab.startWorker()]);
});
afterAll(() => lab?.stop());

const read = (hold_ms: number) => [{ id: "probe", type: "probe_read", params: { hold_ms } }];

test("a worker holds no more operations at once than it may, and workers share a run", async () => {
	const run_id = await lab.start({ steps: read(100), targets: lab.targets(60) });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	const rows = await lab.db.query<{ worker_id: string; done: number; most: number }>(
		`select worker_id, count(*)::int as done, max(together)::int as most from (
			select a.worker_id, (select count(*) from operations b where b.run_id = a.run_id and b.worker_id = a.worker_id
				and b.started_at <= a.started_at and b.finished_at > a.started_at) as together
			from operations a where a.run_id = $1
		) as t group by worker_id`,
		[run_id],
	);
	expect(rows).toHaveLength(2);
	for (const { done, most } of rows) {
		expect(most).toBeLessThanOrEqual(4);
		expect(done).toBeGreaterThanOrEqual(20);
	}
});

test("two runs on the same devices never touch one at the same time", async () => {
	const targets = lab.targets(12, "shared");
	const runs = await Promise.all([1, 2, 3].map(() => lab.start({ steps: read(60), targets })));
	for (const run of runs)
		expect(await lab.ended(run)).toMatchObject({ status: "succeeded", counts: { succeeded: 12 } });
	const overlaps = await lab.db.query(
		`select 1 from operations a join operations b on a.device_id = b.device_id and a.id < b.id
		where a.run_id = any($1) and b.run_id = any($1) and a.started_at < b.finished_at and b.started_at < a.finished_at`,
		[runs],
	);
	expect(overlaps).toEqual([]);
});

test("a small run does not wait for the end of a large one", async () => {
	const large = await lab.start({ steps: read(100), targets: lab.targets(300, "large") });
	await lab.until(async () => (await lab.operations(large)).some(({ status }) => status === "running"));
	const small = await lab.start({ steps: read(0), targets: lab.targets(5, "small") });
	await lab.ended(small);
	expect(await lab.tasks.getRun({ params: { id: large } })).toMatchObject({ status: "running" });
	await lab.tasks.cancelRun({ params: { id: large } });
	expect(await lab.ended(large)).toMatchObject({ status: "cancelled", counts: { pending: 0, running: 0 } });
});

test("a run of 50,000 devices is accepted in seconds, and cancelled before it has begun on most of them", async () => {
	const targets = lab.targets(50_000, "fleet");
	const began = performance.now();
	const run_id = await lab.start({ steps: read(100), targets });
	expect(performance.now() - began).toBeLessThan(10_000);
	expect(await lab.tasks.getRun({ params: { id: run_id } })).toMatchObject({ total: 50_000 });
	await lab.tasks.cancelRun({ params: { id: run_id } });
	const { counts } = await lab.ended(run_id);
	expect(counts.succeeded + counts.cancelled).toBe(50_000);
	expect(counts.succeeded).toBeLessThan(1_000);
});
