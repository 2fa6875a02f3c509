import { Procedure } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

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

test("no procedure is taken: what it says is of more devices than it names", async () => {
	const procedure = Procedure.parse({
		title: "Look",
		mop: { id: newId(), name: "look", version: 1 },
		steps: [
			{
				...{ path: "look", id: "look", type: "probe", name: null, with: {}, locals: {}, targets: null, when: null },
				...{ retries: { count: 0 }, timeout_s: null, parallelism: 1, save_to_variable: null },
				...{ on_success: "next", on_failure: "stop", blocks: [] },
			},
		],
		targets: [{ ...lab.target("inside-too"), worker_pool: "default" }],
	});
	lab.putInto(group, "inside-too");
	const body = { idempotency_key: newId(), procedure };
	await expect(limited().startProcedure({ body })).rejects.toMatchObject({ code: "auth.out_of_scope" });
});
