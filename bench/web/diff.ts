// How soon a reader sees what differs between two large configurations.
import { launchBrowser } from "@netconductor/e2e/browser";
import { runEnded } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "../harness/figures.ts";
import { readOptions } from "../harness/options.ts";
import { importFleet, startMeasuredProduct } from "../harness/product.ts";
import { printReport } from "../harness/report.ts";
import { newVisitor, signIn } from "./browser.ts";

const options = readOptions(
	`Backs up a simulated device with a large configuration, changes lines all over it, backs it up again, and opens the difference in
Chromium: by a click on the change in the list of backups, and by a link with nothing in memory. The figures are the browser's own, from
the click's time stamp, or the beginning of the navigation, to the frame in which changed lines are painted.`,
	{
		lines: { is: 20_000, text: "lines of the configuration" },
		changes: { is: 150, text: "places that change" },
		rounds: { is: 7, text: "times each; the middle one counts" },
	},
);

/** Marks the time of the next click, and promises `shown`: the time of the frame in which changed lines can be seen. */
const noteFrame = `
	addEventListener("click", ({ timeStamp }) => performance.mark("asked", { startTime: timeStamp }), { capture: true });
	globalThis.shown = new Promise((resolve) => {
		const look = () => {
			const line = document.querySelector('[aria-label="Changed lines"] td[data-side="added"]');
			if (line === null || line.getBoundingClientRect().height === 0) return requestAnimationFrame(look);
			requestAnimationFrame(() => {
				const { port1, port2 } = new MessageChannel();
				port1.onmessage = () => resolve(performance.mark("shown").startTime);
				port2.postMessage(null);
			});
		};
		requestAnimationFrame(look);
	});
	undefined;`;
const fromNavigation = "globalThis.shown";
const fromClick = `globalThis.shown.then(() => performance.measure("visible", "asked", "shown").duration)`;

/** Interfaces of a distribution switch; with `changed`, some of them moved, gone or new. */
function interfaces(amount: number, changed: boolean): string[] {
	const every = Math.max(1, Math.floor(amount / options.changes));
	return Array.from({ length: amount }, (_, index) => {
		const here = changed && index % every === 0;
		if (here && index % (every * 5) === 0) return [];
		return [
			`interface GigabitEthernet1/${index % 48}.${index}`,
			` description customer ${index}${here ? " moved" : ""}`,
			` encapsulation dot1Q ${index % 4000}`,
			` ip address 10.${(index >> 8) & 255}.${index & 255}.1 255.255.255.${here ? "0" : "252"}`,
			" no ip redirects",
			` ip access-group IN-${index % 50} in`,
			...(here && index % (every * 3) === 0 ? [" ip ospf cost 10"] : []),
			"!",
		];
	}).flat();
}

const measured = await startMeasuredProduct();
const fleet = await startFleetProcess({ devices: { count: 1, platforms: ["cisco_ios"] } });
const browser = await launchBrowser();
const { api, product } = measured;

try {
	await importFleet(api, fleet);
	const name = fleet.devices[0]?.name ?? "";
	const before = (await fleet.config(name)).split("\n");
	const at = before.findIndex((line) => line.startsWith("interface "));
	const backups: string[] = [];
	for (const changed of [false, true]) {
		const many = interfaces(Math.ceil(options.lines / 7), changed);
		await fleet.setConfig(name, [...before.slice(0, at), ...many, ...before.slice(at)].join("\n"));
		const { run_id } = await api.backup.runSelected({ body: { select: { names: [name] } } });
		await runEnded(api, run_id);
		const { items } = await api.backup.listBackups({ query: { run_id } });
		backups.push(items[0]?.id ?? "");
	}
	const [from = "", to = ""] = backups;
	const compared = await api.backup.compareBackups({ query: { from, to } });
	const { content } = await api.backup.getBackupContent({ params: { id: to }, query: {} });

	const visitor = await newVisitor(browser);
	await signIn(await visitor.newPage(), product.url);

	async function clicks(view: "split" | "unified"): Promise<number> {
		const page = await visitor.newPage();
		// Side by side where there is room, in one column where there is not.
		await page.setViewportSize({ width: view === "split" ? 1440 : 900, height: 900 });
		const times: number[] = [];
		for (let round = 0; round < options.rounds; round++) {
			await page.goto(`${product.url}/backups`);
			const change = page.getByRole("link", { name: /^What changed/ });
			await change.waitFor();
			await page.waitForLoadState("networkidle");
			await page.evaluate(noteFrame);
			await change.click();
			times.push(await page.evaluate(fromClick));
		}
		await page.close();
		return median(times);
	}

	async function links(search: string): Promise<number> {
		const page = await visitor.newPage();
		await page.addInitScript(noteFrame);
		const times: number[] = [];
		for (let round = 0; round < options.rounds; round++) {
			await page.goto(`${product.url}/backups/compare?from=${from}&to=${to}&${search}`);
			times.push(await page.evaluate(fromNavigation));
		}
		await page.close();
		return median(times);
	}

	printReport(
		{
			tables: [],
			figures: [
				{ name: "lines of the later version", value: content.split("\n").length - 1, unit: "" },
				{ name: "lines added and removed", value: compared.added + compared.removed, unit: "" },
				{ name: "click to difference, side by side", value: await clicks("split"), unit: "ms", at_most: 500 },
				{ name: "click to difference, unified", value: await clicks("unified"), unit: "ms", at_most: 500 },
				{ name: "link to difference, the page itself included", value: await links("view=split"), unit: "ms" },
				{ name: "the same section by section", value: await links("view=split&mode=section"), unit: "ms" },
				{ name: "the same with all unchanged lines", value: await links("view=split&context=all"), unit: "ms" },
			],
		},
		options,
	);
} finally {
	await browser.close();
	await fleet.stop();
	await measured.stop();
}
