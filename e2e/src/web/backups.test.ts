import { readFile } from "node:fs/promises";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, type Product, runEnded, startProduct } from "../product.ts";

const own = "a password of my own 2026";
const hostile = "description <img src=x onerror=alert(1)> \u202edrowssap\u202c & <b>bold</b>";
const asShown = "description <img src=x onerror=alert(1)> \\u202edrowssap\\u202c & <b>bold</b>";

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];
/** Two devices of the same kind; the first one changes. */
let changing = "";
let other = "";
/** Backups of the first device, oldest first: before, after the change, after the secret. */
const versions: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 3, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	await admin.auth.createUser({
		body: { username: "vera", role: "viewer", password: own, must_change_password: false },
	});
	await addFleet(admin, fleet);
	[changing = "", other = ""] = fleet.devices.map(({ name }) => name);
	await backUp();
	fleet
		.device(changing)
		.applyLines([
			"interface Loopback99",
			hostile,
			"ip address 192.0.2.99 255.255.255.255",
			"exit",
			"ntp server 192.0.2.123",
		]);
	await backUp();
	fleet.device(changing).applyLines(["snmp-server community another-secret RO"]);
	await backUp();
	const { items } = await admin.backup.listBackups({ query: { q: changing, sort: "created_at" } });
	versions.push(...items.map(({ id }) => id));
	context = await browser.newContext({
		viewport: { width: 1440, height: 900 },
		permissions: ["clipboard-read", "clipboard-write"],
	});
	page = await openPage(context, misdeeds);
	await signIn(page, "admin", adminPassword);
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

const at = (path: string) => `${product.url}${path}`;
const shows = (text: string | RegExp, on = page) => on.getByText(text).first().waitFor();
const copied = (): Promise<string> => page.evaluate("navigator.clipboard.readText()");
const changedLines = () => page.getByRole("region", { name: "Changed lines" });
const added = () => page.locator('td[data-side="added"].nc-lines');
const removed = () => page.locator('td[data-side="removed"].nc-lines');

async function backUp(): Promise<void> {
	const { run_id } = await admin.backup.runAll({ body: {} });
	expect((await runEnded(admin, run_id)).status).toBe("succeeded");
}

async function signIn(on: Page, username: string, password: string): Promise<void> {
	await on.goto(at("/login"));
	await on.getByLabel("User name").fill(username);
	await on.locator('input[name="password"]').fill(password);
	await on.getByRole("button", { name: "Sign in" }).click();
	await on.waitForURL((url) => url.pathname !== "/login");
}

/** What the diff shows as changed, without signs and line numbers. */
/** Polled: rows come into the page when it knows where they stand. */
async function lines(of: ReturnType<typeof added>): Promise<string[]> {
	return (await of.allTextContents()).map((line) => line.replace(/^(added|removed): /, "").trim());
}

test("the history of backups is filtered by what the address says, and leads to the difference and to the text", async () => {
	await page.goto(at("/backups"));
	await shows("9 backups");
	await page.getByRole("combobox", { name: "Change" }).click();
	await page.getByRole("option", { name: "Changed", exact: true }).click();
	await page.waitForURL(/changed=/);
	await shows("2 backups");
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.reload();
	await shows("2 backups");
	await page.getByRole("searchbox").fill(other);
	await shows("No backup matches");
	await page.getByRole("button", { name: "Show all" }).click();
	await page.getByRole("button", { name: "More filters" }).click();
	await page.getByRole("combobox", { name: "Device", exact: true }).fill(changing);
	await page.getByRole("option", { name: changing, exact: true }).click();
	await page.waitForURL("**device_id=*");
	await shows("3 backups");
	await page
		.getByRole("link", { name: /^What changed/ })
		.nth(1)
		.click();
	// The side before is found and from then on in the address.
	await page.waitForURL(({ searchParams }) => searchParams.get("from") === versions[0]);
	expect(new URL(page.url()).searchParams.get("to")).toBe(versions[1]);
	await changedLines().waitFor();
	await page.goBack();
	await page.getByRole("link", { name: "Config" }).first().click();
	await page.waitForURL(`**/devices/*?*backup=${versions[2]}*`);
	await shows("interface Loopback99");
});

test("what changed is shown exactly, side by side and in one column, and text of a device stays text", async () => {
	const expected = ["interface Loopback99", asShown, "ip address 192.0.2.99 255.255.255.255", "ntp server 192.0.2.123"];
	for (const view of ["split", "unified"]) {
		await page.goto(at(`/backups/compare?from=${versions[0]}&to=${versions[1]}&view=${view}`));
		await expect.poll(async () => (await lines(added())).filter((line) => line !== "!")).toEqual(expected);
		await expect.poll(() => lines(removed())).toEqual([]);
		expect(await changedLines().locator("img, b").count()).toBe(0);
		expect(await accessibilityFaults(page), view).toEqual([]);
	}
	await page.getByText("Side by side").click();
	await page.waitForURL("**view=split*");
	await page.getByText("By section").click();
	await page.waitForURL("**mode=section*");
	await page.getByRole("cell", { name: "interface Loopback99" }).first().waitFor();
	await expect.poll(() => lines(added())).toContain(asShown);
	await page.getByRole("switch", { name: "Ignore volatile lines" }).click();
	await page.waitForURL("**form=raw*");
	await changedLines().waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("unchanged lines are folded and come out a few at a time or all at once", async () => {
	await page.goto(at(`/backups/compare?from=${versions[0]}&to=${versions[1]}&view=unified`));
	const fold = page.getByRole("button", { name: /^Show \d+ unchanged lines?$/ });
	const hidden = async () => Number(/\d+/.exec((await fold.first().textContent()) ?? "")?.[0]);
	await fold.first().waitFor();
	const before = await hidden();
	await page
		.getByRole("button", { name: /lines more before the change below/ })
		.first()
		.click();
	await expect.poll(hidden).toBe(before - 20);
	await fold.first().click();
	await page.getByRole("row", { name: /^1 1/ }).waitFor();
	await page.getByRole("combobox", { name: "Unchanged lines around a change" }).click();
	await page.getByRole("option", { name: "All lines" }).click();
	await page.waitForURL("**context=all*");
	await expect.poll(() => fold.count()).toBe(0);
	const text = (await admin.backup.getBackupContent({ params: { id: versions[1] ?? "" }, query: {} })).content;
	expect(await page.getByRole("table", { name: "Changed lines" }).getAttribute("aria-rowcount")).toBe(
		String(text.trimEnd().split("\n").length),
	);
});

test("the keys n and p lead from change to change, and a copied link opens the same view at the same change", async () => {
	await page.goto(at(`/backups/compare?from=${versions[0]}&to=${versions[1]}&view=unified`));
	await shows("2 changes");
	await page.keyboard.press("n");
	await shows("Change 1 of 2");
	await page.keyboard.press("n");
	await shows("Change 2 of 2");
	await page.keyboard.press("n");
	await shows("Change 1 of 2");
	await page.keyboard.press("p");
	await shows("Change 2 of 2");
	await page.getByRole("row", { name: /ntp server 192\.0\.2\.123/ }).waitFor();
	await page.getByRole("button", { name: "Copy link" }).click();
	const link = await copied();
	const second = await openPage(context, misdeeds);
	await second.goto(link);
	await shows("Change 2 of 2", second);
	expect(await second.getByRole("radio", { name: "Unified" }).isChecked()).toBe(true);
	await second.close();

	await page.getByRole("button", { name: "Copy diff" }).click();
	const { unified } = await admin.backup.compareBackups({
		query: { from: versions[0] ?? "", to: versions[1] ?? "" },
	});
	expect(await copied()).toBe(unified);
	const [file] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: "Download diff" }).click(),
	]);
	expect(file.suggestedFilename()).toBe(`${changing}.diff`);
	expect(await readFile(await file.path(), "utf8")).toBe(unified);
	await page.getByRole("button", { name: "Swap the two sides" }).click();
	await page.waitForURL(`**from=${versions[1]}&to=${versions[0]}*`);
	await expect.poll(() => lines(removed())).toContain("interface Loopback99");
});

test("any two are chosen by device and version, also of two devices; a secret that differs is told and stays masked", async () => {
	await page.goto(at("/backups/compare"));
	await shows("Choose two versions");
	for (const [side, device] of [
		["Before", other],
		["After", changing],
	]) {
		await page.getByRole("combobox", { name: `${side}: device` }).fill(device ?? "");
		await page.getByRole("option", { name: device, exact: true }).click();
	}
	await page.getByRole("heading", { name: `${other} and ${changing}` }).waitFor();
	await changedLines().waitFor();
	await page.getByRole("combobox", { name: "After: version" }).click();
	await page.getByRole("option", { name: /first version/ }).click();
	await page.waitForURL(`**to=${versions[0]}*`);

	await page.goto(at(`/backups/compare?from=${versions[1]}&to=${versions[2]}`));
	await changedLines().waitFor();
	expect((await page.locator("main").textContent()) ?? "").not.toContain("another-secret");
	await page.getByRole("switch", { name: "Show secrets" }).click();
	await page
		.getByRole("cell", { name: /another-secret/ })
		.first()
		.waitFor();
	expect(page.url()).not.toContain("reveal");
});

test("clean up says what would go before it goes, and chosen backups are deleted only after asking", async () => {
	await page.goto(at("/backups"));
	await page.getByRole("button", { name: "Clean up" }).click();
	const drawer = page.getByRole("dialog");
	await drawer.getByLabel("Keep of each device").fill("1");
	await drawer.getByRole("button", { name: "See what would go" }).click();
	await drawer.getByText("2 backups", { exact: true }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await drawer.getByLabel("Keep of each device").fill("9");
	await drawer.getByRole("button", { name: "See what would go" }).click();
	await drawer.getByText("Nothing would go").waitFor();
	await page.keyboard.press("Escape");
	await drawer.waitFor({ state: "hidden" });

	await page
		.getByRole("checkbox", { name: `Select the backup of ${other}` })
		.first()
		.check();
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await drawer.getByText("Delete 1 backup?").waitFor();
	await drawer.getByRole("button", { name: "Leave it" }).click();
	await drawer.waitFor({ state: "hidden" });
	await shows("9 backups");
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await drawer.getByRole("button", { name: "Delete", exact: true }).click();
	await shows("8 backups");
});

test("a viewer compares and copies, but is offered nothing that deletes, reveals or runs", async () => {
	const narrow = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
	const small = await openPage(narrow, misdeeds);
	await signIn(small, "vera", own);
	for (const address of ["/backups", `/backups/compare?from=${versions[0]}&to=${versions[1]}`]) {
		await small.goto(at(address));
		await small.locator("main table").first().waitFor();
		for (const word of ["Delete", "Clean up", "Back up all"]) {
			expect(await small.getByRole("button", { name: word }).count(), `${word} on ${address}`).toBe(0);
		}
		expect(await small.getByText("Show secrets").count(), address).toBe(0);
		expect(await small.evaluate("document.documentElement.scrollWidth"), address).toBeLessThanOrEqual(390);
		expect(await accessibilityFaults(small), address).toEqual([]);
	}
	// Without room for two columns there is one, until somebody asks for two.
	expect(await small.getByRole("radio", { name: "Unified" }).isChecked()).toBe(true);
	await narrow.close();
});

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
