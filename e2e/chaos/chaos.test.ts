import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fleetOptions, hearConfigs } from "./fleet.ts";
import { describePlan, type FaultKind, planRound } from "./plan-round.ts";
import { runRound } from "./run-round.ts";

/** Five short rounds of what `main.ts` plays at length; docs/reliability.md has the record. */

const devices = 150;
let fleet: FleetProcess;
let configs: Map<string, string>;

beforeAll(async () => {
	fleet = await startFleetProcess(fleetOptions(devices));
	configs = await hearConfigs(fleet.devices);
}, 120_000);
afterAll(() => fleet?.stop());

const rounds: [number, FaultKind[]][] = [
	[101, ["restart", "devices"]],
	[102, ["sigterm"]],
	[103, ["worker_kill", "main_kill"]],
	[104, ["disk_full", "postgres_kill"]],
	[105, ["clock", "refuse"]],
];

test.each(rounds)(
	"whatever strikes, what was accepted ends once and nothing is left over: seed %i, %j",
	async (seed, faults) => {
		const plan = planRound(seed, { devices, faults, refuse_ms: 5_000 });
		const { violations, timeline, kept } = await runRound(plan, { fleet, configs, lease_ms: 5_000 });
		expect(violations, [describePlan(plan), ...timeline, `kept in ${kept}`].join("\n")).toEqual([]);
	},
	240_000,
);
