import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

/** What stands around every page: the palette, the keys, the news of what others do, and what is shown when something fails. */

const own = "a password of my own 2026";

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 3, platforms: ["cisco_ios", "arista_eos", "juniper_junos"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	const { run_id } = await admin.backup.runAll({ body: { name: "Before the change" } });
	await runEnded(admin, run_id);
	await admin.auth.createRole({
		body: { name: "onlooker", label: "Onlooker", permissions: ["devices:read", "backups:read", "runs:read"] },
	});
	for (const username of ["olga", "otto"]) {
		await admin.auth.createUser({
			body: { username, role: "onlooker", password: own, must_change_password: false },
		});
	}
	({ context, page } = await signedIn("admin", adminPassword));
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

async function signedIn(
	username: string,
	password: string,
	path = "/",
): Promise<{ context: BrowserContext; page: Page }> {
	const theirs = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const opened = await openPage(theirs, misdeeds);
	await opened.goto(`${product.url}${path}`);
	await signIn(opened, username, password);
	await opened.getByRole("navigation", { name: "Main" }).waitFor();
	return { context: theirs, page: opened };
}

async function signIn(on: Page, username: string, password: string): Promise<void> {
	await on.getByLabel("User name").fill(username);
	await on.locator('input[name="password"]').fill(password);
	await on.getByRole("button", { name: "Sign in" }).click();
}

const heading = (name: string, on = page) => on.getByRole("heading", { name, level: 1, exact: true }).waitFor();
const open = async (path: string, title: string) => {
	await page.goto(`${product.url}${path}`);
	await heading(title);
};

describe("the palette", () => {
	const field = (on = page) => on.getByRole("combobox", { name: "Find anything" });
	const option = (name: string | RegExp, on = page) => on.getByRole("option", { name }).first();

	async function find(text: string, on = page) {
		await on.keyboard.press("Control+k");
		await field(on).fill(text);
	}

	test("finds devices by name and address, lines of configurations, runs, pages and actions", async () => {
		const [device] = fleet.devices;
		if (device === undefined) throw new Error("an empty lab");
		await open("/", "Dashboard");
		await find(device.name);
		await option(device.name).waitFor();
		await field().fill(device.host);
		await option(device.name).waitFor();
		await field().fill("hostname");
		await option(/hostname/).waitFor();
		await option("Search all configurations for “hostname”").waitFor();
		await field().fill("before the");
		await option("Before the change").waitFor();
		await field().fill("audi");
		await option("Audit").waitFor();
		await field().fill("back up all");
		await option("Back up all devices").waitFor();
		await field().fill("nothing is called like this");
		await page.getByText("Nothing of that name").waitFor();
		expect(await accessibilityFaults(page)).toEqual([]);
		await page.keyboard.press("Escape");
		await field().waitFor({ state: "detached" });
	});

	test("who types a name and Enter at once goes to that device, and finds it among the recent ones first", async () => {
		const { name = "" } = fleet.devices[1] ?? {};
		await open("/runs", "Runs");
		await page.keyboard.press("Control+k");
		await field().waitFor();
		await page.keyboard.type(name);
		await page.keyboard.press("Enter");
		await heading(name);
		await open("/", "Dashboard");
		await page.getByRole("button", { name: "Find anything" }).click();
		await page.getByRole("group", { name: "Recent" }).getByRole("option", { name }).waitFor();
		expect(await page.getByRole("option").first().textContent()).toContain(name);
		await page.keyboard.press("Enter");
		await heading(name);
	});

	test("what is typed before the palette is there is not lost: it finds that device and no other", async () => {
		const { name = "" } = fleet.devices[0] ?? {};
		let come = () => {};
		const asked = new Promise<void>((resolve) => {
			come = resolve;
		});
		await page.route("**/assets/palette-*.js", async (route) => {
			await asked;
			await route.continue();
		});
		await open("/runs", "Runs");
		await page.keyboard.press("Control+k");
		await page.keyboard.type(`${name}0`);
		await page.keyboard.press("Backspace");
		await page.keyboard.press("Enter");
		come();
		await heading(name);
		await page.unroute("**/assets/palette-*.js");
	});

	test("a group is backed up by saying so, a key leads to the run, and Tab begins with what is on its page", async () => {
		const members = fleet.devices.slice(0, 2).map(({ name }) => name);
		const { id } = await admin.devices.createGroup({ body: { name: "Night shift" } });
		const { items } = await admin.devices.listDevices({ query: {} });
		await admin.devices.setGroupMembers({
			params: { id },
			body: { device_ids: items.filter(({ name }) => members.includes(name)).map((device) => device.id) },
		});
		await open("/", "Dashboard");
		await find("back up night");
		await option("Back up the group Night shift").waitFor();
		await page.keyboard.press("Enter");
		await page.getByText("Backing up the group Night shift").waitFor();
		await page.keyboard.press("w");
		await page.getByText("2 of 2 operations done").waitFor();
		expect(await page.evaluate("document.activeElement.id")).toBe("main");
	});

	test("a device is tested by saying so, and the toast leads to the run", async () => {
		const { name = "" } = fleet.devices[2] ?? {};
		await open("/", "Dashboard");
		await find(`test ${name}`);
		await option(`Test ${name}`).waitFor();
		await page.keyboard.press("Enter");
		await page.getByRole("link", { name: "Watch it live" }).click();
		await page.waitForURL("**/runs/*");
		const run = await runEnded(admin, new URL(page.url()).pathname.split("/").at(-1) ?? "");
		expect([run.kind, run.total, run.status]).toEqual(["connectivity_test", 1, "succeeded"]);
	});

	test("a question that is no longer wanted is taken back", async () => {
		await open("/", "Dashboard");
		let held = 0;
		const given_up: string[] = [];
		await page.route("**/api/config-backups/search?*", async (route) => {
			held += 1;
			// Never answered: only giving it up ends it.
			if (held > 1) await route.continue();
		});
		page.on("requestfailed", (request) => given_up.push(new URL(request.url()).searchParams.get("q") ?? ""));
		await find("interface");
		await eventually("the search is asked", async () => held > 0);
		await field().fill("hostname");
		await option(/hostname/).waitFor();
		expect(given_up).toContain("interface");
		await page.unroute("**/api/config-backups/search?*");
		await page.keyboard.press("Escape");
	});

	test("what the role may not do is not offered", async () => {
		const theirs = await signedIn("olga", own);
		await find("", theirs.page);
		await option("Devices", theirs.page).waitFor();
		for (const name of ["Back up all devices", "Test all devices", "Add a device", "Users", "Audit", "Settings"]) {
			expect(await theirs.page.getByRole("option", { name }).count(), name).toBe(0);
		}
		await field(theirs.page).fill(`test ${fleet.devices[0]?.name}`);
		await theirs.page.getByText("Nothing of that name").waitFor();
		await theirs.context.close();
	});
});

describe("keys", () => {
	test("two letters lead to each page of the menu, and the list of keys tells them", async () => {
		await open("/", "Dashboard");
		await page.keyboard.press("?");
		const list = page.getByRole("dialog", { name: "Keys" });
		const goTo = list.getByRole("region", { name: "Go to" });
		await goTo.waitFor();
		expect(await accessibilityFaults(page)).toEqual([]);
		const told = await goTo.locator("dl > div").evaluateAll((rows) =>
			rows.map((row) => ({
				keys: [...row.querySelectorAll("kbd")].map((key) => key.textContent ?? ""),
				title: row.querySelector("dd")?.textContent ?? "",
			})),
		);
		expect(told.length).toBeGreaterThan(8);
		await page.keyboard.press("Escape");
		await list.waitFor({ state: "detached" });
		const heading = page.getByRole("heading", { level: 1 }).first();
		for (const { keys, title } of told) {
			const before = await heading.textContent();
			const link = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: title, exact: true });
			let pressed_at = 0;
			await eventually(`${keys.join(" ")} leads to ${title}`, async () => {
				// Where the machine stands still between two keys they are no word any more; whoever sees that types them again.
				if (Date.now() - pressed_at > 5_000) {
					pressed_at = Date.now();
					for (const key of keys) await page.keyboard.press(key);
				}
				const href = await link.getAttribute("href");
				return new URL(page.url()).pathname === href;
			});
			// The next keys would be for the page before, or for a field in which a page began.
			if (title !== "Dashboard") await eventually(title, async () => (await heading.textContent()) !== before);
			await page.keyboard.press("Escape");
		}
	}, 90_000);

	test("letters that are typed into a field, or while a dialog is open, are nothing else", async () => {
		await open("/devices", "Devices");
		await page.keyboard.press("/");
		await page.keyboard.type("gr?");
		expect(await page.getByLabel("Search devices").inputValue()).toBe("gr?");
		expect(await page.getByRole("dialog").count()).toBe(0);
		await page.keyboard.press("Escape");
		await page.keyboard.press("Escape");
		await page.getByRole("button", { name: "Add device" }).first().click();
		await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).focus();
		await page.keyboard.type("gr");
		await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
		await heading("Devices");
	});

	test("who leaves a form with Escape is back at the button that opened it", async () => {
		await open("/devices", "Devices");
		const button = page.getByRole("button", { name: "Add device" }).first();
		for (const opening of ["first", "second"]) {
			await button.focus();
			await page.keyboard.press("Enter");
			await page.getByRole("dialog", { name: "Add a device" }).waitFor();
			await page.keyboard.press("Escape");
			await page.getByRole("dialog").waitFor({ state: "detached" });
			await eventually(`${opening} opening`, () => button.evaluate((it) => it.matches(":focus")));
		}
	});
});

test("what another does shows without a reload", async () => {
	await open("/devices", "Devices");
	await page.getByRole("link", { name: fleet.devices[0]?.name ?? "", exact: true }).waitFor();
	await page.evaluate("globalThis.notReloaded = true");
	const added = await admin.devices.createDevice({
		body: { name: "added-by-another", host: "192.0.2.77", device_type: "cisco_ios" },
	});
	await page.getByRole("link", { name: "added-by-another", exact: true }).waitFor();
	await admin.devices.deleteDevice({ params: { id: added.id } });
	await page.getByRole("link", { name: "added-by-another", exact: true }).waitFor({ state: "detached" });

	await page.getByRole("link", { name: "Dashboard" }).click();
	await page.getByRole("region", { name: "Recent changes" }).waitFor();
	const device = fleet.devices.find(({ platform }) => platform === "cisco_ios");
	if (device === undefined) throw new Error("no such device in the lab");
	fleet.device(device.name).applyLines(["interface Loopback88", "description seen live"]);
	await admin.backup.runAll({ body: {} });
	await page
		.getByRole("region", { name: "Recent changes" })
		.getByRole("link", { name: device.name, exact: true })
		.waitFor();
	expect(await page.evaluate("globalThis.notReloaded")).toBe(true);
});

test("the dashboard says what needs a person, and what mends it is one press away", async () => {
	const { name = "" } = fleet.devices[2] ?? {};
	fleet.device(name).changeHostKey();
	const silent = await admin.devices.createDevice({
		body: {
			...{ name: "silent-1", host: "127.0.0.1", port: 1, device_type: "cisco_ios" },
			...{ username: "admin", password: "of no use" },
		},
	});
	const { run_id } = await admin.devices.testDevices({ body: { select: { names: [name, silent.name] } } });
	await runEnded(admin, run_id);

	await open("/", "Dashboard");
	const needs = page.getByRole("region", { name: "Needs a person" }).getByRole("listitem");
	const changed = needs.filter({ hasText: "Host key changed" });
	await changed.getByRole("link", { name, exact: true }).waitFor();
	await needs.filter({ hasText: "without a backup" }).getByRole("button", { name: "Back it up" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await needs.filter({ hasText: silent.name }).getByRole("button", { name: "Test again" }).click();
	await page.getByRole("link", { name: "Watch it live" }).waitFor();
	await changed.getByRole("link", { name: "Compare keys" }).click();
	await page.waitForURL("**/devices/*tab=host-key");
	await page.getByText(fleet.device(name).host_key_fingerprint).first().waitFor();

	const theirs = await signedIn("olga", own);
	await theirs.page.getByRole("region", { name: "Needs a person" }).getByText(silent.name).first().waitFor();
	for (const action of ["Test again", "Back it up", "Back up all"]) {
		expect(await theirs.page.getByRole("button", { name: action }).count(), action).toBe(0);
	}
	await theirs.context.close();
	await admin.devices.deleteDevice({ params: { id: silent.id } });
});

test("a role that loses a permission loses the page at once, and is told which permission", async () => {
	const theirs = await signedIn("otto", own, "/devices");
	await heading("Devices", theirs.page);
	const permissions = ["backups:read", "runs:read"];
	await admin.auth.updateRole({ params: { name: "onlooker" }, body: { permissions } });
	await theirs.page.getByText("does not hold the permission devices:read").waitFor();
	// The page and the menu ask on their own, and either may hear first.
	await theirs.page.getByRole("link", { name: "Devices", exact: true }).waitFor({ state: "detached" });
	expect(await accessibilityFaults(theirs.page)).toEqual([]);
	await admin.auth.updateRole({
		params: { name: "onlooker" },
		body: { permissions: ["devices:read", ...permissions] },
	});
	await heading("Devices", theirs.page);
	await theirs.context.close();
});

test.each([
	[500, "internal.unexpected", "An unexpected error"],
	[403, "auth.forbidden", "Your role does not permit this"],
])("an answer %i is shown with its trace id, and trying again shows the page", async (status, code, title) => {
	const trace_id = "0af7651916cd43dd8448eb211c80319c";
	const problem = { type: `/docs/errors/${code}`, title, status, code, detail: `${title}, said the test`, trace_id };
	await page.route("**/api/devices?*", (route) =>
		route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify(problem) }),
	);
	await open("/devices", "Devices");
	const alert = page.getByRole("alert").filter({ hasText: title });
	await alert.getByText(trace_id).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.unroute("**/api/devices?*");
	await alert.getByRole("button", { name: "Try again" }).click();
	await page.getByRole("link", { name: fleet.devices[0]?.name ?? "", exact: true }).waitFor();
	expect(await alert.count()).toBe(0);
});

test("a session that ends while a form is filled in is begun again over it, and nothing typed is lost", async () => {
	const theirs = await signedIn("admin", adminPassword, "/devices");
	await theirs.page.getByRole("button", { name: "Add device" }).first().click();
	const form = theirs.page.getByRole("dialog", { name: "Add a device" });
	await form.getByRole("textbox", { name: "Name", exact: true }).fill("typed-before-the-end");
	await theirs.page.route("**/api/auth/refresh", (route) =>
		route.fulfill({
			status: 401,
			contentType: "application/problem+json",
			body: JSON.stringify({
				type: "/docs/errors/auth.session_ended",
				title: "The session has ended",
				status: 401,
				code: "auth.session_ended",
				detail: "The session has ended",
			}),
		}),
	);
	// Another tab of the same browser signs out, or the server ends the session: this tab hears it the same way.
	const other = await openPage(theirs.context, misdeeds);
	await other.goto(`${product.url}/runs`);
	await other.getByRole("button", { name: "Menu of admin" }).click();
	await other.getByRole("menuitem", { name: "Sign out" }).click();
	await theirs.page.unroute("**/api/auth/refresh");
	const again = theirs.page.getByRole("dialog", { name: "Your session has ended" });
	await again.waitFor();
	expect(await accessibilityFaults(theirs.page)).toEqual([]);
	await again.locator('input[name="password"]').fill(adminPassword);
	await again.getByRole("button", { name: "Sign in" }).click();
	await again.waitFor({ state: "detached" });
	expect(await form.getByRole("textbox", { name: "Name", exact: true }).inputValue()).toBe("typed-before-the-end");
	await theirs.context.close();
});

test("too many wrong passwords: the page says how long to wait, and waits", async () => {
	const theirs = await browser.newContext();
	const door = await openPage(theirs, misdeeds);
	await admin.auth.updateSettings({ body: { login_banner: "Authorised staff only <b>here</b>" } });
	await door.goto(`${product.url}/login`);
	await door.getByText("Authorised staff only <b>here</b>").waitFor();
	const notice = door.getByText("Too many attempts to sign in");
	for (let attempts = 0; attempts < 30 && !(await notice.isVisible()); attempts += 1) {
		const answered = door.waitForResponse("**/api/auth/login");
		await signIn(door, "nobody", "wrong");
		await answered;
		await door.getByRole("alert").waitFor();
	}
	await notice.waitFor();
	expect(await accessibilityFaults(door)).toEqual([]);
	expect(await door.getByRole("button", { name: /^Sign in/ }).isDisabled()).toBe(true);
	await door.getByText("You can try again now").waitFor();
	expect(await door.getByRole("button", { name: "Sign in" }).isEnabled()).toBe(true);
	await theirs.close();
});

test("the API's own pages work under the policy, in light and dark", async () => {
	for (const colorScheme of ["light", "dark"] as const) {
		const theirs = await browser.newContext({ colorScheme });
		const docs = await openPage(theirs, misdeeds);
		await docs.goto(`${product.url}/api/docs/`);
		await docs.getByRole("link", { name: "devices" }).waitFor();
		expect(await docs.locator("html.dark-mode").count()).toBe(colorScheme === "dark" ? 1 : 0);
		expect(await accessibilityFaults(docs), colorScheme).toEqual([]);
		if (colorScheme === "dark") {
			await docs.getByRole("link", { name: "system" }).click();
			await docs.getByRole("button", { name: /^GET .api.system.about Version/ }).click();
			await docs.getByText("Needs the permission").waitFor();
			expect(await docs.getByText("Resolver error").count()).toBe(0);
		}
		await theirs.close();
	}
});

test("a server that goes away is said to be gone, and what happened meanwhile shows when it is back", async () => {
	await open("/devices", "Devices");
	await page.getByRole("link", { name: fleet.devices[0]?.name ?? "", exact: true }).waitFor();
	await page.evaluate("globalThis.notReloaded = true");
	await product.stop();
	await page.getByText("Connection lost").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("link", { name: "Runs", exact: true }).click();
	await page.getByText("The server does not answer").waitFor();
	await product.restart();
	const back = product.as(await product.login("admin", adminPassword));
	await back.devices.createDevice({ body: { name: "added-meanwhile", host: "192.0.2.78", device_type: "cisco_ios" } });
	await page.getByRole("link", { name: "Devices", exact: true }).click();
	await page.getByRole("link", { name: "added-meanwhile", exact: true }).waitFor();
	await page.getByText("Connection lost").waitFor({ state: "detached" });
	await page.getByRole("link", { name: "Runs", exact: true }).click();
	await page.getByRole("link", { name: "Before the change" }).waitFor();
	expect(await page.evaluate("globalThis.notReloaded")).toBe(true);
	await context.close();
}, 60_000);

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
