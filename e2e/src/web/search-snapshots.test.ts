import { readFile } from "node:fs/promises";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, type Product, runEnded, startProduct } from "../product.ts";

const own = "a password of my own 2026";

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];
const names: string[] = [];
/** Ids of the snapshots, in the order they were taken. */
const snapshots: string[] = [];
let between = "";

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 4, platforms: ["cisco_ios", "arista_eos"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	await admin.auth.createUser({
		body: { username: "vera", role: "viewer", password: own, must_change_password: false },
	});
	await addFleet(admin, fleet);
	names.push(...fleet.devices.map(({ name }) => name).toSorted());
	await takeSnapshot("Before the change");
	between = new Date().toISOString();
	fleet.device(ios(0)).applyLines(["interface Loopback77", "description <script>alert(1)</script>"]);
	await takeSnapshot("After the change");
	context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: "Europe/Vienna" });
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
const ios = (index: number) => fleet.devices.filter(({ platform }) => platform === "cisco_ios")[index]?.name ?? "";
const searchFor = () => page.getByRole("searchbox", { name: "Text or pattern" });
const focused = () => page.evaluate("document.activeElement?.getAttribute('aria-label')");
const hit = () => page.getByRole("link", { name: /^Line \d+ in/ });

async function takeSnapshot(name: string): Promise<void> {
	const { run_id, snapshot_id = "" } = await admin.backup.runAll({ body: { name } });
	expect((await runEnded(admin, run_id)).status).toBe("succeeded");
	snapshots.push(snapshot_id);
}

async function signIn(on: Page, username: string, password: string): Promise<void> {
	await on.goto(at("/login"));
	await on.getByLabel("User name").fill(username);
	await on.locator('input[name="password"]').fill(password);
	await on.getByRole("button", { name: "Sign in" }).click();
	await on.waitForURL((url) => url.pathname !== "/login");
}

test("the search finds as one types, marks what matched, and its keys lead from hit to hit and into the text", async () => {
	await page.goto(at("/search"));
	await shows("Every configuration at once");
	await searchFor().pressSequentially("loopback77");
	await page.waitForURL("**q=loopback77");
	await shows("Found in 1 of 4 configurations searched");
	expect(await page.locator("mark").allTextContents()).toEqual(["Loopback77"]);
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("checkbox", { name: "Match case" }).click();
	await shows("Nothing found");
	await page.getByRole("checkbox", { name: "Match case" }).click();
	await shows("Found in 1 of 4");

	await searchFor().fill("interface");
	await shows("Found in 4 of 4");
	await searchFor().press("ArrowDown");
	await expect.poll(focused).toBe(await hit().first().getAttribute("aria-label"));
	await page.keyboard.press("n");
	await expect.poll(focused).toBe(await hit().nth(1).getAttribute("aria-label"));
	await page.keyboard.press("Enter");
	await page.waitForURL("**/devices/*?*line=*");
	await page.goBack();
	await page.waitForURL("**q=interface*");
	expect(await searchFor().inputValue()).toBe("interface");
});

test("a pattern that is none is explained beside the field, and one that is finds lines", async () => {
	await page.goto(at("/search?regex=true"));
	await searchFor().fill("loopback(7");
	await shows(/missing closing \)/);
	expect(await accessibilityFaults(page)).toEqual([]);
	await searchFor().fill("^interface Loop.*7$");
	await shows("Found in 1 of 4");
});

test("the search looks at one device, one type, or at how things stood then, and what it found is saved as CSV", async () => {
	await page.goto(at(`/search?q=Loopback77&at=${between}`));
	await shows("Nothing found");
	await page.goto(at("/search?q=alert(1)"));
	await shows("Found in 1 of 4");
	expect(await page.locator("main script").count()).toBe(0);
	const [file] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: "Save as CSV" }).click(),
	]);
	const rows = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
	expect(rows).toHaveLength(2);
	expect(rows[1]).toMatch(
		new RegExp(`^${ios(0)},cisco_ios,.*, description <script>alert\\(1\\)</script>,interface Loopback77,1$`),
	);

	await searchFor().fill("interface");
	await page.getByRole("combobox", { name: "Device type" }).click();
	await page.getByRole("option", { name: "Arista EOS" }).click();
	await page.waitForURL("**device_type=arista_eos*");
	await shows("Found in 2 of 2");
	// Choosing it again takes the choice back.
	await page.getByRole("combobox", { name: "Device type" }).click();
	await page.getByRole("option", { name: "Arista EOS" }).click();
	await page.getByRole("combobox", { name: "Device", exact: true }).fill(ios(1));
	await page.getByRole("option", { name: ios(1), exact: true }).click();
	await shows("Found in 1 of 1");
});

test("the matrix shows each device in each snapshot, and leads to what changed between the two", async () => {
	await page.goto(at("/snapshots"));
	await shows("2 snapshots");
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("tab", { name: "Devices and snapshots" }).click();
	await page.waitForURL("**tab=matrix*");
	const row = page.getByRole("row", { name: new RegExp(`^${ios(0)}`) });
	await row.getByText("First backup", { exact: true }).waitFor();
	await page
		.getByRole("row", { name: new RegExp(`^${ios(1)}`) })
		.getByText("Unchanged", { exact: true })
		.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("switch", { name: "Only devices that changed" }).click();
	await shows("1 device");
	await row.getByRole("link", { name: /changed, \d+ lines? added/ }).click();
	await page.waitForURL("**/backups/compare?from=*&to=*");
	await page
		.getByRole("cell", { name: /interface Loopback77/ })
		.first()
		.waitFor();
});

test("two snapshots are compared: counts, each outcome alone, and from a changed device to its difference", async () => {
	await page.goto(at("/snapshots"));
	for (const name of ["Before the change", "After the change"])
		await page.getByRole("checkbox", { name: `Select ${name}` }).check();
	await page.getByRole("button", { name: "Compare the two" }).click();
	await page.waitForURL(`**/snapshots/compare?from=${snapshots[0]}&to=${snapshots[1]}`);
	await page.getByRole("button", { name: /^1\s*Changed/ }).waitFor();
	await page.getByRole("button", { name: /^3\s*Unchanged/ }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page
		.getByRole("button", { name: /Changed/ })
		.first()
		.click();
	await page.waitForURL("**status=changed*");
	await shows("1 device");
	await page.getByRole("link", { name: "What changed", exact: true }).click();
	await page.waitForURL("**/backups/compare?from=*&to=*");
	await page
		.getByRole("cell", { name: /interface Loopback77/ })
		.first()
		.waitFor();
});

test("a snapshot is pinned, renamed, and deleted only after it was said what goes with it", async () => {
	await page.goto(at(`/snapshots/${snapshots[0]}`));
	await page.getByRole("heading", { name: "Before the change" }).waitFor();
	await shows("4 backups");
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("button", { name: "Pin", exact: true }).click();
	await page.getByRole("button", { name: "Unpin" }).waitFor();
	expect((await admin.backup.getSnapshot({ params: { id: snapshots[0] ?? "" } })).pinned).toBe(true);
	await page.getByRole("button", { name: "Rename" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("textbox", { name: "Name" }).fill("Before <b>everything</b>");
	await dialog.getByRole("button", { name: "Save" }).click();
	await page.getByRole("heading", { name: "Before <b>everything</b>" }).waitFor();
	await page.getByRole("button", { name: "Delete" }).click();
	await dialog.getByText("It is pinned").waitFor();
	await dialog.getByText("4 backups").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog.getByRole("button", { name: "Delete" }).click();
	await page.waitForURL("**/snapshots");
	await shows("1 snapshot");
	await expect(admin.backup.getSnapshot({ params: { id: snapshots[0] ?? "" } })).rejects.toThrow();
});

test("the schedule shows its next ten runs while it is filled in, keeps what is unsaved, and says what is no cron expression", async () => {
	await page.goto(at("/schedule"));
	await page.getByRole("button", { name: "Monday to Friday at 22:00" }).click();
	const times = page.getByRole("row", { name: /22:00/ });
	await times.first().waitFor();
	expect(await times.count()).toBe(10);
	await page.getByRole("combobox", { name: "Time zone" }).fill("Asia/Tok");
	await page.getByRole("option", { name: "Asia/Tokyo" }).click();
	await page.getByRole("columnheader", { name: "Asia/Tokyo" }).waitFor();
	await page.getByRole("columnheader", { name: "Yours, Europe/Vienna" }).waitFor();
	await page
		.getByRole("row", { name: /22:00.*14:00/ })
		.first()
		.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);

	page.once("dialog", (asks) => void asks.dismiss());
	await page.getByRole("link", { name: "Backups", exact: true }).click();
	await page.getByLabel("Cron expression").fill("61 * * * *");
	await shows("The cron expression is not valid");
	await page.getByRole("button", { name: "Save the schedule" }).click();
	await page.getByRole("textbox", { name: "Cron expression" }).and(page.locator("[aria-invalid=true]")).waitFor();
	await page.getByLabel("Cron expression").fill("15 3 * * *");
	await page.getByRole("switch", { name: "Backups run by themselves" }).click();
	await page.getByRole("switch", { name: "Every enabled device" }).click();
	await page.getByRole("button", { name: "Save the schedule" }).click();
	await shows("Choose at least one group or tag");
	await page.getByRole("switch", { name: "Every enabled device" }).click();
	await page.getByRole("button", { name: "Save the schedule" }).click();
	await shows("Schedule saved");
	expect(await admin.backup.getBackupSchedule({})).toMatchObject({
		enabled: true,
		cron: "15 3 * * *",
		time_zone: "Asia/Tokyo",
		include: { all: true },
	});
	await page.getByRole("link", { name: "Backups", exact: true }).click();
	await page.waitForURL("**/backups");
});

test("a viewer sees snapshots and the schedule, and is offered nothing that changes them", async () => {
	const narrow = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
	const small = await openPage(narrow, misdeeds);
	await signIn(small, "vera", own);
	for (const address of [
		"/snapshots",
		"/snapshots?tab=matrix",
		`/snapshots/${snapshots[1]}`,
		"/snapshots/compare",
		"/schedule",
		"/search?q=interface",
	]) {
		await small.goto(at(address));
		await small.locator("main .nc-panel").first().waitFor();
		await small.locator("main [aria-busy=true]").first().waitFor({ state: "detached" });
		for (const word of ["Take a snapshot", "Pin", "Rename", "Delete", "Save the schedule"]) {
			expect(await small.getByRole("button", { name: word, exact: true }).count(), `${word} on ${address}`).toBe(0);
		}
		expect(await small.evaluate("document.documentElement.scrollWidth"), address).toBeLessThanOrEqual(390);
		expect(await accessibilityFaults(small), address).toEqual([]);
	}
	await small.goto(at("/schedule"));
	expect(await small.getByLabel("Cron expression").isDisabled()).toBe(true);
	await narrow.close();
});

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
