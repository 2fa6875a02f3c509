// What the web app costs a reader's browser: its first load, and a list of ten thousand devices.
import { launchBrowser } from "@netconductor/e2e/browser";
import { median } from "../harness/figures.ts";
import { readOptions } from "../harness/options.ts";
import { importFleet, startMeasuredProduct } from "../harness/product.ts";
import { printReport } from "../harness/report.ts";
import { type Load, measureLoad, newVisitor, signIn } from "./browser.ts";
import { countBlankFrames, notedInteractions, noteInteractions } from "./in-page.ts";

const options = readOptions(
	`Opens the sign-in page and the dashboard with nothing cached, then works in the list of devices: sorts, pages, searches, selects and
scrolls. Server and browser run on the same machine; the figures are Chromium's own (largest contentful paint, event timing, bytes over
the wire). The devices are not reachable: nothing contacts them.`,
	{
		devices: { is: 10_000, text: "devices in the inventory" },
		rounds: { is: 5, text: "loads of each page; the middle one counts" },
		rows: { is: 500, text: "rows on a page of the list" },
	},
);

const measured = await startMeasuredProduct();
const browser = await launchBrowser();
const { url } = measured.product;

async function loads(open: () => Promise<Load>): Promise<Load> {
	const all: Load[] = [];
	for (let round = 0; round < options.rounds; round++) all.push(await open());
	const middle = (of: (load: Load) => number) => median(all.map(of));
	return {
		lcp_ms: middle(({ lcp_ms }) => lcp_ms),
		script_kb: middle(({ script_kb }) => script_kb),
		all_kb: middle(({ all_kb }) => all_kb),
		requests: middle(({ requests }) => requests),
	};
}

try {
	await importFleet(measured.api, {
		devices: Array.from({ length: options.devices }, (_, index) => ({
			name: `device-${index + 1}`,
			host: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
			port: 22,
			platform: "cisco_ios" as const,
			username: "netops",
			password: "not used here",
			enable_password: "not used here",
			host_key_fingerprint: "",
		})),
	});

	const signInPage = await loads(async () => {
		const visitor = await newVisitor(browser);
		const page = await visitor.newPage();
		const load = await measureLoad(page, `${url}/login`, () => page.getByLabel("User name").waitFor());
		await visitor.close();
		return load;
	});

	const member = await newVisitor(browser);
	await signIn(await member.newPage(), url);
	const page = await member.newPage();
	const dashboard = await loads(async () => {
		const session = await member.newCDPSession(page);
		await session.send("Network.clearBrowserCache");
		await session.detach();
		return measureLoad(page, `${url}/`, async () => {
			await page.getByRole("heading", { level: 1, name: "Dashboard" }).waitFor();
			await page.getByRole("link", { name: "Devices", exact: true }).first().waitFor();
		});
	});

	await page.goto(`${url}/devices?page_size=${options.rows}`);
	const row = page.locator("tr[data-index]");
	await row.first().waitFor();
	await page.evaluate(noteInteractions);
	for (const column of ["Address", "Name", "Health", "Name"]) {
		await page.getByRole("button", { name: column, exact: true }).click();
		await page.waitForTimeout(700);
	}
	for (const name of ["Page 2", "Page 3"]) {
		await page.getByRole("button", { name, exact: true }).click();
		await page.waitForTimeout(700);
	}
	for (let index = 0; index < 5; index++) {
		await row.nth(index).getByRole("checkbox").click();
		await page.waitForTimeout(200);
	}
	await page.getByRole("checkbox", { name: "Select all on this page" }).click();
	await page.waitForTimeout(500);
	await page.getByRole("searchbox").pressSequentially("device-99", { delay: 60 });
	await page.waitForTimeout(1_000);
	const durations: number[] = await page.evaluate(notedInteractions);

	await page.goto(`${url}/devices?page_size=${options.rows}`);
	await row.first().waitFor();
	const frames: Promise<{ frames: number; blank: number }> = page.evaluate(countBlankFrames(4_000));
	await page.mouse.move(700, 500);
	for (let step = 0; step < 60; step++) {
		await page.mouse.wheel(0, step < 40 ? 400 : -600);
		await page.waitForTimeout(50);
	}
	const scrolled = await frames;

	const line = (name: string, { lcp_ms, script_kb, all_kb, requests }: Load) => [
		name,
		lcp_ms,
		script_kb,
		all_kb,
		requests,
	];
	printReport(
		{
			tables: [
				{
					title: "First load with nothing cached, the middle one",
					columns: ["page", "LCP ms", "script kB", "all kB", "requests"],
					rows: [line("sign in", signInPage), line("dashboard", dashboard)],
				},
			],
			figures: [
				{
					name: "script until the sign-in page is usable, compressed",
					value: signInPage.script_kb,
					unit: "kB",
					at_most: 250,
				},
				{
					name: "script until the dashboard is usable, compressed",
					value: dashboard.script_kb,
					unit: "kB",
					at_most: 250,
				},
				{ name: "sign-in page, LCP", value: signInPage.lcp_ms, unit: "ms", at_most: 1_000 },
				{ name: "dashboard, LCP", value: dashboard.lcp_ms, unit: "ms", at_most: 1_500 },
				{
					name: `${options.devices} devices, ${options.rows} rows: slowest of the interactions to next paint`,
					value: Math.max(0, ...durations),
					unit: "ms",
					at_most: 100,
				},
				{ name: "interactions of 16 ms or more", value: durations.length, unit: "" },
				{ name: "frames while scrolling", value: scrolled.frames, unit: "" },
				{ name: "frames with a blank row", value: scrolled.blank, unit: "", at_most: 0 },
			],
			notes: ["Interactions shorter than 16 ms are not told by the browser."],
		},
		options,
	);
} finally {
	await browser.close();
	await measured.stop();
}
