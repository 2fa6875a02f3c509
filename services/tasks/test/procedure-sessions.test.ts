import { Procedure } from "@netconductor/contracts/tasks/procedure";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";
import { step } from "./walk-lab.ts";

let lab: EngineLab;
let fleet: Fleet;
beforeAll(async () => {
	fleet = await startFleet({ devices: [{ name: "slow-1", platform: "cisco_ios", config_bytes: 12_000 }] });
	lab = await startEngineLab();
	await lab.startWorker();
});
afterAll(async () => {
	await lab?.stop();
	await fleet?.stop();
});

test("the time that a step had ends with it: the session that the next step goes on with outlives it", async () => {
	const [entry] = fleet.devices;
	if (entry === undefined) throw new Error("no device");
	lab.know(entry);
	await fleet.device("slow-1").setFault({ kind: "drip", bytes: 20, delay_ms: 10 });
	const procedure = Procedure.parse({
		title: "slow",
		mop: { id: newId(), name: "slow", version: 1 },
		steps: [
			step({ id: "short", type: "run_command", with: { commands: ["show version"] }, timeout_s: 4 }),
			step({ id: "long", type: "get_config" }),
		],
		targets: [lab.target("slow-1")],
	});
	const { run_id } = await lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure } });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 2 } });
	expect((await lab.operations(run_id)).map(({ error }) => error)).toEqual([null, null]);
	const [long] = (await lab.operations(run_id)).filter(({ step_id }) => step_id === "long");
	// Else it would have been over before the other's time was.
	expect(long?.duration_ms).toBeGreaterThan(4_000);
});
