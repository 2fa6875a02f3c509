// What a request and an imported device cost with a hundred devices in the inventory, and with a hundred thousand.
import type { Clients } from "@netconductor/e2e/product";
import type { Client } from "pg";
import { Pool } from "undici";
import { numbersIn, readOptions } from "./harness/options.ts";
import { type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { printReport, type Table } from "./harness/report.ts";
import { resetStatements, topStatements } from "./harness/statements.ts";

const options = readOptions(
	`Grows one inventory by imports and asks the API for it at each size, one request at a time. Told is CPU time of main process and PostgreSQL
together for one request, the first after a change of the inventory and the next, and for one imported device: other work on the machine changes it little.`,
	{
		devices: { is: "100,1000,10000,100000", text: "sizes of the inventory, growing" },
		"cpu-ms": { is: 400, text: "each request is repeated until it has cost so much" },
		times: { is: 300, text: "or so often" },
		only: { is: "", text: "only requests whose name holds this" },
		statements: {
			is: false,
			text: "also tell the dearest SQL statements of each size, as pg_stat_statements counts them",
		},
		profile: { is: "", text: "folder for CPU profiles of the main process" },
	},
);

const page_size = 50;
const devicesOfASite = 48;
const rowsOfAFile = 10_000;
const warmUp = 10;
/** Between two looks at what was spent: a look reads all of /proc. */
const inARow = 10;
const mostGrowth = 1.5;

/** A device as a file names it: a hundred thousand of them differ in name, address and site, and share types, tags and groups. */
function rowOf(index: number) {
	const site = Math.floor(index / devicesOfASite);
	const role = ["acc", "dist", "core"][index % 3] ?? "";
	return {
		name: `net-${String(site).padStart(4, "0")}-${role}-${index % devicesOfASite}`,
		host: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
		device_type: ["cisco_ios", "arista_eos", "juniper_junos"][index % 3],
		site: `site-${String(site).padStart(4, "0")}`,
		tags: [role, index % 2 === 0 ? "even" : "odd"],
		groups: [`rack row ${site % 20}`],
		description: `${role} switch ${index}`,
	};
}

interface Request {
	name: string;
	path: string;
	/** Path of the page by whose end this one is found. */
	after?: string;
	/** Whether its cost may grow with the inventory by half at most. */
	flat: boolean;
}

const sortable = ["name", "host", "device_type", "site", "health", "health_at", "created_at", "updated_at"];

function requestsAt(devices: number): Request[] {
	/** As the pages of the web ask. */
	const list = (query: string, count = "near") => `/api/devices?page_size=${page_size}&count=${count}${query}`;
	const pages = Math.ceil(devices / page_size);
	const middle = rowOf(Math.floor(devices / 2));
	const middlePage = Math.max(2, Math.ceil(pages / 2));
	const all: Request[] = [
		{ name: "first page", path: list(""), flat: true },
		{ name: "page 100, or the last", path: list(`&page=${Math.min(100, pages)}`), flat: true },
		{ name: "last page", path: list(`&page=${pages}`), flat: false },
		{ name: "page in the middle", path: list(`&page=${middlePage}`), flat: false },
		{
			name: "page in the middle, after the one before",
			path: list(`&page=${middlePage}`),
			after: list(`&page=${middlePage - 1}`),
			flat: true,
		},
		...sortable.flatMap((field) =>
			[field, `-${field}`].map((sort) => ({ name: `sorted by ${sort}`, path: list(`&sort=${sort}`), flat: true })),
		),
		{ name: "of a site", path: list(`&site=${middle.site}`), flat: true },
		{ name: "of a type (a third)", path: list("&device_type=cisco_ios"), flat: true },
		{ name: "of a health (all)", path: list("&health=unknown"), flat: true },
		{ name: "of a health (none)", path: list("&health=unreachable"), flat: true },
		{ name: "enabled (all)", path: list("&enabled=true"), flat: true },
		{ name: "of a tag (a half)", path: list("&tag=even"), flat: true },
		{ name: "of two tags (a sixth)", path: list("&tag=even,core"), flat: true },
		{ name: "of a type in a site", path: list(`&device_type=cisco_ios&site=${middle.site}`), flat: true },
		{ name: "of a group (a twentieth)", path: list("&group=rack%20row%200"), flat: true },
		{ name: "search of a name (one)", path: list(`&q=${middle.name}`), flat: true },
		{ name: "search of a site (48)", path: list(`&q=${middle.site}`), flat: true },
		{ name: "search of a word (a third)", path: list("&q=core"), flat: true },
		{ name: "search of what none has", path: list("&q=zzyzx"), flat: true },
		{ name: "of two tags, counted to the last", path: list("&tag=even,core", "exact"), flat: false },
		{ name: "search of a word, counted to the last", path: list("&q=core", "exact"), flat: false },
		{ name: "summary", path: "/api/devices/summary", flat: true },
	];
	return all.filter(({ name }) => name.includes(options.only));
}

interface Cost {
	name: string;
	main_ms: number;
	postgres_ms: number;
	/** Of a question that comes again before anything has changed. */
	again_ms: number;
	flat: boolean;
}

const costOf = ({ main_ms, postgres_ms }: Cost) => main_ms + postgres_ms;

/** Has nothing kept be good any more, as a change of a device would. What it costs is measured apart. */
const noteChange = (database: Client) => database.query("update devices.inventory_changes set changes = changes + 1");

async function measure(
	{ cpu, product }: MeasuredProduct,
	{ http, database }: { http: Pool; database: Client },
	{ name, path, after, flat }: Request,
): Promise<Cost> {
	const headers = { authorization: `Bearer ${product.admin_token}` };
	async function endOf(page: string): Promise<string> {
		const { body } = await http.request({ method: "GET", path: page, headers });
		const { next_after } = (await body.json()) as { next_after: string | null };
		return next_after === null ? "" : `&after=${next_after}`;
	}
	const end = after === undefined ? "" : await endOf(after);
	const ask = async () => {
		const answer = await http.request({
			method: "GET",
			path: path + end,
			headers,
		});
		await answer.body.dump();
		if (answer.statusCode !== 200) throw new Error(`${path} was answered with ${answer.statusCode}`);
	};
	const askAnew = async () => {
		await noteChange(database);
		await ask();
	};
	async function costOfOne(work: () => Promise<unknown>) {
		for (let time = 0; time < warmUp; time++) await work();
		const before = cpu();
		for (let times = inARow; ; times += inARow) {
			for (let time = 0; time < inARow; time++) await work();
			const { main, postgres } = cpu();
			const main_ms = main - before.main;
			const postgres_ms = postgres - before.postgres;
			if (times < options.times && main_ms + postgres_ms < options["cpu-ms"]) continue;
			return { main_ms: main_ms / times, postgres_ms: postgres_ms / times };
		}
	}
	const anew = await costOfOne(askAnew);
	const noting = await costOfOne(() => noteChange(database));
	const again = await costOfOne(ask);
	return {
		name,
		main_ms: anew.main_ms,
		postgres_ms: anew.postgres_ms - noting.postgres_ms,
		again_ms: again.main_ms + again.postgres_ms,
		flat,
	};
}

async function importUpTo(api: Clients, from: number, to: number): Promise<void> {
	for (let at = from; at < to; at += rowsOfAFile) {
		const rows = Array.from({ length: Math.min(rowsOfAFile, to - at) }, (_, i) => rowOf(at + i));
		await api.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	}
}

async function importAt({ api, cpu, connectDatabase }: MeasuredProduct, from: number, to: number): Promise<Cost> {
	const before = cpu();
	await importUpTo(api, from, to);
	const after = cpu();
	const database = await connectDatabase();
	// What autovacuum does within a minute of such growth.
	await database.query("vacuum analyze devices.devices, devices.device_group_members");
	await database.end();
	const each = (times_ms: number) => times_ms / (to - from);
	return {
		name: `import, for a device of ${from + 1} to ${to}`,
		main_ms: each(after.main - before.main),
		postgres_ms: each(after.postgres - before.postgres),
		again_ms: Number.NaN,
		flat: false,
	};
}

const sizes = numbersIn(options.devices);
const measured = await startMeasuredProduct({
	env: { NETCONDUCTOR_WORKERS_PROCESSES: "0" },
	profile_dir: options.profile === "" ? undefined : options.profile,
	count_statements: options.statements,
});
const http = new Pool(measured.product.url, { connections: 1 });
const database = await measured.connectDatabase();
const ways = { http, database };
const imports: Cost[] = [];
const lives: { devices: number; costs: Cost[]; statements?: Table }[] = [];
try {
	// A start has things to do that are nobody's request; and the first requests compile what the later ones run.
	for (const request of requestsAt(1)) await measure(measured, ways, request);
	for (const [i, devices] of sizes.entries()) {
		imports.push(await importAt(measured, sizes[i - 1] ?? 0, devices));
		if (options.statements) await resetStatements(database);
		const costs: Cost[] = [];
		for (const request of requestsAt(devices)) costs.push(await measure(measured, ways, request));
		const statements = options.statements ? await topStatements(database, 1) : undefined;
		lives.push({ devices, costs, ...(statements && { statements }) });
	}
} finally {
	await http.close();
	await database.end();
	await measured.stop();
}

const [smallest] = lives;
const largest = lives.at(-1);
const growthOf = (index: number) => {
	const [low, high] = [smallest?.costs[index], largest?.costs[index]];
	return low && high ? costOf(high) / costOf(low) : Number.NaN;
};
printReport(
	{
		tables: [
			{
				title: "CPU of main process and PostgreSQL for the first request after a change, ms",
				columns: [
					"request",
					...sizes.map((devices) => `${devices} devices`),
					"of it PostgreSQL at the last",
					"last ÷ first",
					"asked again at the last",
				],
				rows: (smallest?.costs ?? []).map(({ name }, i) => [
					name,
					...lives.map(({ costs }) => (costs[i] ? costOf(costs[i]) : "")),
					largest?.costs[i]?.postgres_ms ?? "",
					growthOf(i),
					largest?.costs[i]?.again_ms ?? "",
				]),
			},
			{
				title: "CPU for one imported device, ms",
				columns: ["", "main process", "PostgreSQL", "together"],
				rows: imports.map((cost) => [cost.name, cost.main_ms, cost.postgres_ms, costOf(cost)]),
			},
			...lives.flatMap(({ statements, devices }) =>
				statements ? [{ ...statements, title: `${statements.title}, ${devices} devices, all requests` }] : [],
			),
		],
		figures: (smallest?.costs ?? []).flatMap(({ name, flat }, i) =>
			flat ? [{ name: `${name}: last ÷ first`, value: growthOf(i), unit: "", at_most: mostGrowth }] : [],
		),
	},
	options,
);
