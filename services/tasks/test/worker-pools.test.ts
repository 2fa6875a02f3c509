import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Procedure } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { testMaster } from "@netconductor/runtime/testing/master";
import { deriveWorkerKeys } from "@netconductor/runtime/worker-keys";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

let lab: EngineLab;
const folder = mkdtempSync(join(tmpdir(), "worker-pools-"));
const started: Awaited<ReturnType<EngineLab["startWorker"]>>[] = [];

beforeAll(async () => {
	// Long enough that no worker loses its lease because the machine is busy: its id says who carried out what.
	lab = await startEngineLab({ NETCONDUCTOR_WORKERS_LEASE_MS: "60000" });
});
afterEach(async () => {
	await Promise.all(started.splice(0).map((worker) => lab.lose(worker)));
});
afterAll(async () => {
	await lab?.stop();
	rmSync(folder, { recursive: true });
});

/** A worker of the default pool, or one of a site that holds the keys of its pool alone. */
async function startWorker(pool?: string) {
	const remote = pool !== undefined && {
		NETCONDUCTOR_WORKERS_POOL: pool,
		TEST_WORKER_KEYS: JSON.stringify(deriveWorkerKeys(testMaster, pool)),
	};
	const worker = await lab.startWorker({ ...remote });
	started.push(worker);
	const { items } = await lab.tasks.listWorkers({ query: {} });
	const id = items.find(({ pid, status }) => pid === worker.pid && status === "online")?.id;
	if (id === undefined) throw new Error("the worker is not online");
	return { process: worker, id };
}

let named = 0;
/** A device that workers of the pool alone reach. */
function device(worker_pool: string) {
	const name = `${worker_pool}-${++named}`;
	lab.moveTo(worker_pool, name);
	return { ...lab.target(name), worker_pool };
}

const probe = (params = {}) => [{ id: "probe", type: "probe_read", params }];
const workersOf = async (run_id: string) =>
	Object.fromEntries((await lab.operations(run_id)).map(({ device_name, worker_id }) => [device_name, worker_id]));
const unserved = async (run_id: string) => (await lab.tasks.getRun({ params: { id: run_id } })).unserved;
const poolOf = async (pool: string) =>
	(await lab.tasks.getWorkerStats({})).by_pool.find((one) => one.pool === pool) ?? null;

function procedureOn(targets: ReturnType<typeof device>[]): Procedure {
	const path = "look";
	return Procedure.parse({
		title: "Look at both",
		mop: { id: newId(), name: "look", version: 1 },
		steps: [
			{
				path,
				id: path,
				type: "probe",
				name: null,
				with: { marks: join(folder, "marks") },
				locals: {},
				targets: null,
				when: null,
				retries: { count: 0 },
				timeout_s: null,
				parallelism: 10,
				save_to_variable: null,
				on_success: "next",
				on_failure: "stop",
				blocks: [],
			},
		],
		targets,
	});
}
const startProcedure = (targets: ReturnType<typeof device>[]) =>
	lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure: procedureOn(targets) } });

test("each device of a run is worked on by a worker of its pool, though each worker has room for all", async () => {
	const [here, there] = [await startWorker(), await startWorker("dc2")];
	const targets = ["default", "dc2", "default", "dc2"].map(device);
	const run_id = await lab.start({ steps: probe(), targets });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", unserved: [] });
	expect(await workersOf(run_id)).toEqual(
		Object.fromEntries(targets.map(({ name, worker_pool }) => [name, worker_pool === "dc2" ? there.id : here.id])),
	);
	const { items } = await lab.tasks.listWorkers({ query: { pool: "dc2" } });
	expect(items).toMatchObject([{ id: there.id, pool: "dc2" }]);
});

test("what a killed worker had waits for another of its pool, and the run says that none runs", async () => {
	const here = await startWorker();
	const killed = await startWorker("dc2");
	const gate = join(folder, "killed");
	writeFileSync(gate, "");
	const [left, alone] = [device("dc2"), device("default")];
	const run_id = await lab.start({ steps: probe({ holds_while: gate }), targets: [left, alone] });
	await lab.until(async () => (await lab.operations(run_id)).every(({ status }) => status === "running"));
	await lab.lose(killed.process);
	await lab.until(async () => (await lab.operations(run_id)).some(({ status }) => status === "pending"));
	expect(await unserved(run_id)).toEqual([{ worker_pool: "dc2", waiting: 1 }]);
	expect(await poolOf("dc2")).toEqual({ pool: "dc2", workers_online: 0, concurrency: 0, waiting: 1 });
	rmSync(gate);
	// The other worker has time and takes nothing of it.
	const other = await lab.start({ steps: probe(), targets: [device("default")] });
	await lab.ended(other);
	const next = await startWorker("dc2");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(await workersOf(run_id)).toEqual({ [left.name]: next.id, [alone.name]: here.id });
});

test("an operation whose device went to another pool while it waited is left to that pool's workers", async () => {
	await startWorker("dc2");
	const moved = device("dc2");
	lab.moveTo("dc3", moved.name);
	const run_id = await lab.start({ steps: probe(), targets: [moved] });
	await lab.until(async () => (await unserved(run_id)).some(({ worker_pool }) => worker_pool === "dc3"));
	const there = await startWorker("dc3");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(await workersOf(run_id)).toEqual({ [moved.name]: there.id });
});

test("what waits where nobody works is found again once its device belongs to a pool that is served", async () => {
	const here = await startWorker();
	const lost = device("nowhere");
	const run_id = await lab.start({ steps: probe(), targets: [lost] });
	await lab.until(async () => (await unserved(run_id)).length === 1);
	lab.moveTo("default", lost.name);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(await workersOf(run_id)).toEqual({ [lost.name]: here.id });
});

test("a procedure is conducted by a worker of its devices' pool, and waits for one", async () => {
	await startWorker();
	const { run_id } = await startProcedure([device("dc2"), device("dc2")]);
	await lab.until(async () => (await unserved(run_id)).length === 1);
	expect(await unserved(run_id)).toEqual([{ worker_pool: "dc2", waiting: 1 }]);
	const there = await startWorker("dc2");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	expect((await lab.operations(run_id)).map(({ error }) => error)).toEqual([null, null]);
	expect(new Set(Object.values(await workersOf(run_id)))).toEqual(new Set([there.id]));
});

test("a procedure for devices of two pools is refused with both and their devices", async () => {
	const [one, two] = [device("default"), device("dc2")];
	await expect(startProcedure([one, two])).rejects.toMatchObject({
		code: "runs.several_pools",
		message: expect.stringContaining(`default (${one.name}) and dc2 (${two.name})`),
		details: { pools: { default: [one.name], dc2: [two.name] } },
	});
});

test("a step of a procedure fails on a device that went to another pool, and says which", async () => {
	await startWorker("dc2");
	const moved = device("dc2");
	lab.moveTo("dc3", moved.name);
	const { run_id } = await startProcedure([moved]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	expect((await lab.operations(run_id))[0]?.error).toMatchObject({
		code: "devices.other_pool",
		message: expect.stringContaining("dc3"),
	});
});

test("a worker that is ended hands what it has to its pool alone", async () => {
	const first = await startWorker("dc2");
	const gate = join(folder, "ended");
	writeFileSync(gate, "");
	const target = device("dc2");
	const run_id = await lab.start({ steps: probe({ holds_while: gate }), targets: [target] });
	await lab.until(async () => (await lab.operations(run_id))[0]?.status === "running");
	const here = await startWorker();
	await end(first.process, "SIGTERM");
	const other = await lab.start({ steps: probe(), targets: [device("default")] });
	await lab.ended(other);
	expect(await workersOf(other)).not.toContain(first.id);
	rmSync(gate);
	const second = await startWorker("dc2");
	await lab.ended(run_id);
	expect(await workersOf(run_id)).toEqual({ [target.name]: second.id });
	expect(second.id).not.toBe(here.id);
});
