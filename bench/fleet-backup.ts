// How fast a fleet is backed up, and what it costs: the real product, a simulated fleet in a process of its own.
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clients, eventually, runEnded } from "@netconductor/e2e/product";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "./harness/figures.ts";
import { numbersIn, readOptions } from "./harness/options.ts";
import { cpuOfMachine, cpuOfTree } from "./harness/processes.ts";
import { type CpuTimes, importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { type Figure, printReport, type Table } from "./harness/report.ts";
import { resetStatements, topStatements } from "./harness/statements.ts";

const options = readOptions(
	`Backs up a simulated fleet with the real product (main process, workers and embedded PostgreSQL as it ships them) and tells the time
until the run has ended and its snapshot is complete, and the CPU time of each kind of process for one device.`,
	{
		devices: { is: "1000", text: "size of the fleet; of several (100,1000,10000) each gets a product of its own" },
		rounds: {
			is: 3,
			text: "backups that count, in one life of the product; the first, with everything new, is told apart",
		},
		"warm-up": {
			is: 0,
			text: "devices to back up before rounds count: small fleets then meet as warm a product as large ones",
		},
		"config-bytes": { is: 12_000, text: "size of a configuration" },
		"latency-ms": { is: 0, text: "what a device waits before every answer" },
		sessions: { is: 50, text: "sessions that a worker holds at a time, as NETCONDUCTOR_WORKERS_CONCURRENCY" },
		workers: {
			is: "0",
			text: "worker processes; 0 leaves it to the product; of several (1,2) each gets a product of its own",
		},
		changed: { is: 0, text: "share of the configurations that change between rounds, from 0 to 1" },
		profile: { is: "", text: "folder for CPU profiles of main process and workers" },
		statements: { is: false, text: "also tell the dearest SQL statements, as pg_stat_statements counts them" },
	},
);

interface Round {
	devices: number;
	/** 0: as the product has it. */
	workers: number;
	wall_ms: number;
	/** Until nothing that the run set off is left to do. */
	cpu_ms: CpuTimes;
	fleet_cpu_ms: number;
	/** Cores that neither the product nor the fleet nor this program kept busy. */
	cores_of_others: number;
	/** Lines that a device got. */
	commands_per_device: number;
}

/** Events are delivered and statistics written shortly after the end; their cost is the run's. */
const settle_ms = 2_000;

async function backUp({ api, cpu }: MeasuredProduct, fleet: FleetProcess, workers: number): Promise<Round> {
	const devices = fleet.devices.length;
	const totals = await fleet.totalStats();
	const before = cpu();
	const machine_ms = cpuOfMachine() - cpuOfTree(process.pid);
	const started = performance.now();
	const { run_id, snapshot_id = "" } = await api.backup.runSelected({ body: { select: { all: true } } });
	const run = await runEnded(api, run_id, 3_600_000);
	const snapshot = await eventually("the snapshot is complete", async () => {
		const found = await api.backup.getSnapshot({ params: { id: snapshot_id } });
		return found.status !== "running" && found;
	});
	const wall_ms = performance.now() - started;
	const others_ms = cpuOfMachine() - cpuOfTree(process.pid) - machine_ms;
	if (run.status !== "succeeded" || snapshot.succeeded !== devices) {
		throw new Error(`the run ended ${run.status}: ${JSON.stringify({ ...run.counts, snapshot: snapshot.succeeded })}`);
	}
	await sleep(settle_ms);
	const after = cpu();
	const { cpu_ms, commands } = await fleet.totalStats();
	return {
		devices,
		workers,
		wall_ms,
		cpu_ms: {
			main: after.main - before.main,
			workers: after.workers - before.workers,
			postgres: after.postgres - before.postgres,
		},
		cores_of_others: Math.max(0, others_ms / wall_ms),
		fleet_cpu_ms: cpu_ms - totals.cpu_ms,
		commands_per_device: (commands - totals.commands) / devices,
	};
}

async function changeConfigs(fleet: FleetProcess, share: number, round: number): Promise<void> {
	for (const { name } of fleet.devices.slice(0, Math.round(fleet.devices.length * share))) {
		await fleet.applyLines(name, ["interface GigabitEthernet1/0/1", ` description changed before round ${round}`]);
	}
}

const alone = 5;

/** How long a session takes that has the product for itself, ms: the shortest of several. */
async function latencyOfOne(api: Clients, name: string): Promise<number> {
	const times_ms: number[] = [];
	while (times_ms.length < alone) {
		const { run_id } = await api.backup.runSelected({ body: { select: { names: [name] } } });
		await runEnded(api, run_id);
		const { items } = await api.tasks.listOperations({ params: { id: run_id }, query: {} });
		const [operation] = items;
		if (!operation?.started_at || !operation.finished_at) throw new Error("the operation has no times");
		times_ms.push(Date.parse(operation.finished_at) - Date.parse(operation.started_at));
	}
	return Math.min(...times_ms);
}

interface Life {
	first: Round;
	/** Those after it that count. */
	later: Round[];
	session_ms: number;
	statements?: Table;
}

async function measure(devices: number, workers: number): Promise<Life> {
	const fleet = await startFleetProcess({
		devices: { count: devices, platforms: ["cisco_ios"] },
		config_bytes: options["config-bytes"],
		latency_ms: options["latency-ms"],
	});
	try {
		const measured = await startMeasuredProduct({
			env: {
				NETCONDUCTOR_WORKERS_CONCURRENCY: String(options.sessions),
				...(workers > 0 && { NETCONDUCTOR_WORKERS_PROCESSES: String(workers) }),
			},
			profile_dir: options.profile === "" ? undefined : options.profile,
			count_statements: options.statements,
		});
		try {
			await importFleet(measured.api, fleet);
			// Configs and keys of the simulated devices are made when first asked for: that is not the product's time.
			for (const { name } of fleet.devices) await fleet.config(name);
			const database = options.statements ? await measured.connectDatabase() : undefined;
			await sleep(settle_ms);
			const first = await backUp(measured, fleet, workers);
			let round = 2;
			for (; (round - 1) * devices < options["warm-up"]; round++) await nextRound();
			if (database) await resetStatements(database);
			const later: Round[] = [];
			for (; later.length < options.rounds - 1; round++) later.push(await nextRound());
			const statements = database && (await topStatements(database, devices * later.length));
			await database?.end();
			const session_ms = await latencyOfOne(measured.api, fleet.devices[0]?.name ?? "");
			return { first, later, session_ms, ...(statements && { statements }) };

			async function nextRound(): Promise<Round> {
				await changeConfigs(fleet, options.changed, round);
				return backUp(measured, fleet, workers);
			}
		} finally {
			await measured.stop();
		}
	} finally {
		await fleet.stop();
	}
}

/** Whether several numbers of worker processes are compared. */
const several = options.workers.includes(",");

const cpuPerDevice = ({ cpu_ms: { main, workers, postgres }, devices }: Round) => (main + workers + postgres) / devices;
const devicesPerSecond = ({ devices, wall_ms }: Round) => devices / (wall_ms / 1_000);

function roundsTable(lives: Life[]): Table {
	return {
		title: "Rounds; CPU in ms for one device",
		columns: [
			"devices",
			...(several ? ["worker processes"] : []),
			"round",
			"wall s",
			"devices/s",
			"main",
			"workers",
			"PostgreSQL",
			"product",
			"fleet",
			"lines",
			"cores busy with other work",
		],
		rows: lives.flatMap(({ first, later }) =>
			[first, ...later].map((round, i) => [
				String(round.devices),
				...(several ? [String(round.workers)] : []),
				i === 0 ? "first" : "later",
				round.wall_ms / 1_000,
				devicesPerSecond(round),
				round.cpu_ms.main / round.devices,
				round.cpu_ms.workers / round.devices,
				round.cpu_ms.postgres / round.devices,
				cpuPerDevice(round),
				round.fleet_cpu_ms / round.devices,
				round.commands_per_device,
				round.cores_of_others,
			]),
		),
	};
}

function figuresOf({ first, later, session_ms }: Life): Figure[] {
	const of = several ? `${first.devices} devices, ${first.workers} workers` : `${first.devices} devices`;
	const named = (name: string) => `${of}: ${name}`;
	if (options["latency-ms"] > 0) {
		const ideal_s = ((first.devices / options.sessions) * session_ms) / 1_000;
		const waiting_ms = first.commands_per_device * options["latency-ms"];
		return [
			{ name: named("one session alone, of which the device waits"), value: waiting_ms, unit: "ms" },
			{ name: named("one session alone"), value: session_ms, unit: "ms" },
			{
				name: named(`wall time, ${options.sessions} sessions of ${options["latency-ms"]} ms a line`),
				value: median(later.map(({ wall_ms }) => wall_ms / 1_000)),
				unit: "s",
				at_most: 1.3 * ideal_s,
			},
		];
	}
	return [
		{ name: named("devices/s, first round"), value: devicesPerSecond(first), unit: "/s" },
		{ name: named("CPU per device, first round"), value: cpuPerDevice(first), unit: "ms" },
		{ name: named("devices/s"), value: median(later.map(devicesPerSecond)), unit: "/s", at_least: 80 },
		{ name: named("CPU per device"), value: median(later.map(cpuPerDevice)), unit: "ms", at_most: 12 },
	];
}

/** How far apart the cost of a device is between the smallest and the largest fleet. */
function flatness(lives: Life[]): Figure[] {
	if (lives.length < 2 || several || options["latency-ms"] > 0) return [];
	const costs = lives.map(({ later }) => median(later.map(cpuPerDevice)));
	return [
		{
			name: "dearest device ÷ cheapest, over the sizes of fleet",
			value: Math.max(...costs) / Math.min(...costs),
			unit: "",
			at_most: 1.2,
		},
	];
}

/** How much more several worker processes do than one: as it was, without what the simulated devices cost, and by what the workers cost. */
function scaling(lives: Life[]): Figure[] {
	const [one, ...others] = lives;
	if (!several || one === undefined) return [];
	const cores = availableParallelism();
	const rate = ({ later }: Life) => median(later.map(devicesPerSecond));
	/** As if the fleet had run on another machine: its CPU time, spread over the cores, is taken off the wall time. */
	const rateWithoutFleet = ({ later }: Life) =>
		median(later.map(({ devices, wall_ms, fleet_cpu_ms }) => devices / ((wall_ms - fleet_cpu_ms / cores) / 1_000)));
	const costOf = ({ later }: Life, kind: keyof CpuTimes) =>
		median(later.map(({ cpu_ms, devices }) => cpu_ms[kind] / devices));
	return others.flatMap((more) => {
		const name = `${more.first.workers} workers ÷ ${one.first.workers}, ${more.first.devices} devices`;
		const target = { at_least: (1.6 / 2) * (more.first.workers / one.first.workers) };
		const byCost = (more.first.workers / one.first.workers) * (costOf(one, "workers") / costOf(more, "workers"));
		return [
			{ name: `${name}: devices/s as measured`, value: rate(more) / rate(one), unit: "×", ...target },
			{
				name: `${name}: devices/s, the simulator's CPU subtracted (computed)`,
				value: rateWithoutFleet(more) / rateWithoutFleet(one),
				unit: "×",
				...target,
			},
			{
				name: `${name}: what workers with cores of their own would do, by their CPU for a device (computed)`,
				value: byCost,
				unit: "×",
				...target,
			},
			{
				name: `${more.first.workers} workers: devices/s at which the main process fills a core (computed)`,
				value: 1_000 / costOf(more, "main"),
				unit: "/s",
			},
			{
				name: `${more.first.workers} workers: cores that the product kept busy`,
				value: median(more.later.map((round) => (cpuPerDevice(round) * round.devices) / round.wall_ms)),
				unit: "",
			},
		];
	});
}

if (options.rounds < 2) throw new RangeError("it takes two rounds: the first is told apart");
const lives: Life[] = [];
for (const devices of numbersIn(options.devices)) {
	for (const workers of numbersIn(options.workers)) lives.push(await measure(devices, workers));
}
printReport(
	{
		tables: [roundsTable(lives), ...lives.flatMap(({ statements }) => (statements ? [statements] : []))],
		figures: [...lives.flatMap(figuresOf), ...flatness(lives), ...scaling(lives)],
	},
	options,
);
