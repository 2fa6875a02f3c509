// How fast the API answers pages of devices: while a fleet is being backed up, and on its own; to one user and to many.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runEnded } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import type { Asked, LoadResult } from "./harness/load.ts";
import { startLoad } from "./harness/load-process.ts";
import { readOptions } from "./harness/options.ts";
import { cpuOf } from "./harness/processes.ts";
import { importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Asks GET /api/devices for a page of 50 devices with an access token: at a steady rate while all devices are being backed up, then at a
steady rate and as fast as possible with nothing else going on, one user the same page and then many users different pages, these also while
devices change, then the same page from a bare Fastify server with zod on both sides. The load comes from a process of its own on the same machine; at a steady rate each request is
begun on time, whatever became of those before.`,
	{
		devices: { is: 1_000, text: "devices in the inventory" },
		rate: { is: 50, text: "requests a second during the backup" },
		rounds: { is: 2, text: "backups, the first of which stores everything anew; 0 leaves them out" },
		"steady-rate": { is: 500, text: "requests a second with nothing else going on" },
		users: { is: 20, text: "users who ask for different pages" },
		changes: { is: 10, text: "devices changed a second while different pages are asked for once more" },
		seconds: { is: 15, text: "how long to ask, each time" },
		connections: { is: 32, text: "connections that ask as fast as possible" },
		path: { is: "/api/devices?page_size=50", text: "what to ask for" },
		profile: { is: "", text: "folder for CPU profiles of main process and workers" },
	},
);

const perSecond = ({ ok, seconds }: LoadResult) => ok / seconds;

function row(name: string, result: LoadResult, server_ms?: number, postgres_ms?: number): (string | number)[] {
	return [
		name,
		String(result.ok),
		`${result.failed}${result.complaint === undefined ? "" : ` (${result.complaint})`}`,
		perSecond(result),
		result.p50_ms,
		result.p99_ms,
		result.max_ms,
		server_ms === undefined ? "" : server_ms / result.ok,
		postgres_ms === undefined ? "" : postgres_ms / result.ok,
		result.bytes / (result.ok + result.failed) / 1_024,
	];
}

async function measureBareServer(page: string): Promise<{ result: LoadResult; cpu_ms: number }> {
	const server = spawn(process.execPath, [join(import.meta.dirname, "harness", "bare-server.ts")], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	try {
		server.stdin.end(page);
		const [port] = await once(server.stdout, "data");
		const origin = `http://127.0.0.1:${String(port).trim()}`;
		const pid = server.pid ?? 0;
		const load = { origin, asked: [{ path: options.path }], connections: options.connections, per_second: 0 };
		await startLoad({ ...load, seconds: 3 }).result;
		const before = cpuOf(pid);
		const result = await startLoad({ ...load, seconds: options.seconds }).result;
		return { result, cpu_ms: cpuOf(pid) - before };
	} finally {
		server.kill();
	}
}

/** Users of their own, each with a session. */
async function signUsersIn({ api, product }: MeasuredProduct): Promise<string[]> {
	const tokens: string[] = [];
	for (let number = 1; number <= options.users; number++) {
		const user = { username: `reader-${number}`, password: `a page for reader ${number}, please` };
		await api.auth.createUser({ body: { ...user, role: "operator", must_change_password: false } });
		tokens.push(await product.login(user.username, user.password));
	}
	return tokens;
}

/** Every page of the inventory in four orders, each next one asked for by the next user: no two that wait together are the same. */
function differentPages(tokens: string[]): Asked[] {
	const pages = Math.ceil(options.devices / 50);
	return ["name", "-name", "host", "-created_at"].flatMap((sort) =>
		Array.from({ length: pages }, (_, i) => ({
			path: `/api/devices?page_size=50&sort=${sort}&page=${i + 1}`,
			token: tokens[i % tokens.length] ?? "",
		})),
	);
}

interface Alone {
	name: string;
	result: LoadResult;
	main_ms: number;
	postgres_ms: number;
}

async function measureAlone(
	{ cpu, product }: MeasuredProduct,
	name: string,
	asked: Asked[],
	per_second: number,
): Promise<Alone> {
	const load = { origin: product.url, asked, connections: options.connections, per_second };
	await startLoad({ ...load, seconds: 3 }).result;
	const before = cpu();
	const result = await startLoad({ ...load, seconds: options.seconds }).result;
	const after = cpu();
	return { name, result, main_ms: after.main - before.main, postgres_ms: after.postgres - before.postgres };
}

/** One device after another changes, as fast as `options.changes` says, while `work` is done. */
async function whileDevicesChange<T>({ api }: MeasuredProduct, work: () => Promise<T>): Promise<T> {
	const { items } = await api.devices.listDevices({ query: { page_size: 50 } });
	const over = new AbortController();
	const changing = (async () => {
		for (let nth = 0; !over.signal.aborted; nth++) {
			const next = sleep(1_000 / options.changes);
			const id = items[nth % items.length]?.id ?? "";
			await api.devices.updateDevice({ params: { id }, body: { description: `changed ${nth} times` } });
			await next;
		}
	})();
	try {
		return await work();
	} finally {
		over.abort();
		await changing;
	}
}

const fleet = await startFleetProcess({ devices: { count: options.devices, platforms: ["cisco_ios"] } });
const measured = await startMeasuredProduct({ profile_dir: options.profile === "" ? undefined : options.profile });
try {
	const { api, product } = measured;
	await importFleet(api, fleet);
	const one: Asked[] = [{ path: options.path, token: product.admin_token }];
	const many = differentPages(await signUsersIn(measured));

	const busy: LoadResult[] = [];
	for (let round = 1; round <= options.rounds; round++) {
		const { run_id } = await api.backup.runSelected({ body: { select: { all: true } } });
		const asking = startLoad({
			origin: product.url,
			asked: one,
			connections: options.connections,
			per_second: options.rate,
			seconds: 0,
		});
		const { status } = await runEnded(api, run_id, 3_600_000);
		busy.push(await asking.stop());
		if (status !== "succeeded") throw new Error(`the run ended ${status}`);
	}
	await sleep(3_000);

	const rate = options["steady-rate"];
	const changing = `different pages by ${options.users} users, ${options.changes} changes a second`;
	const steady = [
		await measureAlone(measured, `one page by one user, ${rate} a second`, one, rate),
		await measureAlone(measured, `different pages by ${options.users} users, ${rate} a second`, many, rate),
		await whileDevicesChange(measured, () => measureAlone(measured, `${changing}, ${rate} a second`, many, rate)),
	];
	const flatOut = [
		await measureAlone(measured, "one page by one user, as fast as possible", one, 0),
		await measureAlone(measured, `different pages by ${options.users} users, as fast as possible`, many, 0),
		await whileDevicesChange(measured, () => measureAlone(measured, `${changing}, as fast as possible`, many, 0)),
	];
	const [same, different] = flatOut.map(({ result }) => perSecond(result));
	const answer = await fetch(`${product.url}${options.path}`, {
		headers: { authorization: `Bearer ${product.admin_token}` },
	});
	const bare = await measureBareServer(await answer.text());

	printReport(
		{
			tables: [
				{
					title: `GET ${options.path}, ${options.devices} devices, ${options.connections} connections; latency in ms from when the request was due, CPU in ms for one answer`,
					columns: ["", "200s", "others", "per second", "p50", "p99", "longest", "CPU server", "CPU PostgreSQL", "KiB"],
					rows: [
						...busy.map((result, i) => row(`during backup ${i + 1}, ${options.rate} a second`, result)),
						...[...steady, ...flatOut].map(({ name, result, main_ms, postgres_ms }) =>
							row(name, result, main_ms, postgres_ms),
						),
						row("bare Fastify and zod", bare.result, bare.cpu_ms),
					],
				},
			],
			figures: [
				...busy.map((result, i) => ({
					name: `p99 at ${options.rate} requests/s during backup ${i + 1} of ${options.devices} devices`,
					value: result.p99_ms,
					unit: "ms",
					at_most: 100,
				})),
				...steady.map(({ name, result }) => ({ name: `${name}: p99`, value: result.p99_ms, unit: "ms", at_most: 30 })),
				{ name: "one page by one user: requests/s", value: same ?? Number.NaN, unit: "/s", at_least: 4_000 },
				{ name: `different pages by ${options.users} users: requests/s`, value: different ?? Number.NaN, unit: "/s" },
				{ name: "bare Fastify and zod: requests/s", value: perSecond(bare.result), unit: "/s" },
				{ name: "one page by one user ÷ bare", value: (same ?? Number.NaN) / perSecond(bare.result), unit: "" },
			],
		},
		options,
	);
} finally {
	await measured.stop();
	await fleet.stop();
}
