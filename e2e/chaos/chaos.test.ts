import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Brokers, startBrokers } from "./brokers.ts";
import { fleetOptions, hearConfigs } from "./fleet.ts";
import { describePlan, type FaultKind, planRound, type Topology } from "./plan-round.ts";
import { runRound } from "./run-round.ts";

/** Five short rounds of what `main.ts` plays at length, each with a deployment; docs/reliability.md has the record. */

const devices = 60;
let fleet: FleetProcess;
let configs: Map<string, string>;
let brokers: Brokers;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-chaos-brokers-"));
	// One after the other: both look for free ports.
	fleet = await startFleetProcess(fleetOptions(devices));
	brokers = await startBrokers(folder);
	configs = await hearConfigs(fleet.devices);
}, 120_000);
afterAll(async () => {
	await fleet?.stop();
	for (const broker of Object.values(brokers ?? {})) await broker.stop();
	rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const rounds: [number, Topology, FaultKind[]][] = [
	[101, "one", ["worker_kill", "restart", "devices"]],
	[102, "one", ["sigterm"]],
	[104, "one", ["disk_full", "postgres_kill"]],
	[105, "one", ["clock", "refuse"]],
	[106, "distributed", ["tasks_kill", "postgres_cut"]],
];

test.each(rounds)(
	"whatever strikes, what was accepted ends once and nothing is left over: seed %i, %s, %j",
	async (seed, topology, faults) => {
		const plan = planRound(seed, { devices, topology, faults, refuse_ms: 5_000 });
		const { violations, timeline, kept } = await runRound(plan, { fleet, configs, brokers, lease_ms: 5_000 });
		expect(violations, [describePlan(plan), ...timeline, `kept in ${kept}`].join("\n")).toEqual([]);
	},
	240_000,
);
