import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { requirePackages } from "@netconductor/lab/packages";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { startBrokers } from "./brokers.ts";
import { fleetOptions, hearConfigs } from "./fleet.ts";
import { describePlan, type FaultKind, faultKinds, planRound, topologies } from "./plan-round.ts";
import { appendRecord, recordedSeeds } from "./record.ts";
import { type RoundResult, runRound } from "./run-round.ts";

const usage = `usage: node e2e/chaos/main.ts [--topology one|distributed] [--rounds 1] [--seed 0] [--devices 60] [--faults worker_kill,refuse] [--keep]
       node e2e/chaos/main.ts --topology distributed --rounds 50 --record

Plays rounds: each starts a product of its own, backs up a simulated fleet and deploys a change to other devices, strikes in the middle, and
checks what must hold whatever happens. The seed decides what strikes when; the next rounds take the seeds after it.
Faults: ${faultKinds.join(", ")}.
In the topology \`distributed\` every service is a process of its own, over a RabbitMQ and a Redis that are struck, too.
With --record the rounds of the seeds from 0 to --rounds that docs/reliability.md does not have yet are played and written there.
Ends with 1 when something did not hold; what it shows is then kept. SIGTERM ends it after the round under way. Needs root, for the disk that fills, and Debian's faketime (and rabbitmq-server and
redis-server), which it installs.
`;

const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "1" },
		seed: { type: "string", default: "0" },
		devices: { type: "string", default: "60" },
		topology: { type: "string", default: "one" },
		faults: { type: "string" },
		keep: { type: "boolean", default: false },
		record: { type: "boolean", default: false },
		"record-in": { type: "string", default: join(import.meta.dirname, "..", "..", "docs", "reliability.md") },
		help: { type: "boolean", default: false },
	},
});
if (values.help) {
	process.stdout.write(usage);
	process.exit(0);
}
const faults = values.faults?.split(",").map((name): FaultKind => {
	const kind = faultKinds.find((known) => known === name);
	if (kind === undefined) throw new RangeError(`there is no fault ${name}; there are ${faultKinds.join(", ")}`);
	return kind;
});
const topology = topologies.find((known) => known === values.topology);
if (topology === undefined)
	throw new RangeError(`there is no topology ${values.topology}; there are ${topologies.join(", ")}`);
const devices = Number(values.devices);
const missing = await requirePackages([
	"faketime",
	...(topology === "distributed" ? (["rabbitmq-server", "redis-server"] as const) : []),
]);
if (missing.length > 0) throw new Error(`install ${missing.join(", ")}`);

const fleet = await startFleetProcess(fleetOptions(devices));
const configs = await hearConfigs(fleet.devices);
const folder = mkdtempSync(join(tmpdir(), "netconductor-chaos-brokers-"));
const brokers = topology === "distributed" ? await startBrokers(folder) : undefined;
const played = values.record ? recordedSeeds(values["record-in"], topology) : new Set();
const seeds = Array.from({ length: Number(values.rounds) }, (_, round) => Number(values.seed) + round);
let failed = 0;
/** A round that is broken off leaves its product behind: SIGTERM ends with the one that is under way. */
let enough = false;
process.once("SIGTERM", () => {
	enough = true;
});
for (const seed of seeds.filter((seed) => !played.has(seed))) {
	if (enough) break;
	const options = { fleet, configs, keep: values.keep, brokers };
	const result = await runRound(planRound(seed, { devices, topology, faults }), options);
	if (result.violations.length > 0) failed++;
	report(result);
	if (values.record) appendRecord(values["record-in"], result);
}
await fleet.stop();
for (const broker of Object.values(brokers ?? {})) await broker.stop();
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
process.exit(failed > 0 ? 1 : 0);

function report({
	plan,
	seconds,
	sessions,
	made_again,
	pushes,
	unknown,
	violations,
	timeline,
	kept,
}: RoundResult): void {
	const verdict = violations.length === 0 ? "held" : `${violations.length} VIOLATIONS`;
	process.stdout.write(
		`seed ${plan.seed}: ${describePlan(plan)}: ${verdict} (${Math.round(seconds)} s, ${sessions} sessions, ${made_again} readings again, ${pushes} pushes, ${unknown} unknown)\n`,
	);
	if (kept !== undefined) process.stdout.write(`kept in ${kept}\n`);
	if (violations.length === 0) return;
	process.stdout.write(`${timeline.map((line) => `  ${line}`).join("\n")}\n`);
	for (const { invariant, evidence } of violations.slice(0, 40))
		process.stdout.write(`  ✗ ${invariant}: ${evidence}\n`);
}
