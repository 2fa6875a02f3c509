import { Gate, type Plan } from "@netconductor/contracts/tasks/model";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let lab: EngineLab;
let worker: Awaited<ReturnType<EngineLab["startWorker"]>>;
beforeAll(async () => {
	lab = await startEngineLab();
	worker = await lab.startWorker();
});
afterEach(() => lab.wantNoApprovals());
afterAll(() => lab?.stop());

type Params = Record<string, unknown>;

function steps(
	gate: Record<string, unknown>,
	{ plan = {}, apply = {} }: { plan?: Params; apply?: Params } = {},
): Plan["steps"] {
	return [
		{ id: "plan", type: "probe_read", params: plan },
		{ id: "apply", type: "probe_write", params: apply, gate: Gate.parse(gate) },
		{ id: "after", type: "probe_read", params: {} },
	];
}

async function waitsFor(run_id: string, kind: string) {
	await lab.until(async () => (await lab.tasks.getRun({ params: { id: run_id } })).waiting_for?.kind === kind);
	return lab.tasks.getRun({ params: { id: run_id } });
}

/** Devices on which the gated step has begun. */
async function begun(run_id: string): Promise<string[]> {
	const operations = await lab.operations(run_id);
	return operations.flatMap(({ step_id, attempts, device_name }) =>
		step_id === "apply" && attempts > 0 ? [device_name] : [],
	);
}

test("no device is written to before all of them were planned and the plan was approved by its hash", async () => {
	const asked = lab.wantApprovals();
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ approval: true }),
		targets: lab.targets(3, "ap").map((target) => ({ ...target, groups: ["Edge"] })),
	});
	const run = await waitsFor(run_id, "approval");
	expect(run).toMatchObject({
		status: "waiting",
		counts: { succeeded: 3, pending: 6 },
		progress: { step_id: "apply", batch: 0 },
	});
	expect(asked).toHaveLength(1);
	expect(asked[0]).toMatchObject({
		run_id,
		kind: "deploy",
		plan_sha256: run.progress?.plan_sha256,
		requested_by: { name: "admin" },
	});
	const devices = asked[0]?.devices.map(({ name, groups }) => [name, groups]);
	expect(devices).toEqual(["ap-1", "ap-2", "ap-3"].map((name) => [name, ["Edge"]]));
	expect(await begun(run_id)).toEqual([]);
	if (asked[0] !== undefined) await lab.decide(asked[0], "approved");
	expect(await lab.ended(run_id)).toMatchObject({
		status: "succeeded",
		counts: { succeeded: 9 },
		waiting_for: null,
		progress: { approved_by: ["bob"], batch: 1, devices_begun: 3, devices_total: 3 },
	});
	expect(asked).toHaveLength(1);
});

test("what was rejected ends as cancelled with the reason, and nothing was written", async () => {
	const asked = lab.wantApprovals();
	const run_id = await lab.start({ kind: "deploy", steps: steps({ approval: true }), targets: lab.targets(2, "rj") });
	await waitsFor(run_id, "approval");
	if (asked[0] !== undefined) await lab.decide(asked[0], "rejected", "not tonight");
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled", end_reason: "bob rejected it: not tonight" });
	expect(await begun(run_id)).toEqual([]);
});

test("an approval that does not hold any more when the run would begin lets nothing begin", async () => {
	const asked = lab.wantApprovals();
	const run_id = await lab.start({ kind: "deploy", steps: steps({ approval: true }), targets: lab.targets(2, "gone") });
	await waitsFor(run_id, "approval");
	const [approval] = asked;
	if (approval === undefined) throw new TypeError("nothing was asked");
	await lab.decide({ ...approval }, "approved");
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled", end_reason: "not any more" });
	expect(await begun(run_id)).toEqual([]);
});

test("a run whose window ends while it waits for its approval ends, and nothing was written; a person may do it again", async () => {
	const asked = lab.wantApprovals();
	const not_after = new Date(Date.now() + 5_000).toISOString();
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ approval: true, not_after }),
		targets: lab.targets(2, "wi"),
	});
	expect(await lab.ended(run_id)).toMatchObject({
		status: "cancelled",
		end_reason: expect.stringContaining(not_after),
	});
	for (const { not_after: until } of asked) expect(until).toBe(not_after);
	expect(await begun(run_id)).toEqual([]);
	lab.wantNoApprovals();
	const { run_id: again } = await lab.tasks.retryRun({ params: { id: run_id } });
	expect(await lab.ended(again)).toMatchObject({ status: "succeeded" });
});

test("a waiting run can be cancelled", async () => {
	lab.wantApprovals();
	const run_id = await lab.start({ kind: "deploy", steps: steps({ approval: true }), targets: lab.targets(2, "cn") });
	await waitsFor(run_id, "approval");
	await lab.tasks.cancelRun({ params: { id: run_id } });
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled", waiting_for: null });
	expect(await begun(run_id)).toEqual([]);
});

test("a run that waits for its approval goes on after everything was killed", async () => {
	const asked = lab.wantApprovals();
	const run_id = await lab.start({ kind: "deploy", steps: steps({ approval: true }), targets: lab.targets(2, "kl") });
	await waitsFor(run_id, "approval");
	await Promise.all([end(lab.main), end(worker)]);
	await lab.restartMain();
	worker = await lab.startWorker();
	expect((await lab.tasks.getRun({ params: { id: run_id } })).status).toBe("waiting");
	if (asked[0] !== undefined) await lab.decide(asked[0], "approved");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(asked).toHaveLength(1);
});

test("the canary first, then batch after batch; too many failures leave the rest untouched and say why", async () => {
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ rollout: { batch_sizes: [1, 2] } }, { apply: { fails_on: ["ba-3"] } }),
		targets: lab.targets(6, "ba"),
	});
	const run = await lab.ended(run_id);
	expect(run).toMatchObject({ status: "partial", progress: { batch: 2, devices_begun: 3 } });
	expect((await begun(run_id)).sort()).toEqual(["ba-1", "ba-2", "ba-3"]);
	expect(run.end_reason).toContain("1 device failed");
	const untouched = (await lab.operations(run_id)).filter(
		({ step_id, status }) => step_id === "apply" && status === "skipped",
	);
	expect(untouched.map(({ skip_reason }) => skip_reason)).toEqual(Array(3).fill(run.end_reason));
});

test("devices that depend on others begin when all of those have ended, whatever the sizes of the batches", async () => {
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ rollout: { batch_sizes: [2, 10] } }),
		targets: lab.targets(4, "wa").map((target, index) => ({ ...target, wave: [2, 0, 1, 1][index] })),
	});
	expect(await lab.ended(run_id)).toMatchObject({
		status: "succeeded",
		progress: { batch: 3, devices_begun: 4, devices_total: 4 },
	});
	const operations = await lab.operations(run_id);
	const times = (wave_at: number) => {
		const own = operations.filter(({ wave, step_id }) => wave === wave_at && step_id !== "plan");
		const began = own.map(({ started_at }) => started_at ?? "").sort();
		const over = own.map(({ finished_at }) => finished_at ?? "").sort();
		return { began: began[0] ?? "", over: over.at(-1) ?? "" };
	};
	expect(times(1).began >= times(0).over).toBe(true);
	expect(times(2).began >= times(1).over).toBe(true);
});

test("what a device depends on failed, already when it was planned: it is left as it is; a retry keeps the order", async () => {
	const targets = lab.targets(3, "wf").map((target, index) => ({ ...target, wave: Math.min(index, 1) }));
	const asked = lab.wantApprovals();
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ approval: true }, { plan: { fails_on: ["wf-1"] } }),
		targets,
	});
	const run = await lab.ended(run_id);
	expect(run).toMatchObject({
		status: "failed",
		end_reason: expect.stringContaining("1 device that it depends on failed"),
	});
	expect(asked).toEqual([]);
	expect(await begun(run_id)).toEqual([]);

	lab.wantNoApprovals();
	const again = await lab.start({
		kind: "deploy",
		steps: steps({}, { apply: { fails_on: ["wf-1", "wf-2"] } }),
		targets,
	});
	await lab.ended(again);
	expect(await begun(again)).toEqual(["wf-1"]);
	const tolerant = await lab.start({
		kind: "deploy",
		steps: steps({ rollout: { most_failures: 2 } }, { apply: { fails_on: ["wf-1", "wf-2"] } }),
		targets,
	});
	await lab.ended(tolerant);
	expect((await begun(tolerant)).sort()).toEqual(["wf-1", "wf-2", "wf-3"]);
	const { run_id: repeated } = await lab.tasks.retryRun({ params: { id: tolerant } });
	await lab.ended(repeated);
	const waves = (await lab.operations(repeated)).map(({ device_name, wave }) => `${device_name}: ${wave}`);
	expect([...new Set(waves)].sort()).toEqual(["wf-1: 0", "wf-2: 1"]);
});

test("a pause after the canary waits for a person, and a pause that somebody asks for holds the next batch", async () => {
	const gate = { rollout: { batch_sizes: [1, 1, 10], pause_after_first: true } };
	const run_id = await lab.start({ kind: "deploy", steps: steps(gate), targets: lab.targets(4, "pa") });
	expect(await waitsFor(run_id, "resume")).toMatchObject({ status: "waiting", waiting_for: { paused_by: null } });
	expect(await begun(run_id)).toEqual(["pa-1"]);
	await lab.tasks.pauseRun({ params: { id: run_id } });
	await lab.until(async () => {
		const { waiting_for } = await lab.tasks.getRun({ params: { id: run_id } });
		return waiting_for?.kind === "resume" && waiting_for.paused_by === "admin";
	});
	await lab.tasks.resumeRun({ params: { id: run_id } });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { batch: 3, devices_begun: 4 } });
	await expect(lab.tasks.resumeRun({ params: { id: run_id } })).rejects.toMatchObject({ code: "runs.already_ended" });
});

test("a device with nothing to do is left out with the reason, and belongs to no batch", async () => {
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ rollout: { batch_sizes: [1] } }, { plan: { done_with: ["un-1", "un-3"] } }),
		targets: lab.targets(3, "un"),
	});
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { devices_total: 1, batch: 1 } });
	const left = (await lab.operations(run_id)).filter(({ status }) => status === "skipped");
	expect(
		left.map(({ device_name, step_id, skip_reason }) => `${device_name} ${step_id}: ${skip_reason}`).sort(),
	).toEqual([
		"un-1 after: Nothing to do",
		"un-1 apply: Nothing to do",
		"un-3 after: Nothing to do",
		"un-3 apply: Nothing to do",
	]);
});

test("a step is given what was meant for its device and the result before it; the table holds it sealed", async () => {
	const secret = "snmp-server community pa55phrase";
	const [device] = lab.targets(1, "in");
	if (device === undefined) throw new TypeError("no device");
	const run_id = await lab.start({
		kind: "deploy",
		steps: [
			{ id: "plan", type: "probe_read", params: {} },
			{ id: "look", type: "probe_read", params: { answers_from: "plan" } },
		],
		targets: [{ ...device, input: { lines: [secret] } }],
	});
	await lab.ended(run_id);
	const look = (await lab.operations(run_id)).find(({ step_id }) => step_id === "look");
	expect(look?.result).toMatchObject({ input: { lines: [secret] }, earlier: { pid: expect.any(Number) } });
	const stored = await lab.db.query<{ sealed: string }>("select sealed from inputs where run_id = $1", [run_id]);
	expect(stored).toHaveLength(1);
	expect(JSON.stringify(stored)).not.toContain("pa55phrase");
	const [planned] = await lab.db.query<{ row: string }>("select to_jsonb(runs)::text as row from runs where id = $1", [
		run_id,
	]);
	expect(planned?.row).not.toContain("pa55phrase");
});

test("when the canary fails and nothing else was begun, the run failed", async () => {
	const run_id = await lab.start({
		kind: "deploy",
		steps: steps({ rollout: { batch_sizes: [1] } }, { apply: { fails_on: ["cf-1"] } }),
		targets: lab.targets(3, "cf"),
	});
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed", counts: { failed: 1, succeeded: 3 } });
});

test("what changed devices is retried only by who may start such a run, not by everybody who may retry; it stays the stack's", async () => {
	const subject = { type: "stack", id: "01a1fe81-0000-7000-8000-000000000003" };
	const run_id = await lab.start({
		kind: "deploy",
		subject,
		steps: steps({}, { apply: { fails_on: ["rt-1"] } }),
		targets: lab.targets(1, "rt"),
	});
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	const params = { id: run_id };
	await expect(lab.as("runs:read", "runs:start").retryRun({ params })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	const { run_id: again } = await lab.as("runs:read", "runs:start", "stacks:deploy").retryRun({ params });
	expect(await lab.ended(again)).toMatchObject({ kind: "deploy", status: "failed", subject });
});
