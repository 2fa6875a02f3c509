import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, type Clients, eventually, type Product, startProduct } from "../product.ts";

/** A stack that is made of a template by the web app alone, what stands where of it, and what its variables are read from. */

const password = "a password of my own 2026";

let product: Product;
let fleet: Fleet;
let browser: Browser;
let page: Page;
let api: Clients;
let bob: Clients;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 2, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	const admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	for (const [username, role] of [
		["ana", "manager"],
		["bob", "operator"],
	] as const) {
		await admin.auth.createUser({ body: { username, password, role, must_change_password: false } });
	}
	[api, bob] = [product.as(await product.login("ana", password)), product.as(await product.login("bob", password))];
	const remove = await api.config.createTemplate({
		body: { name: "ntp/remove", type: "delete", source: "no ntp server {{ server }}\n" },
	});
	await api.config.createTemplate({
		body: { name: "ntp/add", source: "ntp server {{ server }}\n", delete_template_id: remove.id },
	});
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await openPage(context, misdeeds);
	await page.goto(at("/login"));
	await page.getByLabel("User name").fill("ana");
	await page.locator('input[name="password"]').fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((url) => url.pathname !== "/login");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await Promise.all([product?.dispose(), fleet?.stop()]);
	expect(misdeeds).toEqual([]);
});

const at = (path: string) => `${product.url}${path}`;
const press = (name: string | RegExp) => page.getByRole("button", { name, exact: true }).click();
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
const dialog = () => page.getByRole("dialog");
const names = () => fleet.devices.map((device) => device.name);

async function choose(field: string, option: string | RegExp): Promise<void> {
	await page
		.getByRole("combobox", { name: field })
		.or(page.getByRole("textbox", { name: field }))
		.first()
		.click();
	await page.getByRole("option", { name: option }).click();
}

/** Lets bob approve what a run asks for, and waits for the run's end. */
async function approve(run_id: string): Promise<void> {
	const run = await eventually("the approval is asked for", async () => {
		const now = await api.tasks.getRun({ params: { id: run_id } });
		return now.waiting_for?.kind === "approval" && now.waiting_for.approval_id !== null && now;
	});
	const { id, plan_sha256 } = await bob.alerts.getApproval({ params: { id: run.progress?.approval_id ?? "" } });
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
	await eventually(
		"the run's end",
		async () => (await api.tasks.getRun({ params: { id: run_id } })).finished_at !== null,
	);
}

/** Answers the drawer that is open; the run that it started. */
async function start(action: string, said: string): Promise<string> {
	await dialog().getByRole("button", { name: action, exact: true }).click();
	const link = page.locator(".mantine-Notification-root", { hasText: said }).getByRole("link");
	return new URL((await link.getAttribute("href")) ?? "", product.url).pathname.split("/").at(-1) ?? "";
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: places of parameters are written so
test("a stack template is made by forms: parameters, and places for them where values would stand", async () => {
	await page.goto(at("/stack-templates"));
	await shows("No stack templates yet");
	await press("Add stack template");
	await dialog().getByRole("textbox", { name: "Name" }).fill("Time");
	await dialog().getByRole("button", { name: "Add stack template" }).click();
	await page.getByRole("form", { name: "Definition of the stack template" }).waitFor();
	for (const [index, name, type] of [
		[1, "server", undefined],
		[2, "routers", "List"],
	] as const) {
		await press("Add a parameter");
		await page
			.getByRole("group", { name: `Parameter ${index}` })
			.getByLabel("Name")
			.fill(name);
		if (type === undefined) continue;
		await page.getByRole("group", { name }).getByRole("combobox", { name: "Type" }).click();
		await page.getByRole("option", { name: type, exact: true }).click();
	}
	await page.getByRole("group", { name: "server" }).getByLabel("Pattern").fill("[0-9.]+");
	await press("Add a service");
	const service = page.getByRole("group", { name: "Service 1", exact: true });
	await service.getByRole("textbox", { name: "Name", exact: true }).fill("ntp");
	await choose("Template", "ntp/add");
	await choose("Device names", "${routers}");
	await page.keyboard.press("Escape");
	await page
		.getByRole("group", { name: "ntp" })
		.getByRole("textbox", { name: "server", exact: true })
		.fill("${server}");
	await press("Save");
	await shows("Time is saved");
	expect(await api.config.getStackTemplate({ params: { id: "Time" } })).toMatchObject({
		version: 2,
		parameters: [
			{ name: "server", type: "string", pattern: "[0-9.]+" },
			{ name: "routers", type: "list" },
		],
		services: [{ targets: { names: ["${routers}"] }, variables: { server: "${server}" } }],
	});
	expect(await accessibilityFaults(page)).toEqual([]);
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: places of parameters are written so

test("what is wrong with a value stands beside it, and a stack is made of those that are right", async () => {
	await press("Make a stack");
	await dialog().getByLabel("Name of the stack").fill("time ams");
	await dialog().getByLabel("server").fill("not an address");
	for (const name of names()) {
		await dialog().getByRole("combobox", { name: "routers" }).fill(name);
		await page.keyboard.press("Enter");
	}
	await dialog().getByRole("button", { name: "Make the stack" }).click();
	await dialog().getByText("not an address does not match [0-9.]+").first().waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByLabel("server").fill("192.0.2.1");
	await dialog().getByRole("button", { name: "Make the stack" }).click();
	await page.waitForURL("**/stacks/*");
	await shows("Made from");
	expect(await api.config.getStack({ params: { id: "time ams" } })).toMatchObject({
		parameters: { server: "192.0.2.1", routers: names() },
		services: [{ targets: { names: names() } }],
	});
});

test("a newer version of the template is offered, shown as a difference, and taken over", async () => {
	const { version } = await api.config.getStackTemplate({ params: { id: "Time" } });
	await api.config.updateStackTemplate({ params: { id: "Time" }, body: { version, confirm_within_s: 90 } });
	await press("See what it would change");
	const change = dialog().getByRole("region", { name: "What would change", exact: true });
	await change.waitFor();
	expect(await change.textContent()).toContain('"confirm_within_s": 90');
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByRole("button", { name: "Make it so" }).click();
	await shows("time ams is as version 3 of its template makes it");
	expect(await api.config.getStack({ params: { id: "time ams" } })).toMatchObject({
		confirm_within_s: 90,
		made_from: { version: 3, newest_version: 3 },
	});
});

test("a deployment takes another rollout for once", async () => {
	await press("Deploy");
	await dialog().getByLabel("Another rollout for this run").check();
	await dialog().getByLabel("Batches").fill("2");
	const run_id = await start("Deploy", "Deploying time ams");
	await approve(run_id);
	expect(await api.tasks.getRun({ params: { id: run_id } })).toMatchObject({
		status: "succeeded",
		progress: { batch: 1, devices_begun: 2 },
	});
	expect(await api.config.getStack({ params: { id: "time ams" } })).toMatchObject({
		rollout: { batch_sizes: [1, 10] },
	});
});

test("what stands where is listed with the lines that were sent, and one of it is taken off by itself", async () => {
	const [first = "", second = ""] = names();
	await page.getByRole("tab", { name: "Instances" }).click();
	await page.getByRole("button", { name: `ntp on ${first}: what was sent` }).click();
	await dialog().getByText("ntp server 192.0.2.1").waitFor();
	await page.keyboard.press("Escape");
	await dialog().waitFor({ state: "hidden" });
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("checkbox", { name: new RegExp(`ntp on ${first}`) }).check();
	await press("Compare");
	await page.getByRole("region", { name: "Compared with the newest backups" }).waitFor();
	await press("More with those chosen");
	await page.getByRole("menuitem", { name: "Take off devices" }).click();
	await approve(await start("Take off", "Taking off 1 service"));
	await page.getByRole("button", { name: `ntp on ${first}: what was sent` }).waitFor({ state: "detached" });
	await page.getByRole("button", { name: `ntp on ${second}: what was sent` }).waitFor();
	expect(fleet.device(first).config()).not.toContain("ntp server 192.0.2.1");
	expect(fleet.device(second).config()).toContain("ntp server 192.0.2.1");
	await page.goto(at("/service-instances"));
	await page.getByRole("link", { name: second }).click();
	await page.getByRole("tab", { name: "Services" }).click();
	await page.getByRole("button", { name: `ntp on ${second}: what was sent` }).waitFor();
});

test("a variable is read from the inventory: a path is tried before it is taken, and one that cannot be says where", async () => {
	await page.goto(at(`/stacks/${(await api.config.getStack({ params: { id: "time ams" } })).id}?tab=edit`));
	const shared = page.getByRole("group", { name: "Variables for all services" });
	await shared.getByRole("button", { name: "Add a variable" }).click();
	await shared.getByRole("textbox", { name: "Name of variable 1" }).fill("hosts");
	await shared.getByRole("button", { name: "Read it from the inventory: hosts" }).click();
	await dialog().getByText("A list of 2 values now").waitFor();
	await dialog().getByLabel("Path").fill("$.items[?@.name==");
	await dialog()
		.getByText(/was expected, at character 18/)
		.waitFor();
	await dialog().getByLabel("Path").fill(`$.items[?@.name=='${names()[1]}'].name`);
	await dialog().getByText("A list of 1 value now").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByRole("button", { name: "Read it from there" }).click();
	await press("Save");
	await shows("time ams is saved");
	expect((await api.config.getStack({ params: { id: "time ams" } })).variables).toEqual({
		hosts: { $from: { resource: "devices", path: `$.items[?@.name=='${names()[1]}'].name` } },
	});
});
