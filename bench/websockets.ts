// Thousands of open pages on one process: what each costs, and how soon all of them hear of a change.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { CrowdOptions, Told } from "./harness/crowd.ts";
import { median } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { memoryOf } from "./harness/processes.ts";
import { startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Opens the live view of the dashboard many times at one process, as browsers do, from a process of its own; compares the memory of the main
process before and after; then changes a device several times and tells how long after the answer to the change the clients hear of it.
Needs three open files for each client in the main process (ulimit -n).`,
	{
		clients: { is: 5_000, text: "open pages" },
		"per-user": { is: 100, text: "of which one user has so many; the product lets nobody have more than 200" },
		changes: { is: 10, text: "how often all of them are told" },
		profile: { is: "", text: "folder for CPU profiles of the main process" },
	},
);

const settle_ms = 5_000;

interface Crowd {
	/** Has it hear of one device, and answers with how it did once `change` was made. */
	told(device_id: string, change: () => Promise<void>): Promise<Told>;
	stop(): void;
}

async function startCrowd(given: CrowdOptions): Promise<Crowd> {
	const child = spawn(process.execPath, [join(import.meta.dirname, "harness", "crowd.ts")], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const heard = async () => {
		const { value, done } = await lines.next();
		if (done) throw new Error("the clients ended");
		return JSON.parse(value);
	};
	child.stdin.write(`${JSON.stringify(given)}\n`);
	const { open } = await heard();
	if (open !== given.clients) throw new Error(`${open} of ${given.clients} are open`);
	return {
		async told(device_id, change) {
			child.stdin.write(`${device_id}\n`);
			await heard();
			await change();
			return heard();
		},
		stop: () => void child.stdin.end(),
	};
}

const password = "a password that nobody has guessed yet";
const now = () => performance.timeOrigin + performance.now();

const measured = await startMeasuredProduct({
	env: {
		NETCONDUCTOR_WORKERS_PROCESSES: "0",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "10000000",
	},
	profile_dir: options.profile === "" ? undefined : options.profile,
});
try {
	const { api, product, cpu, main_pid } = measured;
	const device = await api.devices.createDevice({
		body: { name: "core-1", host: "192.0.2.1", device_type: "cisco_ios" },
	});
	const tokens: string[] = [];
	for (let i = 0; i < Math.ceil(options.clients / options["per-user"]); i++) {
		const username = `watcher-${i}`;
		await api.auth.createUser({ body: { username, password, role: "operator", must_change_password: false } });
		tokens.push(await product.login(username, password));
	}
	const crowdOf = (clients: number) => startCrowd({ url: product.url, tokens, clients, at_a_time: 25 });
	const change = (description: string) =>
		api.devices.updateDevice({ params: { id: device.id }, body: { description } });

	// What the first ones need is needed once: code that is compiled, connections to the database.
	const first = await crowdOf(Math.min(200, options.clients));
	await first.told(device.id, async () => void (await change("the first")));
	first.stop();
	await sleep(settle_ms);

	const before = memoryOf(main_pid()).rss_bytes;
	const opening = { at: performance.now(), cpu: cpu() };
	const crowd = await crowdOf(options.clients);
	const opened = { at: performance.now(), cpu: cpu() };
	await sleep(settle_ms);
	const after = memoryOf(main_pid()).rss_bytes;

	const rounds: (Told & { answered_at: number; main_ms: number })[] = [];
	for (let round = 1; round <= options.changes; round++) {
		const spent = cpu().main;
		let answered_at = Number.NaN;
		const told = await crowd.told(device.id, async () => {
			await change(`change ${round}`);
			answered_at = now();
		});
		rounds.push({ ...told, answered_at, main_ms: cpu().main - spent });
		await sleep(1_000);
	}
	const resting = { at: performance.now(), cpu: cpu() };
	await sleep(settle_ms);
	const rested = { at: performance.now(), cpu: cpu() };
	const highest = memoryOf(main_pid()).rss_bytes;
	crowd.stop();

	const since = ({ answered_at }: { answered_at: number }, at: number) => Math.max(0, at - answered_at);
	printReport(
		{
			tables: [
				{
					title: `${options.clients} clients told of a change; ms after the answer to it`,
					columns: ["change", "heard", "first", "half of them", "99 %", "last", "CPU main process, ms"],
					rows: rounds.map((round, i) => [
						String(i + 1),
						String(round.heard),
						since(round, round.first_at),
						since(round, round.p50_at),
						since(round, round.p99_at),
						since(round, round.last_at),
						round.main_ms,
					]),
				},
			],
			figures: [
				{
					name: "clients that heard of every change",
					value: Math.min(...rounds.map(({ heard }) => heard)),
					unit: "",
					at_least: options.clients,
				},
				{
					name: "all have heard, median of the changes",
					value: median(rounds.map((round) => since(round, round.last_at))),
					unit: "ms",
					at_most: 500,
				},
				{
					name: "from the first to the last, median of the changes",
					value: median(rounds.map(({ first_at, last_at }) => last_at - first_at)),
					unit: "ms",
				},
				{
					name: "memory of the main process for a client",
					value: (after - before) / 1_024 / options.clients,
					unit: "KiB",
					at_most: 40_000 / 1_024,
				},
				{ name: "main process before", value: before / 2 ** 20, unit: "MiB" },
				{ name: "main process with all clients", value: after / 2 ** 20, unit: "MiB" },
				{ name: "… after the changes", value: highest / 2 ** 20, unit: "MiB" },
				{ name: "opened a second", value: options.clients / ((opened.at - opening.at) / 1_000), unit: "/s" },
				{
					name: "CPU of the main process for opening one, its ticket included",
					value: (opened.cpu.main - opening.cpu.main) / options.clients,
					unit: "ms",
				},
				{
					name: "CPU of main process and PostgreSQL while nothing changes",
					value:
						(rested.cpu.main + rested.cpu.postgres - resting.cpu.main - resting.cpu.postgres) /
						10 /
						((rested.at - resting.at) / 1_000),
					unit: "% of a core",
				},
			],
		},
		options,
	);
} finally {
	await measured.stop();
}
