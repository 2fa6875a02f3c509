import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, type Product, runEnded, startProduct } from "../product.ts";

/** A change inside a freeze, as people in a browser meet it. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];
/** Where pictures of the pages go, where somebody wants to look at them. */
const pictures = process.env.TEST_PICTURES;

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	// Who approves is the business of another test.
	await api.alerts.createApprovalPolicy({ body: { name: "Nobody", stages: [] } });
	const { id: template_id } = await api.config.createTemplate({
		body: { name: "route", source: "ip route 203.0.113.0 255.255.255.0 Null0\n" },
	});
	await api.config.createStack({
		body: { name: "sink", services: [{ name: "route", template_id, targets: { all: true } }] },
	});
	await api.config.createMop({
		body: {
			source:
				"name: Change it\ntargets: { all: true }\nsteps:\n  - { id: a, type: set_config, with: { lines: 'ip route 198.51.100.0 255.255.255.0 Null0' } }\n",
		},
	});
	const wall = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 16);
	await api.scheduling.createCalendar({
		body: { name: "Year end", kind: "freeze", ranges: [{ from: wall(-1), to: wall(24) }] },
	});
	context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: "Europe/Berlin" });
	page = await openPage(context, misdeeds);
	await page.goto(at("/login"));
	await page.getByLabel("User name").fill("admin");
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname !== "/login");
}, 120_000);
afterAll(async () => {
	await browser?.close();
	await Promise.all([fleet?.stop(), product?.dispose()]);
});

const at = (path: string) => `${product.url}${path}`;
const dialog = () => page.getByRole("dialog");
async function picture(name: string): Promise<void> {
	if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
}

test("whoever is about to deploy or to start a procedure is told of the freeze, and may start all the same", async () => {
	await page.goto(at("/stacks/sink"));
	await page.getByRole("button", { name: "Deploy", exact: true }).click();
	await dialog().getByText("A calendar holds this back").waitFor();
	await dialog().getByText("Changes are frozen (Year end)").waitFor();
	await picture("deploy");
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByRole("button", { name: "Deploy", exact: true }).click();
	await dialog().waitFor({ state: "hidden" });
	await page.goto(at("/mops/Change%20it"));
	await page.getByRole("button", { name: "Start", exact: true }).click();
	await dialog().getByText("A calendar holds this back").waitFor();
});

test("the run says that it is held, and somebody with the permission breaks the glass with a reason that stays", async () => {
	const { items } = await api.tasks.listRuns({ query: { kind: "deploy" } });
	const run_id = items[0]?.id ?? "";
	await page.goto(at(`/runs/${run_id}`));
	await page.getByText("Held back: Changes are frozen (Year end)").waitFor();
	await picture("held");
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.goto(at("/runs"));
	await page.getByRole("row", { name: /sink/ }).getByText("Held back").waitFor();
	await page.goto(at("/"));
	await page.getByText("Held back").first().waitFor();

	await page.goto(at(`/runs/${run_id}`));
	await page.getByRole("button", { name: "Break the glass" }).click();
	await picture("break");
	await dialog().getByRole("textbox", { name: "Why can it not wait?" }).fill("the route takes the site down");
	await dialog().getByRole("button", { name: "Begin now" }).click();
	await page.getByText("admin broke the glass: it was begun although a calendar held it back").waitFor();
	await page.getByText(": the route takes the site down").waitFor();
	expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded" });
	await picture("broken");
	for (const path of ["/runs", "/stacks/sink?tab=runs"]) {
		await page.goto(at(path));
		await page.getByText("Bypassed by admin").first().waitFor();
	}
	await picture("stack-runs");
});

test("on a narrow screen the run still says why it is held, and nobody without the permission is offered to break the glass", async () => {
	const { run_id } = await api.config.executeMop({ params: { id: "Change it" }, body: {} });
	const password = "ana has a long password";
	await api.auth.createUser({ body: { username: "ana", password, role: "operator", must_change_password: false } });
	const narrow = await browser.newContext({ viewport: { width: 390, height: 844 } });
	const theirs = await openPage(narrow, misdeeds);
	await theirs.goto(at("/login"));
	await theirs.getByLabel("User name").fill("ana");
	await theirs.locator('input[name="password"]').fill(password);
	await theirs.getByRole("button", { name: "Sign in" }).click();
	await theirs.waitForURL((address) => address.pathname !== "/login");
	await theirs.goto(at(`/runs/${run_id}`));
	await theirs.getByText("Held back: Changes are frozen (Year end)").waitFor();
	if (pictures !== undefined) await theirs.screenshot({ path: `${pictures}/narrow.png` });
	expect(await theirs.getByRole("button", { name: "Break the glass" }).count()).toBe(0);
	await narrow.close();
	expect(misdeeds).toEqual([]);
});
