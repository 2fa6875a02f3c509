// How fast the API answers a page of devices: while a fleet is being backed up, and on its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runEnded } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import type { LoadResult } from "./harness/load.ts";
import { startLoad } from "./harness/load-process.ts";
import { readOptions } from "./harness/options.ts";
import { cpuOf } from "./harness/processes.ts";
import { importFleet, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Asks GET /api/devices for a page of 50 devices with an access token: at a steady rate while all devices are being backed up, then as
fast as possible with nothing else going on, then the same page from a bare Fastify server with zod on both sides. The load comes from
a process of its own on the same machine.`,
	{
		devices: { is: 1_000, text: "devices in the inventory" },
		rate: { is: 50, text: "requests a second during the backup" },
		rounds: { is: 2, text: "backups, the first of which stores everything anew" },
		seconds: { is: 15, text: "how long to ask as fast as possible" },
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
		const load = { origin, path: options.path, connections: options.connections, per_second: 0 };
		await startLoad({ ...load, seconds: 3 }).result;
		const before = cpuOf(pid);
		const result = await startLoad({ ...load, seconds: options.seconds }).result;
		return { result, cpu_ms: cpuOf(pid) - before };
	} finally {
		server.kill();
	}
}

const fleet = await startFleetProcess({ devices: { count: options.devices, platforms: ["cisco_ios"] } });
const measured = await startMeasuredProduct({ profile_dir: options.profile === "" ? undefined : options.profile });
try {
	const { api, product, cpu } = measured;
	await importFleet(api, fleet);
	const load = {
		origin: product.url,
		path: options.path,
		token: product.admin_token,
		connections: options.connections,
	};

	const busy: LoadResult[] = [];
	for (let round = 1; round <= options.rounds; round++) {
		const { run_id } = await api.backup.runSelected({ body: { select: { all: true } } });
		const asking = startLoad({ ...load, per_second: options.rate, seconds: 0 });
		const { status } = await runEnded(api, run_id, 3_600_000);
		busy.push(await asking.stop());
		if (status !== "succeeded") throw new Error(`the run ended ${status}`);
	}
	await sleep(3_000);

	await startLoad({ ...load, per_second: 0, seconds: 3 }).result;
	const before = cpu();
	const quiet = await startLoad({ ...load, per_second: 0, seconds: options.seconds }).result;
	const after = cpu();
	const answer = await fetch(`${product.url}${options.path}`, {
		headers: { authorization: `Bearer ${product.admin_token}` },
	});
	const bare = await measureBareServer(await answer.text());

	printReport(
		{
			tables: [
				{
					title: `GET ${options.path}, ${options.devices} devices; latency in ms from when the request was due, CPU in ms for one answer`,
					columns: ["", "200s", "others", "per second", "p50", "p99", "longest", "CPU server", "CPU PostgreSQL", "KiB"],
					rows: [
						...busy.map((result, i) => row(`during backup ${i + 1}, ${options.rate} a second`, result)),
						row(
							`alone, ${options.connections} connections`,
							quiet,
							after.main - before.main,
							after.postgres - before.postgres,
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
				{ name: "requests/s of a page of 50, alone", value: perSecond(quiet), unit: "/s", at_least: 3_000 },
				{ name: "requests/s of bare Fastify and zod", value: perSecond(bare.result), unit: "/s" },
				{ name: "ours ÷ bare", value: perSecond(quiet) / perSecond(bare.result), unit: "" },
			],
		},
		options,
	);
} finally {
	await measured.stop();
	await fleet.stop();
}
