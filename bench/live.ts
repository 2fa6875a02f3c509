// Live output: many watchers of a run that says thousands of lines a second, one of them slow.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runEnded } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { readOptions } from "./harness/options.ts";
import { cpuOf, memoryOf } from "./harness/processes.ts";
import { importFleet, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";
import type { Watched, WatchOptions } from "./harness/watchers.ts";

const options = readOptions(
	`Tests the connection to simulated devices whose answer is long and comes at a steady pace: a connectivity test shows in its run's output
what a device says. Watches that run over WebSockets from a process of its own and counts the lines, which are numbered.`,
	{
		"lines-per-second": { is: 2_000, text: "lines that all devices say together" },
		seconds: { is: 60, text: "for how long" },
		watchers: { is: 50, text: "who keep up; one that pauses and one that is cut off come on top" },
		devices: { is: 4, text: "devices that speak at the same time" },
		"line-bytes": { is: 120, text: "length of a line" },
		"pause-s": { is: 30, text: "how long the slow watcher reads nothing" },
		profile: { is: "", text: "folder for CPU profiles of main process and workers" },
	},
);

/** How often a device says some lines. */
const tick_ms = 50;

const perDevice = options["lines-per-second"] / options.devices;
const linesOfDevice = Math.ceil(perDevice * options.seconds);

function line(device: string, number: number): string {
	return ` description live ${device} ${String(number).padStart(7, "0")} `.padEnd(options["line-bytes"] - 2, "x");
}

/** What stands for a device that talks: its own type, whose facts are in the long answer. */
async function addTalkingType(api: Awaited<ReturnType<typeof startMeasuredProduct>>["api"]): Promise<string> {
	const { items } = await api.devices.listDeviceTypes({ query: { page_size: 500 } });
	const { definition } = await api.devices.getDeviceType({
		params: { id: items.find(({ id }) => id === "cisco_ios")?.id ?? "" },
	});
	const facts = [{ command: "show running-config", fields: { hostname: "(?m)^hostname (\\S+)" } }];
	const type = { ...definition, id: "talking_ios", label: "IOS that talks", facts };
	await api.devices.createDeviceType({ body: type });
	return type.id;
}

function startWatchers(given: WatchOptions): Promise<Watched[]> {
	const child = spawn(process.execPath, [join(import.meta.dirname, "harness", "watchers.ts"), JSON.stringify(given)], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	return text(child.stdout).then((answer) => JSON.parse(answer));
}

interface Sample {
	at_s: number;
	rss_mib: number;
	cpu: number;
}

/** Memory and CPU of a process, every second until told to stop. */
function sample(pid: number): () => Sample[] {
	const samples: Sample[] = [];
	const started = performance.now();
	let before = { at: started, cpu_ms: cpuOf(pid) };
	const take = () => {
		const now = { at: performance.now(), cpu_ms: cpuOf(pid) };
		samples.push({
			at_s: (now.at - started) / 1_000,
			rss_mib: memoryOf(pid).rss_bytes / 2 ** 20,
			cpu: (now.cpu_ms - before.cpu_ms) / (now.at - before.at),
		});
		before = now;
	};
	const timer = setInterval(take, 1_000);
	take();
	return () => {
		clearInterval(timer);
		return samples;
	};
}

function highest(samples: Sample[], from_s: number, to_s: number): number {
	return Math.max(...samples.filter(({ at_s }) => at_s >= from_s && at_s < to_s).map(({ rss_mib }) => rss_mib));
}

const fleet = await startFleetProcess({ devices: { count: options.devices, platforms: ["cisco_ios"] } });
const measured = await startMeasuredProduct({ profile_dir: options.profile === "" ? undefined : options.profile });
try {
	const { api, product } = measured;
	const type = await addTalkingType(api);
	await importFleet(api, fleet, type);
	for (const { name } of fleet.devices) {
		const lines = Array.from({ length: linesOfDevice }, (_, i) => line(name, i + 1));
		await fleet.setConfig(name, `hostname ${name}\n${lines.join("\n")}\nend\n`);
		const bytes = Math.round((perDevice * tick_ms * options["line-bytes"]) / 1_000);
		await fleet.setFault(name, { kind: "drip", bytes, delay_ms: tick_ms });
	}
	const rest_mib = memoryOf(measured.main_pid()).rss_bytes / 2 ** 20;
	const stopSampling = sample(measured.main_pid());
	const cpu_ms = measured.cpu();
	const started = performance.now();
	const { run_id } = await api.devices.testDevices({ body: { select: { all: true } } });
	const watching = startWatchers({
		url: product.url,
		run_id,
		watchers: options.watchers,
		pause_s: options["pause-s"],
		cut_s: Math.round(options.seconds / 3),
	});
	const run = await runEnded(api, run_id, (options.seconds + 60) * 1_000);
	const seconds = (performance.now() - started) / 1_000;
	const watched = await watching;
	const samples = stopSampling();
	const spent_ms = measured.cpu();
	if (run.status !== "succeeded") throw new Error(`the run ended ${run.status}`);

	const said = linesOfDevice * options.devices;
	const keptUp = watched.slice(0, options.watchers);
	const lost = watched.reduce((sum, { lines, wrong }) => sum + Math.abs(said - lines) + wrong, 0);
	const half = seconds / 2;
	printReport(
		{
			tables: [
				{
					title: "Watchers; delay from when a piece of output was made until it was there",
					columns: [
						"watcher",
						"lines",
						"lost, double or out of order",
						"delay p50 ms",
						"p99 ms",
						"MiB",
						"told the end",
					],
					rows: [
						...[keptUp.toSorted((a, b) => b.p99_ms - a.p99_ms)[0], ...watched.slice(options.watchers)].flatMap(
							(one, i) =>
								one
									? [
											[
												i === 0 ? `the latest of ${options.watchers}` : one.name,
												String(one.lines),
												String(Math.abs(said - one.lines) + one.wrong),
												one.p50_ms,
												one.p99_ms,
												one.bytes / 2 ** 20,
												one.ended ? "yes" : "no",
											],
										]
									: [],
						),
					],
				},
				{
					title: "Main process",
					columns: ["after s", "RSS MiB", "CPU, cores"],
					rows: samples
						.filter((_, i) => i % 5 === 0)
						.map(({ at_s, rss_mib, cpu }) => [at_s.toFixed(0), rss_mib.toFixed(0), cpu]),
				},
			],
			figures: [
				{
					name: "lines said a second",
					value: said / (Math.max(...watched.map(({ spoken_ms }) => spoken_ms)) / 1_000),
					unit: "/s",
					at_least: options["lines-per-second"] * 0.98,
				},
				{ name: "lines lost, over all watchers", value: lost, unit: "", at_most: 0 },
				{ name: "main process before", value: rest_mib, unit: "MiB" },
				{ name: "main process, highest in the first half", value: highest(samples, 0, half), unit: "MiB" },
				{
					name: "main process, highest in the second half",
					value: highest(samples, half, seconds),
					unit: "MiB",
					at_most: highest(samples, 0, half) * 1.1,
				},
				{ name: "main process, CPU", value: (spent_ms.main - cpu_ms.main) / 10 / seconds, unit: "% of a core" },
				{ name: "workers, CPU", value: (spent_ms.workers - cpu_ms.workers) / 10 / seconds, unit: "% of a core" },
				{ name: "PostgreSQL, CPU", value: (spent_ms.postgres - cpu_ms.postgres) / 10 / seconds, unit: "% of a core" },
			],
		},
		options,
	);
} finally {
	await measured.stop();
	await fleet.stop();
}
