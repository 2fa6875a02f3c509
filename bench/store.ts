// What was stored, and how fast it is found again: a year of backups, comparing, searching, the history of runs.
import { type Clients, eventually, runEnded } from "@netconductor/e2e/product";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "./harness/figures.ts";
import { fillRuns, type TableSize, tableSizes } from "./harness/fill-runs.ts";
import { readOptions } from "./harness/options.ts";
import { importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { type Figure, printReport, type Table } from "./harness/report.ts";

const parts = ["year", "diff", "search", "runs"] as const;
type Part = (typeof parts)[number];

const options = readOptions(
	`Backs up simulated devices and asks the API for what was stored. Answers are timed from the outside, one request at a time, and the same
request several times; the first of them stands beside the others' median.`,
	{
		only: { is: parts.join(","), text: "which parts" },
		days: { is: 365, text: "year: backups of one unchanged configuration" },
		"large-bytes": { is: 1_000_000, text: "year, diff: size of that configuration" },
		configs: { is: 10_000, text: "search: devices with a current configuration of 12 KB" },
		operations: { is: 1_000_000, text: "runs: operations in the history" },
		times: { is: 10, text: "how often each request is made" },
	},
);
const chosen = options.only.split(",").filter((part): part is Part => parts.some((known) => known === part));

interface Timed {
	name: string;
	first_ms: number;
	fastest_ms: number;
	median_ms: number;
	slowest_ms: number;
	/** Of main process and PostgreSQL, for one request. */
	cpu_ms: number;
	/** What came back, in a few words. */
	found: string;
}

async function timed({ cpu }: MeasuredProduct, name: string, ask: () => Promise<string>): Promise<Timed> {
	const times_ms: number[] = [];
	const before = cpu();
	let found = "";
	for (let time = 0; time < options.times; time++) {
		const started = performance.now();
		found = await ask();
		times_ms.push(performance.now() - started);
	}
	const after = cpu();
	const [first_ms = Number.NaN, ...later_ms] = times_ms;
	return {
		name,
		first_ms,
		fastest_ms: Math.min(...later_ms),
		median_ms: median(later_ms),
		slowest_ms: Math.max(...later_ms),
		cpu_ms: (after.main - before.main + after.postgres - before.postgres) / options.times,
		found,
	};
}

function timesTable(title: string, results: Timed[]): Table {
	return {
		title,
		columns: ["request", "first ms", "fastest", "median", "slowest", "CPU ms", "answer"],
		rows: results.map(({ name, first_ms, fastest_ms, median_ms, slowest_ms, cpu_ms, found }) => [
			name,
			first_ms,
			fastest_ms,
			median_ms,
			slowest_ms,
			cpu_ms,
			found,
		]),
	};
}

const timeFigures = (results: Timed[], at_most: number): Figure[] =>
	results.map(({ name, median_ms }) => ({ name, value: median_ms, unit: "ms", at_most }));

interface Outcome {
	tables: Table[];
	figures: Figure[];
}

/** Backs up and answers the run's id. */
async function backUp(api: Clients, names?: string[]): Promise<string> {
	const select = names ? { names } : { all: true };
	const { run_id, snapshot_id = "" } = await api.backup.runSelected({ body: { select } });
	await runEnded(api, run_id, 3_600_000);
	await eventually("the snapshot is complete", async () => {
		const { status } = await api.backup.getSnapshot({ params: { id: snapshot_id } });
		return status !== "running";
	});
	return run_id;
}

async function newestBackup(api: Clients, name: string): Promise<string> {
	const { items } = await api.devices.listDevices({ query: { q: name } });
	const device = items.find((one) => one.name === name);
	const history = await api.backup.listBackups({ query: { device_id: device?.id ?? "", page_size: 1 } });
	const [newest] = history.items;
	if (newest?.status !== "succeeded") throw new Error(`${name} has no good backup`);
	return newest.id;
}

const kept = { messages: "inbox and outbox, emptied after a while", audit: "audit", tasks: "runs and output" };

function kindOf({ schema, table }: TableSize): string {
	if (table === "inbox" || table === "outbox") return kept.messages;
	if (schema === "audit") return kept.audit;
	if (schema === "tasks") return kept.tasks;
	return schema === "backup" ? "backups" : schema;
}

async function measureYear({ api, connectDatabase }: MeasuredProduct): Promise<Outcome> {
	const [device] = (await api.devices.listDevices({ query: { q: "large-1" } })).items;
	if (device === undefined) throw new Error("there is no large device");
	const database = await connectDatabase();
	const before = new Map((await tableSizes(database)).map(({ schema, table, bytes }) => [`${schema}.${table}`, bytes]));
	for (let day = 1; day <= options.days; day++) {
		const { run_id } = await api.backup.runSingle({ body: { device_id: device.id } });
		const { status } = await runEnded(api, run_id);
		if (status !== "succeeded") throw new Error(`backup ${day} ended ${status}`);
	}
	const after = await tableSizes(database);
	await database.end();
	const grown = after.map((size) => ({
		...size,
		bytes: size.bytes - (before.get(`${size.schema}.${size.table}`) ?? 0),
	}));
	const sum = (some: TableSize[]) => some.reduce((total, { bytes }) => total + bytes, 0) / 2 ** 20;
	const byKind = Map.groupBy(grown, kindOf);
	const lasting = grown.filter((size) => kindOf(size) !== kept.messages);
	return {
		tables: [
			{
				title: `${options.days} backups of an unchanged configuration of ${options["large-bytes"]} bytes: growth with indexes`,
				columns: ["what", "MiB"],
				rows: [...byKind]
					.map(([kind, sizes]): [string, number] => [kind, sum(sizes)])
					.filter(([, mebibytes]) => mebibytes !== 0)
					.toSorted(([, a], [, b]) => b - a),
			},
		],
		figures: [
			{
				name: `${options.days} backups: what they store`,
				value: sum(byKind.get("backups") ?? []),
				unit: "MiB",
				at_most: 2_000_000 / 2 ** 20,
			},
			{ name: `${options.days} backups: with runs, output and audit of each`, value: sum(lasting), unit: "MiB" },
		],
	};
}

/** Changes every `each`th description of a simulated IOS configuration. */
function changed(config: string, each: number): string {
	let number = 0;
	return config.replaceAll(/^access-list (\d+) permit ip host (\S+)/gm, (line, list, host) =>
		number++ % each === 0 ? `access-list ${list} deny ip host ${host}` : line,
	);
}

async function measureDiff(measured: MeasuredProduct, large: FleetProcess): Promise<Outcome> {
	const { api } = measured;
	const compare = async (name: string, from: string, to: string, mode: "text" | "section") =>
		timed(measured, `compare 1 MB, ${name}, by ${mode}`, async () => {
			const { added, removed } = await api.backup.compareBackups({ query: { from, to, mode } });
			return `+${added} -${removed}`;
		});
	await backUp(api, ["large-1", "large-2"]);
	const [first, other] = [await newestBackup(api, "large-1"), await newestBackup(api, "large-2")];
	const original = await large.config("large-1");
	const changes: [string, string][] = [];
	for (const [name, each] of [
		["one line in 1,000 changed", 1_000],
		["one line in 10 changed", 10],
	] as const) {
		await large.setConfig("large-1", changed(original, each));
		await backUp(api, ["large-1"]);
		changes.push([name, await newestBackup(api, "large-1")]);
	}
	await large.setConfig("large-1", original);
	const results: Timed[] = [];
	for (const mode of ["text", "section"] as const) {
		for (const [name, id] of changes) results.push(await compare(name, first, id, mode));
		results.push(await compare("of another device", first, other, mode));
	}
	return { tables: [timesTable("Comparing two configurations of 1 MB", results)], figures: timeFigures(results, 200) };
}

async function measureSearch(measured: MeasuredProduct, fleet: FleetProcess): Promise<Outcome> {
	const { api } = measured;
	await backUp(api);
	const at = new Date().toISOString();
	const some = fleet.devices.slice(0, Math.ceil(fleet.devices.length / 100));
	for (const { name } of some) await fleet.applyLines(name, ["interface Vlan10", " description moved"]);
	await backUp(
		api,
		some.map(({ name }) => name),
	);
	const own = fleet.devices[Math.floor(fleet.devices.length / 2)]?.name ?? "";
	const rare = /ip address (\S+)/.exec(await fleet.config(own))?.[1] ?? "";
	type Query = Parameters<Clients["backup"]["searchConfigs"]>[0]["query"];
	const searches: [string, Query][] = [
		["a text that one has", { q: `ip address ${rare}` }],
		["a text that all have", { q: "switchport mode access" }],
		["a text that none has", { q: "frame-relay lmi-type" }],
		["a pattern that few match", { q: `ip address ${rare.replaceAll(".", "\\.")}\\b`, regex: "true" }],
		["a pattern that all match", { q: "^ description uplink .*core$", regex: "true" }],
		["a pattern without a fixed text", { q: "(\\d+\\.){3}\\d+ 255\\.255\\.0\\.0$", regex: "true" }],
		["with the case that all have", { q: "switchport mode access", ignore_case: "false" }],
		["with a case that none has", { q: "SWITCHPORT MODE ACCESS", ignore_case: "false" }],
		["as of before, a text that one has", { q: `ip address ${rare}`, at }],
		["as of before, a text that all have", { q: "description management", at }],
		["as of before, a text that none has", { q: "frame-relay lmi-type", at }],
	];
	const results: Timed[] = [];
	for (const [name, query] of searches) {
		const ask = async () => `${(await api.backup.searchConfigs({ query })).total} devices`;
		results.push(
			await timed(measured, `search: ${name}`, () =>
				ask().catch((error: Error & { code?: string }) => error.code ?? error.message),
			),
		);
	}
	return {
		tables: [timesTable(`Searching ${fleet.devices.length} current configurations`, results)],
		figures: timeFigures(results, 500),
	};
}

async function measureRuns(measured: MeasuredProduct, fleet: FleetProcess): Promise<Outcome> {
	const { api, connectDatabase } = measured;
	// Runs as they are: one that succeeded, one with a failure in it, and one of another kind.
	const names = fleet.devices.slice(0, 100).map(({ name }) => name);
	const [refused = ""] = names;
	const succeeded = await backUp(api, names);
	await fleet.setFault(refused, { kind: "wrong_password" });
	const partial = await backUp(api, names);
	await fleet.setFault(refused, null);
	const { run_id: tested } = await api.devices.testDevices({ body: { select: { names } } });
	await runEnded(api, tested);
	const database = await connectDatabase();
	const operations = await fillRuns(database, [succeeded, succeeded, succeeded, partial, tested], options.operations);
	await database.end();

	const [device] = (await api.devices.listDevices({ query: { q: refused } })).items;
	type Query = Parameters<Clients["tasks"]["listRuns"]>[0]["query"];
	const listed = (query: Query) => async () => {
		const { items, next_cursor } = await api.tasks.listRuns({ query });
		return `${items.length} runs${next_cursor === null ? ", the last" : ""}`;
	};
	let cursor: string | undefined;
	for (let page = 0; page < 10; page++) {
		const { next_cursor } = await api.tasks.listRuns({ query: { limit: 500, cursor } });
		cursor = next_cursor ?? undefined;
	}
	const asks: [string, () => Promise<string>][] = [
		["run list: newest", listed({})],
		["run list: 5,000 runs back", listed({ cursor })],
		["run list: of one kind", listed({ kind: "connectivity_test" })],
		["run list: of a rare status", listed({ status: "failed,cancelled" })],
		["run list: of a status", listed({ status: "partial" })],
		["run list: of one device", listed({ device_id: device?.id })],
		["run list: of who started it", listed({ started_by: "admin" })],
		["run list: of nobody", listed({ started_by: "nobody" })],
		["run list: of a month", listed({ to: new Date(Date.now() - 30 * 86_400_000).toISOString() })],
	];
	const others: [string, () => Promise<string>][] = [
		[
			"operations of a run",
			async () =>
				`${(await api.tasks.listOperations({ params: { id: partial }, query: { sort: "-duration_ms" } })).total} operations`,
		],
		["one run", async () => (await api.tasks.getRun({ params: { id: partial } })).status],
		["output of a run", async () => `${(await api.tasks.readOutput({ params: { id: partial } })).items.length} pieces`],
		["load of the workers", async () => `${(await api.tasks.getWorkerStats({})).workers_online} workers`],
	];
	const lists: Timed[] = [];
	for (const [name, ask] of asks) lists.push(await timed(measured, name, ask));
	const rest: Timed[] = [];
	for (const [name, ask] of others) rest.push(await timed(measured, name, ask));
	return {
		tables: [timesTable(`The history of runs, ${operations} operations`, [...lists, ...rest])],
		figures: timeFigures(lists, 100),
	};
}

const large = await startFleetProcess({
	devices: [1, 2].map((number) => ({ name: `large-${number}`, platform: "cisco_ios" as const })),
	config_bytes: options["large-bytes"],
});
const small = await startFleetProcess({
	devices: { count: chosen.includes("search") ? options.configs : 100, platforms: ["cisco_ios"] },
});
const product = await startMeasuredProduct();
try {
	await importFleet(product.api, { devices: [...large.devices, ...small.devices] });
	const outcomes: Outcome[] = [];
	if (chosen.includes("year")) outcomes.push(await measureYear(product));
	if (chosen.includes("diff")) outcomes.push(await measureDiff(product, large));
	if (chosen.includes("search")) outcomes.push(await measureSearch(product, small));
	if (chosen.includes("runs")) outcomes.push(await measureRuns(product, small));
	printReport(
		{ tables: outcomes.flatMap(({ tables }) => tables), figures: outcomes.flatMap(({ figures }) => figures) },
		options,
	);
} finally {
	await product.stop();
	await Promise.all([large.stop(), small.stop()]);
}
