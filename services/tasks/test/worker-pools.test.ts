import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Procedure } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { testMaster } from "@netconductor/runtime/testing/master";
import { deriveWorkerKeys } from "@netconductor/runtime/worker-keys";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";
import { type Given, step } from "./walk-lab.ts";

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

let files = 0;
/** A file to which each device on which a step of a test begins adds a line. */
const newMarks = () => join(folder, `marks-${++files}`);
const marked = (marks: string) => readFileSync(marks, "utf8").trimEnd().split("\n").toSorted();

async function startProcedure(targets: ReturnType<typeof device>[], steps = [look(newMarks())]): Promise<string> {
	const procedure = Procedure.parse({
		title: "Look at them",
		mop: { id: newId(), name: "look", version: 1 },
		steps,
		targets,
	});
	return (await lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure } })).run_id;
}
const look = (marks: string, given: Partial<Given> = {}) =>
	step({ id: "look", type: "probe", ...given, with: { marks, ...given.with } });
const stepsOf = async (run_id: string) => (await lab.tasks.listRunSteps({ params: { id: run_id }, query: {} })).items;

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
	const run_id = await startProcedure([device("dc2"), device("dc2")]);
	await lab.until(async () => (await unserved(run_id)).length === 1);
	expect(await unserved(run_id)).toEqual([{ worker_pool: "dc2", waiting: 1 }]);
	const there = await startWorker("dc2");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	expect((await lab.operations(run_id)).map(({ error }) => error)).toEqual([null, null]);
	expect(new Set(Object.values(await workersOf(run_id)))).toEqual(new Set([there.id]));
});

test("a procedure for devices of two pools goes from one to the other with all that it knows, and waits where no worker is", async () => {
	const here = await startWorker();
	const targets = ["dc2", "default", "dc2", "default"].map(device);
	const marks = newMarks();
	const run_id = await startProcedure(targets, [
		look(marks, { save_to_variable: "seen" }),
		step({ id: "tell", type: "log", with: { message: "{{ seen | length }} devices" } }),
		look(marks, { id: "again", type: "probe_change", with: { says: "{{ seen.pid }}" }, parallelism: 1 }),
	]);
	await lab.until(async () => (await unserved(run_id)).length === 1);
	expect(await unserved(run_id)).toEqual([{ worker_pool: "dc2", waiting: 1 }]);
	expect(await stepsOf(run_id)).toMatchObject([{ status: "waiting", devices: { succeeded: 2, pending: 2 } }]);
	const there = await startWorker("dc2");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	expect(await stepsOf(run_id)).toMatchObject([
		{ path: "look", attempts: 1, devices: { succeeded: 4, pending: 0 } },
		{ path: "tell", attempts: 1, result: { message: "4 devices" } },
		{ path: "again", attempts: 1, devices: { succeeded: 4, pending: 0 } },
	]);
	const operations = await lab.operations(run_id);
	for (const { name, worker_pool } of targets) {
		const at = worker_pool === "dc2" ? there : here;
		const its = operations.filter(({ device_name }) => device_name === name);
		expect(its.map(({ worker_id, attempts }) => ({ worker_id, attempts }))).toEqual([
			{ worker_id: at.id, attempts: 1 },
			{ worker_id: at.id, attempts: 1 },
		]);
	}
	const pid = ({ worker_pool }: { worker_pool: string }) => (worker_pool === "dc2" ? there : here).process.pid;
	expect(marked(marks)).toEqual(
		targets.flatMap((one) => [`probe ${one.name} null`, `probe_change ${one.name} ${pid(one)}`]).toSorted(),
	);
});

test("of branches side by side those that a worker reaches come to their end, then those of the other pool go on", async () => {
	const [here, there] = [await startWorker(), await startWorker("dc2")];
	const [near, far] = [device("default"), device("dc2")];
	const [marks, gate] = [newMarks(), join(folder, "branch")];
	writeFileSync(gate, "");
	const branch = (id: string, target: typeof near, given = {}) => [
		look(marks, { id: `${id}_1`, targets: [target.device_id], with: given }),
		look(marks, { id: `${id}_2`, targets: [target.device_id], with: { says: 2 } }),
	];
	const run_id = await startProcedure(
		[near, far],
		[
			step(
				{ id: "both", type: "parallel" },
				{ branches: [branch("near", near, { holds_while: gate }), branch("far", far)] },
			),
			look(marks, { id: "last" }),
		],
	);
	await lab.until(async () =>
		(await stepsOf(run_id)).some(({ path, status }) => path === "far_1" && status === "waiting"),
	);
	await lab.until(async () => existsSync(marks));
	expect(marked(marks)).toEqual([`probe ${near.name} null`]);
	rmSync(gate);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	expect(await workersOf(run_id)).toEqual({ [near.name]: here.id, [far.name]: there.id });
	expect(marked(marks)).toEqual(
		[near, far].flatMap(({ name }) => [`probe ${name} 2`, `probe ${name} null`, `probe ${name} null`]).toSorted(),
	);
});

test("a procedure whose worker of one pool is killed goes on there, and does nothing again in the other", async () => {
	await startWorker();
	const killed = await startWorker("dc2");
	const [near, far] = [device("default"), device("dc2")];
	const [marks, gate] = [newMarks(), join(folder, "killed-conductor")];
	writeFileSync(gate, "");
	const run_id = await startProcedure(
		[near, far],
		[
			look(marks, { id: "first", type: "probe_change" }),
			look(marks, { id: "second", targets: [far.device_id], with: { says: 2, holds_while: gate } }),
			look(marks, { id: "third", with: { says: 3 } }),
		],
	);
	await lab.until(async () => existsSync(marks) && marked(marks).includes(`probe ${far.name} 2`));
	await lab.lose(killed.process);
	await lab.until(async () => (await unserved(run_id)).length === 1);
	rmSync(gate);
	await startWorker("dc2");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	expect(marked(marks)).toEqual(
		[
			...[near, far].flatMap(({ name }) => [`probe_change ${name} null`, `probe ${name} 3`]),
			`probe ${far.name} 2`,
			`probe ${far.name} 2`,
		].toSorted(),
	);
});

test("a procedure that is cancelled while it waits for another pool ends without it", async () => {
	await startWorker();
	const [near, far] = [device("default"), device("dc2")];
	const marks = newMarks();
	const run_id = await startProcedure([near, far], [look(marks)]);
	await lab.until(async () => (await unserved(run_id)).length === 1);
	await lab.tasks.cancelRun({ params: { id: run_id } });
	// No worker of that pool is there, and none has to come.
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled" });
	expect(marked(marks)).toEqual([`probe ${near.name} null`]);
});

test("a step of a procedure fails on a device that went to another pool, and says which", async () => {
	await startWorker("dc2");
	const moved = device("dc2");
	lab.moveTo("dc3", moved.name);
	const run_id = await startProcedure([moved]);
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
