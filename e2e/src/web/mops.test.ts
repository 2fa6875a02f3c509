import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

/** A procedure by the web app alone: written as YAML, built further with forms, tried, and started. */

const password = "a password of my own 2026";
const source = `# Of the night shift
name: Look at the edge
targets:
  groups: [edge]   # all of them

variables:
  command: { type: string, required: true, description: What is asked }

steps:
  # Before anything else
  - id: look
    type: run_comand
    with:
      commands: ["{{ command }}"]
    save_to_variable: before
`;

let product: Product;
let fleet: Fleet;
let browser: Browser;
let page: Page;
let api: Clients;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 2, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	const { items } = await api.devices.listDevices({ query: {} });
	const { id } = await api.devices.createGroup({ body: { name: "edge" } });
	await api.devices.setGroupMembers({ params: { id }, body: { device_ids: items.map((device) => device.id) } });
	for (const [username, role] of [
		["ana", "manager"],
		["bob", "operator"],
		["vera", "viewer"],
	] as const) {
		await api.auth.createUser({ body: { username, password, role, must_change_password: false } });
	}
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await openPage(context, misdeeds);
	await page.goto(at("/login"));
	await page.getByLabel("User name").fill("ana");
	await page.locator('input[name="password"]').fill(password);
	await press("Sign in");
	await page.waitForURL((url) => url.pathname !== "/login");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await Promise.all([product?.dispose(), fleet?.stop()]);
	expect(misdeeds).toEqual([]);
});

const at = (path: string) => `${product.url}${path}`;
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const tab = (name: string | RegExp) => page.getByRole("tab", { name }).click();
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
const view = (name: "Builder" | "YAML") =>
	page.getByRole("radiogroup", { name: "View" }).getByText(name, { exact: true }).click();
const editor = () => page.getByRole("textbox", { name: "YAML of the procedure" });
const steps = () => page.getByRole("list", { name: "Steps", exact: true });
const stored = () => api.config.getMop({ params: { id: "Look at the edge" } });

/** Lets somebody else approve what a run asks for: it may send any command. */
async function approve(run_id: string): Promise<void> {
	const bob = product.as(await product.login("bob", password));
	const approval_id = await eventually("the approval is asked for", async () => {
		const { waiting_for } = await api.tasks.getRun({ params: { id: run_id } });
		return waiting_for?.kind === "approval" && waiting_for.approval_id;
	});
	const { id, plan_sha256 } = await bob.alerts.getApproval({ params: { id: approval_id ?? "" } });
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
}

async function addStep(typed: string): Promise<void> {
	await steps().getByRole("button", { name: "Add step" }).last().click();
	await page.getByRole("textbox", { name: "Search step types" }).fill(typed);
	// Enter takes the first that is found: right after a page is opened none is known yet.
	await page.getByRole("region", { name: "Found" }).getByText(typed, { exact: true }).first().waitFor();
	await page.keyboard.press("Enter");
}

test("a fault in the YAML stands below its line as it is written, and is gone once it is right", async () => {
	await page.goto(at("/mops"));
	await shows("No procedures yet");
	await page.getByRole("link", { name: "Add procedure" }).click();
	await view("YAML");
	await editor().fill(source);
	const fault = page.getByRole("note").filter({ hasText: "run_comand" });
	await fault.waitFor();
	expect(await fault.evaluate((element) => element.previousElementSibling?.textContent)).toContain("type: run_comand");
	expect(await accessibilityFaults(page)).toEqual([]);
	await editor().fill(source.replace("run_comand", "run_command"));
	await shows("Valid");
	await press("Add procedure Ctrl S");
	await page.waitForURL(/\/mops\/[0-9a-f-]{36}/);
	expect((await stored()).source).toBe(source.replace("run_comand", "run_command"));
});

test("what the builder adds and changes is one edit of the same text: every comment stays, and it can be undone", async () => {
	await page.goto(at("/mops/Look at the edge"));
	await addStep("log");
	const message = page.getByRole("textbox", { name: "message" });
	await message.fill("{{ before | length }} devices answered");
	await page.getByRole("textbox", { name: "Id" }).fill("say");
	await page.getByRole("textbox", { name: "Only when" }).fill("before is defined");
	await page.getByText(/^Variables for templates here/).click();
	await page.getByRole("button", { name: "Copy {{ before }}" }).waitFor();
	await shows(/^What \S+ came to; of a step on devices/);
	await shows("Valid");
	expect(await accessibilityFaults(page)).toEqual([]);
	await addStep("wait");
	await steps().getByRole("button", { name: /^wait/ }).press("Alt+ArrowUp");
	await steps().locator("li:nth-child(2) [data-step]").filter({ hasText: "wait" }).waitFor();
	await page.keyboard.press("Delete");
	await steps().getByText("wait").waitFor({ state: "detached" });
	for (const _ of [0, 1, 2]) await press("Undo");
	await page.getByPlaceholder("Why it is changed").fill("says how many answered");
	await page.keyboard.press("Control+s");
	await shows("is saved as version 2");
	const { source: now, version } = await stored();
	expect(version).toBe(2);
	expect(now).toBe(`${source.replace("run_comand", "run_command")}  - id: say
    type: log
    with:
      message: "{{ before | length }} devices answered"
    when: before is defined
`);
});

test("versions are compared, with who saved them and why", async () => {
	await tab("Versions");
	await page.getByRole("cell", { name: "says how many answered" }).waitFor();
	await press("What changed in version 2");
	await page.getByText("when: before is defined").first().waitFor();
	await tab(/^Edit/);
});

test("a dry run says what must be given, and shows each step with its commands and devices", async () => {
	await tab("Dry run");
	await press("Show what it would do");
	await shows("Required");
	await page.getByRole("textbox", { name: "command" }).fill("show version");
	await press("Show what it would do");
	await shows("For 2 devices");
	const first = page.getByRole("region", { name: "Steps" }).getByRole("listitem").first();
	await first.getByText("show version").waitFor();
	await first.getByText("2 devices").waitFor();
	await page.getByText("depends on what comes first").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("it is started with values and a reason, and its run and its last status are shown", async () => {
	await press("Start");
	const drawer = page.getByRole("dialog");
	await drawer.getByRole("textbox", { name: "command" }).fill("show version");
	await drawer.getByRole("textbox", { name: "Reason" }).fill("before the window");
	expect(await accessibilityFaults(page)).toEqual([]);
	await drawer.getByRole("button", { name: "Start", exact: true }).click();
	await page.waitForURL("**/runs/*");
	const run_id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
	await approve(run_id);
	const run = await runEnded(api, run_id);
	expect(run).toMatchObject({ kind: "mop", status: "succeeded" });
	await page.goto(at("/mops/Look at the edge?tab=runs"));
	await page.getByRole("table").getByText("before the window").waitFor();
	await page.getByRole("table").getByText("Succeeded").waitFor();
});

test("what is not saved is asked for before the page is left, and another's version is not overwritten unseen", async () => {
	await page.goto(at("/mops/Look at the edge"));
	await page.locator("[data-step=head]").click();
	await page.getByRole("textbox", { name: "Description" }).first().fill("mine");
	const theirs = await stored();
	await api.config.updateMop({
		params: { id: theirs.id },
		body: { source: theirs.source.replace("# Of the night shift", "# Of the day shift"), version: theirs.version },
	});
	await shows("Somebody else saved another version meanwhile");
	page.once("dialog", (dialog) => void dialog.dismiss());
	await page.getByRole("link", { name: "Runs", exact: true }).click();
	await press("Take theirs");
	await view("YAML");
	await editor().getByText("# Of the day shift").waitFor();
	expect((await stored()).source).not.toContain("mine");
});

test("it is disabled, listed so, and deleted from the list", async () => {
	await press("More actions");
	await page.getByRole("menuitem", { name: "Disable" }).click();
	await shows("is not enabled any more");
	await page.getByRole("button", { name: "Start", exact: true, disabled: true }).waitFor();
	await page.goto(at("/mops?enabled=false"));
	await page.getByRole("checkbox", { name: /Look at the edge/ }).check();
	await press("Delete");
	await press("Delete 1 procedure");
	await shows("1 procedure deleted");
	expect((await api.config.listMops({ query: {} })).total).toBe(0);
});

test("a step type of one's own is added, used in the builder, and kept while a procedure uses it", async () => {
	await page.goto(at("/step-types"));
	await press("Add step type");
	const drawer = page.getByRole("dialog");
	await drawer.getByRole("textbox", { name: "Type" }).fill("say_site");
	await drawer.getByRole("textbox", { name: "Name" }).fill("Say the site");
	await drawer
		.getByRole("combobox", { name: "Preset of" })
		.or(drawer.getByRole("textbox", { name: "Preset of" }))
		.first()
		.click();
	await page.getByRole("option", { name: /\(log\)/ }).click();
	await drawer.getByRole("textbox", { name: "What it sets" }).fill('message: "at {{ site }}"');
	await drawer
		.getByRole("textbox", { name: "Its own parameters" })
		.fill("site: { required: true, description: Where }");
	await drawer.getByRole("button", { name: "Add step type" }).click();
	await shows("The step type say_site is added");
	await page.goto(at("/mops/new"));
	await addStep("say_site");
	await page.getByRole("textbox", { name: "site", exact: true }).fill("Vienna");
	await press("Add procedure Ctrl S");
	await page.waitForURL(/\/mops\/[0-9a-f-]{36}/);
	expect((await api.config.getStepType({ params: { id: "say_site" } })).used_by).toBe(1);
	await page.goto(at("/step-types?type=say_site"));
	await page.getByRole("dialog").getByRole("button", { name: "Delete", disabled: true }).waitFor();
});

test("every example is valid as it stands, and a file is looked at before it is stored", async () => {
	for (const from of ["change", "look"]) {
		await page.goto(at(`/mops/new?from=${from}`));
		await shows("Valid");
	}
	await page.goto(at("/mops"));
	await page.locator('input[type="file"]').setInputFiles({
		name: "night.yaml",
		mimeType: "application/yaml",
		buffer: Buffer.from("# kept\nname: Night\nsteps:\n  - { id: say, type: log, with: { message: hello } }\n"),
	});
	await page.getByRole("heading", { name: "Import night.yaml" }).waitFor();
	await press("Add procedure Ctrl S");
	await page.waitForURL(/\/mops\/[0-9a-f-]{36}/);
	await press("More actions");
	const download = page.waitForEvent("download");
	await page.getByRole("menuitem", { name: "Download the YAML" }).click();
	expect((await download).suggestedFilename()).toBe("night.yaml");
	expect((await api.config.getMop({ params: { id: "Night" } })).source).toContain("# kept\nname: Night");
});

test("who may only read sees the steps and what they would do, and is offered nothing else", async () => {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const vera = await openPage(context, misdeeds);
	await vera.goto(at("/login"));
	await vera.getByLabel("User name").fill("vera");
	await vera.locator('input[name="password"]').fill(password);
	await vera.getByRole("button", { name: "Sign in" }).click();
	await vera.waitForURL((url) => url.pathname !== "/login");
	await vera.goto(at("/mops/Night?at=steps.0"));
	await vera.getByRole("textbox", { name: "message" }).waitFor();
	expect(await vera.getByRole("textbox", { name: "message" }).getAttribute("readonly")).not.toBeNull();
	for (const name of ["Start", "Add step", "Remove", "Undo"])
		expect(await vera.getByRole("button", { name, exact: true }).count()).toBe(0);
	await vera.getByRole("tab", { name: "Dry run" }).click();
	await vera.getByRole("button", { name: "Show what it would do" }).click();
	await vera.getByText("For no device").waitFor();
	await vera.getByText("message: hello").waitFor();
	expect(await accessibilityFaults(vera)).toEqual([]);
	await context.close();
});
