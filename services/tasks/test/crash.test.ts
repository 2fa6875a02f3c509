import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

// Leases have to run out, and processes to start, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 90_000 });

let lab: EngineLab;
const workers: Awaited<ReturnType<EngineLab["startWorker"]>>[] = [];

async function startWorker() {
	const worker = await lab.startWorker();
	workers.push(worker);
	return worker;
}

beforeAll(async () => {
	lab = await startEngineLab({ NETCONDUCTOR_WORKERS_CONCURRENCY: "5", NETCONDUCTOR_WORKERS_DRAIN_MS: "2000" });
});
afterEach(async () => {
	await Promise.all(workers.splice(0).map((worker) => end(worker)));
});
afterAll(() => lab?.stop());

const read = (hold_ms: number) => [{ id: "probe", type: "probe_read", params: { hold_ms } }];

/** The operations of a run that one event each was published for. */
async function finishedOnce(run_id: string): Promise<number> {
	const events = await lab.events("operation.finished.v1", run_id);
	const ids = new Set(events.map(({ operation_id }) => operation_id));
	expect(events).toHaveLength(ids.size);
	return ids.size;
}

async function running(run_id: string): Promise<number> {
	const rows = await lab.db.query<{ count: number }>(
		"select count(*)::int as count from operations where run_id = $1 and status = 'running'",
		[run_id],
	);
	return rows[0]?.count ?? 0;
}

test("reading operations of a worker killed in the middle run again elsewhere, none is lost, none ends twice", async () => {
	const first = await startWorker();
	await startWorker();
	const run_id = await lab.start({ steps: read(400), targets: lab.targets(40) });
	await lab.until(async () => (await running(run_id)) > 5);
	await end(first);
	const run = await lab.ended(run_id);
	expect(run).toMatchObject({ status: "succeeded", counts: { succeeded: 40 } });
	expect(await finishedOnce(run_id)).toBe(40);
	const attempts = (await lab.operations(run_id)).map((operation) => operation.attempts);
	expect(attempts.some((count) => count > 1)).toBe(true);
	expect((await lab.events("run.finished.v1", run_id)).length).toBe(1);
	const { items } = await lab.tasks.listWorkers({ query: {} });
	expect(items.map(({ pid, status }) => ({ pid, status }))).toContainEqual({ pid: first.pid, status: "lost" });
});

test("a write whose worker was killed is not repeated: it is unknown and the run needs attention", async () => {
	const first = await startWorker();
	const run_id = await lab.start({
		steps: [
			{ id: "write", type: "probe_write", params: { hold_ms: 60_000 } },
			{ id: "check", type: "probe_read", params: {} },
		],
		targets: [lab.target("core-1")],
	});
	await lab.until(async () => {
		const rows = await lab.db.query(
			"select 1 from operations where run_id = $1 and write_started_at is not null and status = 'running'",
			[run_id],
		);
		return rows.length === 1;
	});
	await startWorker();
	await end(first);
	expect(await lab.ended(run_id)).toMatchObject({ status: "needs_attention", counts: { unknown: 1, skipped: 1 } });
	const [check, write] = (await lab.operations(run_id)).sort((a, b) => a.step_id.localeCompare(b.step_id));
	expect(write).toMatchObject({ status: "unknown", attempts: 1, error: { code: "operations.worker_lost" } });
	expect(check).toMatchObject({ status: "skipped", attempts: 0 });
	expect(await finishedOnce(run_id)).toBe(1);
});

test("a tasks service killed in the middle of a run goes on with it when it comes back", async () => {
	await startWorker();
	const run_id = await lab.start({ steps: read(50), targets: lab.targets(150) });
	await lab.until(async () => (await running(run_id)) > 0);
	await end(lab.main);
	await sleep(300);
	await lab.restartMain();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 150 } });
	expect(await finishedOnce(run_id)).toBe(150);
	expect(await lab.events("run.finished.v1", run_id)).toHaveLength(1);
});

test("everything killed at once: the run goes on where it was", async () => {
	const worker = await startWorker();
	const run_id = await lab.start({ steps: read(50), targets: lab.targets(60) });
	await lab.until(async () => (await running(run_id)) > 0);
	await Promise.all([end(worker), end(lab.main)]);
	await lab.restartMain();
	await startWorker();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 60 } });
	expect(await finishedOnce(run_id)).toBe(60);
});

test("a worker that froze beyond its lease drops what it had and comes back under another name", async () => {
	const frozen = await startWorker();
	const run_id = await lab.start({ steps: read(1_000), targets: lab.targets(10) });
	await lab.until(async () => (await running(run_id)) === 5);
	frozen.kill("SIGSTOP");
	await startWorker();
	await sleep(3_700);
	frozen.kill("SIGCONT");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 10 } });
	expect(await finishedOnce(run_id)).toBe(10);
	await lab.until(async () => {
		const { items } = await lab.tasks.listWorkers({ query: {} });
		return items.filter(({ pid, status }) => pid === frozen.pid && status === "online").length === 1;
	});
});

test("a worker that is told to stop finishes what it can and hands the rest back", async () => {
	const leaving = await startWorker();
	const recording = (hold_ms: number) => [{ id: "probe", type: "probe_read", params: { hold_ms, records: true } }];
	// Its ways to the other services are open before it is told.
	await lab.ended(await lab.start({ steps: recording(0), targets: lab.targets(1) }));
	const quick = await lab.start({ steps: recording(1_000), targets: lab.targets(3, "quick") });
	const slow = await lab.start({ steps: read(3_500), targets: lab.targets(2, "slow") });
	await lab.until(async () => {
		const begun = (await lab.operations(quick)).every(({ attempts }) => attempts > 0);
		return begun && (await running(slow)) === 2;
	});
	await end(leaving, "SIGTERM");
	expect(leaving.exitCode).toBe(0);
	expect(await lab.ended(quick)).toMatchObject({ status: "succeeded" });
	expect(lab.told.backups).toHaveLength(4);
	expect((await lab.operations(slow)).map(({ status }) => status)).toEqual(["pending", "pending"]);
	const { items } = await lab.tasks.listWorkers({ query: {} });
	expect(items.find(({ pid }) => pid === leaving.pid)).toMatchObject({ status: "stopped", running: 0 });
	await startWorker();
	expect(await lab.ended(slow)).toMatchObject({ status: "succeeded", counts: { succeeded: 2 } });
});
