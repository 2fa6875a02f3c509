import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, type Product, runEnded, startProduct } from "../product.ts";

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];
const password = "a password of my own 2026";

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct(),
		startFleet({ devices: { count: 6, platforms: ["cisco_ios", "arista_eos"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	for (const [username, role] of [
		["olga", "manager"],
		["vera", "viewer"],
	] as const) {
		await admin.auth.createUser({ body: { username, role, password, must_change_password: false } });
	}
	const { run_id } = await admin.backup.runAll({ body: {} });
	await runEnded(admin, run_id);
	context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await signedIn(context, "admin", adminPassword);
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

async function signedIn(on: BrowserContext, username: string, secret: string): Promise<Page> {
	const opened = await openPage(on, misdeeds);
	await opened.goto(at("/login"));
	await opened.getByLabel("User name").fill(username);
	await opened.locator('input[name="password"]').fill(secret);
	await opened.getByRole("button", { name: "Sign in" }).click();
	await opened.waitForURL((address) => address.pathname !== "/login");
	return opened;
}

const at = (path: string) => `${product.url}${path}`;
const shows = (text: string | RegExp, on = page) => on.getByText(text).first().waitFor();
const press = (name: string | RegExp, on = page) =>
	on.getByRole("button", { name, exact: typeof name === "string" }).click();
const dialog = () => page.getByRole("dialog");
const nameOf = (index: number) => fleet.devices[index]?.name ?? "";
const row = (name: string, on = page) =>
	on.getByRole("row").filter({ has: on.getByRole("link", { name, exact: true }) });

async function find(name: string) {
	const { items } = await admin.devices.listDevices({ query: { q: name } });
	const device = items.find((one) => one.name === name);
	if (device === undefined) throw new Error(`no device ${name}`);
	return device;
}

async function choose(...names: string[]): Promise<void> {
	for (const name of names) await page.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
	await shows(`${names.length} device${names.length === 1 ? "" : "s"} selected`);
}

/** Opens an entry of the menu of what can be changed of those selected. */
async function change(entry: string): Promise<void> {
	await press("Change");
	await page.getByRole("menuitem", { name: entry, exact: true }).click();
}

test("what is done to many devices names them first, and is done to those chosen and to no other", async () => {
	await page.goto(at("/devices"));
	await shows("6 devices");
	await choose(nameOf(0), nameOf(1));
	await change("Add tags");
	await dialog().getByText(nameOf(1)).waitFor();
	await dialog().getByRole("button", { name: "Add tags" }).click();
	await dialog().getByRole("combobox", { name: "Tags" }).and(page.locator("[aria-invalid=true]")).waitFor();
	await dialog().getByRole("combobox", { name: "Tags" }).fill("core");
	await page.keyboard.press("Enter");
	await dialog().getByRole("button", { name: "Add tags" }).click();
	await shows("2 devices changed");
	await change("Set the site");
	await dialog().getByRole("combobox", { name: "Site" }).fill("Graz");
	await dialog().getByRole("button", { name: "Set the site" }).click();
	await row(nameOf(1)).getByText("Graz").waitFor();
	await change("Add to a group");
	await dialog().getByRole("combobox", { name: "Group" }).fill("Backbone");
	await dialog().getByRole("button", { name: "Add to the group" }).click();
	await dialog().waitFor({ state: "hidden" });
	await change("Disable");
	await dialog().getByText("until they are enabled again").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Disable 2 devices");
	await row(nameOf(0)).getByText("Disabled").waitFor();
	await change("Enable");
	await row(nameOf(0)).getByText("Reachable").waitFor();
	const all = (await admin.devices.listDevices({ query: { page_size: 500 } })).items;
	for (const { name, site, tags, groups, enabled } of all) {
		const chosen = name === nameOf(0) || name === nameOf(1);
		expect({ name, site, tags, groups, enabled }).toEqual({
			name,
			site: chosen ? "Graz" : null,
			tags: chosen ? ["core"] : [],
			groups: chosen ? ["Backbone"] : [],
			enabled: true,
		});
	}
});

test("filters and order stand in the address, and whoever opens it sees the same", async () => {
	await page.goto(at("/devices"));
	await page.getByRole("combobox", { name: "Site" }).click();
	await page.getByRole("option", { name: "Graz (2)" }).click();
	await page.getByRole("combobox", { name: "Tags" }).click();
	await page.getByRole("option", { name: "core (2)" }).click();
	await page.keyboard.press("Escape");
	await press("Name");
	await page.waitForURL((address) => /site=Graz/.test(address.search) && /sort=-name/.test(address.search));
	await shows("2 devices");
	const link = page.url();
	const other = await openPage(context, misdeeds);
	await other.goto(link);
	await shows("2 devices", other);
	const names = await other.locator("tbody tr a").allTextContents();
	expect(names).toEqual([nameOf(0), nameOf(1)].toSorted().reverse());
	await other.close();
	await page.goto(at("/devices?health=reachable,bogus&page=oops&enabled=maybe"));
	await shows("6 devices");
});

test("a view is kept under a name, is its owner's alone until it is shared, and then everybody's to open", async () => {
	await page.goto(at("/devices?site=Graz"));
	await press("Views");
	await page.getByRole("menuitem", { name: "Save as a view" }).click();
	await dialog().getByLabel("Name").fill("Everything in Graz");
	await dialog().getByRole("button", { name: "Save view" }).click();
	await page.getByRole("button", { name: "Everything in Graz" }).waitFor();

	const others = await browser.newContext();
	const colleague = await signedIn(others, "vera", password);
	await colleague.goto(at("/devices"));
	await press("Views", colleague);
	await shows("No views yet", colleague);
	await colleague.keyboard.press("Escape");

	await press("Everything in Graz");
	await page.getByRole("menuitem", { name: "Rename, share, delete" }).click();
	await dialog().getByRole("switch", { name: "Everybody sees it" }).click();
	await press("Views", colleague);
	await colleague.getByRole("menuitem", { name: "Everything in Graz" }).click();
	await shows("2 devices", colleague);
	await press("Everything in Graz", colleague);
	await colleague.getByRole("menuitem", { name: "Rename, share, delete" }).click();
	await shows("of admin", colleague);
	expect(
		await colleague
			.getByRole("dialog")
			.getByRole("button", { name: /Delete|Rename/ })
			.count(),
	).toBe(0);

	await dialog().getByRole("button", { name: "Delete Everything in Graz" }).click();
	await dialog().getByText("gone for everybody").waitFor();
	await dialog().getByRole("button", { name: "Delete the view" }).click();
	await shows("No views are left", colleague);
	await page.keyboard.press("Escape");
	await others.close();
});

test("a form changes what was changed in it, and leaves what a colleague changed meanwhile", async () => {
	const device = await find(nameOf(2));
	await page.goto(at(`/devices/${device.id}`));
	await press("Edit");
	await dialog().getByRole("textbox", { name: "Description" }).fill("By the window");
	await admin.devices.updateDevice({ params: { id: device.id }, body: { site: "Linz" } });
	await dialog().getByRole("textbox", { name: "Name", exact: true }).fill("two words");
	await dialog().getByRole("button", { name: "Save" }).click();
	await dialog().getByText("Letters, digits and . _ - only").waitFor();
	await dialog().getByRole("textbox", { name: "Name", exact: true }).fill(nameOf(3));
	await dialog().getByRole("button", { name: "Save" }).click();
	await dialog()
		.getByText(/exists already|already/)
		.first()
		.waitFor();
	await dialog().getByRole("textbox", { name: "Name", exact: true }).fill(device.name);
	await page.keyboard.press("Escape");
	await dialog().getByText("What you filled in is not saved.").waitFor();
	await dialog().getByRole("button", { name: "Go on" }).click();
	await dialog().getByRole("button", { name: "Save" }).click();
	await dialog().waitFor({ state: "hidden" });
	expect(await find(nameOf(2))).toMatchObject({ description: "By the window", site: "Linz", name: device.name });
	const { run_id } = await admin.devices.testDevice({ params: { id: device.id } });
	expect((await runEnded(admin, run_id)).status).toBe("succeeded");
});

test("a test shows its phases on the device's page when they arrive, also after a reload, and a failure in words", async () => {
	const device = await find(nameOf(3));
	fleet.device(device.name).setLatency(800);
	await page.goto(at(`/devices/${device.id}?tab=health`));
	await press("Test");
	await shows(/Waiting for a worker|Talking to/);
	await page.reload();
	await shows(/Waiting for a worker|Talking to/);
	await shows(/Test passed in/);
	const phases = page.getByRole("table", { name: "Phases of the contact" });
	expect(await phases.getByRole("rowheader").allTextContents()).toEqual([
		"Connect",
		"Host key",
		"Log in",
		"Prompt",
		"Read facts",
	]);
	await page.getByRole("button", { name: "Copy the serial" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	fleet.device(device.name).setLatency(0);
	fleet.device(device.name).setFault({ kind: "refuse" });
	await press("Test");
	await shows("Connect failed");
	await shows("refused the connection");
	fleet.device(device.name).setFault(null);
});

test("an override decides how the device is reached until it is removed, and the page says where each part comes from", async () => {
	const device = await find(nameOf(4));
	await page.goto(at(`/devices/${device.id}?tab=override`));
	await page.getByLabel("Nothing may touch this device").check();
	await page.getByLabel("Why").fill("Hands off until Monday");
	await page.getByRole("textbox", { name: "Address" }).fill("192.0.2.99");
	await page.getByRole("textbox", { name: "Connect (s)" }).fill("7.5");
	await press("Save");
	await shows(`The override of ${device.name} is saved`);
	await page.getByRole("tab", { name: "Overview" }).click();
	await shows("Hands off until Monday");
	const connection = page.getByRole("region", { name: "Connection", exact: true });
	await connection.getByText(`192.0.2.99:${device.port}`).waitFor();
	await connection.getByText("connect 7.5 s").waitFor();
	await connection.getByText("the device's own").waitFor();
	await connection.getByRole("link", { name: "override" }).click();
	await press("Remove the override");
	await dialog().getByRole("button", { name: "Remove the override" }).click();
	await shows(`The override of ${device.name} is removed`);
	expect(await admin.devices.getConnection({ params: { id: device.id } })).toMatchObject({
		host: device.host,
		address_from: "device",
		refused: null,
	});
});

test("a configuration is searched in place, its versions lead to their difference, and each line says since when it is there", async () => {
	const index = fleet.devices.findIndex(({ platform }) => platform === "cisco_ios");
	const device = await find(nameOf(index));
	fleet.device(device.name).applyLines(["interface Loopback77", "description <i>first</i>"]);
	const { run_id } = await admin.backup.runSingle({ body: { device_id: device.id } });
	await runEnded(admin, run_id);
	await page.goto(at(`/devices/${device.id}`));
	await page.getByRole("tab", { name: "Configuration" }).click();
	await page.getByLabel("Find in the configuration").fill("LOOPBACK77");
	await shows("1 of 1");
	expect(await page.locator("mark[data-current]").textContent()).toBe("Loopback77");
	await page.getByText("As sent").click();
	await page.waitForURL(/form=raw/);
	await shows("1 of 1");
	expect(await page.getByRole("region", { name: `Configuration of ${device.name}` }).textContent()).toContain(
		"<secret>",
	);
	await page.getByRole("switch", { name: "Show secrets" }).check();
	await shows("secrets are shown");

	await page.getByRole("tab", { name: "Versions" }).click();
	await page.getByRole("img", { name: /Changed on 1 day of the last 182/ }).waitFor();
	const versions = page.getByRole("checkbox", { name: /Choose the version/ });
	await versions.nth(1).click();
	await shows("Choose one more");
	await versions.nth(0).click();
	await page.reload();
	expect(await versions.nth(0).isChecked()).toBe(true);
	await press("Compare the two");
	await page.waitForURL(/\/backups\/compare\?.*from=/);
	await shows("description <i>first</i>");

	await page.goto(at(`/devices/${device.id}?tab=blame`));
	const blame = page.getByRole("region", { name: `Lines of ${device.name} by version` });
	const newest = blame
		.locator("div")
		.filter({ hasText: /^.*run.*Loopback77/s })
		.last();
	await newest.waitFor();
	await blame.getByRole("link", { name: "run" }).first().waitFor();
	expect(await blame.locator(`a[href$="/runs/${run_id}"]`).count()).toBe(1);
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("tab", { name: "Runs" }).click();
	await page.locator(`a[href$="/runs/${run_id}"]`).waitFor();
	await page.getByRole("tab", { name: "Audit" }).click();
	await shows("Reveal connection settings to a worker");
});

test("another host key stands beside the accepted one; rejected it stays blocked, forgotten the next contact decides", async () => {
	const device = await find(nameOf(5));
	const accepted = fleet.device(device.name).host_key_fingerprint;
	fleet.device(device.name).changeHostKey();
	const { run_id } = await admin.devices.testDevice({ params: { id: device.id } });
	await runEnded(admin, run_id);
	await page.goto(at(`/devices/${device.id}?tab=host-key`));
	await page.getByRole("region", { name: "Accepted" }).getByText(accepted).waitFor();
	const presented = fleet.device(device.name).host_key_fingerprint;
	await page.getByRole("region", { name: "Presented now" }).getByText(presented).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Reject this key");
	await dialog().getByRole("button", { name: "Reject this key" }).click();
	await page.getByRole("region", { name: "Presented now" }).waitFor({ state: "detached" });
	const again = await admin.devices.testDevice({ params: { id: device.id } });
	expect((await runEnded(admin, again.run_id)).status).toBe("failed");
	await page.getByRole("region", { name: "Presented now" }).getByText(presented).waitFor();
	await press("Forget the key");
	await dialog().getByRole("button", { name: "Forget the key" }).click();
	await shows("No key is known yet");
	const last = await admin.devices.testDevice({ params: { id: device.id } });
	expect((await runEnded(admin, last.run_id)).status).toBe("succeeded");
	await page.getByRole("region", { name: "Accepted" }).getByText(presented).waitFor();
});

test("a group takes devices that were looked for, is tested as one, and lets them go", async () => {
	await page.goto(at("/groups"));
	await press("Add group");
	await dialog().getByLabel("Name").fill("Edge");
	await dialog().getByRole("button", { name: "Add group" }).click();
	await page.getByRole("heading", { name: "Edge" }).waitFor();
	await page.getByRole("button", { name: "Add devices" }).last().click();
	await dialog().getByLabel("Search devices to add").fill(nameOf(4));
	await dialog()
		.getByRole("checkbox", { name: nameOf(4) })
		.check();
	await dialog().getByLabel("Search devices to add").fill(nameOf(2));
	await dialog()
		.getByRole("checkbox", { name: nameOf(2) })
		.check();
	await press("Add 2 devices");
	await row(nameOf(4)).waitFor();
	await row(nameOf(2)).waitFor();
	await dialog().waitFor({ state: "hidden" });
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Test the group");
	await page.getByRole("link", { name: "Watch it live" }).click();
	await page.waitForURL("**/runs/*");
	const run = await runEnded(admin, new URL(page.url()).pathname.split("/").at(-1) ?? "");
	expect(run).toMatchObject({ status: "succeeded", total: 2 });
	await page.goBack();
	await choose(nameOf(4));
	await press("Remove from the group");
	await dialog().getByRole("button", { name: "Remove from the group" }).click();
	await row(nameOf(4)).waitFor({ state: "detached" });
	expect((await find(nameOf(2))).groups).toContain("Edge");
	expect((await find(nameOf(4))).groups).toEqual([]);
});

test("who may only look is offered nothing that writes, and devices are deleted only after asking", async () => {
	const others = await browser.newContext();
	const viewer = await signedIn(others, "vera", password);
	const device = await find(nameOf(0));
	const { items } = await admin.devices.listGroups({ query: {} });
	const writing = /^(Add |Change|Test|Back up|Import|Remove|Accept|Reject|Forget|Save$|More actions|Show secrets)/;
	for (const address of [
		"/devices",
		`/devices/${device.id}`,
		`/devices/${device.id}?tab=config`,
		`/devices/${device.id}?tab=override`,
		`/devices/${device.id}?tab=host-key`,
		"/groups",
		`/groups/${items[0]?.id}`,
	]) {
		await viewer.goto(at(address));
		await viewer.locator("main .nc-panel").first().waitFor();
		await viewer.locator("[aria-busy=true], [aria-label=Loading]").first().waitFor({ state: "detached" });
		expect(await viewer.getByRole("main").getByRole("button", { name: writing }).allTextContents(), address).toEqual(
			[],
		);
		expect(await viewer.getByRole("main").getByRole("checkbox").count(), address).toBe(0);
	}
	await viewer.goto(at("/devices/import"));
	await shows(/devices:write/, viewer);
	await others.close();

	await page.goto(at(`/devices/${device.id}`));
	await press("More actions");
	await page.getByRole("menuitem", { name: "Delete" }).click();
	await dialog().getByText("Its backups stay").waitFor();
	await dialog().getByRole("button", { name: "Leave it" }).click();
	expect(await find(nameOf(0))).toBeTruthy();
	const watching = await openPage(context, misdeeds);
	await watching.goto(at(`/devices/${device.id}`));
	await watching.getByRole("tab", { name: "Overview" }).waitFor();
	await page.goto(at("/devices"));
	await choose(nameOf(0), nameOf(1));
	await change("Delete");
	await dialog()
		.getByText(`${[nameOf(0), nameOf(1)].toSorted().join(", ")}.`)
		.waitFor();
	await press("Delete 2 devices");
	await shows("4 devices");
	await shows("There is no such device", watching);
	await watching.close();
});

test("of many that match the list counts some hundreds, and all of them when it is asked to", async () => {
	const rows = Array.from({ length: 620 }, (_, i) => ({
		name: `many-${i}`,
		host: "192.0.2.9",
		device_type: "linux",
		tags: i < 600 ? ["lab", "spare"] : ["lab"],
	}));
	await admin.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	await page.goto(at("/devices?tag=lab,spare"));
	await shows("At least 150 devices");
	await page.getByRole("button", { name: "Page 3" }).waitFor();
	await page.getByRole("checkbox", { name: "Select all" }).first().check();
	await press("Select all");
	await shows("600 devices selected");
	await press("Clear");
	await press("Count them");
	await shows(/^600 devices$/);
	await page.getByRole("button", { name: "Page 12" }).click();
	await shows("many-599");
	await shows(/^600 devices$/);
});

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
