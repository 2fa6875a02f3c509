import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunProgress } from "@netconductor/contracts/realtime/messages";
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createLog } from "@netconductor/runtime/log";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

vi.setConfig({ testTimeout: 90_000 });

let lab: EngineLab;
let folder: string;
/** As long as it is there, writing goes on. */
let gate: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "decide-"));
	gate = join(folder, "writing");
	lab = await startEngineLab({ NETCONDUCTOR_WORKERS_LEASE_MS: "1500" });
});
afterAll(async () => {
	await lab?.stop();
	rmSync(folder, { recursive: true, force: true });
});

const verify = { decision: "verified", reason: "the banner is there" } as const;

/** A run whose worker was killed while it wrote to these devices; a check was to follow on each. */
async function leftUnknown(...names: string[]): Promise<string> {
	writeFileSync(gate, "");
	const worker = await lab.startWorker();
	const run_id = await lab.start({
		steps: [
			{ id: "write", type: "probe_write", params: { holds_while: gate } },
			{ id: "check", type: "probe_read", params: {} },
		],
		targets: names.map((name) => lab.target(name)),
	});
	await lab.until(async () => {
		const [row] = await lab.db.query<{ count: number }>(
			"select count(*)::int as count from operations where run_id = $1 and write_started_at is not null",
			[run_id],
		);
		return row?.count === names.length;
	});
	await lab.lose(worker);
	expect(await lab.ended(run_id)).toMatchObject({ status: "needs_attention", counts: { unknown: names.length } });
	rmSync(gate);
	return run_id;
}

async function operationOf(run_id: string, device: string, step: string) {
	const found = (await lab.operations(run_id)).find(
		({ device_name, step_id }) => device_name === device && step_id === step,
	);
	if (found === undefined) throw new Error(`no operation ${step} on ${device}`);
	return found;
}

async function decide(
	run_id: string,
	device: string,
	body: { decision: "verified" | "skip" | "retry" | "failed"; reason: string },
) {
	const { id: operation_id } = await operationOf(run_id, device, "write");
	return lab.tasks.decideOperation({ params: { id: run_id, operation_id }, body });
}

const endsOf = async (run_id: string) => (await lab.events("run.finished.v1", run_id)).map(({ status }) => status);

test("what a person decided, who it was and why stands on the operation, and the run ends anew when nothing is unknown", async () => {
	const run_id = await leftUnknown("a", "b");
	const { finished_at } = await lab.tasks.getRun({ params: { id: run_id } });
	const skipped = await decide(run_id, "a", { decision: "skip", reason: " taken out of service " });
	expect(skipped).toMatchObject({
		status: "skipped",
		skip_reason: "taken out of service",
		error: null,
		decision: "skip",
		decided_by: "admin",
		decided_at: expect.any(String),
		decision_reason: "taken out of service",
	});
	expect(await lab.tasks.getRun({ params: { id: run_id } })).toMatchObject({
		status: "needs_attention",
		counts: { unknown: 1, skipped: 3 },
	});
	expect(await endsOf(run_id)).toEqual(["needs_attention"]);

	const failedOne = await decide(run_id, "b", { decision: "failed", reason: "half of it is missing" });
	expect(failedOne).toMatchObject({ status: "failed", error: { code: "operations.decided_failed" } });
	expect(failedOne.error?.message).toContain("half of it is missing");
	expect(await lab.tasks.getRun({ params: { id: run_id } })).toMatchObject({ status: "failed", finished_at });
	expect(await endsOf(run_id)).toEqual(["needs_attention", "failed"]);
	expect(await lab.events("run.finished.v1", run_id)).toMatchObject([
		{},
		{ counts: { failed: 1, unknown: 0 }, finished_at },
	]);
});

test("a decision is on record with what it was and who made it, and whoever watches the run hears of it", async () => {
	const run_id = await leftUnknown("l");
	const { connectionString: url = "" } = lab.db.pool.options;
	const ephemeral = createPostgresEphemeral({ url, log: createLog({ level: "silent" }) });
	const heard: RunProgress[] = [];
	await ephemeral.subscribe("run.progress", (payload) => void heard.push(RunProgress.parse(payload)));
	try {
		const { id } = await decide(run_id, "l", verify);
		await lab.until(async () => heard.some(({ operation_ids, run }) => operation_ids?.includes(id) && run));
		expect(heard.every((news) => news.run_id === run_id)).toBe(true);
		const recorded = async () =>
			lab.db.query<{ payload: unknown }>(
				"select payload from lab_events where name = 'audit.operation_recorded.v1' and payload->>'operation' = 'decideOperation' and payload::text like $1",
				[`%${id}%`],
			);
		await lab.until(async () => (await recorded()).length > 0);
		expect((await recorded()).map(({ payload }) => payload)).toMatchObject([
			{
				outcome: "succeeded",
				actor: { name: "admin" },
				resource_type: "run",
				resource_id: run_id,
				after: { ...verify, operation_id: id, status: "succeeded" },
			},
		]);
	} finally {
		await ephemeral.close();
	}
});

test("of two who decide at once one is taken and the other told; the same person may repeat it", async () => {
	const run_id = await leftUnknown("c");
	const bodies = Array.from({ length: 6 }, (_, index) => ({
		decision: index % 2 === 0 ? ("skip" as const) : ("failed" as const),
		reason: `person ${index}`,
	}));
	const results = await Promise.allSettled(bodies.map((body) => decide(run_id, "c", body)));
	const taken = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
	expect(taken).toHaveLength(1);
	for (const result of results) {
		if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "operations.not_undecided" });
	}
	const [winner] = taken;
	const reason = winner?.decision_reason ?? "";
	const again = await decide(run_id, "c", { decision: winner?.decision ?? "skip", reason });
	expect(again).toEqual(winner);
	expect(await endsOf(run_id)).toHaveLength(2);
	await expect(lab.tasks.decideRun({ params: { id: run_id }, body: verify })).rejects.toMatchObject({
		code: "runs.nothing_to_decide",
	});
});

test("an operation that is not unknown, or of another run, cannot be decided on", async () => {
	const run_id = await leftUnknown("d");
	const check = await operationOf(run_id, "d", "check");
	const decideOn = (id: string, operation_id: string) =>
		lab.tasks.decideOperation({ params: { id, operation_id }, body: verify });
	await expect(decideOn(run_id, check.id)).rejects.toMatchObject({ code: "operations.not_undecided" });
	await expect(decideOn(run_id, crypto.randomUUID())).rejects.toMatchObject({ code: "operations.not_found" });
	await expect(decideOn(crypto.randomUUID(), check.id)).rejects.toMatchObject({ code: "runs.not_found" });
	const other = await leftUnknown("e");
	const unknown = await operationOf(run_id, "d", "write");
	await expect(decideOn(other, unknown.id)).rejects.toMatchObject({ code: "operations.not_found" });
	expect(await operationOf(run_id, "d", "write")).toMatchObject({ status: "unknown", decision: null });
	await expect(decide(run_id, "d", { decision: "skip", reason: "   " })).rejects.toMatchObject({
		code: "request.invalid",
	});
});

test("what is verified counts as done: the steps that waited for it run, and the run ends when they have", async () => {
	const run_id = await leftUnknown("f");
	expect(await decide(run_id, "f", verify)).toMatchObject({
		status: "succeeded",
		error: null,
		decision: "verified",
		attempts: 1,
	});
	expect(await lab.tasks.getRun({ params: { id: run_id } })).toMatchObject({ status: "running", finished_at: null });
	const worker = await lab.startWorker();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 2, skipped: 0 } });
	expect(await operationOf(run_id, "f", "check")).toMatchObject({
		status: "succeeded",
		skip_reason: null,
		decision: null,
	});
	await lab.until(async () => (await endsOf(run_id)).length === 2);
	expect(await endsOf(run_id)).toEqual(["needs_attention", "succeeded"]);
	await end(worker);
});

test("all that is unknown runs again at one word, in the same run, and the steps after it follow", async () => {
	const run_id = await leftUnknown("g", "h", "i");
	await decide(run_id, "i", { decision: "failed", reason: "not this one" });
	const { decided } = await lab.tasks.decideRun({
		params: { id: run_id },
		body: { decision: "retry", reason: "nothing was written" },
	});
	expect(decided).toBe(2);
	const worker = await lab.startWorker();
	expect(await lab.ended(run_id)).toMatchObject({
		status: "partial",
		counts: { succeeded: 4, failed: 1, skipped: 1, unknown: 0 },
	});
	expect(await operationOf(run_id, "g", "write")).toMatchObject({
		status: "succeeded",
		attempts: 2,
		decision: "retry",
		decided_by: "admin",
		decision_reason: "nothing was written",
	});
	await lab.until(async () => (await endsOf(run_id)).length === 2);
	await end(worker);
});

test("a write may be run again as often as a person says so: only what a worker was lost on by itself counts", async () => {
	const run_id = await leftUnknown("j");
	await lab.db.query("update operations set attempts = 20 where run_id = $1 and status = 'unknown'", [run_id]);
	await decide(run_id, "j", { decision: "retry", reason: "once more" });
	const worker = await lab.startWorker();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(await operationOf(run_id, "j", "write")).toMatchObject({ status: "succeeded", attempts: 21 });
	await end(worker);
});

test("in a run that was cancelled nothing runs again, but one may say what became of it", async () => {
	writeFileSync(gate, "");
	const worker = await lab.startWorker();
	const run_id = await lab.start({
		steps: [
			{ id: "write", type: "probe_write", params: { holds_while: gate } },
			{ id: "check", type: "probe_read", params: {} },
		],
		targets: [lab.target("k")],
	});
	await lab.until(async () => (await operationOf(run_id, "k", "write")).status === "running");
	await lab.until(async () => {
		const rows = await lab.db.query("select 1 from operations where run_id = $1 and write_started_at is not null", [
			run_id,
		]);
		return rows.length === 1;
	});
	await lab.tasks.cancelRun({ params: { id: run_id } });
	expect(await lab.ended(run_id)).toMatchObject({ status: "needs_attention" });
	rmSync(gate);
	await expect(decide(run_id, "k", { decision: "retry", reason: "again" })).rejects.toMatchObject({
		code: "runs.was_cancelled",
	});
	await decide(run_id, "k", verify);
	const run = await lab.tasks.getRun({ params: { id: run_id } });
	expect(run).toMatchObject({ status: "cancelled", counts: { succeeded: 1, cancelled: 1, pending: 0 } });
	await end(worker);
});
