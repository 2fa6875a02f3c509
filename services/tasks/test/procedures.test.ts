import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type OverrideAction,
	Procedure,
	type ProgramStep,
	type RunStep,
} from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let lab: EngineLab;
let worker: Awaited<ReturnType<EngineLab["startWorker"]>>;
const folder = mkdtempSync(join(tmpdir(), "procedures-"));
beforeAll(async () => {
	lab = await startEngineLab();
	worker = await lab.startWorker();
});
afterEach(() => lab.wantNoApprovals());
afterAll(async () => {
	await lab?.stop();
	rmSync(folder, { recursive: true });
});

type Given = Partial<Omit<ProgramStep, "blocks">> & { id: string; type: string };

function step(given: Given, blocks: Record<string, ProgramStep[][]> = {}): ProgramStep {
	return {
		path: given.id,
		name: null,
		with: {},
		locals: {},
		targets: null,
		when: null,
		retries: { count: 0, delay_s: 0, backoff: 1 },
		timeout_s: null,
		parallelism: 10,
		save_to_variable: null,
		on_success: "next",
		on_failure: "stop",
		...given,
		blocks: Object.entries(blocks).flatMap(([name, lists]) => lists.map((steps) => ({ name, steps }))),
	};
}

const branch = (then: ProgramStep[], otherwise: ProgramStep[] = []) =>
	Object.fromEntries(["then", "else"].map((name, index) => [name, [[then, otherwise][index] ?? []]]));

/** A file that probes write to, and one that holds them while it is there. */
function files() {
	const marks = join(folder, newId());
	const holds_while = `${marks}.hold`;
	writeFileSync(marks, "");
	return {
		marks,
		holds_while,
		hold: () => writeFileSync(holds_while, ""),
		letGo: () => rmSync(holds_while, { force: true }),
		read: () => readFileSync(marks, "utf8").split("\n").slice(0, -1),
	};
}

let named = 0;
async function start(
	steps: ProgramStep[],
	{ devices = 1, ...more }: Partial<Procedure> & { devices?: number } = {},
): Promise<string> {
	const targets = lab.targets(devices, `proc${++named}`);
	const procedure = Procedure.parse({
		title: "test",
		mop: { id: newId(), name: "test", version: 1 },
		steps,
		targets: targets.map((target) => ({ ...target, context: { site: `site-of-${target.name}` } })),
		...more,
	});
	const { run_id } = await lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure } });
	return run_id;
}

async function stepsOf(run_id: string): Promise<RunStep[]> {
	const { items } = await lab.tasks.listRunSteps({ params: { id: run_id }, query: {} });
	return items;
}

async function shortly(run_id: string): Promise<string[]> {
	return (await stepsOf(run_id)).map(({ key, status }) => `${key} ${status}`);
}

async function waitsFor(run_id: string, kind: string) {
	await lab.until(async () => {
		const run = await lab.tasks.getRun({ params: { id: run_id } });
		if (run.finished_at !== null) throw new Error(`ended: ${JSON.stringify(run)}`);
		return run.waiting_for?.kind === kind;
	});
	return lab.tasks.getRun({ params: { id: run_id } });
}

const log = (id: string, message: string, more: Partial<Given> = {}) =>
	step({ id, type: "log", with: { message }, ...more });
const messages = async (run_id: string) =>
	(await stepsOf(run_id)).filter(({ type }) => type === "log").map(({ result }) => result?.message);

test("what a step on devices saved is the device's own on devices, and a mapping of names elsewhere", async () => {
	const { marks, read } = files();
	const run_id = await start(
		[
			step({ id: "ask", type: "probe", with: { marks, says: "{{ device.site }}" }, save_to_variable: "answer" }),
			step({ id: "use", type: "probe", with: { marks, says: "again {{ answer.said }}" } }),
			log("tell", "{{ answer | length }} answers, {{ greeting }}"),
		],
		{ devices: 2, variables: { greeting: "hello" } },
	);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 4 }, total: 4 });
	const [one, two] = lab.targets(2, `proc${named}`).map(({ name }) => name);
	expect(read().sort()).toEqual(
		[one, two].flatMap((name) => [`probe ${name} "again site-of-${name}"`, `probe ${name} "site-of-${name}"`]),
	);
	expect(await messages(run_id)).toEqual(["2 answers, hello"]);
	const events = await lab.events("operation.finished.v1", run_id);
	expect(events).toHaveLength(4);
	expect(events[0]).toMatchObject({ kind: "mop", subject: { type: "mop" }, status: "succeeded" });
});

test("conditions, loops, branches and procedures within procedures are walked as they are written", async () => {
	const run_id = await start(
		[
			step(
				{ id: "each", type: "loop", with: { items: "{{ sites }}", as: "site" } },
				{
					steps: [
						[
							step(
								{ id: "which", type: "condition", with: { if: "loop.first" } },
								branch([log("first", "first {{ site }}")], [log("other", "then {{ site }}")]),
							),
						],
					],
				},
			),
			step({ id: "both", type: "parallel" }, { branches: [[log("left", "left")], [log("right", "right")]] }),
			step(
				{
					id: "sub",
					type: "run_mop",
					with: { mop: "Other" },
					locals: { who: "{{ sites[1] }}" },
					save_to_variable: "sub",
				},
				{ steps: [[log("inner", "inner {{ who }}", { path: "sub.inner", save_to_variable: "said" })]] },
			),
			log("after", "{{ sub.said.message }}, {{ said is defined }}"),
			log("never", "never", { when: "sites | length > 5" }),
		],
		{ devices: 0, variables: { sites: ["ams", "fra"] } },
	);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	expect(await messages(run_id)).toEqual([
		"first ams",
		"then fra",
		expect.stringMatching(/left|right/),
		expect.stringMatching(/left|right/),
		"inner fra",
		"inner fra, False",
		undefined,
	]);
	expect(await shortly(run_id)).toContain("each:1/2/which:1/else/other:1 succeeded");
	expect((await stepsOf(run_id)).at(-1)).toMatchObject({
		status: "skipped",
		skip_reason: "Not when sites | length > 5",
	});
});

test("goto goes back until it is good, and a loop without an end is stopped", async () => {
	const again = [
		log("begin", "round"),
		step(
			{
				id: "enough",
				type: "condition",
				with: { if: "false" },
				on_success: { goto: "begin" },
			},
			branch([log("never", "never")]),
		),
	];
	const run_id = await start(again, { devices: 0, max_steps: 20 });
	const run = await lab.ended(run_id);
	expect(run).toMatchObject({ status: "failed" });
	expect(run.end_reason).toContain("more than 20 steps");
	expect(await stepsOf(run_id)).toHaveLength(20);
});

test("a step that fails is tried again as often as it says, and then stops the procedure", async () => {
	const { marks, read } = files();
	const fails_on = { [`proc${named + 1}-1`]: 2 };
	const retries = { count: 2, delay_s: 0.01, backoff: 2 };
	const run_id = await start([step({ id: "ask", type: "probe", with: { marks, fails_on }, retries })]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(read()).toHaveLength(3);
	expect((await lab.operations(run_id))[0]).toMatchObject({ status: "succeeded", attempts: 3 });

	const never = { [`proc${named + 1}-1`]: 9 };
	const failing = await start([
		step({
			id: "ask",
			type: "probe",
			with: { marks: files().marks, fails_on: never },
			retries: { ...retries, count: 1 },
		}),
		log("after", "after"),
	]);
	expect(await lab.ended(failing)).toMatchObject({
		status: "failed",
		end_reason: expect.stringContaining("was to fail"),
	});
	expect(await messages(failing)).toEqual([]);
});

test("devices that failed take no further part where the step says so", async () => {
	const { marks, read } = files();
	const fails_on = { [`proc${named + 1}-2`]: 9 };
	const run_id = await start(
		[
			step({ id: "ask", type: "probe", with: { marks, fails_on }, on_failure: "drop_devices" }),
			step({ id: "go", type: "probe", with: { marks, says: "on" } }),
		],
		{ devices: 3 },
	);
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed", counts: { succeeded: 4, failed: 1 } });
	expect(read().filter((line) => line.includes('"on"'))).toHaveLength(2);
});

test("a worker that dies leaves its procedure to another, which repeats nothing that has ended", async () => {
	const { marks, holds_while, hold, letGo, read } = files();
	hold();
	const run_id = await start([
		step({ id: "first", type: "probe", with: { marks, says: "first" }, save_to_variable: "one" }),
		step({ id: "second", type: "probe", with: { marks, says: "second {{ one.said }}", holds_while } }),
		log("last", "{{ one.values() | map(attribute='said') | join }}"),
	]);
	await lab.until(async () => read().length === 2);
	await lab.lose(worker);
	letGo();
	worker = await lab.startWorker();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(read().map((line) => line.split(" ").slice(2).join(" "))).toEqual([
		'"first"',
		'"second first"',
		'"second first"',
	]);
	expect(await messages(run_id)).toEqual(["first"]);
	expect((await lab.operations(run_id)).map(({ step_id, attempts }) => [step_id, attempts]).sort()).toEqual([
		["first", 1],
		["second", 2],
	]);
});

test("a worker that dies while a step writes leaves it unknown; the step is not repeated, and a person begins after it", async () => {
	const { marks, holds_while, hold, letGo, read } = files();
	hold();
	const run_id = await start([
		step({ id: "before", type: "probe", with: { marks, says: "before" }, save_to_variable: "seen" }),
		step({ id: "change", type: "probe_change", with: { marks, says: "change", holds_while } }),
		step({ id: "after", type: "probe", with: { marks, says: "after {{ seen.said }}" } }),
	]);
	await lab.until(async () => read().length === 2);
	await lab.lose(worker);
	letGo();
	worker = await lab.startWorker();
	expect(await lab.ended(run_id)).toMatchObject({ status: "needs_attention", counts: { unknown: 1, succeeded: 1 } });
	expect(read()).toHaveLength(2);
	await expect(
		lab.tasks.decideRun({ params: { id: run_id }, body: { decision: "retry", reason: "looked" } }),
	).rejects.toMatchObject({ code: "runs.is_a_procedure" });
	await expect(lab.tasks.retryRun({ params: { id: run_id } })).rejects.toMatchObject({ code: "runs.is_a_procedure" });
	const restarted = await lab.tasks.restartRun({
		params: { id: run_id },
		body: { what: "after_step", step: "change", reason: "it was made" },
	});
	expect(await lab.ended(restarted.run_id)).toMatchObject({ status: "succeeded", retry_of: run_id });
	expect(read().slice(2)).toEqual([expect.stringContaining('"after before"')]);
	const carried = await stepsOf(restarted.run_id);
	expect(carried.map(({ path, status, carried_from }) => [path, status, carried_from])).toEqual([
		["before", "succeeded", run_id],
		["change", "succeeded", run_id],
		["after", "succeeded", null],
	]);
	expect(carried[1]?.decision).toMatchObject({ action: "succeed", by: "admin", reason: "it was made" });
});

test("a procedure begins anew from one of its steps, with what the steps before had come to", async () => {
	const { marks, read } = files();
	const fails_on = { [`proc${named + 1}-1`]: 1 };
	const run_id = await start([
		step({ id: "before", type: "probe", with: { marks, says: "before" }, save_to_variable: "seen" }),
		step({ id: "check", type: "probe", with: { marks: `${marks}.check`, fails_on, says: "{{ seen.said }}" } }),
	]);
	writeFileSync(`${marks}.check`, "");
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	await expect(
		lab.tasks.restartRun({ params: { id: run_id }, body: { step: "nowhere", reason: "again" } }),
	).rejects.toMatchObject({ code: "runs.no_such_step", message: expect.stringContaining("before, check") });
	const restarted = await lab.tasks.restartRun({ params: { id: run_id }, body: { step: "check", reason: "again" } });
	expect(await lab.ended(restarted.run_id)).toMatchObject({ status: "succeeded" });
	expect(read()).toHaveLength(1);
	expect(await lab.tasks.getRunProcedure({ params: { id: restarted.run_id } })).toMatchObject({
		restarted: { run_id, what: "from_step", path: "check" },
		reason: "again",
	});
});

test("step by step nothing begins without a person's word, and the rest follows when it is said", async () => {
	const run_id = await start([log("one", "1"), log("two", "2"), log("three", "3"), log("four", "4")], {
		devices: 0,
		mode: "step_by_step",
	});
	expect(await waitsFor(run_id, "next_step")).toMatchObject({ status: "waiting", waiting_for: { step: "one" } });
	expect(await stepsOf(run_id)).toEqual([]);
	await lab.tasks.resumeRun({ params: { id: run_id }, body: { until: "next_step" } });
	await lab.until(async () => (await stepsOf(run_id)).length === 1);
	await waitsFor(run_id, "next_step");
	expect(await messages(run_id)).toEqual(["1"]);
	await lab.tasks.resumeRun({ params: { id: run_id }, body: {} });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(await messages(run_id)).toEqual(["1", "2", "3", "4"]);
});

test("a pause lets the step that is under way end and begins no other until it goes on", async () => {
	const { marks, holds_while, hold, letGo } = files();
	hold();
	const run_id = await start([step({ id: "ask", type: "probe", with: { marks, holds_while } }), log("after", "after")]);
	await lab.until(async () => (await lab.operations(run_id)).length === 1);
	await lab.tasks.pauseRun({ params: { id: run_id } });
	letGo();
	await waitsFor(run_id, "resume");
	expect(await shortly(run_id)).toEqual(["ask:1 succeeded"]);
	await lab.tasks.resumeRun({ params: { id: run_id }, body: {} });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
});

test("a step that asks waits for a decision: again, done, elsewhere or not at all, with the reason kept", async () => {
	const { marks, read } = files();
	const fails_on = { [`proc${named + 1}-1`]: 2 };
	const run_id = await start([
		step({ id: "ask", type: "probe", with: { marks, fails_on }, on_failure: "ask" }),
		log("after", "after"),
		log("last", "last"),
	]);
	const failed = async () => (await stepsOf(run_id)).find(({ path }) => path === "ask") as RunStep;
	const decide = async (action: "retry" | "succeed" | "stop" | { goto: string }) =>
		lab.tasks.overrideStep({
			params: { id: run_id, step_id: (await failed()).id },
			body: { action, reason: "looked at it" },
		});
	expect(await waitsFor(run_id, "decision")).toMatchObject({
		waiting_for: { step: "ask", message: expect.stringContaining("was to fail") },
	});
	await decide("retry");
	await lab.until(async () => read().length === 2);
	await waitsFor(run_id, "decision");
	await expect(decide({ goto: "nowhere" })).rejects.toMatchObject({ code: "runs.no_such_step" });
	await decide({ goto: "last" });
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	expect(await messages(run_id)).toEqual(["last"]);
	expect((await failed()).decision).toMatchObject({ action: { goto: "last" }, by: "admin", reason: "looked at it" });
	await expect(decide("succeed")).rejects.toMatchObject({ code: "runs.already_ended" });
});

test("who may not override does not, and one decision is taken", async () => {
	const { marks } = files();
	const fails_on = { [`proc${named + 1}-1`]: 9 };
	const run_id = await start([step({ id: "ask", type: "probe", with: { marks, fails_on }, on_failure: "ask" })]);
	await waitsFor(run_id, "decision");
	const [asked] = await stepsOf(run_id);
	const params = { id: run_id, step_id: asked?.id ?? "" };
	const body = { action: "succeed" as const, reason: "fine" };
	await expect(lab.as("runs:read", "mops:execute").overrideStep({ params, body })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	const both = await Promise.allSettled([
		lab.tasks.overrideStep({ params, body }),
		lab.tasks.overrideStep({ params, body }),
	]);
	expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
});

test("a procedure that writes waits for the approval of its hash, through the death of everything, and is asked for once", async () => {
	const asked = lab.wantApprovals();
	const { marks, read } = files();
	const run_id = await start([step({ id: "change", type: "probe_change", with: { marks } })]);
	const run = await waitsFor(run_id, "approval");
	expect(asked).toHaveLength(1);
	expect(asked[0]).toMatchObject({
		run_id,
		kind: "mop",
		plan_sha256: run.progress?.plan_sha256,
		risk_facts: { writes: true },
	});
	await Promise.all([end(lab.main), end(worker)]);
	await lab.restartMain();
	worker = await lab.startWorker();
	expect(read()).toEqual([]);
	if (asked[0] !== undefined) await lab.decide(asked[0], "approved");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { approved_by: ["bob"] } });
	expect(asked).toHaveLength(1);
	expect(read()).toHaveLength(1);

	const rejected = await start([step({ id: "change", type: "probe_change", with: { marks } })]);
	await waitsFor(rejected, "approval");
	if (asked[1] !== undefined) await lab.decide(asked[1], "rejected");
	expect(await lab.ended(rejected)).toMatchObject({ status: "cancelled", end_reason: "bob rejected it" });
	expect(read()).toHaveLength(1);
});

test("those who approve are told of a dangerous command in a variable, and of commands that nobody knows yet", async () => {
	const asked = lab.wantApprovals();
	const { marks } = files();
	const run_id = await start(
		[
			step({ id: "ask", type: "probe", with: { marks }, save_to_variable: "answer" }),
			step({ id: "known", type: "run_command", with: { commands: ["{{ cmd }} {{ secret }}"] } }),
			step({ id: "later", type: "run_command", with: { commands: ["{{ answer }}"] } }),
		],
		{ variables: { cmd: "reload", secret: "s3cret-word" }, secret_variables: ["secret"] },
	);
	await waitsFor(run_id, "approval");
	expect(asked[0]?.risk_facts).toMatchObject({
		dangerous_commands: [{ command: "reload <secret>", level: "critical" }],
		unknown_commands: ["later"],
	});
	if (asked[0] !== undefined) await lab.decide(asked[0], "rejected");
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled" });
});

test("a procedure that only reads needs no approval", async () => {
	const asked = lab.wantApprovals();
	const { marks } = files();
	const run_id = await start([step({ id: "ask", type: "probe", with: { marks } })]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect(asked).toEqual([]);
});

test("a cancelled procedure begins nothing more; what read is cancelled, and what waits ends", async () => {
	const { marks, holds_while, hold, letGo } = files();
	hold();
	const run_id = await start([step({ id: "ask", type: "probe", with: { marks, holds_while } }), log("after", "after")]);
	await lab.until(async () => (await lab.operations(run_id)).length === 1);
	await lab.tasks.cancelRun({ params: { id: run_id } });
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled", counts: { cancelled: 1 } });
	expect(await messages(run_id)).toEqual([]);
	letGo();
	const waiting = await start([log("one", "1")], { devices: 0, mode: "step_by_step" });
	await waitsFor(waiting, "next_step");
	await lab.tasks.cancelRun({ params: { id: waiting } });
	expect(await lab.ended(waiting)).toMatchObject({ status: "cancelled" });
});

test("secret values stand nowhere: not in results, errors, output, events, nor in what people see of the procedure", async () => {
	const { marks } = files();
	const secret = "s3cr3t-canary";
	const fails_on = { [`proc${named + 1}-1`]: 9 };
	const run_id = await start(
		[
			log("tell", "it is {{ key }}"),
			step({ id: "ask", type: "probe", with: { marks, says: "{{ key }}" }, save_to_variable: "x" }),
			step({ id: "bad", type: "log", with: { message: "{{ key.nothing }}" }, on_failure: "continue" }),
			step({ id: "fail", type: "probe", with: { marks: files().marks, fails_on, says: "{{ key }}" } }),
		],
		{ variables: { key: secret }, secret_variables: ["key"] },
	);
	await lab.ended(run_id);
	const params = { id: run_id };
	const shown = JSON.stringify([
		await stepsOf(run_id),
		await lab.operations(run_id),
		await lab.tasks.getRunProcedure({ params }),
		await lab.tasks.readOutput({ params, query: {} }),
		await lab.events("operation.finished.v1", run_id),
		await lab.tasks.getRun({ params }),
	]);
	expect(shown).toContain("<secret>");
	expect(shown).not.toContain(secret);
	const stored = await lab.db.query("select p.sealed, p.shown from procedures p where run_id = $1", [run_id]);
	expect(JSON.stringify(stored)).not.toContain(secret);
});

test("a failing step on one device of a branch ends its branch, and the block fails once the other has come to its next step", async () => {
	const { marks } = files();
	const fails_on = { [`proc${named + 1}-1`]: 9 };
	const run_id = await start([
		step(
			{ id: "both", type: "parallel", on_failure: "continue" },
			{
				branches: [
					[step({ id: "bad", type: "probe", with: { marks, fails_on } }), log("never", "never")],
					[log("good", "good")],
				],
			},
		),
		log("after", "after"),
	]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	expect(await messages(run_id)).toEqual(["good", "after"]);
});

test("the same key starts one run, and a step that nobody knows none", async () => {
	const procedure = Procedure.parse({
		title: "once",
		mop: { id: newId(), name: "once", version: 1 },
		steps: [log("one", "1")],
		targets: [],
	});
	const body = { idempotency_key: newId(), procedure };
	const [one, two] = await Promise.all([lab.tasks.startProcedure({ body }), lab.tasks.startProcedure({ body })]);
	expect(one.run_id).toBe(two.run_id);
	const unknown = { ...procedure, steps: [step({ id: "one", type: "no_such_type" })] };
	await expect(
		lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure: unknown } }),
	).rejects.toMatchObject({ code: "runs.unknown_step" });
});

test("nobody's word stands in for an approval that was not given: not on its step, nor on what it stands in, nor by a way round it", async () => {
	const asked = lab.wantApprovals();
	const approval = (id: string, path = id) =>
		step({ id, path, type: "manual_approval", with: { message: "Go on?" }, on_failure: "ask" });
	const decide = async (run_id: string, path: string, action: OverrideAction) => {
		const found = (await stepsOf(run_id)).find((one) => one.path === path);
		const params = { id: run_id, step_id: found?.id ?? "" };
		return lab.tasks.overrideStep({ params, body: { action, reason: "in a hurry" } });
	};
	const refused = { code: "runs.approval_left_out" };

	const run_id = await start([approval("ask"), log("after", "after")], { devices: 0 });
	await waitsFor(run_id, "approval");
	if (asked[0] !== undefined) await lab.decide(asked[0], "rejected");
	await waitsFor(run_id, "decision");
	await expect(decide(run_id, "ask", "succeed")).rejects.toMatchObject(refused);
	await expect(decide(run_id, "ask", { goto: "after" })).rejects.toMatchObject(refused);
	await decide(run_id, "ask", "stop");
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	const after = { what: "after_step" as const, step: "ask", reason: "in a hurry" };
	await expect(lab.tasks.restartRun({ params: { id: run_id }, body: after })).rejects.toMatchObject(refused);
	expect(await messages(run_id)).toEqual([]);

	const { marks } = files();
	const fails_on = { [`proc${named + 1}-1`]: 9 };
	const failing = (id: string, path = id) =>
		step({ id, path, type: "probe", with: { marks, fails_on }, on_failure: "ask" });
	const round = await start([failing("check"), approval("ask"), log("after", "after")]);
	await waitsFor(round, "decision");
	await expect(decide(round, "check", { goto: "after" })).rejects.toMatchObject(refused);
	await decide(round, "check", "stop");
	await lab.ended(round);

	fails_on[`proc${named + 1}-1`] = 9;
	const inner = { ...failing("check", "block.check"), on_failure: "stop" as const };
	const block = await start([
		step(
			{ id: "block", type: "run_mop", with: { mop: "x" }, on_failure: "ask" },
			{ steps: [[inner, approval("ask", "block.ask")]] },
		),
		log("after", "after"),
	]);
	await waitsFor(block, "decision");
	await expect(decide(block, "block", "succeed")).rejects.toMatchObject(refused);
	await decide(block, "block", "stop");
	await lab.ended(block);
	const around = { what: "after_step" as const, step: "block", reason: "in a hurry" };
	await expect(lab.tasks.restartRun({ params: { id: block }, body: around })).rejects.toMatchObject(refused);
});

test("nobody has done on their word what they may not do: not again, not by going there, not by calling done what comes before", async () => {
	const { marks } = files();
	const fails_on = { [`proc${named + 1}-1`]: 9 };
	const run_id = await start([
		log("first", "first"),
		step({ id: "check", type: "probe", with: { marks, fails_on }, on_failure: "ask" }),
		step({ id: "deploy", type: "deploy_stack", with: { stack: join(folder, "none") } }),
		log("last", "last"),
	]);
	await waitsFor(run_id, "decision");
	const params = { id: run_id, step_id: (await stepsOf(run_id)).at(-1)?.id ?? "" };
	const operator = lab.as("runs:read", "mops:override");
	const decide = (action: OverrideAction) => operator.overrideStep({ params, body: { action, reason: "go on" } });
	const refused = { code: "runs.not_permitted", message: expect.stringContaining("stacks:deploy") };
	await expect(decide("succeed")).rejects.toMatchObject(refused);
	await expect(decide({ goto: "deploy" })).rejects.toMatchObject(refused);
	await expect(decide({ goto: "first" })).rejects.toMatchObject(refused);
	await decide("retry");
	// Until a worker takes it up the run says what it waited for before.
	await lab.until(async () => (await stepsOf(run_id)).at(-1)?.attempts === 2);
	await waitsFor(run_id, "decision");
	await decide({ goto: "last" });
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	expect(await messages(run_id)).toEqual(["first", "last"]);
});

test("a step that waits for the run of a stack is waited for: nobody's word leaves that run behind", async () => {
	const { holds_while, hold, letGo } = files();
	hold();
	const run_id = await start([step({ id: "deploy", type: "deploy_stack", with: { stack: holds_while } })]);
	const { waiting_for } = await waitsFor(run_id, "run");
	const params = { id: run_id, step_id: (await stepsOf(run_id))[0]?.id ?? "" };
	for (const action of ["succeed", "stop"] as const) {
		await expect(lab.tasks.overrideStep({ params, body: { action, reason: "in a hurry" } })).rejects.toMatchObject({
			code: "runs.not_waiting",
			message: expect.stringContaining(waiting_for?.kind === "run" ? waiting_for.run_id : "no run"),
		});
	}
	letGo();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
});

test("a step whose time is over does not leave the run of its stack going, nor tries it again", async () => {
	const { holds_while, hold, letGo } = files();
	hold();
	const run_id = await start([
		step({
			id: "deploy",
			type: "deploy_stack",
			with: { stack: holds_while },
			timeout_s: 3,
			retries: { count: 3, delay_s: 0, backoff: 1 },
		}),
	]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
	const [deployed, ...others] = await stepsOf(run_id);
	expect(others).toEqual([]);
	const child = String(deployed?.result?.run_id);
	expect(deployed).toMatchObject({
		status: "failed",
		error: { code: "procedure.step_timeout", message: expect.stringMatching(/within 3 s.*was cancelled/) },
	});
	expect(await lab.ended(child)).toMatchObject({ status: "cancelled", kind: "deploy" });
	letGo();
});

test("a branch that failed beside a deployment ends the deployment, before the procedure goes on", async () => {
	const { holds_while, hold, letGo } = files();
	hold();
	const beside = step(
		{ id: "both", type: "parallel", on_failure: "ask" },
		{
			branches: [
				[step({ id: "deploy", type: "deploy_stack", with: { stack: holds_while } })],
				[step({ id: "fail", type: "wait_until", with: { condition: "1 == 2", timeout_s: 3, every_s: 1 } })],
			],
		},
	);
	const run_id = await start([beside, log("after", "after")]);
	await waitsFor(run_id, "decision");
	const byPath = async (path: string) => (await stepsOf(run_id)).find((one) => one.path === path);
	const deployed = await byPath("deploy");
	expect(deployed).toMatchObject({ status: "failed", error: { message: expect.stringContaining("was cancelled") } });
	const child = String(deployed?.result?.run_id);
	expect(await lab.ended(child)).toMatchObject({ status: "cancelled" });
	letGo();
	// Done again, it begins a run of its own.
	const params = { id: run_id, step_id: (await byPath("both"))?.id ?? "" };
	await lab.tasks.overrideStep({ params, body: { action: "retry", reason: "once more" } });
	await lab.until(async () => (await byPath("deploy"))?.status === "succeeded");
	expect((await byPath("deploy"))?.result?.run_id).not.toBe(child);
	await lab.tasks.cancelRun({ params: { id: run_id } });
	await lab.ended(run_id);
});

test("a deployment whose start is not answered has not failed: it is asked for again until it is known, and is one run", async () => {
	const { holds_while } = files();
	writeFileSync(`${holds_while}.mute`, "");
	const run_id = await start([step({ id: "deploy", type: "deploy_stack", with: { stack: holds_while } })]);
	const { waiting_for } = await waitsFor(run_id, "run");
	const child = waiting_for?.kind === "run" ? waiting_for.run_id : "";
	expect(await lab.ended(child)).toMatchObject({ status: "succeeded", kind: "deploy" });
	rmSync(`${holds_while}.mute`);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect((await stepsOf(run_id))[0]).toMatchObject({ status: "succeeded", result: { run_id: child } });
	const { items } = await lab.tasks.listRuns({ query: { q: holds_while.split("/").at(-1) ?? "" } });
	expect(items.map(({ id }) => id)).toEqual([child]);
});

test("a procedure that is cancelled while nobody knows whether its deployment began does not leave that going", async () => {
	const { holds_while, hold, letGo } = files();
	hold();
	writeFileSync(`${holds_while}.mute`, "");
	const run_id = await start([step({ id: "deploy", type: "deploy_stack", with: { stack: holds_while } })]);
	const { waiting_for } = await waitsFor(run_id, "run");
	await lab.tasks.cancelRun({ params: { id: run_id } });
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled" });
	expect(await lab.ended(waiting_for?.kind === "run" ? waiting_for.run_id : "")).toMatchObject({ status: "cancelled" });
	letGo();
});

test("a deployment beside the step that ends the procedure on purpose is cancelled, and did not fail", async () => {
	const [stack, beside] = [files(), files()];
	stack.hold();
	beside.hold();
	const deploy = step({ id: "deploy", type: "deploy_stack", with: { stack: stack.holds_while } });
	const { marks, holds_while } = beside;
	const enough = step({ id: "enough", type: "probe", with: { marks, holds_while }, on_success: "stop" });
	const run_id = await start([step({ id: "both", type: "parallel" }, { branches: [[deploy], [enough]] })]);
	await lab.until(async () => (await shortly(run_id)).some((one) => one.endsWith("deploy:1 waiting")));
	beside.letGo();
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	const deployed = (await stepsOf(run_id)).find(({ path }) => path === "deploy");
	expect(deployed).toMatchObject({ status: "cancelled", error: null });
	expect(await lab.ended(String(deployed?.result?.run_id))).toMatchObject({ status: "cancelled" });
	stack.letGo();
});

test("a step that found nothing to do on its devices has succeeded: it goes where it says, and what it found is saved", async () => {
	const { marks } = files();
	const run_id = await start([
		step({
			id: "ask",
			type: "probe",
			with: { marks, idle: true },
			save_to_variable: "found",
			on_success: { goto: "last" },
		}),
		log("never", "never"),
		log("last", "{{ found.values() | map(attribute='said') | join }} nothing"),
	]);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { skipped: 1 } });
	expect(await messages(run_id)).toEqual(["idle nothing"]);
});
