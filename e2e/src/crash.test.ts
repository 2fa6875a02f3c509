import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { isAlive } from "@netconductor/runtime/db/data-dir-claim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** A run comes to its end once, however the processes under it end. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;

beforeAll(async () => {
	// Ten devices of which three at a time take some two seconds each: time enough to end processes in the middle.
	fleet = await startFleetProcess({ devices: { count: 10, platforms: ["cisco_ios"] }, latency_ms: 250 });
	product = await startProduct({
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
		NETCONDUCTOR_WORKERS_CONCURRENCY: "3",
		NETCONDUCTOR_WORKERS_DRAIN_MS: "5000",
		NETCONDUCTOR_WORKERS_LEASE_MS: "5000",
	});
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
});

/** A backup of the fleet, some of whose devices are done and some under way. */
async function startedBackup(): Promise<{ run_id: string; snapshot_id: string }> {
	const { run_id, snapshot_id = "" } = await api.backup.runAll({ body: {} });
	await eventually("the run is in the middle", async () => {
		const { counts } = await api.tasks.getRun({ params: { id: run_id } });
		return counts.succeeded > 0 && counts.running > 0 && counts.pending > 0;
	});
	return { run_id, snapshot_id };
}

/** The run succeeded everywhere and left one backup of each device. */
async function expectOnce({ run_id, snapshot_id }: { run_id: string; snapshot_id: string }): Promise<void> {
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 10 } });
	const { items } = await api.backup.listBackups({ query: { run_id, page_size: 100 } });
	expect(items.map(({ device_name }) => device_name).toSorted()).toEqual(
		fleet.devices.map(({ name }) => name).toSorted(),
	);
	await eventually("the snapshot is counted", async () => {
		const { status, succeeded } = await api.backup.getSnapshot({ params: { id: snapshot_id } });
		return status !== "running" && succeeded === 10;
	});
	expect(await api.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
}

test("SIGTERM in the middle of a run: everything ends in time and cleanly, the next start goes on with the run", async () => {
	const run = await startedBackup();
	const processes = [product.server.pid(), ...product.server.children()];
	expect(processes.length).toBeGreaterThanOrEqual(3);
	const asked = Date.now();
	expect(await product.server.end("SIGTERM")).toEqual({ code: 0, signal: null });
	expect(Date.now() - asked).toBeLessThan(20_000);
	expect(processes.filter(isAlive)).toEqual([]);

	await product.restart();
	await expectOnce(run);
}, 90_000);

test("kill -9 of the main process in the middle of a run: workers end by themselves, the next start takes over and finishes", async () => {
	const run = await startedBackup();
	const workers = workerPids();
	expect(workers).toHaveLength(1);
	await product.kill();
	await product.restart();
	expect(product.output()).toContain("Took over the running PostgreSQL");
	await eventually("the orphaned worker has ended", async () => !workers.some(isAlive));
	await expectOnce(run);
}, 90_000);

test("a worker that is drained in the middle of a run hands nothing back, another takes its place, and who asked is on record", async () => {
	const run = await startedBackup();
	const online = async () =>
		(await api.tasks.listWorkers({ query: {} })).items.filter(({ status }) => status === "online");
	const [worker] = await online();
	if (worker === undefined) throw new Error("no worker");
	await api.tasks.drainWorker({ params: { id: worker.id } });
	await eventually("another worker has come", async () => (await online()).some(({ pid }) => pid !== worker.pid));
	await expectOnce(run);
	const { items } = await api.tasks.listOperations({ params: { id: run.run_id }, query: {} });
	expect(items.map(({ attempts }) => attempts)).toEqual(Array(10).fill(1));
	expect(new Set(items.map(({ worker_id }) => worker_id)).size).toBe(2);
	const { items: records } = await api.audit.listAudit({ query: { operation: "drainWorker" } });
	expect(records).toMatchObject([{ resource_type: "worker", resource_id: worker.id, actor: { name: "admin" } }]);
}, 90_000);

test("kill -9 of everything at once, PostgreSQL too: the next start finishes the run", async () => {
	const run = await startedBackup();
	const children = product.server.children();
	await Promise.all([product.kill(), ...children.map((pid) => process.kill(pid, "SIGKILL"))]);
	await product.restart();
	await expectOnce(run);
}, 90_000);

test("kill -9 of a worker: another takes its place and the run ends once", async () => {
	const run = await startedBackup();
	for (const pid of workerPids()) process.kill(pid, "SIGKILL");
	await expectOnce(run);
}, 90_000);

function workerPids(): number[] {
	return product.server.processes().flatMap(({ pid, target }) => (target === "worker" ? [pid] : []));
}
