import type { OperationGroup } from "@netconductor/contracts/tasks/model";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

let lab: EngineLab;
let fleet: Fleet;

beforeAll(async () => {
	lab = await startEngineLab();
	fleet = await startFleet({ devices: { count: 4, platforms: ["cisco_ios", "arista_eos"] } });
	for (const entry of fleet.devices) lab.know(entry);
	await lab.startWorker();
});
afterAll(async () => {
	await lab?.stop();
	await fleet?.stop();
});

async function groupsOf(run_id: string, query = {}): Promise<OperationGroup[]> {
	return (await lab.tasks.listOperationGroups({ params: { id: run_id }, query })).items;
}

const membersOf = async (run_id: string, group: string, query = {}) =>
	(await lab.tasks.listOperations({ params: { id: run_id }, query: { group, ...query } })).items;

test("what printed the same but for its own name is one group, and a group's members can be listed and searched", async () => {
	const run_id = await lab.start({
		steps: [
			{ id: "first", type: "probe_read", params: { says: "%n is well after 12 ms", fails_on: ["same-3"] } },
			{ id: "second", type: "probe_read", params: { says: "%n says %n" } },
		],
		targets: lab.targets(25, "same"),
		skipped: [
			{ ...lab.target("left-out-1"), reason: "disabled" },
			{ ...lab.target("left-out-2"), reason: "no credential" },
		],
	});
	await lab.ended(run_id);
	const groups = await groupsOf(run_id);
	expect(groups.map(({ step_id, status, count, skip_reason }) => ({ step_id, status, count, skip_reason }))).toEqual(
		expect.arrayContaining([
			{ step_id: "first", status: "succeeded", count: 24, skip_reason: null },
			{ step_id: "second", status: "succeeded", count: 24, skip_reason: null },
			{ step_id: "first", status: "failed", count: 1, skip_reason: null },
			{ step_id: "second", status: "skipped", count: 1, skip_reason: "Step first before it did not succeed" },
			{ step_id: "first", status: "skipped", count: 1, skip_reason: "disabled" },
			{ step_id: "first", status: "skipped", count: 1, skip_reason: "no credential" },
		]),
	);
	const [failed, ...others] = groups;
	expect(failed).toMatchObject({ status: "failed", count: 1 });
	expect(others.map(({ count }) => count)).toEqual(others.map(({ count }) => count).toSorted((a, b) => b - a));
	expect(others.slice(0, 2).map(({ step_id }) => step_id)).toEqual(["first", "second"]);
	const [largest] = others;
	if (largest === undefined) throw new Error("no group");
	expect(largest.device_names).toHaveLength(20);
	expect(largest.device_names).toEqual(largest.device_names.toSorted());
	expect(largest.sample_output).toBe(`${largest.device_names[0]} is well after 12 ms\n`);
	expect(largest.sample_output_truncated).toBe(false);

	const second = await lab.tasks.listOperations({
		params: { id: run_id },
		query: { group: largest.key, page: 2, page_size: 20 },
	});
	expect(second).toMatchObject({ total: 24, page: 2 });
	expect(second.items).toHaveLength(4);
	const first_members = await membersOf(run_id, largest.key, { page_size: 500 });
	expect(first_members.slice(0, 20).map(({ id }) => id)).toEqual(largest.operation_ids);
	expect(first_members.every(({ step_id, status }) => step_id === "first" && status === "succeeded")).toBe(true);
	expect((await membersOf(run_id, largest.key, { q: "SAME-25" })).map(({ device_name }) => device_name)).toEqual([
		"same-25",
	]);

	expect((await groupsOf(run_id, { status: "failed" })).map(({ count }) => count)).toEqual([1]);
	expect((await groupsOf(run_id, { step_id: "second", q: "same-1" })).map(({ count }) => count)).toEqual([11]);
	const pages = [1, 2, 3].map((page) =>
		lab.tasks.listOperationGroups({ params: { id: run_id }, query: { page, page_size: 4 } }),
	);
	const read = await Promise.all(pages);
	expect(read.map(({ total }) => total)).toEqual(Array(3).fill(groups.length));
	expect(read.flatMap(({ items }) => items.map(({ key }) => key))).toEqual(groups.map(({ key }) => key));
});

test("devices that say something else are groups of their own", async () => {
	const steps = (says: string) => [{ id: "probe", type: "probe_read", params: { says } }];
	const run_id = await lab.start({ steps: steps("%n has 3 peers"), targets: lab.targets(3, "peer") });
	const other = await lab.start({ steps: steps("%n has 4 peers"), targets: lab.targets(3, "peer") });
	await Promise.all([run_id, other].map(lab.ended));
	const [three] = await groupsOf(run_id);
	const [four] = await groupsOf(other);
	expect(three?.count).toBe(3);
	expect(four?.count).toBe(3);
	expect(three?.key).not.toBe(four?.key);
	expect(await membersOf(other, three?.key ?? "")).toEqual([]);
});

test("backups are grouped by whether they changed something, failures by their reason, whatever device and address they name", async () => {
	const [wrong, wrong_too, ...rest] = fleet.devices;
	if (wrong === undefined || wrong_too === undefined) throw new Error("no device");
	for (const entry of [wrong, wrong_too]) lab.know({ ...entry, password: "wrong" });
	const run_id = await lab.start({
		kind: "backup",
		steps: [{ id: "collect", type: "collect_config", params: {} }],
		targets: fleet.devices.map(({ name }) => lab.target(name)),
	});
	await lab.ended(run_id);
	for (const entry of [wrong, wrong_too]) lab.know(entry);
	const groups = await groupsOf(run_id);
	expect(groups).toHaveLength(2);
	const failed = groups.find(({ status }) => status === "failed");
	expect(failed).toMatchObject({ count: 2, error: { code: "device.auth_failed", phase: "auth" } });
	expect(failed?.error?.message).toContain("{device}");
	for (const entry of [wrong, wrong_too]) expect(failed?.error?.message).not.toContain(entry.name);
	expect(failed?.error).not.toHaveProperty("details");
	const stored = groups.find(({ status }) => status === "succeeded");
	expect(stored).toMatchObject({ count: rest.length, outcome: "first", error: null });
});

test("a connectivity test groups those that answered, whatever they said of themselves", async () => {
	const run_id = await lab.start({
		steps: [{ id: "test", type: "test_connection", params: {} }],
		targets: fleet.devices.map(({ name }) => lab.target(name)),
	});
	await lab.ended(run_id);
	expect(await groupsOf(run_id)).toMatchObject([
		{ count: fleet.devices.length, status: "succeeded", outcome: "reachable" },
	]);
});

test("the sample of long output is cut, between characters", async () => {
	const run_id = await lab.start({
		steps: [{ id: "probe", type: "probe_read", params: { says: `x${"🛰".repeat(5_000)}` } }],
		targets: lab.targets(1, "long"),
	});
	await lab.ended(run_id);
	const [group] = await groupsOf(run_id);
	expect(group?.sample_output_truncated).toBe(true);
	expect(group?.sample_output).toBe(`x${"🛰".repeat(999)}`);
});

test("a run that nobody began, and one that is not there, have groups to show or none", async () => {
	await expect(groupsOf(crypto.randomUUID())).rejects.toMatchObject({ code: "runs.not_found" });
	const empty = await lab.start({ steps: [{ id: "probe", type: "probe_read", params: {} }], targets: [] });
	await lab.ended(empty);
	expect(await lab.tasks.listOperationGroups({ params: { id: empty }, query: {} })).toMatchObject({
		items: [],
		total: 0,
	});
});
