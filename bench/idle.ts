// What the product costs while nothing happens, and how long it takes until it is ready.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { productEnvironment, runEnded, signedIn } from "@netconductor/e2e/product";
import { createServerProcess, type ServerProcess } from "@netconductor/e2e/server-process";
import { freePort } from "@netconductor/lab/free-port";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { childrenOf, cpuOf, cpuOfTree, type Memory, memoryOf } from "./harness/processes.ts";
import { importFleet } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Starts the product on an empty folder, then again and again on its data, and tells how long each start took until it was ready. Leaves it
alone after a start, and again after a backup of a fleet, and tells memory and CPU of its processes.`,
	{
		devices: { is: 100, text: "devices that are backed up once, so that there are data" },
		starts: { is: 5, text: "starts on existing data" },
		"settle-s": { is: 20, text: "how long to leave it alone before looking" },
		seconds: { is: 60, text: "how long to look" },
	},
);

interface Role {
	name: string;
	pids: number[];
}

interface Idle {
	name: string;
	memory: Memory;
	/** Share of a core. */
	cpu: number;
}

function rolesOf(server: ServerProcess, data_dir: string): Role[] {
	const postmaster = Number.parseInt(readFileSync(join(data_dir, "postgres", "cluster", "postmaster.pid"), "utf8"), 10);
	return [
		{ name: "main process", pids: [server.pid()] },
		...server
			.children()
			.filter((pid) => pid !== postmaster)
			.map((pid) => ({ name: "worker", pids: [pid] })),
		{ name: "PostgreSQL", pids: [postmaster, ...childrenOf(postmaster)] },
	];
}

function memoryOfRole({ pids }: Role): Memory {
	const memories = pids.flatMap((pid) => {
		try {
			return [memoryOf(pid)];
		} catch {
			// A backend that ended meanwhile.
			return [];
		}
	});
	const sum = (of: (memory: Memory) => number) => memories.reduce((total, memory) => total + of(memory), 0);
	return { rss_bytes: sum(({ rss_bytes }) => rss_bytes), pss_bytes: sum(({ pss_bytes }) => pss_bytes) };
}

const cpuOfRole = ({ name, pids: [pid = 0] }: Role) => (name === "PostgreSQL" ? cpuOfTree(pid) : cpuOf(pid));

async function look(server: ServerProcess, data_dir: string): Promise<Idle[]> {
	await sleep(options["settle-s"] * 1_000);
	const roles = rolesOf(server, data_dir);
	const before = roles.map(cpuOfRole);
	const started = performance.now();
	await sleep(options.seconds * 1_000);
	const elapsed_ms = performance.now() - started;
	return roles.map((role, i) => ({
		name: role.name,
		memory: memoryOfRole(role),
		cpu: (cpuOfRole(role) - (before[i] ?? 0)) / elapsed_ms,
	}));
}

/** How long a start took until it said that it is ready, ms. */
interface Start {
	wall_ms: number;
	/** Of all processes, PostgreSQL too: other work on the machine makes a start longer, but hardly dearer. */
	cpu_ms: number;
}

async function startTimed(server: ServerProcess, url: string): Promise<Start> {
	const started = performance.now();
	let ready: Start | undefined;
	const asking = (async () => {
		while (ready === undefined) {
			const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
			if (answer?.ok) ready = { wall_ms: performance.now() - started, cpu_ms: cpuOfTree(server.pid()) };
			else await sleep(10);
		}
		return ready;
	})();
	await server.start();
	return asking;
}

function rows(when: string, idle: Idle[]): (string | number)[][] {
	return idle.map(({ name, memory, cpu }) => [
		when,
		name,
		memory.rss_bytes / 2 ** 20,
		memory.pss_bytes / 2 ** 20,
		cpu * 100,
	]);
}

function figures(when: string, idle: Idle[]) {
	const ours = idle.filter(({ name }) => name !== "PostgreSQL");
	const rss = ours.reduce((sum, { memory }) => sum + memory.rss_bytes, 0) / 2 ** 20;
	const percent = (some: Idle[]) => some.reduce((sum, one) => sum + one.cpu, 0) * 100;
	return [
		{ name: `${when}: RSS of main process and worker`, value: rss, unit: "MiB", at_most: 350 },
		{ name: `${when}: CPU of main process and worker`, value: percent(ours), unit: "% of a core", at_most: 1 },
		{ name: `${when}: CPU, PostgreSQL included`, value: percent(idle), unit: "% of a core", at_most: 1 },
	];
}

const data_dir = mkdtempSync(join(tmpdir(), "netconductor-bench-"));
const fleet = await startFleetProcess({ devices: { count: options.devices, platforms: ["cisco_ios"] } });
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const server = createServerProcess({
	url,
	env: { ...productEnvironment({ data_dir, port }), NETCONDUCTOR_WORKERS_PROCESSES: "1" },
});
try {
	const first = await startTimed(server, url);
	const door = await signedIn(url);
	const api = door.as(door.admin_token);
	await importFleet(api, fleet);
	const { run_id } = await api.backup.runSelected({ body: { select: { all: true } } });
	await runEnded(api, run_id, 600_000);
	const afterWork = await look(server, data_dir);

	const later: Start[] = [];
	for (let start = 1; start <= options.starts; start++) {
		await server.end("SIGTERM");
		later.push(await startTimed(server, url));
	}
	const fresh = await look(server, data_dir);
	const kinds = { fresh: "after a start", worked: `after a backup of ${options.devices} devices` };
	printReport(
		{
			tables: [
				{
					title: `Idle for ${options.seconds} s`,
					columns: ["", "", "RSS MiB", "PSS MiB", "CPU, % of a core"],
					rows: [...rows(kinds.fresh, fresh), ...rows(kinds.worked, afterWork)],
				},
				{
					title: "Until it was ready",
					columns: ["start", "ms", "CPU ms, all processes"],
					rows: [first, ...later].map(({ wall_ms, cpu_ms }, i) => [i === 0 ? "first" : `again ${i}`, wall_ms, cpu_ms]),
				},
			],
			figures: [
				...figures(kinds.fresh, fresh),
				...figures(kinds.worked, afterWork),
				{ name: "ready on first start", value: first.wall_ms / 1_000, unit: "s", at_most: 15 },
				{
					name: "ready on existing data",
					value: median(later.map(({ wall_ms }) => wall_ms)) / 1_000,
					unit: "s",
					at_most: 3,
				},
			],
			notes: ["RSS counts pages that processes share once for each; PSS gives every process its share of them."],
		},
		options,
	);
} finally {
	await server.end("SIGTERM");
	await fleet.stop();
	rmSync(data_dir, { recursive: true, force: true });
}
