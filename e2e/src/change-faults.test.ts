import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { isAlive } from "@netconductor/runtime/db/data-dir-claim";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** What becomes of a change when something dies or refuses in the middle of it: no device is sent anything twice, and what stands there is known or said to be unknown. */

// Devices are asked, processes start, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

let product: Product;
let fleet: FleetProcess;
let admin: Clients;
let bob: Clients;

const template = `{% if device.device_type == "juniper_junos" %}
set interfaces lo0 unit 77 description "{{ words }}"
{% elif device.device_type == "vyos" %}
set interfaces dummy dum77 description "{{ words }}"
{% else %}
interface Loopback77
 description {{ words }}
{% endif %}
`;

beforeAll(async () => {
	fleet = await startFleetProcess({
		devices: { count: 12, platforms: ["cisco_ios", "arista_eos", "cisco_nxos", "cisco_xr", "juniper_junos", "vyos"] },
	});
	product = await startProduct({
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
		NETCONDUCTOR_WORKERS_CONCURRENCY: "4",
		NETCONDUCTOR_WORKERS_LEASE_MS: "5000",
	});
	admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	const password = "bob has a long password";
	await admin.auth.createUser({ body: { username: "bob", password, role: "manager", must_change_password: false } });
	bob = product.as(await product.login("bob", password));
	const { id } = await admin.config.createTemplate({ body: { name: "loopback", source: template } });
	await admin.config.createStack({
		body: {
			name: "loopbacks",
			services: [{ name: "loopback", template_id: id, targets: { all: true } }],
			rollout: { batch_sizes: [50], most_failures: 50 },
			confirm_within_s: 60,
		},
	});
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
});

/** Devices of a platform, by name. */
function named(platform: string): string[] {
	return fleet.devices.flatMap((device) => (device.platform === platform ? [device.name] : []));
}

/** Starts a deployment of these words on some devices, and approves it. */
async function deploy(words: string, names: readonly string[]): Promise<string> {
	const { items } = await admin.devices.listDevices({ query: { page_size: 100 } });
	const device_ids = items.flatMap(({ id, name }) => (names.includes(name) ? [id] : []));
	const { version } = await admin.config.getStack({ params: { id: "loopbacks" } });
	await admin.config.updateStack({ params: { id: "loopbacks" }, body: { version, variables: { words } } });
	const { run_id } = await eventually("the stack is free", () =>
		admin.config.deployStack({ params: { id: "loopbacks" }, body: { device_ids } }).catch(() => undefined),
	);
	const { progress } = await eventually("the plan waits for its approval", async () => {
		const run = await admin.tasks.getRun({ params: { id: run_id } });
		if (run.finished_at !== null) throw new Error(`ended: ${JSON.stringify(run)}`);
		return run.waiting_for?.kind === "approval" && run;
	});
	const body = { plan_sha256: progress?.plan_sha256 ?? "" };
	await bob.alerts.approve({ params: { id: progress?.approval_id ?? "" }, body });
	return run_id;
}

async function applied(run_id: string) {
	const { items } = await admin.tasks.listOperations({
		params: { id: run_id },
		query: { page_size: 100, step_id: "apply" },
	});
	return items;
}

async function pushesOf(names: readonly string[]): Promise<number[]> {
	return Promise.all(names.map(async (name) => (await fleet.stats(name)).pushes));
}

async function isWriting(run_id: string): Promise<boolean> {
	const { items } = await admin.tasks.readOutput({ params: { id: run_id }, query: { limit: 5000 } });
	return items.some(({ text }) => text.includes("sending"));
}

test("every simulated platform is changed once, by the means that it has, and says so", async () => {
	const names = fleet.devices.map(({ name }) => name);
	const run = await runEnded(admin, await deploy("made for all", names), 120_000);
	const operations = await applied(run.id);
	expect(operations.map(({ device_name, status, error }) => [device_name, status, error?.message])).toEqual(
		operations.map(({ device_name }) => [device_name, "succeeded", undefined]),
	);
	for (const name of names) expect(await fleet.config(name)).toContain("made for all");
	expect(await pushesOf(names)).toEqual(names.map(() => 1));
});

test("a line that a device rejects is named, and everything before it is taken back", async () => {
	const [name = ""] = named("cisco_ios");
	const before = await fleet.config(name);
	await fleet.setFault(name, { kind: "reject_line", line: "description" });
	const run = await runEnded(admin, await deploy("never accepted", [name]), 120_000);
	await fleet.setFault(name, null);
	expect(run.status).toBe("failed");
	const [operation] = await applied(run.id);
	expect(operation?.error?.message).toContain("description never accepted");
	expect(withoutTimes(await fleet.config(name))).toBe(withoutTimes(before));
});

function withoutTimes(config: string): string {
	return config.replace(/^! (?:Last configuration change|NVRAM config last updated) at .*$/gm, "");
}

test("a worker killed while it writes: the operation is unknown, the run needs a person, nothing is sent again", async () => {
	const names = named("arista_eos");
	const before = await pushesOf(names);
	for (const name of names) await fleet.setLatency(name, 600);
	const run_id = await deploy("killed in the middle", names);
	await eventually("a worker writes", () => isWriting(run_id));
	const workers = product.server.children().filter((pid) => pid !== product.server.pid());
	const worker = await eventually("the worker", async () => workerPid(workers));
	process.kill(worker, "SIGKILL");
	await eventually("the worker is gone", async () => !isAlive(worker));
	for (const name of names) await fleet.setLatency(name, 0);
	const run = await runEnded(admin, run_id, 120_000);
	expect(run.status).toBe("needs_attention");
	const unknown = (await applied(run_id)).filter(({ status }) => status === "unknown");
	expect(unknown.length).toBeGreaterThan(0);
	for (const { attempts } of await applied(run_id)) expect(attempts).toBeLessThanOrEqual(1);
	for (const [index, pushes] of (await pushesOf(names)).entries()) {
		expect(pushes - (before[index] ?? 0)).toBeLessThanOrEqual(1);
	}
	const { decided } = await admin.tasks.decideRun({
		params: { id: run_id },
		body: { decision: "failed", reason: "looked at it" },
	});
	expect(decided).toBe(unknown.length);
});

/** The child that is no PostgreSQL: a worker's command line names the program that it runs. */
async function workerPid(pids: readonly number[]): Promise<number | undefined> {
	const { items } = await admin.tasks.listWorkers({ query: {} });
	return items.find(({ pid, status }) => status === "online" && pids.includes(pid))?.pid;
}

test("everything killed while a plan waits and while batches go on: each device is changed exactly once", async () => {
	const names = [...named("cisco_ios"), ...named("juniper_junos")];
	const before = await pushesOf(names);
	const { version } = await admin.config.getStack({ params: { id: "loopbacks" } });
	await admin.config.updateStack({
		params: { id: "loopbacks" },
		body: { version, rollout: { batch_sizes: [1], most_failures: 50 } },
	});
	const run_id = await deploy("one at a time", names);
	await eventually("some batches are done", async () => {
		const { progress } = await admin.tasks.getRun({ params: { id: run_id } });
		return (progress?.batch ?? 0) >= 2;
	});
	await product.kill();
	await product.restart();
	admin = product.as(await product.login("admin", "correct horse battery staple"));
	bob = product.as(await product.login("bob", "bob has a long password"));
	const run = await runEnded(admin, run_id, 180_000);
	const operations = await applied(run_id);
	// What was being written at that moment is unknown; nothing else is lost, and nothing is sent twice.
	expect(["succeeded", "needs_attention"]).toContain(run.status);
	for (const { status, device_name } of operations) expect(["succeeded", "unknown"], device_name).toContain(status);
	const after = await pushesOf(names);
	for (const [index, name] of names.entries()) {
		const operation = operations.find(({ device_name }) => device_name === name);
		const pushed = (after[index] ?? 0) - (before[index] ?? 0);
		if (operation?.status === "succeeded") expect(pushed, name).toBe(1);
		else expect(pushed, name).toBeLessThanOrEqual(1);
	}
	expect(await admin.audit.verifyAudit({ query: {} })).toMatchObject({ intact: true });
});

test("a run that is cancelled while it writes takes the change back", async () => {
	const names = named("cisco_nxos");
	for (const name of names) await fleet.setLatency(name, 400);
	const before = await Promise.all(names.map((name) => fleet.config(name)));
	const run_id = await deploy("cancelled in the middle", names);
	await eventually("a worker writes", () => isWriting(run_id));
	await admin.tasks.cancelRun({ params: { id: run_id } });
	for (const name of names) await fleet.setLatency(name, 0);
	await runEnded(admin, run_id, 180_000);
	for (const operation of await applied(run_id)) {
		expect(["failed", "cancelled"], JSON.stringify(operation)).toContain(operation.status);
	}
	expect(await Promise.all(names.map((name) => fleet.config(name)))).toEqual(before);
});
