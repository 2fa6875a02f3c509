import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { type Clients, type Product, startProduct } from "../product.ts";

const oneTime = "one time password 2026";
const own = "a password of my own 2026";

let product: Product;
let admin: Clients;
let browser: Browser;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({}, undefined, { first_start: true }), launchBrowser()]);
	admin = product.as(product.admin_token);
	for (const username of ["ana", "ben"]) {
		await admin.auth.createUser({ body: { username, role: "admin", password: oneTime } });
	}
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await product?.dispose();
});

async function openStart(): Promise<{ context: BrowserContext; page: Page }> {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const page = await openPage(context, misdeeds);
	await page.goto(`${product.url}/`);
	return { context, page };
}

/** The lines that the difference on the page says came, with the sign of their kind left out. */
async function addedLines(page: Page): Promise<string> {
	await page.waitForURL("**/backups/compare?*");
	await page
		.getByText(/^added: /)
		.first()
		.waitFor({ state: "attached" });
	return (await page.getByRole("main").textContent()) ?? "";
}

test("who only clicks what is offered gets from a one-time password to the difference of a changed device", async () => {
	const { context, page } = await openStart();
	const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
	await page.getByLabel("User name").fill("ana");
	await page.locator('input[name="password"]').fill(oneTime);
	await press("Sign in");
	await page.getByRole("heading", { name: "Choose a password of your own" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.locator('input[name="current_password"]').fill(oneTime);
	await page.locator('input[name="new_password"]').fill(own);
	await page.locator('input[name="again"]').fill(own);
	await press("Change password");

	await page.getByRole("heading", { name: "Welcome" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Start the simulated network");
	await press("Back up all devices");
	await press("Change three devices");
	await press("Back up again");
	const found = page.getByRole("link", { name: /^See what changed on / }).first();
	await found.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await found.click();

	const shown = await addedLines(page);
	const { items } = await admin.backup.listBackups({ query: { changed: "true" } });
	expect(items).toHaveLength(3);
	const comparison = items.find(({ id }) => page.url().includes(id));
	expect(shown).toContain(comparison?.device_name);

	await page.getByRole("link", { name: "Dashboard" }).click();
	const changes = page.getByRole("region", { name: "Recent changes" });
	await changes.getByRole("row").nth(3).waitFor();
	for (const { device_name } of items) await changes.getByRole("link", { name: device_name, exact: true }).waitFor();
	expect(await page.getByRole("region", { name: "First steps" }).count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);

	await page.getByRole("link", { name: "About and health" }).click();
	await press("Stop and remove");
	await page.getByRole("dialog").getByRole("button", { name: "Stop and remove" }).click();
	await page.getByText("The simulated network is removed").waitFor();
	expect((await admin.devices.listDevices({ query: {} })).total).toBe(0);
	await context.close();
});

test("the same way is gone by keyboard alone, and what was done before for devices that are gone does not count", async () => {
	const { context, page } = await openStart();
	/** Goes on with Tab until what has the focus has this name, as somebody would who sees where the focus is. */
	async function tabTo(name: string | RegExp) {
		const place = page.getByRole("button", { name }).or(page.getByRole("link", { name })).first();
		await place.waitFor();
		for (let tabs = 0; tabs < 80; tabs += 1) {
			if (await place.evaluate((element) => element.matches(":focus"))) return;
			await page.keyboard.press("Tab");
		}
		throw new Error(`Tab does not lead to ${name}`);
	}
	async function press(name: string | RegExp) {
		await tabTo(name);
		await page.keyboard.press("Enter");
	}
	await page.getByLabel("User name").waitFor();
	await page.keyboard.type("ben");
	await page.keyboard.press("Tab");
	await page.keyboard.type(oneTime);
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "Choose a password of your own" }).waitFor();
	for (const password of [oneTime, own, own]) {
		await page.keyboard.type(password);
		await page.keyboard.press("Tab");
	}
	await press("Change password");
	await page.getByRole("heading", { name: "Welcome" }).waitFor();
	await press("Start the simulated network");
	await press("Back up all devices");
	await press("Change three devices");
	await press("Back up again");
	await press(/^See what changed on /);
	await addedLines(page);
	await context.close();
}, 60_000);

test("a role that may not add devices is told who has to, and offered nothing", async () => {
	await admin.system.removeSimulatedNetwork({});
	await admin.auth.createUser({
		body: { username: "vera", role: "viewer", password: own, must_change_password: false },
	});
	const { context, page } = await openStart();
	await page.getByLabel("User name").fill("vera");
	await page.locator('input[name="password"]').fill(own);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByText("Somebody whose role may add devices has to do that first.").waitFor();
	for (const name of ["Add a device", "Start the simulated network", "Back up all", "Import a file"]) {
		expect(await page.getByRole("button", { name }).or(page.getByRole("link", { name })).count(), name).toBe(0);
	}
	await context.close();
});

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
