// What ten thousand schedules cost while none is due, and how soon runs start when many are due at once.
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { type CpuTimes, importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { type Figure, printReport, type Table } from "./harness/report.ts";
import { resetStatements, topStatements } from "./harness/statements.ts";

const options = readOptions(
	`Leaves the product alone without schedules and with many of which none is due, and tells the CPU of both; then has some come due at one moment,
several times over, and tells how long after it their runs started and what that cost.`,
	{
		schedules: { is: 10_000, text: "schedules, none of them due while it is looked" },
		"settle-s": { is: 20, text: "how long to leave it alone before looking" },
		seconds: { is: 60, text: "how long to look; 0 does not look at idleness" },
		due: { is: 100, text: "schedules that come due at one moment" },
		kind: {
			is: "connectivity_test",
			text: "what they start: connectivity_test, backup, deploy or mop, each on a device of its own",
		},
		moments: { is: 3, text: "how often so many come due; the first warms up and is told apart" },
		workers: { is: 1, text: "worker processes; 0 leaves only the starts" },
		profile: { is: "", text: "folder for CPU profiles of main process and workers" },
		statements: {
			is: false,
			text: "also tell the dearest SQL statements of a start, as pg_stat_statements counts them",
		},
	},
);

async function idle({ cpu }: MeasuredProduct): Promise<CpuTimes> {
	await sleep(options["settle-s"] * 1_000);
	const before = cpu();
	const started = performance.now();
	await sleep(options.seconds * 1_000);
	const elapsed_ms = performance.now() - started;
	const after = cpu();
	const share = (of: keyof CpuTimes) => ((after[of] - before[of]) / elapsed_ms) * 100;
	return { main: share("main"), workers: share("workers"), postgres: share("postgres") };
}

const zones = ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "UTC"];

async function scheduleFarAway({ api, connectDatabase }: MeasuredProduct, names: readonly string[]): Promise<void> {
	let made = 0;
	await Promise.all(
		Array.from({ length: 8 }, async () => {
			while (made < options.schedules) {
				const n = made++;
				const params = { select: { names: [names[n % names.length] ?? ""] } };
				// Spread over the year; the month that begins now is left out.
				const months = [((new Date().getMonth() + 2 + (n % 10)) % 12) + 1];
				const timing = { type: "monthly" as const, on: { type: "last_day" as const }, months, times: ["03:17"] };
				await api.scheduling.createSchedule({
					body: { name: `far ${n}`, kind: "backup", params, time_zone: zones[n % zones.length], timing },
				});
			}
		}),
	);
	// What adding them left to PostgreSQL to do later is no cost of having them.
	const database = await connectDatabase();
	await database.query("vacuum analyze");
	await database.query("checkpoint");
	await database.end();
}

/** Makes what the kind starts. @returns parameters of the schedule of each device */
async function prepare({ api }: MeasuredProduct, names: readonly string[]): Promise<Record<string, unknown>[]> {
	if (options.kind === "deploy") {
		const source = "ntp server {{ server }}\n";
		const { id } = await api.config.createTemplate({ body: { name: "time", source } });
		for (const name of names) {
			const services = [{ name: "time", template_id: id, targets: { names: [name] } }];
			await api.config.createStack({ body: { name, services, variables: { server: "192.0.2.1" } } });
		}
		return names.map((stack) => ({ stack }));
	}
	if (options.kind === "mop") {
		const steps = [{ id: "clock", type: "run_command", with: { commands: ["show clock"] } }];
		await api.config.createMop({ body: { source: JSON.stringify({ name: "clock", steps }) } });
		return names.map((name) => ({ mop: "clock", targets: { names: [name] } }));
	}
	return names.map((name) => ({ select: { names: [name] } }));
}

interface Moment {
	late_ms: number[];
	/** From shortly before the moment until all runs have started and had time to end, with what they did themselves. */
	cpu_ms: CpuTimes;
}

const before_ms = 500;
const after_ms = 6_000;
/** What adding the schedules set off is over by then. */
const quiet_ms = 5_000;

async function comeDue(
	measured: MeasuredProduct,
	moment: number,
	params: Record<string, unknown>[],
	onQuiet: () => Promise<void> = async () => {},
): Promise<Moment> {
	const { api, cpu } = measured;
	// The next minute, where there is time enough to add all of them.
	const enough = 60_000 - (Date.now() % 60_000) > 20_000;
	const at = Math.ceil(Date.now() / 60_000) * 60_000 + (enough ? 0 : 60_000);
	const timing = { type: "once" as const, at: new Date(at).toISOString().slice(0, 16) };
	for (const [n, given] of params.entries()) {
		const name = `due ${moment}.${n}`;
		await api.scheduling.createSchedule({ body: { name, kind: options.kind, params: given, timing } });
	}
	if (Date.now() > at - quiet_ms) throw new Error("adding them took too long");
	await sleep(at - 2 * before_ms - Date.now());
	await onQuiet();
	await sleep(at - before_ms - Date.now());
	const before = cpu();
	await sleep(at + after_ms - Date.now());
	const late_ms = await eventually("every run has started", async () => {
		const from = new Date(at).toISOString();
		const { items } = await api.scheduling.listOccurrences({ query: { limit: 500, from } });
		const left = items.find(({ status }) => status === "refused" || status === "skipped");
		if (left !== undefined) throw new Error(`${left.status}: ${left.reason}`);
		const started = items.flatMap(({ started_at }) => (started_at === null ? [] : [Date.parse(started_at) - at]));
		return started.length === params.length && started;
	});
	// The runs come to their end before the next ones begin.
	await sleep(quiet_ms);
	const after = cpu();
	const cost = (of: keyof CpuTimes) => after[of] - before[of];
	return { late_ms, cpu_ms: { main: cost("main"), workers: cost("workers"), postgres: cost("postgres") } };
}

function idleReport(without: CpuTimes, many: CpuTimes): { table: Table; figures: Figure[] } {
	const all = ({ main, workers, postgres }: CpuTimes) => main + workers + postgres;
	const row = (name: string, of: CpuTimes) => [name, of.main, of.workers, of.postgres, all(of)];
	const named = `${options.schedules} schedules, none due`;
	return {
		table: {
			title: `Idle for ${options.seconds} s, % of a core`,
			columns: ["", "main process", "worker", "PostgreSQL", "all"],
			rows: [row("no schedules", without), row(named, many)],
		},
		figures: [
			{ name: `CPU of everything with ${named}`, value: all(many), unit: "% of a core", at_most: 2 },
			{ name: "of it more than without schedules", value: all(many) - all(without), unit: "% of a core" },
		],
	};
}

function dueReport(moments: readonly Moment[]): { table: Table; figures: Figure[] } {
	const counted = moments.length > 1 ? moments.slice(1) : moments;
	const last = counted.map(({ late_ms }) => Math.max(...late_ms));
	const main = counted.map(({ cpu_ms }) => cpu_ms.main / options.due);
	const postgres = counted.map(({ cpu_ms }) => cpu_ms.postgres / options.due);
	const named = `${options.due} × ${options.kind} due at one moment`;
	return {
		table: {
			title: `${named}; CPU in ms for one of them, with what the run did itself`,
			columns: ["moment", "half within ms", "all within ms", "main process", "worker", "PostgreSQL"],
			rows: moments.map(({ late_ms, cpu_ms }, n) => [
				n === 0 && moments.length > 1 ? "first" : `later ${n}`,
				median(late_ms),
				Math.max(...late_ms),
				cpu_ms.main / options.due,
				cpu_ms.workers / options.due,
				cpu_ms.postgres / options.due,
			]),
		},
		figures: [
			{ name: `${named}: all started within, median of ${counted.length}`, value: median(last), unit: "ms" },
			{ name: "and the slowest time", value: Math.max(...last), unit: "ms", at_most: 2_000 },
			{ name: "CPU of the main process for one of them", value: median(main), unit: "ms" },
			{ name: "CPU of PostgreSQL for one of them", value: median(postgres), unit: "ms" },
		],
	};
}

async function measure(measured: MeasuredProduct) {
	await importFleet(measured.api, fleet);
	const names = fleet.devices.map(({ name }) => name);
	const without = options.seconds > 0 ? await idle(measured) : undefined;
	await scheduleFarAway(measured, names);
	const many = options.seconds > 0 ? await idle(measured) : undefined;
	const moments: Moment[] = [];
	if (options.moments === 0) return { without, many, moments, statements: [] };
	const params = await prepare(measured, names);
	const database = options.statements ? await measured.connectDatabase() : undefined;
	for (let moment = 0; moment < options.moments; moment++) {
		// What counts in the end is the last one, when everything is warm.
		moments.push(await comeDue(measured, moment, params, database && (() => resetStatements(database))));
	}
	const statements = database ? [await topStatements(database, options.due, 60)] : [];
	await database?.end();
	return { without, many, moments, statements };
}

const fleet = await startFleetProcess({ devices: { count: options.due, platforms: ["cisco_ios"] } });
const measured = await startMeasuredProduct({
	env: { NETCONDUCTOR_WORKERS_PROCESSES: String(options.workers) },
	profile_dir: options.profile === "" ? undefined : options.profile,
	count_statements: options.statements,
});
try {
	const { without, many, moments, statements } = await measure(measured);
	const parts = [
		...(without && many ? [idleReport(without, many)] : []),
		...(moments.length > 0 ? [dueReport(moments)] : []),
	];
	printReport(
		{
			tables: [...parts.map(({ table }) => table), ...statements],
			figures: parts.flatMap(({ figures }) => figures),
			notes: [
				"A run has started when the tasks service has accepted it. CPU counts everything from shortly before the moment until the runs have ended: what the product does anyway, too.",
			],
		},
		options,
	);
} finally {
	await measured.stop();
	await fleet.stop();
}
