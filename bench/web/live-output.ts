// What a run that says 100,000 lines costs the tab that shows them live.
import { launchBrowser } from "@netconductor/e2e/browser";
import { runEnded } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { readOptions } from "../harness/options.ts";
import { memoryOf } from "../harness/processes.ts";
import { importFleet, startMeasuredProduct } from "../harness/product.ts";
import { printReport } from "../harness/report.ts";
import { newVisitor, signIn } from "./browser.ts";

const options = readOptions(
	`Tests the connection to simulated devices whose answer is long and comes at a steady pace, and watches the run's output live in Chromium
from its first line to its last; then goes back to the first line and to the end again. Memory is that of the tab: its script's heap as the
browser tells it, and the memory of its process.`,
	{
		lines: { is: 100_000, text: "lines that all devices say together" },
		seconds: { is: 40, text: "for how long" },
		devices: { is: 4, text: "devices that speak at the same time" },
		"line-bytes": { is: 100, text: "length of a line" },
	},
);

const tick_ms = 50;
const mib = 2 ** 20;
const perDevice = Math.ceil(options.lines / options.devices);

const fleet = await startFleetProcess({ devices: { count: options.devices, platforms: ["cisco_ios"] } });
const measured = await startMeasuredProduct();
const browser = await launchBrowser();
try {
	const { api, product } = measured;
	const { definition } = await api.devices.getDeviceType({ params: { id: "cisco_ios" } });
	const facts = [{ command: "show running-config", fields: { hostname: "(?m)^hostname (\\S+)" } }];
	await api.devices.createDeviceType({
		body: { ...definition, id: "talking_ios", label: "IOS that talks", facts },
	});
	await importFleet(api, fleet, "talking_ios");
	const bytes = Math.round((perDevice / options.seconds) * (tick_ms / 1_000) * options["line-bytes"]);
	for (const { name } of fleet.devices) {
		const said = Array.from({ length: perDevice }, (_, i) =>
			` description line ${i + 1} of ${name} `.padEnd(options["line-bytes"] - 2, "x"),
		);
		await fleet.setConfig(name, `hostname ${name}\n${said.join("\n")}\nend\n`);
		await fleet.setFault(name, { kind: "drip", bytes, delay_ms: tick_ms });
	}

	const visitor = await newVisitor(browser);
	const page = await visitor.newPage();
	const tab = await visitor.newCDPSession(page);
	await tab.send("Performance.enable");
	await signIn(page, product.url);
	await page.goto(`${product.url}/runs`);
	await page.getByRole("heading", { name: "Runs" }).waitFor();
	const inspector = await browser.newBrowserCDPSession();

	const processOfTab = async () => {
		const { processInfo } = await inspector.send("SystemInfo.getProcessInfo");
		const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => memoryOf(id).rss_bytes);
		return Math.max(...renderers) / mib;
	};
	const heap = async () => {
		const { metrics } = await tab.send("Performance.getMetrics");
		return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0) / mib;
	};
	const look = async () => ({ heap_mib: await heap(), process_mib: await processOfTab() });

	const before = await look();
	const { run_id } = await api.devices.testDevices({ body: { select: { all: true } } });
	await page.goto(`${product.url}/runs/${run_id}?tab=output`);
	const log = page.getByRole("log");
	await log.locator("[data-index]").first().waitFor();
	const started = performance.now();
	const samples: ({ at_s: number } & Awaited<ReturnType<typeof look>>)[] = [];
	let ended = false;
	const run = runEnded(api, run_id, (options.seconds + 120) * 1_000).finally(() => {
		ended = true;
	});
	while (!ended) {
		samples.push({ at_s: (performance.now() - started) / 1_000, ...(await look()) });
		await page.waitForTimeout(1_000);
	}
	if ((await run).status !== "succeeded") throw new Error(`the run ended ${(await run).status}`);
	await page.getByText(`${options.devices} of ${options.devices} operations done`).waitFor();
	await log
		.getByText(/command: ok/)
		.last()
		.waitFor();
	const seen = performance.now();

	const [first] = fleet.devices;
	await page.getByLabel("Find in the output").fill(`line 1 of ${first?.name} `);
	await page.keyboard.press("Enter");
	await log.locator("mark").first().waitFor({ timeout: 60_000 });
	const found_ms = performance.now() - seen;
	const atStart = await look();
	await page.getByRole("button", { name: "To the end" }).click();
	await log
		.getByText(/command: ok/)
		.last()
		.waitFor();
	const rows = await log.locator("[data-index]").count();
	await tab.send("HeapProfiler.collectGarbage");
	const after = await look();

	const highest = (of: "heap_mib" | "process_mib") =>
		Math.max(...samples.map((sample) => sample[of]), atStart[of], after[of]);
	printReport(
		{
			tables: [
				{
					title: "The tab while the run says its lines",
					columns: ["after s", "heap MiB", "process MiB"],
					rows: samples
						.filter((_, i) => i % 5 === 0)
						.map(({ at_s, heap_mib, process_mib }) => [at_s.toFixed(0), heap_mib, process_mib]),
				},
			],
			figures: [
				{ name: "lines said", value: perDevice * options.devices, unit: "" },
				{ name: "heap before", value: before.heap_mib, unit: "MiB" },
				{ name: "heap, highest", value: highest("heap_mib"), unit: "MiB" },
				{ name: "heap at the end, after a collection", value: after.heap_mib, unit: "MiB" },
				{ name: "process before", value: before.process_mib, unit: "MiB" },
				{
					name: "process, grown by at most",
					value: highest("process_mib") - before.process_mib,
					unit: "MiB",
					at_most: 286,
				},
				{ name: "rows laid out", value: rows, unit: "" },
				{ name: "the first line found from the end", value: found_ms, unit: "ms" },
			],
			notes: ["300 MB are 286 MiB."],
		},
		options,
	);
} finally {
	await browser.close();
	await measured.stop();
	await fleet.stop();
}
