import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StackState } from "@netconductor/contracts/config/stacks";
import { type FrrLab, startFrrLab } from "@netconductor/lab/frr/lab";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Clients, eventually, type Product, startProduct } from "./product.ts";

/** A change on real routers from its template to its removal, approved by somebody else. */

// Devices are asked, processes start, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

let product: Product;
let lab: FrrLab;
let dir: string;
let ana: Clients;
let bob: Clients;
let stack_id: string;

const neighbour = "10.99.0.9";
const addTemplate = `router bgp {{ asn }}
 neighbor {{ neighbor }} remote-as 65099
 neighbor {{ neighbor }} description {{ device.name }} to {{ peer_name }}
exit
ip route {{ prefix }} blackhole
`;
const removeTemplate = `router bgp {{ asn }}
 no neighbor {{ neighbor }} remote-as 65099
exit
no ip route {{ prefix }} blackhole
`;

async function person(name: string, role: string): Promise<Clients> {
	const admin = product.as(product.admin_token);
	const password = `${name} has a long password`;
	await admin.auth.createUser({ body: { username: name, password, role, must_change_password: false } });
	return product.as(await product.login(name, password));
}

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-stacks-"));
	lab = await startFrrLab({ routers: 3, dir });
	product = await startProduct();
	ana = await person("ana", "manager");
	bob = await person("bob", "operator");
	for (const { name, host, port, username, private_key } of lab.routers) {
		const { id: credential_id } = await ana.devices.createCredential({ body: { name, username, private_key } });
		await ana.devices.createDevice({ body: { name, host, port, device_type: "frr", credential_id, groups: ["Edge"] } });
	}
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await lab?.stop();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

async function ended(run_id: string) {
	return eventually("the run's end", async () => {
		const run = await ana.tasks.getRun({ params: { id: run_id } });
		return run.finished_at !== null && run;
	});
}

/** Waits for the approval that a run asks for. */
async function approvalOf(run_id: string) {
	const run = await eventually("the approval", async () => {
		const now = await ana.tasks.getRun({ params: { id: run_id } });
		if (now.finished_at !== null) throw new Error(`ended: ${JSON.stringify(now)}`);
		return now.waiting_for?.kind === "approval" && now;
	});
	return bob.alerts.getApproval({ params: { id: run.progress?.approval_id ?? "" } });
}

/** Waits until the stack is in a state: it hears of its runs a moment later. */
function comesTo(state: StackState) {
	return eventually(
		`the stack ${state}`,
		async () => (await ana.config.getStack({ params: { id: "edge" } })).state === state,
	);
}

function runningConfig(router: string): Promise<string> {
	return lab.vtysh(router, ["show running-config"]);
}

async function operationsOf(run_id: string, step_id: string) {
	const { items } = await ana.tasks.listOperations({ params: { id: run_id }, query: { page_size: 500, step_id } });
	return items;
}

test("a stack is made of templates, and what it comes to is seen before any router is asked", async () => {
	const remove = await ana.config.createTemplate({
		body: { name: "bgp/remove", type: "delete", source: removeTemplate },
	});
	const add = await ana.config.createTemplate({
		body: { name: "bgp/add", source: addTemplate, delete_template_id: remove.id },
	});
	const stack = await ana.config.createStack({
		body: {
			name: "edge",
			services: [
				{ name: "bgp", template_id: add.id, targets: { groups: ["Edge"] }, variables: { neighbor: neighbour } },
			],
			variables: { peer_name: "transit", prefix: "198.51.100.0/24" },
			device_variables: Object.fromEntries(await asns()),
			checks: [
				{
					name: "the neighbour is known",
					command: "show bgp summary",
					expect: neighbour.replaceAll(".", "\\."),
					within_s: 10,
				},
			],
			state_checks: [{ kind: "routes", prefixes: ["198.51.100.0/24"], protocol: "static", within_s: 10 }],
			rollout: { batch_sizes: [1, 10] },
			confirm_within_s: 60,
		},
	});
	stack_id = stack.id;
	expect(stack).toMatchObject({ state: "pending", pending_changes: false, version: 1 });
	const { items } = await ana.config.renderStack({ params: { id: "edge" }, query: {} });
	expect(items.map(({ device_name }) => device_name)).toEqual(["r1", "r2", "r3"]);
	expect(items[1]?.services[0]?.text).toContain("description r2 to transit");
});

async function asns(): Promise<[string, { asn: number }][]> {
	const { items } = await ana.devices.listDevices({ query: {} });
	return Promise.all(
		items.map(async ({ id, name }) => {
			const asn = /^router bgp (\d+)/m.exec(await runningConfig(name))?.[1];
			return [id, { asn: Number(asn) }] as [string, { asn: number }];
		}),
	);
}

test("a plan shows each router's difference and how it would be undone, and changes nothing", async () => {
	const before = await runningConfig("r2");
	const { run_id } = await ana.config.planStack({ params: { id: "edge" }, body: {} });
	expect(await ended(run_id)).toMatchObject({ kind: "plan", status: "succeeded" });
	for (const { result } of await operationsOf(run_id, "plan")) {
		expect(result).toMatchObject({ unchanged: false, undo: { kind: "emulated", timer: "worker" }, dangerous: [] });
		expect(result?.diff).toContain("+ip route 198.51.100.0/24 blackhole");
	}
	expect(await runningConfig("r2")).toBe(before);
	await comesTo("pending");
});

test("who deploys cannot approve it, another can; the canary goes first and all are verified", async () => {
	const { run_id } = await ana.config.deployStack({ params: { id: "edge" }, body: { reason: "CHG-1" } });
	const approval = await approvalOf(run_id);
	expect(approval).toMatchObject({ status: "waiting", kind: "deploy" });
	await comesTo("deploying");
	const { items: runs } = await ana.config.listStackRuns({ params: { id: "edge" }, query: {} });
	expect(runs[0]).toMatchObject({ run_id, kind: "deploy", status: "waiting", finished_at: null, reason: "CHG-1" });
	await expect(ana.config.deployStack({ params: { id: "edge" }, body: {} })).rejects.toMatchObject({
		problem: { code: "stacks.busy" },
	});
	const vote = { params: { id: approval.id }, body: { plan_sha256: approval.plan_sha256 } };
	await expect(ana.alerts.approve(vote)).rejects.toMatchObject({ problem: { code: "approvals.own_request" } });
	expect(await runningConfig("r1")).not.toContain(neighbour);
	await bob.alerts.approve(vote);
	expect(await ended(run_id)).toMatchObject({
		status: "succeeded",
		progress: { approved_by: ["bob"], batch: 2, devices_begun: 3 },
	});
	const applied = (await operationsOf(run_id, "apply")).sort((a, b) =>
		(a.started_at ?? "") < (b.started_at ?? "") ? -1 : 1,
	);
	const [canary, ...others] = applied;
	for (const { started_at } of others)
		expect(started_at && canary?.finished_at && started_at > canary.finished_at).toBe(true);
	for (const { result } of applied) expect(result).toMatchObject({ outcome: "confirmed", saved: true });
	for (const { name } of lab.routers)
		expect(await runningConfig(name)).toContain(`neighbor ${neighbour} remote-as 65099`);
	await comesTo("deployed");
	expect(await ana.config.getStack({ params: { id: stack_id } })).toMatchObject({ deployed_version: 1 });
});

test("a run that is cancelled while it waits takes its approval with it, and leaves the routers alone", async () => {
	const { version } = await ana.config.getStack({ params: { id: "edge" } });
	await ana.config.updateStack({ params: { id: "edge" }, body: { version, description: "not meant like this" } });
	await lab.vtysh("r1", ["configure terminal", "no ip route 198.51.100.0/24 blackhole", "end"]);
	const { run_id } = await ana.config.deployStack({ params: { id: "edge" }, body: {} });
	const { id, plan_sha256 } = await approvalOf(run_id);
	await ana.tasks.cancelRun({ params: { id: run_id } });
	expect(await ended(run_id)).toMatchObject({ status: "cancelled" });
	await eventually(
		"the approval lapses",
		async () => (await bob.alerts.getApproval({ params: { id } })).status === "lapsed",
	);
	await expect(bob.alerts.approve({ params: { id }, body: { plan_sha256 } })).rejects.toMatchObject({
		problem: { code: "approvals.already_decided" },
	});
	expect(await runningConfig("r1")).not.toContain("198.51.100.0/24 blackhole");
	await comesTo("deployed");
	await lab.vtysh("r1", ["configure terminal", "ip route 198.51.100.0/24 blackhole", "end"]);
});

test("what stands there already is skipped and says so", async () => {
	const { run_id } = await ana.config.deployStack({ params: { id: "edge" }, body: {} });
	expect(await ended(run_id)).toMatchObject({ status: "succeeded", counts: { skipped: 6 } });
	for (const { status, skip_reason } of await operationsOf(run_id, "apply")) {
		expect([status, skip_reason]).toEqual(["skipped", "Nothing to change: it stands there already"]);
	}
	await comesTo("deployed");
});

test("a change by hand shows as drift, with the lines that are missing", async () => {
	expect(await validated()).toMatchObject({ counts: { in_sync: 3, drifted: 0 } });
	await lab.vtysh("r3", ["configure terminal", "no ip route 198.51.100.0/24 blackhole", "end"]);
	const { items: devices } = await ana.devices.listDevices({ query: {} });
	const { run_id } = await ana.backup.runSelected({ body: { select: { device_ids: devices.map(({ id }) => id) } } });
	await ended(run_id);
	const { counts, devices: found } = await validated();
	expect(counts).toEqual({ in_sync: 2, drifted: 1, unknown: 0 });
	expect(found[0]).toMatchObject({
		device_name: "r3",
		state: "drifted",
		missing: ["ip route 198.51.100.0/24 blackhole"],
	});
});

test("a schedule validates the stack against backups or the routers themselves, and its run names the lines", async () => {
	const scheduled = async (source: "backup" | "live") => {
		const name = `Drift by ${source} ${Date.now()}`;
		const params = { stack: "edge", source };
		const timing = { type: "interval" as const, every_minutes: 60 };
		const { id } = await ana.scheduling.createSchedule({ body: { name, kind: "validate", params, timing } });
		await ana.scheduling.runScheduleNow({ params: { id } });
		const found = await eventually("the validation's end", async () => {
			const { items } = await ana.scheduling.getScheduleHistory({ params: { id }, query: {} });
			return items[0]?.finished_at != null && items[0];
		});
		const operations = await operationsOf(found.run_id ?? "", "compare");
		return { status: found.status, operations: new Map(operations.map((one) => [one.device_name, one])) };
	};
	const missing = ["ip route 198.51.100.0/24 blackhole"];
	for (const source of ["backup", "live"] as const) {
		const { status, operations } = await scheduled(source);
		expect(status).toBe("partial");
		expect([...operations.values()].map((one) => one.status).toSorted()).toEqual(["failed", "succeeded", "succeeded"]);
		expect(operations.get("r3")).toMatchObject({
			error: { code: "checks.drifted" },
			result: { source, missing, unwanted: [] },
		});
	}
	await lab.vtysh("r3", ["configure terminal", ...missing, "end"]);
	expect((await scheduled("live")).status).toBe("succeeded");
	// Its newest backup is from before.
	expect((await scheduled("backup")).status).toBe("partial");
	await lab.vtysh("r3", ["configure terminal", ...missing.map((line) => `no ${line}`), "end"]);
	expect(await ana.config.getStack({ params: { id: "edge" } })).toMatchObject({ state: "deployed" });
});

function validated() {
	return ana.config.validateStack({ params: { id: "edge" }, body: {} });
}

test("a check that fails takes the change back: the router is as it was, and the rest was not begun", async () => {
	const before = await runningConfig("r1");
	const { version } = await ana.config.getStack({ params: { id: "edge" } });
	await ana.config.updateStack({
		params: { id: "edge" },
		body: {
			version,
			variables: { peer_name: "transit", prefix: "203.0.113.0/24" },
			// Nobody answers at that address.
			state_checks: [{ kind: "bgp", neighbors: [neighbour], within_s: 1 }],
		},
	});
	expect(await ana.config.getStack({ params: { id: "edge" } })).toMatchObject({ pending_changes: true });
	const { run_id } = await ana.config.deployStack({ params: { id: "edge" }, body: {} });
	const { id, plan_sha256 } = await approvalOf(run_id);
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
	const run = await ended(run_id);
	expect(run).toMatchObject({ status: "failed", progress: { batch: 1, devices_begun: 1 } });
	expect(run.end_reason).toContain("1 device failed");
	const [failed] = (await operationsOf(run_id, "apply")).filter(({ status }) => status === "failed");
	expect(failed).toMatchObject({ device_name: "r1", result: { outcome: "rolled_back" } });
	expect(failed?.error?.message).toMatch(/the BGP neighbour 10\.99\.0\.9 is (Active|Connect|Idle)/);
	expect(await runningConfig("r1")).toBe(before);
	await comesTo("partial");
});

test("a router that was changed after the approval is not touched", async () => {
	const { version } = await ana.config.getStack({ params: { id: "edge" } });
	await ana.config.updateStack({ params: { id: "edge" }, body: { version, checks: [], state_checks: [] } });
	const { items } = await ana.devices.listDevices({ query: { q: "r2" } });
	const device_ids = items.map(({ id }) => id);
	const { run_id } = await ana.config.deployStack({ params: { id: "edge" }, body: { device_ids } });
	const { id, plan_sha256 } = await approvalOf(run_id);
	await lab.vtysh("r2", ["configure terminal", "ip route 192.0.2.128/25 blackhole", "end"]);
	const before = await runningConfig("r2");
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
	expect(await ended(run_id)).toMatchObject({ status: "failed" });
	const [apply] = await operationsOf(run_id, "apply");
	expect(apply?.error?.code).toBe("change.plan_outdated");
	expect(await runningConfig("r2")).toBe(before);
	await comesTo("partial");
});

test("a router where a check before the change does not hold is neither planned nor touched, and says why", async () => {
	const { version } = await ana.config.getStack({ params: { id: "edge" } });
	// r2 alone has this route, since somebody added it by hand.
	const pre_state_checks = [{ kind: "routes" as const, prefixes: ["192.0.2.128/25"], within_s: 0 }];
	await ana.config.updateStack({ params: { id: "edge" }, body: { version, pre_state_checks } });
	const before = await Promise.all([runningConfig("r1"), runningConfig("r3")]);
	const { run_id } = await ana.config.deployStack({ params: { id: "edge" }, body: {} });
	const { id, plan_sha256 } = await approvalOf(run_id);
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
	expect(await ended(run_id)).toMatchObject({ status: "partial" });
	for (const { device_name, status, error } of await operationsOf(run_id, "pre_check")) {
		const holds = device_name === "r2";
		expect([device_name, status]).toEqual([device_name, holds ? "succeeded" : "failed"]);
		if (!holds) {
			expect(error).toMatchObject({
				code: "checks.not_held",
				message: expect.stringContaining("there is no route to 192.0.2.128/25"),
			});
		}
	}
	for (const { device_name, status } of await operationsOf(run_id, "plan")) {
		expect([device_name, status]).toEqual([device_name, device_name === "r2" ? "succeeded" : "skipped"]);
	}
	expect(await runningConfig("r2")).toContain("203.0.113.0/24");
	expect(await Promise.all([runningConfig("r1"), runningConfig("r3")])).toEqual(before);
	await comesTo("partial");
});

test("a rejected removal leaves everything; an approved one takes the stack off every router", async () => {
	const rejected = await ana.config.removeStack({ params: { id: "edge" }, body: {} });
	const first = await approvalOf(rejected.run_id);
	await bob.alerts.reject({
		params: { id: first.id },
		body: { plan_sha256: first.plan_sha256, reason: "not tonight" },
	});
	expect(await ended(rejected.run_id)).toMatchObject({
		status: "cancelled",
		end_reason: "bob rejected it: not tonight",
	});
	await comesTo("partial");

	const { version } = await ana.config.getStack({ params: { id: "edge" } });
	const variables = { peer_name: "transit", prefix: "198.51.100.0/24" };
	await ana.config.updateStack({ params: { id: "edge" }, body: { version, variables } });
	const { run_id } = await ana.config.removeStack({ params: { id: "edge" }, body: {} });
	const { id, plan_sha256 } = await approvalOf(run_id);
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
	expect(await ended(run_id)).toMatchObject({ status: "succeeded" });
	for (const { name } of lab.routers) {
		const config = await runningConfig(name);
		expect(config).not.toContain(neighbour);
		expect(config).not.toContain("198.51.100.0/24");
	}
	await comesTo("pending");
	await ana.config.deleteStack({ params: { id: "edge" }, query: {} });
	const { items } = await ana.config.listStackRuns({ params: { id: "edge" }, query: {} }).catch(() => ({ items: [] }));
	expect(items).toEqual([]);
});
