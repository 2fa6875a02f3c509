import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, foreignHost, launchBrowser } from "./browser.ts";
import { openPage } from "./open-page.ts";
import { adminPassword, type Clients, type Product, runEnded, startProduct } from "./product.ts";

const oneTime = "one time password 2026";
const own = "a password of my own 2026";
const deviceCount = 6;

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct(),
		startFleet({ devices: { count: deviceCount, platforms: ["cisco_ios", "arista_eos", "juniper_junos"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	await admin.auth.createUser({ body: { username: "ana", role: "admin", password: oneTime } });
	await admin.auth.createUser({
		body: { username: "vera", role: "viewer", password: own, must_change_password: false },
	});
	context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await openPage(context, misdeeds);
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

async function signIn(on: Page, username: string, password: string): Promise<void> {
	await on.getByLabel("User name").fill(username);
	await on.locator('input[name="password"]').fill(password);
	await on.getByRole("button", { name: "Sign in" }).click();
}

const at = (path: string) => `${product.url}${path}`;
const path = (of: Page) => new URL(of.url()).pathname;
/** Waits for the text, so that a test says what it missed. */
const shows = (text: string | RegExp, on = page) => on.getByText(text).first().waitFor();
const runOf = (of: Page) => path(of).split("/").at(-1) ?? "";

/** Follows the toast to the run that was just started. */
async function watch(): Promise<string> {
	await page.getByRole("link", { name: "Watch it live" }).last().click();
	await page.waitForURL("**/runs/*");
	return runOf(page);
}

test("a one-time password opens nothing but the page on which it is changed", async () => {
	await page.goto(at("/devices?sort=-name"));
	await page.waitForURL("**/login?*");
	await signIn(page, "ana", "wrong password");
	await shows("User name or password is wrong");
	await signIn(page, "ana", oneTime);
	await page.waitForURL("**/change-password?*");
	await page.goto(at("/runs"));
	await page.waitForURL("**/change-password?*");

	await page.locator('input[name="current_password"]').fill(oneTime);
	await page.locator('input[name="new_password"]').fill("short");
	await page.locator('input[name="again"]').fill("short");
	await page.getByRole("button", { name: "Change password" }).click();
	await shows("At least 12 characters");
	await page.locator('input[name="new_password"]').fill(own);
	await page.locator('input[name="again"]').fill(own);
	await page.getByRole("button", { name: "Change password" }).click();
	await page.waitForURL("**/runs");
	await shows("Nothing has run yet");
});

test("a device is added by form, and what the server refuses stands beside its field", async () => {
	await page.goto(at("/devices"));
	await shows("No devices yet");
	await page.getByRole("button", { name: "Add device" }).last().click();
	const form = page.getByRole("dialog");
	await form.getByRole("textbox", { name: "Name", exact: true }).fill("two words");
	await form.getByLabel("Address").fill("no host at all");
	await form.getByRole("button", { name: "Add device" }).click();
	await form.getByText("Letters, digits and . _ - only").waitFor();
	await form.getByText("An IPv4 or IPv6 address or a DNS name").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);

	const [first] = fleet.devices;
	if (first === undefined) throw new Error("an empty lab");
	await form.getByRole("textbox", { name: "Name", exact: true }).fill(first.name);
	await form.getByLabel("Address").fill(first.host);
	await form.getByLabel("SSH port").fill(String(first.port));
	await form.getByRole("combobox", { name: "Type" }).fill("Cisco IOS");
	await page.getByRole("option", { name: "Cisco IOS and IOS-XE", exact: true }).click();
	await form.getByLabel("User name").fill(first.username);
	await form.getByRole("textbox", { name: "Password", exact: true }).fill(first.password);
	await form.getByRole("textbox", { name: "Enable password" }).fill(first.enable_password);
	await form.getByRole("button", { name: "Add device" }).click();
	const run_id = await watch();
	await shows("Succeeded");
	expect((await runEnded(admin, run_id)).status).toBe("succeeded");

	await page.goto(at("/devices"));
	await page.getByRole("row", { name: new RegExp(`${first.name}.*Reachable`) }).waitFor();
	await page.getByRole("button", { name: "Add device" }).click();
	await form.getByRole("textbox", { name: "Name", exact: true }).fill(first.name);
	await form.getByLabel("Address").fill("192.0.2.1");
	await form.getByRole("combobox", { name: "Type" }).fill("Cisco IOS");
	await page.getByRole("option", { name: "Cisco IOS and IOS-XE", exact: true }).click();
	await form.getByText("Default", { exact: true }).click();
	await form.getByRole("button", { name: "Add device" }).click();
	await form
		.getByText(/exists already|is taken|already/)
		.first()
		.waitFor();
	await page.keyboard.press("Escape");
});

test("a backup of all devices is seen live, also after a reload and a lost connection in the middle", async () => {
	await admin.devices.importDevices({
		body: {
			format: "json",
			content: JSON.stringify(
				fleet.devices.map(({ platform, host_key_fingerprint: _, ...device }) => ({ ...device, device_type: platform })),
			),
		},
	});
	for (const { name } of fleet.devices) fleet.device(name).setLatency(800);
	await page.goto(at("/devices"));
	await shows(`${deviceCount} devices`);
	await page.getByRole("button", { name: "Back up all" }).click();
	const followed = page.waitForEvent("websocket", (socket) => socket.url().includes("/ws/tasks/"));
	const run_id = await watch();
	// Only the connections of the page that is loaded anew are to be seen below.
	await followed;
	const continuedAfter: number[] = [];
	await page.routeWebSocket(/\/ws\/tasks\//, (socket) => {
		continuedAfter.push(Number(new URL(socket.url()).searchParams.get("after")));
		const isFirst = continuedAfter.length === 1;
		let lost = false;
		socket.connectToServer().onMessage((message) => {
			if (lost) return;
			socket.send(message);
			if (!isFirst || JSON.parse(String(message)).type !== "output") return;
			lost = true;
			// What was sent reaches the page before the loss does.
			setTimeout(() => void socket.close({ code: 1012, reason: "lost" }), 200);
		});
	});
	await page.reload();
	await shows("Running");
	expect((await admin.tasks.getRun({ params: { id: run_id } })).finished_at).toBeNull();
	await shows(`${deviceCount} of ${deviceCount} operations done`);
	await shows("First backup");
	for (const { name } of fleet.devices) fleet.device(name).setLatency(0);

	await page.getByRole("tab", { name: "Output" }).click();
	await page.getByRole("log").getByText("stored, the first one").last().waitFor();
	const said = (await page.getByRole("log").textContent()) ?? "";
	for (const { name } of fleet.devices) expect(said).toContain(name);
	expect(said.match(/stored, the first one/g)).toHaveLength(deviceCount);
	expect(said.match(/connected to/g)).toHaveLength(deviceCount);
	expect(continuedAfter).toEqual([
		expect.any(Number),
		expect.toSatisfy((seq: number) => seq > (continuedAfter[0] ?? 0)),
	]);
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("a change on a device shows as exactly that difference, its secrets masked", async () => {
	const device = fleet.devices.find(({ platform }) => platform === "cisco_ios");
	if (device === undefined) throw new Error("no such device in the lab");
	fleet
		.device(device.name)
		.applyLines([
			"interface Loopback99",
			"description <b onclick=alert(1)>bold</b>",
			"ip address 192.0.2.99 255.255.255.255",
		]);
	await page.goto(at(`/devices?q=${device.name}`));
	await page.getByLabel(`Select ${device.name}`, { exact: true }).check();
	await page.getByRole("button", { name: "Back up selected" }).click();
	await watch();
	await page.getByRole("link", { name: "See what changed" }).click();
	await page.waitForURL("**/backups/compare?*from=*");
	const added = page.locator('td[data-side="added"].nc-lines');
	await added.first().waitFor();
	const lines = (await added.allTextContents()).map((line) => line.replace(/^added: /, "").trim());
	expect(lines.filter((line) => line !== "!")).toEqual([
		"interface Loopback99",
		"description <b onclick=alert(1)>bold</b>",
		"ip address 192.0.2.99 255.255.255.255",
	]);
	expect(await page.locator('td[data-side="removed"]').count()).toBe(0);
	await page.getByText("By section").click();
	await page.waitForURL("**mode=section*");
	await added.first().waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);

	await page.getByRole("link", { name: "All versions" }).click();
	await page
		.getByRole("checkbox", { name: /Choose the version/ })
		.nth(1)
		.waitFor();
	for (const box of await page.getByRole("checkbox", { name: /Choose the version/ }).all()) await box.check();
	await page.getByRole("button", { name: "Compare the two" }).click();
	await page.waitForURL("**/backups/compare?*from=*");
	await added.first().waitFor();

	await page.goto(at("/search?q=Loopback99"));
	await page.getByRole("link", { name: /^Line/ }).first().click();
	const config = page.getByRole("region", { name: `Configuration of ${device.name}` });
	await config.locator(".nc-line-marked").waitFor();
	const text = await config.textContent();
	expect(text).toContain("<b onclick=alert(1)>bold</b>");
	expect(text).toContain("<secret>");
	for (const secret of [device.password, device.enable_password]) expect(text).not.toContain(secret);
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("a changed host key is explained, accepted, and what failed is run again", async () => {
	const { name } = fleet.devices[1] ?? { name: "" };
	fleet.device(name).changeHostKey();
	await page.goto(at(`/devices?q=${name}`));
	await page.getByRole("link", { name, exact: true }).click();
	await page.getByRole("button", { name: "Back up", exact: true }).click();
	const run_id = await watch();
	await shows(/While checking the host key: /);
	await page.goto(at("/devices?health=host_key_changed"));
	await page.getByRole("link", { name, exact: true }).click();
	await shows(fleet.device(name).host_key_fingerprint);
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("button", { name: "Accept this key" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Accept this key" }).click();
	await shows("is accepted");
	await page.goto(at(`/runs/${run_id}`));
	await page.getByRole("button", { name: "Retry failed" }).click();
	await page.getByRole("link", { name: "Watch it live" }).last().click();
	await page.waitForURL((url) => !url.pathname.endsWith(run_id));
	await shows("1 of 1 operation done");
	expect((await runEnded(admin, runOf(page))).status).toBe("succeeded");
});

test.each([
	["a page of this machine", "127.0.0.1", "ana"],
	["a page from elsewhere over plain HTTP, without locks,", foreignHost, "vera"],
])(
	"tabs of %s that open at the same time share one session, and signing out ends it in all of them",
	async (_, host, user) => {
		const start = new URL(product.url);
		start.hostname = host;
		const first = await openPage(context, misdeeds);
		await first.goto(`${start.origin}/devices`);
		if (host === foreignHost) await signIn(first, user, own);
		await first.getByRole("heading", { name: "Devices" }).waitFor();
		expect(await first.evaluate("'locks' in navigator")).toBe(host !== foreignHost);
		const tabs = await Promise.all(Array.from({ length: 4 }, () => openPage(context, misdeeds)));
		await Promise.all(tabs.map((tab) => tab.goto(`${start.origin}/runs`)));
		await Promise.all(tabs.map((tab) => tab.getByRole("heading", { name: "Runs" }).waitFor()));
		await first.reload();
		await first.getByRole("button", { name: `Menu of ${user}` }).click();
		await first.getByRole("menuitem", { name: "Sign out" }).click();
		await Promise.all([first, ...tabs].map((tab) => tab.waitForURL("**/login?*")));
		await Promise.all([first, ...tabs].map((tab) => tab.close()));
	},
);

test("a viewer is offered nothing that writes, and every page can be used without seeing or a mouse", async () => {
	const dark = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
	const small = await openPage(dark, misdeeds);
	await small.goto(at("/devices"));
	expect(await accessibilityFaults(small)).toEqual([]);
	await signIn(small, "vera", own);
	await small.waitForURL("**/devices");
	const { items: devices } = await admin.devices.listDevices({ query: {} });
	const { items: runs } = await admin.tasks.listRuns({ query: {} });
	for (const address of [
		"/devices",
		`/devices/${devices[0]?.id}`,
		"/runs",
		`/runs/${runs[0]?.id}`,
		"/search?q=interface",
	]) {
		await small.goto(at(address));
		await small.locator("main .nc-panel").first().waitFor();
		await small.waitForLoadState("networkidle");
		for (const word of ["Add device", "Back up", "Test", "Accept", "Cancel run", "Retry", "Show secrets"]) {
			expect(await small.getByRole("button", { name: word }).count(), `${word} on ${address}`).toBe(0);
			expect(await small.getByLabel(word).count(), `${word} on ${address}`).toBe(0);
		}
		expect(await small.evaluate("document.documentElement.scrollWidth"), address).toBeLessThanOrEqual(390);
		expect(await accessibilityFaults(small), address).toEqual([]);
	}
	await small.goto(at("/devices"));
	await small.getByRole("link", { name: fleet.devices[0]?.name ?? "", exact: true }).waitFor();
	await small.keyboard.press("/");
	await small.keyboard.type("nothing like it");
	await small.getByText("No device matches").waitFor();
	await small.keyboard.press("Escape");
	await small.getByRole("link", { name: fleet.devices[0]?.name ?? "", exact: true }).waitFor();
	await dark.close();
});

test("a session that the server ended leads to the sign-in page and back to where one was", async () => {
	await page.goto(at("/login"));
	await signIn(page, "vera", own);
	await page.waitForURL(at("/"));
	await page.goto(at("/devices?sort=-name"));
	await page.getByRole("heading", { name: "Devices" }).waitFor();
	const { items } = await admin.auth.listUsers({ query: { q: "vera" } });
	const id = items[0]?.id ?? "";
	await admin.auth.updateUser({ params: { id }, body: { disabled: true } });
	// What the gateway knows of a session is at most five seconds old.
	await page.waitForTimeout(5_500);
	await page.reload();
	await page.waitForURL("**/login?*");
	await admin.auth.updateUser({ params: { id }, body: { disabled: false } });
	await signIn(page, "vera", own);
	await page.waitForURL("**/devices?sort=-name");
	await page.getByRole("heading", { name: "Devices" }).waitFor();
	expect(await product.login("admin", adminPassword)).toBeTruthy();
});

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
