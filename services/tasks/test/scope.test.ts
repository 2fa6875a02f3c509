import { Gate } from "@netconductor/contracts/tasks/model";
import { Procedure } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";
import { step } from "./walk-lab.ts";

// Whoever composes a plan keeps to the devices of a limited role; the engine takes none that does not.
let lab: EngineLab;
const group = newId();

beforeAll(async () => {
	lab = await startEngineLab();
	lab.putInto(group, "inside");
	lab.putInto(newId(), "outside");
});
afterAll(() => lab?.stop());

const limited = () => lab.by({ ...admin, device_groups: [group] });
const planOn = (...names: string[]) => ({
	kind: "connectivity_test" as const,
	title: "test",
	steps: [{ id: "probe", type: "probe_read", params: {} }],
	targets: names.map((name) => ({ ...lab.target(name), worker_pool: "default" })),
});

test("a plan for a device outside of the role's groups is taken from nobody, and one that was accepted is answered again", async () => {
	const start = (idempotency_key: string, ...names: string[]) =>
		limited().startRun({ body: { idempotency_key, plan: planOn(...names) } });
	for (const names of [["outside"], ["inside", "outside"], ["unknown"]]) {
		await expect(start(newId(), ...names)).rejects.toMatchObject({ code: "devices.not_found" });
	}
	const key = newId();
	const { run_id } = await start(key, "inside");
	expect((await limited().getRun({ params: { id: run_id } })).total).toBe(1);
	lab.putInto(newId(), "inside");
	expect(await start(key, "inside")).toEqual({ run_id });
	await expect(limited().getRun({ params: { id: run_id } })).rejects.toMatchObject({ code: "runs.not_found" });
	await expect(start(newId(), "inside")).rejects.toMatchObject({ code: "devices.not_found" });
});

const look = step({ id: "look", type: "probe" });

function procedureOn(names: readonly string[], more: Partial<Procedure> = {}) {
	return Procedure.parse({
		title: "Look",
		mop: { id: newId(), name: "look", version: 1 },
		steps: [look],
		targets: names.map((name) => ({ ...lab.target(name), worker_pool: "default" })),
		...more,
	});
}

const limitedTo = (...device_groups: string[]) => lab.by({ ...admin, device_groups });
const start = (by: EngineLab["tasks"], procedure: Procedure, idempotency_key = newId()) =>
	by.startProcedure({ body: { idempotency_key, procedure } });

test("a procedure that is for a device outside, by whichever way it names it, is taken from nobody, and one that was accepted is answered again", async () => {
	lab.putInto(group, "mine");
	const theirs = lab.target("outside").device_id;
	const inStep = { ...look, targets: [theirs] };
	const outside: [readonly string[], Partial<Procedure>?][] = [
		[["outside"]],
		[["mine", "outside"]],
		[["mine"], { steps: [inStep] }],
		[["mine"], { steps: [step({ id: "each", type: "loop" }, { steps: [[inStep]] })] }],
		[["mine"], { rollback: [{ ...inStep, path: "back.look" }] }],
		[["mine"], { skipped: [{ device_id: theirs, name: "outside", reason: "disabled" }] }],
	];
	for (const [names, more] of outside) {
		await expect(start(limitedTo(group), procedureOn(names, more))).rejects.toMatchObject({
			code: "devices.not_found",
		});
	}
	const key = newId();
	const procedure = procedureOn(["mine"]);
	const started = await start(limitedTo(group), procedure, key);
	lab.putInto(newId(), "mine");
	expect(await start(limitedTo(group), procedure, key)).toEqual(started);
	await expect(start(limitedTo(group), procedure)).rejects.toMatchObject({ code: "devices.not_found" });
});

test("a step whose permission opens nothing to limited roles is not theirs to start, whatever they hold", async () => {
	const deploy = step({ id: "deploy", type: "deploy_stack", with: { stack: "core" } });
	await expect(start(limitedTo(group), procedureOn([], { steps: [deploy] }))).rejects.toMatchObject({
		code: "runs.not_permitted",
		message: expect.stringContaining("limited to device groups"),
	});
	await start(lab.tasks, procedureOn([], { steps: [deploy] }));
});

/** Whether the run of a procedure exists for somebody: every way of asking says the same. */
async function exists(by: EngineLab["tasks"], run_id: string, mop_id: string): Promise<boolean> {
	const params = { id: run_id };
	const subject = { type: "mop", id: mop_id };
	const listed = async ({ items }: { items: { id: string }[] }) => {
		if (!items.some(({ id }) => id === run_id)) throw new Error("runs.not_found");
	};
	const ways = [
		() => by.getRun({ params }),
		() => by.getRunProcedure({ params }),
		() => by.listRunSteps({ params, query: {} }),
		() => by.listOperations({ params, query: {} }),
		() => by.readOutput({ params, query: {} }),
		async () => listed(await by.listRuns({ query: { limit: 200 } })),
		async () => listed(await by.listRunsOfSubjects({ body: subject })),
		async () => listed(await by.listRunsOfSubjects({ body: { type: "mop", running: true, limit: 200 } })),
		async () => listed({ items: (await by.listNewestRuns({ body: { type: "mop", ids: [mop_id, newId()] } })).runs }),
	];
	const told = await Promise.all(
		ways.map((way) =>
			way().then(
				() => true,
				(error: Error) => {
					expect(`${(error as { code?: string }).code} ${error.message}`).toContain("runs.not_found");
					return false;
				},
			),
		),
	);
	expect(new Set(told).size, told.join()).toBe(1);
	return told[0] ?? false;
}

test("the run of a procedure exists for a limited role where its devices do and nobody started it who was limited to less", async () => {
	const other = newId();
	lab.putInto(group, "here");
	lab.putInto(other, "there");
	const cases: { by: EngineLab["tasks"]; on: string[]; here: boolean; both: boolean }[] = [
		{ by: limitedTo(group), on: ["here"], here: true, both: true },
		{ by: limitedTo(group), on: [], here: true, both: true },
		{ by: limitedTo(group, other), on: ["here"], here: false, both: true },
		{ by: limitedTo(group, other), on: ["here", "there"], here: false, both: true },
		{ by: lab.tasks, on: ["here"], here: false, both: false },
		{ by: lab.tasks, on: [], here: false, both: false },
		{ by: limitedTo(), on: [], here: true, both: true },
	];
	for (const { by, on, ...seen } of cases) {
		const procedure = procedureOn(on);
		const { run_id } = await start(by, procedure);
		expect({
			here: await exists(limitedTo(group), run_id, procedure.mop.id),
			both: await exists(limitedTo(group, other), run_id, procedure.mop.id),
			elsewhere: await exists(limitedTo(newId()), run_id, procedure.mop.id),
			all: await exists(lab.tasks, run_id, procedure.mop.id),
		}).toEqual({ ...seen, elsewhere: by === cases.at(-1)?.by, all: true });
	}
});

test("a procedure that has not come to a device yet is hidden with it, and so is one from before its devices were kept", async () => {
	lab.putInto(group, "stays");
	lab.putInto(group, "leaves");
	const procedure = procedureOn(["stays"], {
		steps: [look, { ...look, path: "then", targets: [lab.target("leaves").device_id] }],
	});
	const { run_id } = await start(limitedTo(group), procedure);
	expect(await exists(limitedTo(group), run_id, procedure.mop.id)).toBe(true);
	lab.putInto(newId(), "leaves");
	expect(await exists(limitedTo(group), run_id, procedure.mop.id)).toBe(false);
	lab.putInto(group, "leaves");
	await lab.db.query("update procedures set device_ids = null where run_id = $1", [run_id]);
	expect(await exists(limitedTo(group), run_id, procedure.mop.id)).toBe(false);
});

test("what a procedure did is decided on, cancelled and begun anew by those alone for whom its run exists", async () => {
	lab.putInto(group, "decided");
	const procedure = procedureOn(["decided"], {
		steps: [step({ id: "wait", type: "wait", with: { seconds: 3600 } })],
	});
	const { run_id } = await start(limitedTo(group), procedure);
	const params = { id: run_id };
	const override = (by: EngineLab["tasks"], step_id = newId()) =>
		by.overrideStep({ params: { id: run_id, step_id }, body: { action: "succeed", reason: "seen" } });
	const restart = (by: EngineLab["tasks"]) => by.restartRun({ params, body: { what: "rollback", reason: "seen" } });
	const asks = [
		override,
		restart,
		(by: EngineLab["tasks"]) => by.cancelRun({ params }),
		(by: EngineLab["tasks"]) => by.pauseRun({ params }),
	];
	for (const ask of asks) {
		await expect(ask(limitedTo(newId()))).rejects.toMatchObject({ code: "runs.not_found" });
	}
	await expect(override(limitedTo(group))).rejects.toMatchObject({ code: "runs.no_such_step" });
	await expect(restart(limitedTo(group))).rejects.toMatchObject({ code: "runs.still_running" });
	await limitedTo(group).cancelRun({ params });
	const worker = await lab.startWorker();
	await lab.ended(run_id);
	const again = await restart(limitedTo(group));
	expect(await exists(limitedTo(group), again.run_id, procedure.mop.id)).toBe(true);
	await lab.lose(worker);
});

test("a run of a stack is neither repeated nor made to go on by who could not start one", async () => {
	lab.putInto(group, "stacked");
	const failedOn = async (kind: "deploy" | "connectivity_test", status: "failed" | "unknown") => {
		const run_id = await lab.start({ ...planOn("stacked"), kind });
		await lab.tasks.cancelRun({ params: { id: run_id } });
		await lab.ended(run_id);
		await lab.db.query("update operations set status = $2 where run_id = $1", [run_id, status]);
		await lab.db.query("update runs set cancel_requested_by = null, status = 'needs_attention' where id = $1", [
			run_id,
		]);
		return { id: run_id };
	};
	const here = limitedTo(group);
	const decide = (params: { id: string }, decision: "verified" | "retry" | "failed") =>
		here.decideRun({ params, body: { decision, reason: "seen" } });
	await expect(here.retryRun({ params: await failedOn("deploy", "failed") })).rejects.toMatchObject({
		code: "auth.forbidden",
		message: expect.stringContaining("limited to device groups"),
	});
	await here.retryRun({ params: await failedOn("connectivity_test", "failed") });
	const deployed = await failedOn("deploy", "unknown");
	for (const decision of ["verified", "retry"] as const) {
		await expect(decide(deployed, decision)).rejects.toMatchObject({ code: "auth.out_of_scope" });
	}
	expect((await decide(deployed, "failed")).decided).toBe(1);
	expect((await decide(await failedOn("connectivity_test", "unknown"), "verified")).decided).toBe(1);
});

test("an approval is asked for with what a role has to cover to see the run: all of its devices, and who started a procedure", async () => {
	const worker = await lab.startWorker();
	const asked = lab.wantApprovals();
	const of = (name: string) => lab.target(name).device_id;
	const coverOf = async (run_id: string) => {
		await lab.until(async () => (await lab.tasks.getRun({ params: { id: run_id } })).waiting_for?.kind === "approval");
		const { cover } = asked.find((one) => one.run_id === run_id) ?? {};
		return cover && { ...cover, device_ids: cover.device_ids.toSorted() };
	};
	try {
		const deploy = {
			...planOn("changed", "failed-before"),
			kind: "deploy" as const,
			steps: [
				{ id: "plan", type: "probe_read", params: { fails_on: ["failed-before"] } },
				{ id: "apply", type: "probe_write", params: {}, gate: Gate.parse({ approval: true }) },
			],
			skipped: [{ ...lab.target("left-out"), reason: "disabled" }],
		};
		const run_id = await lab.start(deploy);
		const device_ids = ["changed", "failed-before", "left-out"].map(of).sort();
		expect(await coverOf(run_id)).toEqual({ device_ids });
		expect(asked[0]?.devices).toEqual([{ ...lab.target("changed") }]);

		for (const name of ["first", "later"]) lab.putInto(group, name);
		const change = step({ id: "change", type: "probe_change" });
		const ask = step({ id: "ask", type: "manual_approval", with: { message: "Go on?" } });
		const then = { ...look, path: "then", targets: [of("later")] };
		for (const first of [change, ask]) {
			const procedure = procedureOn(["first"], { steps: [first, then] });
			const theirs = await start(limitedTo(group), procedure);
			expect(await coverOf(theirs.run_id)).toEqual({
				device_ids: [of("first"), of("later")].sort(),
				device_groups: [group],
			});
			expect(await coverOf((await start(lab.tasks, procedure)).run_id)).toBeUndefined();
		}
	} finally {
		lab.wantNoApprovals();
		await lab.lose(worker);
	}
});
