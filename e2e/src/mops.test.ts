import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunStep } from "@netconductor/contracts/tasks/procedure";
import { type FrrLab, startFrrLab } from "@netconductor/lab/frr/lab";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Clients, eventually, type Product, startProduct } from "./product.ts";
import { type Wire, wireTo } from "./wire.ts";

/** Procedures on real routers: what fails is taken back to the byte, whatever dies meanwhile. */

// Devices are asked, processes start, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

let product: Product;
let lab: FrrLab;
let dir: string;
let ana: Clients;
let bob: Clients;
const wires: Wire[] = [];

async function person(name: string, role: string): Promise<Clients> {
	const admin = product.as(product.admin_token);
	const password = `${name} has a long password`;
	await admin.auth.createUser({ body: { username: name, password, role, must_change_password: false } });
	return product.as(await product.login(name, password));
}

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-mops-"));
	lab = await startFrrLab({ routers: 3, dir });
	product = await startProduct();
	ana = await person("ana", "manager");
	bob = await person("bob", "operator");
	for (const { name, host, port, username, private_key } of lab.routers) {
		const wire = await wireTo(host, port);
		wires.push(wire);
		const { id: credential_id } = await ana.devices.createCredential({ body: { name, username, private_key } });
		await ana.devices.createDevice({
			body: { name, host: "127.0.0.1", port: wire.port, device_type: "frr", credential_id, groups: ["Edge"] },
		});
	}
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	for (const wire of wires) wire.stop();
	await lab?.stop();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

/** Without the line that tells when it was printed. */
async function runningConfig(router: string): Promise<string> {
	return lab.vtysh(router, ["show running-config"]);
}

async function allConfigs(): Promise<string[]> {
	return Promise.all(lab.routers.map(({ name }) => runningConfig(name)));
}

async function run(mop: string, variables: Record<string, unknown> = {}): Promise<string> {
	const { run_id } = await ana.config.executeMop({ params: { id: mop }, body: { variables, reason: "CHG-7" } });
	return run_id;
}

async function ended(run_id: string) {
	return eventually(
		"the run's end",
		async () => {
			const found = await ana.tasks.getRun({ params: { id: run_id } });
			return found.finished_at !== null && found;
		},
		200_000,
	);
}

async function stepsOf(run_id: string): Promise<RunStep[]> {
	return (await ana.tasks.listRunSteps({ params: { id: run_id }, query: {} })).items;
}

/** Waits for the approval that a run asks for, and lets another person give it. */
async function approved(run_id: string): Promise<void> {
	const id = await eventually("the approval", async () => {
		const found = await ana.tasks.getRun({ params: { id: run_id } });
		if (found.finished_at !== null) throw new Error(`ended: ${JSON.stringify(found)}`);
		return (found.waiting_for?.kind === "approval" && found.waiting_for.approval_id) || false;
	});
	const { plan_sha256 } = await bob.alerts.getApproval({ params: { id } });
	const vote = { params: { id }, body: { plan_sha256 } };
	await expect(ana.alerts.approve(vote)).rejects.toMatchObject({ problem: { code: "approvals.own_request" } });
	await bob.alerts.approve(vote);
}

const change = (checks: string) => String.raw`
name: Add a peer
description: A neighbour and a route, and what must be so afterwards.
targets: { groups: [Edge] }
variables:
  neighbor: { required: true }
  prefix: 203.0.113.0/24
settings: { on_failure: rollback }
steps:
  - id: before
    type: run_command
    with: { commands: [show running-config], expect: "router bgp ([0-9]+)" }
    save_to_variable: before
  - id: change
    name: Neighbour and route
    type: set_config
    with:
      lines: |
        router bgp {{ before.output | regex_search('router bgp ([0-9]+)', '\\1') | first }}
         neighbor {{ neighbor }} remote-as 65099
         neighbor {{ neighbor }} description {{ device.name }}
        exit
        ip route {{ prefix }} blackhole
  - id: second
    type: set_config
    with: { lines: "ip prefix-list PEER seq 5 permit {{ prefix }}" }
  - id: there
    type: check_routing
    with: { prefixes: ["{{ prefix }}"], protocol: static, within_s: 20 }
${checks}
rollback:
  - { id: tell, type: log, with: { message: "taken back after {{ run.reason }}" } }
`;

const failing = change(`  - id: check
    type: check_bgp
    with: { neighbors: ["{{ neighbor }}"], within_s: 4 }
`);

test("a check that fails takes back what every step changed, on every router to the byte", async () => {
	await ana.config.createMop({ body: { source: failing } });
	const before = await allConfigs();
	const run_id = await run("Add a peer", { neighbor: "10.99.0.9" });
	await approved(run_id);
	await eventually("the change is made", async () => (await runningConfig("r2")).includes("neighbor 10.99.0.9"));
	const found = await ended(run_id);
	expect(found.end_reason).toMatch(/check.*10\.99\.0\.9 is (Active|Connect|Idle).*What was changed was taken back/s);
	expect(found).toMatchObject({ status: "failed", kind: "mop" });
	expect(await allConfigs()).toEqual(before);
	const steps = await stepsOf(run_id);
	expect(steps.map(({ path, status }) => [path, status])).toEqual([
		["before", "succeeded"],
		["change", "succeeded"],
		["second", "succeeded"],
		["there", "succeeded"],
		["check", "failed"],
		["~rollback", "succeeded"],
		["tell", "succeeded"],
	]);
	expect(steps.at(-1)?.result?.message).toBe("taken back after CHG-7");
});

test("the same with every session killed while the checks are asked", async () => {
	const before = await allConfigs();
	const run_id = await run("Add a peer", { neighbor: "10.99.0.9" });
	await approved(run_id);
	await eventually("the check", async () => (await stepsOf(run_id)).some(({ path }) => path === "check"));
	for (const wire of wires) wire.cut();
	const found = await ended(run_id);
	expect(found).toMatchObject({ status: "failed" });
	expect(found.end_reason).toContain("What was changed was taken back");
	expect(await allConfigs()).toEqual(before);
});

test("the same with every session, and then the whole product, killed while the routers are taken back", async () => {
	const before = await allConfigs();
	const run_id = await run("Add a peer", { neighbor: "10.99.0.9" });
	await approved(run_id);
	await eventually("taking back", async () => (await stepsOf(run_id)).some(({ path }) => path === "~rollback"));
	for (const wire of wires) wire.cut();
	await product.kill();
	await product.restart();
	expect(await ended(run_id)).toMatchObject({ status: "failed" });
	expect(await allConfigs()).toEqual(before);
});

test("the same with the whole product killed in the middle: it goes on where it was, and takes back once", async () => {
	const before = await allConfigs();
	const run_id = await run("Add a peer", { neighbor: "10.99.0.9" });
	await approved(run_id);
	await eventually("the check", async () => (await stepsOf(run_id)).some(({ path }) => path === "check"));
	await product.kill();
	expect(await runningConfig("r1")).toContain("neighbor 10.99.0.9");
	await product.restart();
	expect(await ended(run_id)).toMatchObject({ status: "failed" });
	expect(await allConfigs()).toEqual(before);
	const changes = await ana.tasks.listOperations({
		params: { id: run_id },
		query: { page_size: 100, step_id: "change" },
	});
	expect(changes.items.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
});

test("what others changed meanwhile stays when a procedure is taken back", async () => {
	const before = await runningConfig("r3");
	const run_id = await run("Add a peer", { neighbor: "10.99.0.9" });
	await approved(run_id);
	await eventually("the check", async () => (await stepsOf(run_id)).some(({ path }) => path === "check"));
	await lab.vtysh("r3", ["configure terminal", "ip route 192.0.2.128/25 blackhole", "end"]);
	expect(await ended(run_id)).toMatchObject({ status: "failed" });
	expect(await runningConfig("r3")).toContain("ip route 192.0.2.128/25 blackhole");
	await lab.vtysh("r3", ["configure terminal", "no ip route 192.0.2.128/25 blackhole", "end"]);
	expect(await runningConfig("r3")).toBe(before);
});

test("a procedure whose checks hold leaves what it made, and is taken back later where somebody wants that", async () => {
	const before = await allConfigs();
	const { version } = await ana.config.getMop({ params: { id: "Add a peer" } });
	const holding = change(String.raw`  - id: check
    type: check_bgp
    with:
      neighbors:
        - >-
          {{ before.output | regex_search('neighbor ([0-9.]+) remote-as', '\\1') | first }}
      within_s: 30
`);
	await ana.config.updateMop({ params: { id: "Add a peer" }, body: { source: holding, version } });
	const run_id = await run("Add a peer", { neighbor: "10.99.0.9" });
	await approved(run_id);
	expect(await ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	for (const config of await allConfigs()) {
		expect(config).toContain("neighbor 10.99.0.9 remote-as 65099");
		expect(config).toContain("ip prefix-list PEER seq 5 permit 203.0.113.0/24");
	}
	const again = await ana.config.restartExecution({
		params: { run_id },
		body: { what: "rollback", reason: "the customer cancelled" },
	});
	await approved(again.run_id);
	expect(await ended(again.run_id)).toMatchObject({ status: "succeeded" });
	expect(await allConfigs()).toEqual(before);
});
