import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DashboardNews, dashboardTopic } from "@netconductor/contracts/realtime/messages";
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createLog } from "@netconductor/runtime/log";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

vi.setConfig({ testTimeout: 90_000 });

let lab: EngineLab;
let folder: string;
let gate: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "workers-"));
	gate = join(folder, "working");
	// One that is to finish gets longer than one that is ended: its operations here last beyond this.
	lab = await startEngineLab({ NETCONDUCTOR_WORKERS_CONCURRENCY: "2", NETCONDUCTOR_WORKERS_DRAIN_MS: "0" });
});
afterAll(async () => {
	await lab?.stop();
	rmSync(folder, { recursive: true, force: true });
});

const held = () => [{ id: "probe", type: "probe_read", params: { holds_while: gate } }];

async function workerOf(pid: number | undefined) {
	const { items } = await lab.tasks.listWorkers({ query: {} });
	const worker = items.find((candidate) => candidate.pid === pid);
	if (worker === undefined) throw new Error(`no worker ${pid}`);
	return worker;
}

const statusOf = async (run_id: string) => (await lab.operations(run_id)).map(({ status }) => status).toSorted();

test("a worker that is drained finishes what it has, takes nothing more, and its process ends without a fault", async () => {
	const leaving = await lab.startWorker();
	writeFileSync(gate, "");
	const run_id = await lab.start({ steps: held(), targets: lab.targets(3) });
	await lab.until(async () => (await statusOf(run_id)).filter((status) => status === "running").length === 2);
	const worker = await workerOf(leaving.pid);
	expect(worker.status).toBe("online");
	const asked = await lab.tasks.drainWorker({ params: { id: worker.id } });
	expect(asked).toMatchObject({ id: worker.id, status: "draining" });
	expect(await lab.tasks.drainWorker({ params: { id: worker.id } })).toMatchObject({ status: "draining" });
	// Somebody else may work meanwhile; what the drained one has stays with it.
	const staying = await lab.startWorker({ NETCONDUCTOR_WORKERS_CONCURRENCY: "1" });
	await lab.until(async () => !(await statusOf(run_id)).includes("pending"));
	expect(leaving.exitCode).toBeNull();
	rmSync(gate);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 3 } });
	await lab.until(async () => leaving.exitCode !== null);
	expect(leaving.exitCode).toBe(0);
	const operations = await lab.operations(run_id);
	expect(operations.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
	expect(operations.filter(({ worker_id }) => worker_id === worker.id)).toHaveLength(2);
	expect(await workerOf(leaving.pid)).toMatchObject({ status: "stopped", running: 0 });
	await expect(lab.tasks.drainWorker({ params: { id: worker.id } })).rejects.toMatchObject({
		code: "workers.already_ended",
	});
	await expect(lab.tasks.drainWorker({ params: { id: "nobody" } })).rejects.toMatchObject({
		code: "workers.not_found",
	});
	await end(staying);
});

test("a worker whom the word does not reach learns from its next renewal that it is to finish", async () => {
	const leaving = await lab.startWorker();
	const { id } = await workerOf(leaving.pid);
	await lab.db.query("update workers set status = 'draining' where id = $1", [id]);
	await lab.until(async () => leaving.exitCode !== null);
	expect(leaving.exitCode).toBe(0);
});

test("a worker that is drained and then ended all the same does not wait", async () => {
	const leaving = await lab.startWorker();
	writeFileSync(gate, "");
	const run_id = await lab.start({ steps: held(), targets: lab.targets(1, "ended") });
	await lab.until(async () => (await statusOf(run_id)).includes("running"));
	await lab.tasks.drainWorker({ params: { id: (await workerOf(leaving.pid)).id } });
	await end(leaving, "SIGTERM");
	expect(leaving.exitCode).toBe(0);
	expect(await statusOf(run_id)).toEqual(["pending"]);
	rmSync(gate);
	const next = await lab.startWorker();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	await end(next);
});

test("the queue tells which runs wait and since when, and its figures agree with the operations", async () => {
	writeFileSync(gate, "");
	const worker = await lab.startWorker();
	const older = await lab.start({ title: "older", steps: held(), targets: lab.targets(4, "older") });
	await lab.until(async () => (await statusOf(older)).filter((status) => status === "running").length === 2);
	const newer = await lab.start({ title: "newer", kind: "backup", steps: held(), targets: lab.targets(3, "newer") });
	const { items, total } = await lab.tasks.listQueue({ query: {} });
	expect(total).toBe(2);
	expect(items).toMatchObject([
		{ run_id: older, title: "older", kind: "connectivity_test", pending: 2, running: 2, started_by: "admin" },
		{ run_id: newer, title: "newer", kind: "backup", pending: 3, running: 0 },
	]);
	const [first] = items;
	expect(first?.oldest_pending_at).toBe(first?.created_at);
	expect(await lab.tasks.listQueue({ query: { page: 2, page_size: 1 } })).toMatchObject({
		total: 2,
		items: [{ run_id: newer }],
	});
	expect(await lab.tasks.listQueue({ query: { q: "NEW" } })).toMatchObject({ total: 1, items: [{ run_id: newer }] });
	expect(await lab.tasks.getWorkerStats({})).toMatchObject({
		pending: 5,
		running: 2,
		waiting_runs: 2,
		oldest_pending_at: first?.created_at,
		by_kind: [
			{ kind: "backup", pending: 3, running: 0 },
			{ kind: "connectivity_test", pending: 2, running: 2 },
		],
	});
	rmSync(gate);
	await Promise.all([older, newer].map(lab.ended));
	expect(await lab.tasks.listQueue({ query: {} })).toMatchObject({ items: [], total: 0 });
	expect(await lab.tasks.getWorkerStats({})).toMatchObject({ waiting_runs: 0, oldest_pending_at: null, by_kind: [] });
	await end(worker);
});

test("open pages hear that a worker came, what it does, that it is to finish and that it has", async () => {
	const { connectionString: url = "" } = lab.db.pool.options;
	const ephemeral = createPostgresEphemeral({ url, log: createLog({ level: "silent" }) });
	const heard: string[] = [];
	await ephemeral.subscribe(dashboardTopic, (payload) => {
		for (const { what, id } of DashboardNews.parse(payload).changed) if (what === "workers") heard.push(id);
	});
	const hears = async (id: string) => {
		await lab.until(async () => heard.includes(id));
		heard.length = 0;
	};
	try {
		const worker = await lab.startWorker();
		const { id } = await workerOf(worker.pid);
		await hears(id);
		writeFileSync(gate, "");
		await lab.start({ steps: held(), targets: lab.targets(1, "told") });
		await hears(id);
		expect(await workerOf(worker.pid)).toMatchObject({ running: 1 });
		await lab.tasks.drainWorker({ params: { id } });
		await hears(id);
		rmSync(gate);
		await lab.until(async () => (await workerOf(worker.pid)).status === "stopped");
		await hears(id);
	} finally {
		await ephemeral.close();
	}
});
