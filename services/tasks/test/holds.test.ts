import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CalendarHold } from "@netconductor/contracts/scheduling/model";
import { Gate, type Plan } from "@netconductor/contracts/tasks/model";
import { Procedure, type ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";
import { type Given, step } from "./walk-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let lab: EngineLab;
let worker: Awaited<ReturnType<EngineLab["startWorker"]>>;
const folder = mkdtempSync(join(tmpdir(), "holds-"));
beforeAll(async () => {
	lab = await startEngineLab();
	worker = await lab.startWorker();
});
afterEach(() => {
	lab.hold(null);
	lab.wantNoApprovals();
});
afterAll(async () => {
	await lab?.stop();
	rmSync(folder, { recursive: true });
});

const calendar = { id: newId(), name: "Year end", kind: "freeze" as const };
const why = "Changes are frozen (Year end)";
const far = "2099-01-01T00:00:00.000Z";
const frozen = (until: string | null = far): CalendarHold => ({ calendar, why, until });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
/** As scheduling tells that somebody changed a calendar. */
function lift(): void {
	lab.hold(null);
	lab.tell("schedule_calendar.changed.v1", { calendar_id: calendar.id });
}

let named = 0;
const devices = (count: number) => lab.targets(count, `held${++named}`);

function steps(gate: Record<string, unknown>, apply: Record<string, unknown> = {}): Plan["steps"] {
	return [
		{ id: "plan", type: "probe_read", params: {} },
		{ id: "apply", type: "probe_write", params: apply, gate: Gate.parse(gate) },
	];
}

const deploy = (gate: Record<string, unknown> = {}, targets = devices(2), apply = {}) =>
	lab.start({ kind: "deploy", steps: steps({ approval: true, ...gate }, apply), targets });

async function procedure(given: Given[], targets = devices(1)): Promise<string> {
	const { run_id } = await lab.tasks.startProcedure({
		body: {
			idempotency_key: newId(),
			procedure: Procedure.parse({
				title: "held",
				mop: { id: newId(), name: "held", version: 1 },
				steps: given.map((one): ProgramStep => step(one)),
				targets,
			}),
		},
	});
	return run_id;
}

const writes = (marks: string): Given => ({ id: "write", type: "probe_change", with: { marks } });
const newMarks = () => {
	const marks = join(folder, newId());
	writeFileSync(marks, "");
	return marks;
};

const getRun = (id: string) => lab.tasks.getRun({ params: { id } });

async function waitsFor(run_id: string, kind: string) {
	await lab.until(async () => (await getRun(run_id)).waiting_for?.kind === kind);
	return getRun(run_id);
}

async function begun(run_id: string): Promise<string[]> {
	const operations = await lab.operations(run_id);
	return operations.flatMap(({ step_id, attempts, device_name }) =>
		step_id === "apply" && attempts > 0 ? [device_name] : [],
	);
}

describe("a change that a person starts", () => {
	test("waits planned while a calendar holds its devices, and goes on by itself when that ends", async () => {
		lab.hold(frozen());
		const targets = devices(2);
		const run_id = await deploy({}, targets);
		expect(await waitsFor(run_id, "calendar")).toMatchObject({
			status: "waiting",
			counts: { succeeded: 2, pending: 2 },
			waiting_for: { calendar, why, until: far },
			progress: { bypassed: false, batch: 0 },
		});
		expect(await begun(run_id)).toEqual([]);
		expect(lab.askedHolds.at(-1)?.toSorted()).toEqual(targets.map(({ device_id }) => device_id).toSorted());
		lift();
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", waiting_for: null });
	});

	test("goes on at the time that the calendar told, without a word", async () => {
		const until = inSeconds(3);
		lab.hold(frozen(until));
		const run_id = await deploy();
		await waitsFor(run_id, "calendar");
		lab.hold(null);
		const run = await lab.ended(run_id);
		expect(run.status).toBe("succeeded");
		const [first] = (await lab.operations(run_id)).filter(({ step_id }) => step_id === "apply");
		expect(Date.parse(first?.started_at ?? "")).toBeGreaterThanOrEqual(Date.parse(until));
	});

	test("is asked for its approval at once, and begins once approved and no longer held", async () => {
		const asked = lab.wantApprovals();
		lab.hold(frozen());
		const run_id = await deploy();
		await waitsFor(run_id, "approval");
		if (asked[0] !== undefined) await lab.decide(asked[0], "approved");
		await waitsFor(run_id, "calendar");
		expect(await begun(run_id)).toEqual([]);
		lift();
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { bypassed: false } });
	});

	test("begins no further batch once a calendar holds it, and goes on with it afterwards", async () => {
		const holds_while = join(folder, newId());
		writeFileSync(holds_while, "");
		const run_id = await deploy({ rollout: { batch_sizes: [1] } }, devices(3), { holds_while });
		await lab.until(async () => (await begun(run_id)).length === 1);
		lab.hold(frozen());
		rmSync(holds_while);
		expect(await waitsFor(run_id, "calendar")).toMatchObject({ progress: { batch: 1, devices_begun: 1 } });
		expect(lab.askedHolds.at(-1)).toHaveLength(2);
		expect(await begun(run_id)).toHaveLength(1);
		lift();
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { batch: 3, devices_begun: 3 } });
	});

	test("stays held where nobody answers whether it is, and says so", async () => {
		lab.hold("unanswered");
		const run_id = await deploy();
		expect(await waitsFor(run_id, "calendar")).toMatchObject({
			waiting_for: { calendar: null, until: null, why: expect.stringContaining("Nobody answers") },
		});
		lift();
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	});

	test("stays held after everything was killed, and goes on when it may", async () => {
		lab.hold(frozen());
		const run_id = await deploy();
		const mop = await procedure([writes(newMarks())]);
		await waitsFor(run_id, "calendar");
		await waitsFor(mop, "calendar");
		await Promise.all([end(lab.main), end(worker)]);
		await lab.restartMain();
		worker = await lab.startWorker();
		expect((await getRun(run_id)).waiting_for?.kind).toBe("calendar");
		lift();
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
		expect(await lab.ended(mop)).toMatchObject({ status: "succeeded" });
	});

	test("can be cancelled", async () => {
		lab.hold(frozen());
		const [run_id, mop] = [await deploy(), await procedure([writes(newMarks())])];
		for (const id of [run_id, mop]) {
			await waitsFor(id, "calendar");
			await lab.tasks.cancelRun({ params: { id } });
			expect(await lab.ended(id)).toMatchObject({ status: "cancelled", waiting_for: null });
		}
		expect(await begun(run_id)).toEqual([]);
	});

	test("that a schedule started ends with its window, whatever its calendar says then", async () => {
		lab.hold(frozen());
		const not_after = inSeconds(4);
		const run_id = await deploy({ not_after });
		expect(await lab.ended(run_id)).toMatchObject({
			status: "cancelled",
			end_reason: expect.stringContaining(not_after),
		});
	});
});

test("what only reads is never held, nor are calendars asked of it", async () => {
	lab.hold(frozen());
	const asked = lab.askedHolds.length;
	const reading = await lab.start({
		kind: "plan",
		steps: [{ id: "plan", type: "probe_read", params: {} }],
		targets: devices(1),
	});
	expect(await lab.ended(reading)).toMatchObject({ status: "succeeded" });
	const looking = await procedure([{ id: "say", type: "log", with: { message: "hello" } }]);
	expect(await lab.ended(looking)).toMatchObject({ status: "succeeded" });
	expect(lab.askedHolds).toHaveLength(asked);
});

describe("a procedure that changes something", () => {
	test("is held before its first step, and carried to its end once it has begun", async () => {
		const marks = newMarks();
		const holds_while = join(folder, newId());
		writeFileSync(holds_while, "");
		lab.hold(frozen());
		const run_id = await procedure([
			{ id: "first", type: "probe", with: { marks, holds_while } },
			{ ...writes(marks), id: "second" },
		]);
		expect(await waitsFor(run_id, "calendar")).toMatchObject({
			status: "waiting",
			waiting_for: { calendar, until: far },
		});
		expect(await lab.operations(run_id)).toEqual([]);
		lift();
		await lab.until(async () => (await lab.operations(run_id)).length === 1);
		lab.hold(frozen());
		rmSync(holds_while);
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	});

	test("is not held where it takes back what it changed", async () => {
		const run_id = await procedure([writes(newMarks())]);
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
		lab.hold(frozen());
		const back = await lab.tasks.restartRun({
			params: { id: run_id },
			body: { what: "rollback", reason: "it broke something" },
		});
		expect((await lab.ended(back.run_id)).status).toBe("succeeded");
		const again = await lab.tasks.restartRun({
			params: { id: run_id },
			body: { what: "from_step", step: "write", reason: "once more" },
		});
		await waitsFor(again.run_id, "calendar");
		lift();
		await lab.ended(again.run_id);
	});
});

describe("breaking the glass", () => {
	const reason = "the core is down, the fix is in this";
	const breakGlass = (id: string, tasks = lab.tasks) => tasks.breakGlass({ params: { id }, body: { reason } });

	test.each([
		["a deployment with its further batches", () => deploy({ rollout: { batch_sizes: [1] } }, devices(3))],
		["a procedure", () => procedure([writes(newMarks())])],
	])("lets %s through, marked for good with who and why, and is told once", async (_, start) => {
		lab.hold(frozen());
		const run_id = await start();
		await waitsFor(run_id, "calendar");
		await breakGlass(run_id);
		expect(await lab.ended(run_id)).toMatchObject({
			status: "succeeded",
			progress: { bypassed: true, hold_broken: { by: "admin", reason, why } },
		});
		expect(await lab.events("run.glass_broken.v1", run_id)).toMatchObject([{ by: { name: "admin" }, reason, why }]);
	});

	test("of an approval lets it through calendars, too", async () => {
		const asked = lab.wantApprovals();
		lab.hold(frozen());
		const run_id = await deploy();
		await waitsFor(run_id, "approval");
		await expect(breakGlass(run_id)).rejects.toMatchObject({ code: "runs.not_held" });
		if (asked[0] !== undefined) await lab.decide(asked[0], "bypassed");
		expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { bypassed: true } });
	});

	test("takes its own permission, a reason, and a run that is held", async () => {
		lab.hold(frozen());
		const run_id = await deploy();
		await waitsFor(run_id, "calendar");
		const manager = lab.as("runs:*", "stacks:*", "approvals:decide");
		await expect(breakGlass(run_id, manager)).rejects.toMatchObject({ code: "auth.forbidden" });
		const short = lab.tasks.breakGlass({ params: { id: run_id }, body: { reason: "now" } });
		await expect(short).rejects.toMatchObject({ code: "request.invalid" });
		expect(await begun(run_id)).toEqual([]);
		lift();
		await lab.ended(run_id);
		await expect(breakGlass(run_id)).rejects.toMatchObject({ code: "runs.already_ended" });
		const holds_while = join(folder, newId());
		writeFileSync(holds_while, "");
		const free = await deploy({}, devices(1), { holds_while });
		await lab.until(async () => (await begun(free)).length === 1);
		await expect(breakGlass(free)).rejects.toMatchObject({ code: "runs.not_held" });
		rmSync(holds_while);
		expect(await lab.ended(free)).toMatchObject({ progress: { bypassed: false } });
		expect(existsSync(holds_while)).toBe(false);
	});
});
