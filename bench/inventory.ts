// What a request and an imported device cost with a hundred devices in the inventory, and with a hundred thousand.
import { join } from "node:path";
import type { Clients } from "@netconductor/e2e/product";
import type { Client } from "pg";
import { Pool } from "undici";
import { numbersIn, readOptions } from "./harness/options.ts";
import { type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { printReport, type Table } from "./harness/report.ts";
import { resetStatements, topStatements } from "./harness/statements.ts";

const options = readOptions(
	`Fills an inventory of each size by imports and asks the API for it, one request at a time, by turns in each. Told is CPU time of main process and
PostgreSQL together for one request, the first after a change of the inventory and the next, and for one imported device.`,
	{
		devices: { is: "100,1000,10000,100000", text: "sizes of the inventories, growing" },
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
	const list = (query: string, { count = "near", size = page_size } = {}) =>
		`/api/devices?page_size=${size}&count=${count}${query}`;
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
		// Of a hundred devices they leave less than a page: here it is as long in every inventory.
		{ name: "of two tags, 16 a page", path: list("&tag=even,core", { size: 16 }), flat: true },
		{ name: "of a type in a site", path: list(`&device_type=cisco_ios&site=${middle.site}`), flat: true },
		{ name: "of a group (a twentieth)", path: list("&group=rack%20row%200"), flat: true },
		{ name: "search of a name (one)", path: list(`&q=${middle.name}`), flat: true },
		{ name: "search of a site (48)", path: list(`&q=${middle.site}`), flat: true },
		{ name: "search of a word (a third)", path: list("&q=core"), flat: true },
		{ name: "search of what none has", path: list("&q=zzyzx"), flat: true },
		{ name: "of two tags, counted to the last", path: list("&tag=even,core", { count: "exact" }), flat: false },
		{ name: "search of a word, counted to the last", path: list("&q=core", { count: "exact" }), flat: false },
		{ name: "summary", path: "/api/devices/summary", flat: false },
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

/** One inventory of its own. Others are measured beside it by turns: what else the machine does falls on all alike. */
interface Inventory extends Ways {
	devices: number;
	imports: Cost[];
	product: MeasuredProduct;
	stop(): Promise<void>;
}

interface Ways {
	product: MeasuredProduct;
	http: Pool;
	database: Client;
}

/** One thing that is done again and again, in each inventory. */
type Work = (in_: Ways, nth: number) => Promise<unknown>;

/** CPU time of one time of it, ms, in each inventory. */
async function costsOf(among: readonly Ways[], work: Work): Promise<{ main_ms: number; postgres_ms: number }[]> {
	for (const [nth, ways] of among.entries()) for (let time = 0; time < warmUp; time++) await work(ways, nth);
	const spent = among.map(() => ({ main_ms: 0, postgres_ms: 0 }));
	for (let times = inARow; ; times += inARow) {
		for (const [nth, ways] of among.entries()) {
			const before = ways.product.cpu();
			for (let time = 0; time < inARow; time++) await work(ways, nth);
			const after = ways.product.cpu();
			const sum = spent[nth];
			if (sum === undefined) continue;
			sum.main_ms += after.main - before.main;
			sum.postgres_ms += after.postgres - before.postgres;
		}
		const least = Math.min(...spent.map(({ main_ms, postgres_ms }) => main_ms + postgres_ms));
		if (times < options.times && least < options["cpu-ms"]) continue;
		return spent.map(({ main_ms, postgres_ms }) => ({ main_ms: main_ms / times, postgres_ms: postgres_ms / times }));
	}
}

const headersOf = ({ product }: Ways) => ({ authorization: `Bearer ${product.product.admin_token}` });

/** The part of a query that asks for what follows a page. */
async function endOf(ways: Ways, page: string): Promise<string> {
	const { body } = await ways.http.request({ method: "GET", path: page, headers: headersOf(ways) });
	const { next_after } = (await body.json()) as { next_after: string | null };
	return next_after === null ? "" : `&after=${next_after}`;
}

/** What one request costs in each inventory; `requests` name it in each. */
async function measure(among: readonly Ways[], requests: readonly Request[]): Promise<Cost[]> {
	const paths = await Promise.all(
		requests.map(async ({ path, after }, nth) => {
			const ways = among[nth];
			return after === undefined || ways === undefined ? path : path + (await endOf(ways, after));
		}),
	);
	const ask: Work = async (ways, nth) => {
		const path = paths[nth] ?? "";
		const answer = await ways.http.request({ method: "GET", path, headers: headersOf(ways) });
		await answer.body.dump();
		if (answer.statusCode !== 200) throw new Error(`${path} was answered with ${answer.statusCode}`);
	};
	const anew = await costsOf(among, async (ways, nth) => {
		await noteChange(ways.database);
		await ask(ways, nth);
	});
	const noting = await costsOf(among, ({ database }) => noteChange(database));
	const again = await costsOf(among, ask);
	return requests.map(({ name, flat }, nth) => ({
		name,
		main_ms: anew[nth]?.main_ms ?? Number.NaN,
		postgres_ms: (anew[nth]?.postgres_ms ?? Number.NaN) - (noting[nth]?.postgres_ms ?? 0),
		again_ms: (again[nth]?.main_ms ?? Number.NaN) + (again[nth]?.postgres_ms ?? Number.NaN),
		flat,
	}));
}

async function importUpTo(api: Clients, from: number, to: number): Promise<void> {
	for (let at = from; at < to; at += rowsOfAFile) {
		const rows = Array.from({ length: Math.min(rowsOfAFile, to - at) }, (_, i) => rowOf(at + i));
		await api.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	}
}

async function importAt({ product: { api, cpu }, database }: Ways, from: number, to: number): Promise<Cost> {
	const before = cpu();
	await importUpTo(api, from, to);
	const after = cpu();
	// What autovacuum does within a minute of such growth.
	await database.query("vacuum analyze devices.devices, devices.device_group_members");
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

async function startInventory(devices: number): Promise<Inventory> {
	const product = await startMeasuredProduct({
		env: { NETCONDUCTOR_WORKERS_PROCESSES: "0" },
		profile_dir: options.profile === "" ? undefined : join(options.profile, String(devices)),
		count_statements: options.statements,
	});
	const http = new Pool(product.product.url, { connections: 1 });
	const database = await product.connectDatabase();
	const inventory: Inventory = {
		devices,
		imports: [],
		product,
		http,
		database,
		async stop() {
			await http.close();
			await database.end();
			await product.stop();
		},
	};
	// A start has things to do that are nobody's request; and the first requests compile what the later ones run.
	for (const request of requestsAt(1)) await measure([inventory], [request]);
	const steps = sizes.filter((size) => size <= devices);
	for (const [i, size] of steps.entries()) inventory.imports.push(await importAt(inventory, steps[i - 1] ?? 0, size));
	if (options.statements) await resetStatements(database);
	return inventory;
}

const inventories: Inventory[] = [];
const lives: { devices: number; costs: Cost[]; statements?: Table }[] = sizes.map((devices) => ({
	devices,
	costs: [],
}));
try {
	for (const devices of sizes) inventories.push(await startInventory(devices));
	const asked = sizes.map(requestsAt);
	for (const [i] of (asked[0] ?? []).entries()) {
		const requests = asked.flatMap((of) => of[i] ?? []);
		for (const [nth, cost] of (await measure(inventories, requests)).entries()) lives[nth]?.costs.push(cost);
	}
	for (const [nth, { database }] of inventories.entries()) {
		const life = lives[nth];
		if (options.statements && life !== undefined) life.statements = await topStatements(database, 1);
	}
} finally {
	for (const inventory of inventories) await inventory.stop();
}
const imports = inventories.at(-1)?.imports ?? [];

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
