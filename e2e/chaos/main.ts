import { parseArgs } from "node:util";
import { requirePackages } from "@netconductor/lab/packages";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { fleetOptions, hearConfigs } from "./fleet.ts";
import { describePlan, type FaultKind, faultKinds, planRound, topologies } from "./plan-round.ts";
import { appendRecord } from "./record.ts";
import { type RoundResult, runRound } from "./run-round.ts";

const usage = `usage: node e2e/chaos/main.ts [--rounds 1] [--seed 1] [--devices 1000] [--topology one|distributed] [--faults worker_kill,refuse] [--keep] [--record docs/reliability.md]

Plays rounds: each starts a product of its own, backs up a simulated fleet, strikes in the middle, and checks what must hold whatever
happens. The seed decides what strikes when; the next rounds take the seeds after it. Faults: ${faultKinds.join(", ")}.
In the topology \`distributed\` every service is a process of its own, over a RabbitMQ and a Redis that are struck, too.
Ends with 1 when something did not hold; what it shows is then kept. Needs root, for the disk that fills, and Debian's faketime (and rabbitmq-server and
redis-server), which it installs.
`;

const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "1" },
		seed: { type: "string", default: "1" },
		devices: { type: "string", default: "1000" },
		topology: { type: "string", default: "one" },
		faults: { type: "string" },
		keep: { type: "boolean", default: false },
		record: { type: "string" },
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
let failed = 0;
for (let round = 0; round < Number(values.rounds); round++) {
	const result = await runRound(planRound(Number(values.seed) + round, { devices, topology, faults }), {
		fleet,
		configs,
		keep: values.keep,
	});
	if (result.violations.length > 0) failed++;
	report(result);
	if (values.record !== undefined) appendRecord(values.record, result);
}
await fleet.stop();
process.exit(failed > 0 ? 1 : 0);

function report({ plan, seconds, sessions, made_again, violations, timeline, kept }: RoundResult): void {
	const verdict = violations.length === 0 ? "held" : `${violations.length} VIOLATIONS`;
	process.stdout.write(
		`seed ${plan.seed}: ${describePlan(plan)}: ${verdict} (${Math.round(seconds)} s, ${sessions} sessions, ${made_again} readings again)\n`,
	);
	if (kept !== undefined) process.stdout.write(`kept in ${kept}\n`);
	if (violations.length === 0) return;
	process.stdout.write(`${timeline.map((line) => `  ${line}`).join("\n")}\n`);
	for (const { invariant, evidence } of violations.slice(0, 40))
		process.stdout.write(`  ✗ ${invariant}: ${evidence}\n`);
}
