import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { Procedure, type ProgramStep, type RestartRun } from "@netconductor/contracts/tasks/procedure";
import { createManualClock } from "@netconductor/runtime/clock";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { z } from "zod";
// A run stands and falls with what alerts answers: this is the service itself, on its own database.
import { type AlertsHost, startAlerts } from "../../alerts/test/alerts-host.ts";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";
import { type Given, step } from "./walk-lab.ts";

// Processes start on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let alerts: AlertsHost;
let lab: EngineLab;
const folder = mkdtempSync(join(tmpdir(), "approvals-"));
beforeAll(async () => {
	alerts = await startAlerts({}, createManualClock(new Date()));
	lab = await startEngineLab({}, { alerts_url: alerts.host.host.internal_url });
	alerts.onDecided((decided) => lab.tell("approval.decided.v1", decided));
	await lab.startWorker();
});
afterAll(async () => {
	await lab?.stop();
	await alerts?.stop();
	rmSync(folder, { recursive: true });
});

let named = 0;
const person = (name: string) => alerts.person(`${name}-${++named}`, "admin", ["*"]);

const approval = (id: string, more: Partial<Given> = {}) =>
	step({ id, type: "manual_approval", with: { message: "Go on?" }, ...more });
const log = (id: string, more: Partial<Given> = {}) => step({ id, type: "log", with: { message: id }, ...more });
/** Fails the first time that it is carried out. */
function flaky(
	id: string,
	more: Partial<Given> = {},
): { step: ProgramStep; devices: { device_id: string; name: string }[] } {
	const marks = join(folder, newId());
	writeFileSync(marks, "");
	const devices = lab.targets(1, `approved${++named}`);
	const fails_on = Object.fromEntries(devices.map(({ name }) => [name, 1]));
	return { step: step({ id, type: "probe", with: { marks, fails_on }, ...more }), devices };
}

async function start(
	by: Actor,
	steps: ProgramStep[],
	targets: { device_id: string; name: string }[] = [],
	not_after: string | null = null,
) {
	const procedure = Procedure.parse({
		title: "test",
		mop: { id: newId(), name: "test", version: 1 },
		steps,
		targets,
		not_after,
	});
	return (await lab.by(by).startProcedure({ body: { idempotency_key: newId(), procedure } })).run_id;
}

const restart = async (by: Actor, id: string, body: z.input<typeof RestartRun>) =>
	(await lab.by(by).restartRun({ params: { id }, body })).run_id;

async function asksFor(run_id: string, other_than?: string): Promise<string> {
	let found: string | undefined;
	await lab.until(async () => {
		const { finished_at, waiting_for } = await lab.tasks.getRun({ params: { id: run_id } });
		if (finished_at !== null) throw new Error(`${run_id} has ended`);
		if (waiting_for?.kind === "approval" && waiting_for.approval_id !== other_than)
			found = waiting_for.approval_id ?? undefined;
		return found !== undefined;
	});
	return found as string;
}

async function approve(by: Actor, id: string, window: { not_before?: string; not_after?: string } = {}): Promise<void> {
	const { plan_sha256 } = await alerts.admin.getApproval({ params: { id } });
	await alerts.as(by).approve({ params: { id }, body: { plan_sha256, ...window } });
}

const stepsOf = async (id: string) => (await lab.tasks.listRunSteps({ params: { id }, query: {} })).items;
const shortly = async (id: string) => (await stepsOf(id)).map(({ path, status }) => `${path} ${status}`);

test("who approved a step is asked for another approver when they begin the run anew; somebody else begins after it", async () => {
	const [ann, bob, cid] = [person("ann"), person("bob"), person("cid")];
	const { step: check, devices } = flaky("check");
	const run_id = await start(ann, [approval("ask"), check, log("after")], devices);
	await approve(bob, await asksFor(run_id));
	expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });

	const token = { ...bob, kind: "token" as const, name: `${bob.name}/ci` };
	for (const by of [bob, token]) {
		const own = await restart(by, run_id, { step: "check", reason: "again" });
		const asked = await asksFor(own);
		await expect(approve(by, asked)).rejects.toMatchObject({ code: "approvals.own_request" });
		expect(await shortly(own)).toEqual(["ask waiting"]);
		await approve(ann, asked);
		expect(await lab.ended(own)).toMatchObject({ status: "succeeded" });
		expect((await stepsOf(own)).find(({ path }) => path === "ask")).toMatchObject({
			carried_from: null,
			result: { approved_by: [ann.name] },
		});
		// The other one who has approved it since is the one who would be asked for again.
		expect(await asksFor(await restart(ann, own, { step: "check", reason: "again" }))).not.toBe(asked);
	}
	const others = await restart(cid, run_id, { step: "check", reason: "again" });
	expect(await lab.ended(others)).toMatchObject({ status: "succeeded" });
	expect((await stepsOf(others)).find(({ path }) => path === "ask")).toMatchObject({ carried_from: run_id });
});

test("an approval in a loop is asked for again where it stands, and what is beside it stays done", async () => {
	const [ann, bob] = [person("ann"), person("bob")];
	const { step: check, devices } = flaky("check");
	const each = step(
		{ id: "each", type: "loop", with: { items: [1, 2] } },
		{ steps: [[log("before"), approval("ask", { path: "each.ask" }), log("within")]] },
	);
	const run_id = await start(ann, [each, check, log("after")], devices);
	const first = await asksFor(run_id);
	await approve(bob, first);
	await approve(bob, await asksFor(run_id, first));
	await lab.ended(run_id);
	const own = await restart(bob, run_id, { step: "check", reason: "again" });
	const one = await asksFor(own);
	await approve(ann, one);
	await approve(ann, await asksFor(own, one));
	expect(await lab.ended(own)).toMatchObject({ status: "succeeded" });
	const steps = await stepsOf(own);
	expect(
		steps.filter(({ type, path }) => type === "log" && path !== "after").map(({ carried_from }) => carried_from),
	).toEqual(Array.from({ length: 4 }, () => run_id));
	expect(steps.filter(({ path }) => path === "each.ask").map(({ result }) => result?.approved_by)).toEqual([
		[ann.name],
		[ann.name],
	]);
});

test("an approval in a block that failed is not opened again: the run begins with the block, or is somebody else's", async () => {
	const [ann, bob] = [person("ann"), person("bob")];
	const { step: check, devices } = flaky("check", { path: "block.check" });
	const block = step(
		{ id: "block", type: "run_mop", with: { mop: "x" } },
		{ steps: [[approval("ask", { path: "block.ask" }), check, log("late", { path: "block.late" })]] },
	);
	const run_id = await start(ann, [block, log("after")], devices);
	await approve(bob, await asksFor(run_id));
	await lab.ended(run_id);
	await expect(
		restart(bob, run_id, { what: "after_step", step: "block", reason: "done by hand" }),
	).rejects.toMatchObject({
		code: "runs.approval_left_out",
	});
	const others = await restart(ann, run_id, { what: "after_step", step: "block", reason: "done by hand" });
	expect(await lab.ended(others)).toMatchObject({ status: "succeeded" });
});

test("an approval is asked for again when its time is over, and when somebody broke the glass for it", async () => {
	const [ann, bob, cid] = [person("ann"), person("bob"), person("cid")];
	const { step: check, devices } = flaky("check");
	const run_id = await start(ann, [approval("ask"), check], devices);
	// By the clock of alerts, which stands, it stays open.
	const not_after = new Date(Date.now() + 1_000);
	await approve(bob, await asksFor(run_id), { not_after: not_after.toISOString() });
	await lab.ended(run_id);
	await lab.until(async () => new Date() > not_after);
	const late = await restart(cid, run_id, { step: "check", reason: "again" });
	const id = await asksFor(late);
	const { plan_sha256 } = await alerts.admin.getApproval({ params: { id } });
	await alerts.as(bob).bypass({ params: { id }, body: { plan_sha256, reason: "The site is down" } });
	expect(await lab.ended(late)).toMatchObject({ status: "succeeded" });
	expect(await asksFor(await restart(ann, late, { step: "check", reason: "once more" }))).not.toBe(id);
});

/** A procedure that changes a device, and what it has done there. */
async function startWriting(by: Actor, not_after: string | null = null) {
	const marks = join(folder, newId());
	writeFileSync(marks, "");
	const devices = lab.targets(1, `written${++named}`);
	const run_id = await start(by, [step({ id: "change", type: "probe_change", with: { marks } })], devices, not_after);
	return { run_id, id: await asksFor(run_id), written: () => readFileSync(marks, "utf8") !== "" };
}

/** Later by both clocks: that of alerts stands, that of the run does not. */
const later = (ms: number) => new Date(Math.max(Date.now(), alerts.clock.now().getTime()) + ms).toISOString();

/** Time passes for those who keep the approval, until the run has ended by it: they look now and then. */
async function pass(ms: number, run_id: string): Promise<void> {
	await alerts.clock.advance(ms);
	await lab.until(async () => {
		await alerts.clock.advance(1_000);
		return (await lab.tasks.getRun({ params: { id: run_id } })).finished_at !== null;
	});
}

async function waitsForWindow(run_id: string): Promise<void> {
	await lab.until(async () => (await lab.tasks.getRun({ params: { id: run_id } })).waiting_for?.kind === "window");
}

test("a procedure approved for later begins when its time has come, also by the clock of those who keep the approval", async () => {
	const { run_id, id, written } = await startWriting(person("ann"));
	const bob = person("bob");
	const not_before = later(1_500);
	await approve(bob, id, { not_before });
	await waitsForWindow(run_id);
	await lab.until(async () => new Date() > new Date(not_before));
	// It is looked at again now and then, and waits on.
	await waitsForWindow(run_id);
	expect(written()).toBe(false);
	await alerts.clock.advance(Date.now() - alerts.clock.now().getTime());
	expect(await lab.ended(run_id)).toMatchObject({
		status: "succeeded",
		progress: { approved_by: [bob.name], bypassed: false },
	});
	expect(written()).toBe(true);
});

test("an approver who is deleted, or may approve no more, before the procedure begins leaves it without approval: it ends, and nothing was written", async () => {
	for (const change of ["deleted", { permissions: ["approvals:read"] }] as const) {
		const { run_id, id, written } = await startWriting(person("ann"));
		const bob = person("bob");
		await approve(bob, id, { not_before: later(3_600_000) });
		await waitsForWindow(run_id);
		await alerts.change(bob, change === "deleted" ? change : { permissions: [...change.permissions] });
		expect(await lab.ended(run_id)).toMatchObject({
			status: "cancelled",
			end_reason: expect.stringContaining("counts no more"),
		});
		expect(written()).toBe(false);
	}
});

test("broken glass lets a procedure begin that nobody approved, and the run says so", async () => {
	const ann = person("ann");
	const { run_id, id, written } = await startWriting(ann);
	const { plan_sha256 } = await alerts.admin.getApproval({ params: { id } });
	await alerts.as(ann).bypass({ params: { id }, body: { plan_sha256, reason: "The site is down" } });
	expect(await lab.ended(run_id)).toMatchObject({
		status: "succeeded",
		progress: { approval_id: id, bypassed: true, approved_by: [ann.name] },
	});
	expect(written()).toBe(true);
});

test("a procedure whose window passed before it began ends, and nothing was written", async () => {
	const { run_id, id, written } = await startWriting(person("ann"));
	await approve(person("bob"), id, { not_before: later(3_600_000), not_after: later(7_200_000) });
	await waitsForWindow(run_id);
	await pass(7_300_000, run_id);
	expect(await lab.ended(run_id)).toMatchObject({
		status: "cancelled",
		end_reason: expect.stringContaining("window in which the run could begin is over"),
	});
	expect(written()).toBe(false);
});

test("a procedure that was started in a window does not begin after it, however late it is approved", async () => {
	const not_after = later(3_600_000);
	const { run_id, id, written } = await startWriting(person("ann"), not_after);
	expect(await alerts.admin.getApproval({ params: { id } })).toMatchObject({ not_after });
	const beyond = { not_after: later(7_200_000) };
	await expect(approve(person("bob"), id, beyond)).rejects.toMatchObject({ code: "approvals.bad_window" });
	await pass(3_600_000, run_id);
	await expect(approve(person("bob"), id)).rejects.toMatchObject({ code: "approvals.already_decided" });
	expect(written()).toBe(false);

	const marks = join(folder, newId());
	writeFileSync(marks, "");
	const steps = [step({ id: "change", type: "probe_change", with: { marks } })];
	const past = new Date(Date.now() - 1).toISOString();
	const late = await start(person("ann"), steps, lab.targets(1, `late${++named}`), past);
	expect(await lab.ended(late)).toMatchObject({ status: "cancelled", end_reason: expect.stringContaining(past) });
	expect(readFileSync(marks, "utf8")).toBe("");
});

test("a procedure that nobody approved in time ends, and nothing was written", async () => {
	const { run_id, id, written } = await startWriting(person("ann"));
	await pass(31 * 60_000, run_id);
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled", end_reason: "Nobody approved it in time" });
	await expect(approve(person("bob"), id)).rejects.toMatchObject({ code: "approvals.expired" });
	expect(written()).toBe(false);
});
