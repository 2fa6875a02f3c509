import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gate, type Plan } from "@netconductor/contracts/tasks/model";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { afterRestore } from "../src/after-restore.ts";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 90_000 });

let lab: EngineLab;
beforeAll(async () => {
	lab = await startEngineLab();
});
afterAll(() => lab?.stop());

const steps = (hold_ms = 0): Plan["steps"] => [
	{ id: "plan", type: "probe_read", params: {} },
	{ id: "apply", type: "probe_write", params: { hold_ms }, gate: Gate.parse({ approval: true }) },
];

test("after a restore no change goes on without a person: one that waits stays until it is resumed, one under way is unknown", async () => {
	const worker = await lab.startWorker();
	const asked = lab.wantApprovals();
	const under_way = await lab.start({ kind: "deploy", steps: steps(60_000), targets: lab.targets(1, "way") });
	await lab.until(async () => asked.length === 1);
	if (asked[0] !== undefined) await lab.decide(asked[0], "approved");
	await lab.until(async () =>
		(await lab.operations(under_way)).some(({ status, step_id }) => step_id === "apply" && status === "running"),
	);
	const waiting = await lab.start({ kind: "deploy", steps: steps(), targets: lab.targets(2, "wait") });
	await lab.until(async () => asked.length === 2);

	// As the backup's moment may have it: taken by a worker, and not begun to write.
	await lab.db.query("update operations set write_started_at = null where run_id = $1", [under_way]);
	for (const { statement } of afterRestore) await lab.db.query(statement);
	await lab.lose(worker);
	const next = await lab.startWorker();
	expect(await lab.ended(under_way)).toMatchObject({ status: "needs_attention", counts: { unknown: 1 } });

	if (asked[1] !== undefined) await lab.decide(asked[1], "approved");
	const waits = async () => (await lab.tasks.getRun({ params: { id: waiting } })).waiting_for?.kind === "resume";
	await lab.until(waits);
	await lab.tasks.resumeRun({ params: { id: waiting }, body: {} });
	expect(await lab.ended(waiting)).toMatchObject({ status: "succeeded" });
	await lab.lose(next);
});

test("after a restore what was left of a batch that had begun waits for a person, too, and begins as that batch again", async () => {
	const held = join(mkdtempSync(join(tmpdir(), "nc-restored-")), "held");
	writeFileSync(held, "");
	const worker = await lab.startWorker({ NETCONDUCTOR_WORKERS_CONCURRENCY: "1" });
	const asked = lab.wantApprovals();
	const rollout = { batch_sizes: [3, 50], most_failures: 1 };
	const run_id = await lab.start({
		kind: "deploy",
		steps: [
			{ id: "plan", type: "probe_read", params: {} },
			{
				id: "apply",
				type: "probe_write",
				params: { holds_while: held },
				gate: Gate.parse({ approval: true, rollout }),
			},
		],
		targets: lab.targets(5, "batch"),
	});
	const applied = async (status: string) =>
		(await lab.operations(run_id)).filter((one) => one.step_id === "apply" && one.status === status).length;
	try {
		await lab.until(async () => asked.length === 1);
		if (asked[0] !== undefined) await lab.decide(asked[0], "approved");
		await lab.until(async () => (await applied("running")) === 1);
		const [begun] = await lab.db.query("select count(*)::int as n from operations where status = 'pending' and ready");
		expect(begun).toEqual({ n: 2 });

		for (const { statement } of afterRestore) await lab.db.query(statement);
		await lab.lose(worker);
	} finally {
		rmSync(held);
	}
	await lab.startWorker();
	await lab.until(async () => (await lab.tasks.getRun({ params: { id: run_id } })).waiting_for?.kind === "resume");
	expect([await applied("unknown"), await applied("pending")]).toEqual([1, 4]);
	await lab.tasks.resumeRun({ params: { id: run_id }, body: {} });
	expect(await lab.ended(run_id)).toMatchObject({
		status: "needs_attention",
		counts: { unknown: 1, succeeded: 9 },
		progress: { batch: 2, devices_begun: 5, devices_total: 5 },
	});
});
