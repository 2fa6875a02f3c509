import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

/** A change by the web app alone: from a form to devices that are verified, approved by somebody else. */

const password = "a password of my own 2026";
const deviceCount = 3;

let product: Product;
let fleet: Fleet;
let browser: Browser;
let ana: Page;
let api: Clients;
let bob: Clients;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: deviceCount, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	const { items } = await api.devices.listDevices({ query: {} });
	const { id } = await api.devices.createGroup({ body: { name: "Edge" } });
	await api.devices.setGroupMembers({ params: { id }, body: { device_ids: items.map((device) => device.id) } });
	for (const [username, role] of [
		["ana", "manager"],
		["bob", "operator"],
		["vera", "viewer"],
	] as const) {
		await api.auth.createUser({ body: { username, password, role, must_change_password: false } });
	}
	bob = product.as(await product.login("bob", password));
	const remove = await api.config.createTemplate({
		body: { name: "ntp/remove", type: "delete", source: "no ntp server {{ server }}\n" },
	});
	await api.config.createTemplate({
		body: {
			name: "ntp/add",
			source: "ntp server {{ server }}\nip domain-name {{ domain }}\n",
			delete_template_id: remove.id,
		},
	});
	ana = await signedIn("ana");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await Promise.all([product?.dispose(), fleet?.stop()]);
	expect(misdeeds).toEqual([]);
});

const at = (path: string) => `${product.url}${path}`;
const press = (name: string | RegExp) => ana.getByRole("button", { name, exact: true }).click();
const tab = (name: string) => ana.getByRole("tab", { name }).click();
const shows = (text: string | RegExp) => ana.getByText(text).first().waitFor();
const dialog = () => ana.getByRole("dialog");
const stack = () => api.config.getStack({ params: { id: "edge" } });

async function signedIn(username: string): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const page = await openPage(context, misdeeds);
	await page.goto(at("/login"));
	await page.getByLabel("User name").fill(username);
	await page.locator('input[name="password"]').fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((url) => url.pathname !== "/login");
	return page;
}

async function choose(field: string, option: string | RegExp): Promise<void> {
	await ana
		.getByRole("combobox", { name: field })
		.or(ana.getByRole("textbox", { name: field }))
		.first()
		.click();
	await ana.getByRole("option", { name: option }).click();
}

/** Lets bob approve what a run asks for. */
async function approve(run_id: string): Promise<void> {
	const run = await eventually("the approval is asked for", async () => {
		const now = await api.tasks.getRun({ params: { id: run_id } });
		return now.waiting_for?.kind === "approval" && now.waiting_for.approval_id !== null && now;
	});
	const { id, plan_sha256 } = await bob.alerts.getApproval({ params: { id: run.progress?.approval_id ?? "" } });
	await bob.alerts.approve({ params: { id }, body: { plan_sha256 } });
}

function startedRun(): string {
	return new URL(ana.url()).pathname.split("/").at(-1) ?? "";
}

/** Answers the drawer that is open, and goes to the run that it started. */
async function start(action: string, said: string): Promise<string> {
	await dialog().getByRole("button", { name: action, exact: true }).click();
	await ana.locator(".mantine-Notification-root", { hasText: said }).getByRole("link").click();
	await ana.waitForURL("**/runs/*");
	return startedRun();
}

test("a stack is made by a form: what is missing is told at its field, and nothing is sent until it is there", async () => {
	await ana.goto(at("/stacks"));
	await shows("No service stacks yet");
	await press("Add stack");
	await dialog().getByRole("textbox", { name: "Name" }).fill("edge");
	await dialog().getByRole("button", { name: "Add stack" }).click();
	await ana.getByRole("form", { name: "Definition of the stack" }).waitFor();
	await press("Add a service");
	const service = ana.getByRole("group", { name: "Service 1", exact: true });
	await service.waitFor();
	await press("Save");
	await shows("3 things to mend before it can be saved");
	expect(await accessibilityFaults(ana)).toEqual([]);
	await service.getByRole("textbox", { name: "Name", exact: true }).fill("ntp");
	await choose("Template", "ntp/add");
	await choose("Groups", /^Edge/);
	await ana.keyboard.press("Escape");
	await ana.getByRole("textbox", { name: "server", exact: true }).fill("192.0.2.1");
	const shared = ana.getByRole("group", { name: "Variables for all services" });
	await shared.getByRole("button", { name: "Add a variable" }).click();
	await shared.getByRole("textbox", { name: "Name of variable 1" }).fill("domain");
	await shared.getByRole("textbox", { name: "Value of domain" }).fill("edge.example.net");
	await shows("Set below for all services or per device: domain");
	await ana.getByRole("textbox", { name: "Batches" }).fill("1, 10");
	await shows("1 device first, then 10 at a time; stops when one fails");
	await press("Save");
	await shows("edge is saved");
	expect(await stack()).toMatchObject({
		version: 2,
		services: [{ name: "ntp", targets: { groups: ["Edge"] }, variables: { server: "192.0.2.1" }, depends_on: [] }],
		variables: { domain: "edge.example.net" },
		rollout: { batch_sizes: [1, 10], most_failures: 0 },
	});
	expect(await accessibilityFaults(ana)).toEqual([]);
});

test("what it comes to is seen per device before any is asked, and a variable that is missing is named", async () => {
	await tab("Rendered");
	for (const { name } of fleet.devices) {
		const text = ana.getByRole("region", { name: `ntp on ${name}` });
		await text.waitFor();
		expect(await text.textContent()).toContain("ntp server 192.0.2.1");
	}
	expect(await accessibilityFaults(ana)).toEqual([]);
	const { version } = await stack();
	await api.config.updateStack({ params: { id: "edge" }, body: { version, variables: {} } });
	await shows("Line 2 of ntp/add: `domain` is not defined");
	const { version: newer } = await stack();
	const variables = { domain: "edge.example.net" };
	await api.config.updateStack({ params: { id: "edge" }, body: { version: newer, variables } });
	await ana.getByRole("region", { name: `ntp on ${fleet.devices[0]?.name}` }).waitFor();
});

test("a deployment waits for somebody else with its plan in sight, then goes on by itself and is verified", async () => {
	await press("Deploy");
	await dialog().getByText("1 device first, then 10 at a time").waitFor();
	await dialog().getByRole("textbox", { name: "Reason" }).fill("CHG-17");
	const run_id = await start("Deploy", "Deploying edge");
	await shows("It waits for somebody to approve it");
	await ana.getByRole("link", { name: "See the plan" }).click();
	const group = ana.getByRole("region", { name: `${deviceCount} devices change like this` });
	await group.waitFor();
	expect(await group.getByRole("region", { name: /^Difference on/ }).textContent()).toContain("ntp server 192.0.2.1");
	await group.getByText("Exact commands (2)").click();
	await group.getByRole("region", { name: "Exact commands" }).getByText("ip domain-name edge.example.net").waitFor();
	await group.getByText("How it is undone").click();
	await group.getByText(/^The timer is in our worker, which must reach the device again/).waitFor();
	expect(await accessibilityFaults(ana)).toEqual([]);

	await ana.goto(at("/"));
	await ana.getByRole("link", { name: /^See the approval of Deployment of edge/ }).waitFor();
	await ana.goto(at(`/runs/${run_id}`));
	await approve(run_id);
	await shows("batch 2, 3 of 3 devices");
	await eventually("every device is confirmed", async () => {
		return (await ana.getByText("Confirmed", { exact: true }).count()) === deviceCount;
	});
	await shows("Approved by bob");
	expect((await runEnded(api, run_id)).status).toBe("succeeded");
	for (const { name } of fleet.devices) expect(fleet.device(name).config()).toContain("ntp server 192.0.2.1");
	expect(await accessibilityFaults(ana)).toEqual([]);
	await ana.getByRole("link", { name: "Service stack", exact: true }).click();
	await ana.getByText("Deployed", { exact: true }).first().waitFor();
});

test("a change by hand shows as drift with its lines, once the devices are backed up from there", async () => {
	const [first] = fleet.devices;
	const name = first?.name ?? "";
	fleet.device(name).setConfig(fleet.device(name).config().replace("ntp server 192.0.2.1\n", ""));
	await tab("Drift");
	await ana.getByText("As they should be: 3 devices").waitFor();
	await press("Back them up now");
	const drifted = ana.getByRole("region", { name, exact: true });
	await drifted.getByText("1 line missing").waitFor();
	await drifted.getByText("ntp server 192.0.2.1").waitFor();
	await ana.getByText("As they should be: 2 devices").waitFor();
	expect(await accessibilityFaults(ana)).toEqual([]);
	await tab("Runs");
	await ana.getByText("CHG-17").waitFor();
});

test("the devices themselves are compared as a run, which fails on those that drifted", async () => {
	await ana.goto(at("/stacks/edge?tab=drift"));
	await press("Ask the devices");
	await dialog().getByRole("radio", { name: "What each device says now" }).and(dialog().locator(":checked")).waitFor();
	expect(await accessibilityFaults(ana)).toEqual([]);
	const run_id = await start("Validate", "Validating edge");
	expect(await runEnded(api, run_id)).toMatchObject({ status: "partial", counts: { succeeded: 2, failed: 1 } });
	await ana.goto(at("/stacks/edge"));
});

test("a run that pauses after its first batch goes on when somebody resumes it; devices where it stands already are left alone", async () => {
	const { version, rollout } = await stack();
	const changed = {
		version,
		variables: { domain: "new.example.net" },
		rollout: { ...rollout, pause_after_first: true },
	};
	await api.config.updateStack({ params: { id: "edge" }, body: changed });
	await shows("Changed since");
	await press("Deploy");
	const run_id = await start("Deploy", "Deploying edge");
	await approve(run_id);
	await shows("The first batch is done: it waits for somebody's word");
	await shows("2 devices were not begun.");
	expect(await accessibilityFaults(ana)).toEqual([]);
	await press("Resume");
	await shows("batch 2, 3 of 3 devices");
	expect((await runEnded(api, run_id)).status).toBe("succeeded");

	await ana.goto(at("/stacks/edge"));
	await press("Plan");
	const planned = await start("Plan", "Planning edge");
	await runEnded(api, planned);
	await tab("Plan");
	await shows("Unchanged: 3 devices");
});

test("a run is paused and cancelled from its page, and says so", async () => {
	const { version, rollout } = await stack();
	const body = { version, rollout: { ...rollout, pause_after_first: false } };
	await api.config.updateStack({ params: { id: "edge" }, body });
	await ana.goto(at("/stacks/edge"));
	await press("More actions");
	await ana.getByRole("menuitem", { name: "Remove from devices" }).click();
	await dialog().getByText("This takes configuration away from devices").waitFor();
	const run_id = await start("Remove from devices", "Removing edge");
	await shows("It waits for somebody to approve it");
	const [first, ...others] = fleet.devices;
	// The first device is at work long enough for somebody to think.
	fleet.device(first?.name ?? "").setLatency(700);
	await approve(run_id);
	await press("Pause");
	await shows("It begins no further batch");
	fleet.device(first?.name ?? "").setLatency(0);
	await shows("ana paused it");
	await press("Cancel run");
	await dialog().getByRole("button", { name: "Cancel run" }).click();
	expect((await runEnded(api, run_id)).status).toBe("cancelled");
	for (const { name } of others) expect(fleet.device(name).config()).toContain("ntp server 192.0.2.1");
	expect(fleet.device(first?.name ?? "").config()).not.toContain("ntp server 192.0.2.1");
});

test("what a validation template will look for stands in the plan with the order, and what it missed with the change that was taken back", async () => {
	const [first, second] = fleet.devices;
	const { id: validation_template_id } = await api.config.createTemplate({
		body: {
			name: "banner/check",
			type: "validation",
			source: "ip name-server {{ server }}\nip host nobody 192.0.2.9\n",
		},
	});
	const { id: template_id } = await api.config.createTemplate({
		body: { name: "banner", source: "ip name-server {{ server }}\n", validation_template_id },
	});
	const { id: plain } = await api.config.createTemplate({
		body: { name: "plain", source: "ip name-server {{ server }}\n" },
	});
	const services = [
		{ name: "later", template_id: plain, targets: { names: [second?.name ?? ""] }, depends_on: ["banner"] },
		{ name: "banner", template_id, targets: { names: [first?.name ?? ""] } },
	];
	await api.config.createStack({ body: { name: "banners", services, variables: { server: "192.0.2.53" } } });
	const { run_id } = await api.config.deployStack({ params: { id: "banners" }, body: {} });
	await ana.goto(at(`/runs/${run_id}?tab=plan`));
	const order = ana.getByRole("region", { name: "Order" }).getByRole("listitem");
	await order.nth(1).waitFor();
	expect(await order.allTextContents()).toEqual([first?.name, second?.name]);
	await ana.getByText("Verified before it is confirmed (2 lines)").click();
	const lines = ana.getByRole("region", { name: "Lines that are verified" });
	await lines.getByText("ip host nobody 192.0.2.9").waitFor();
	await shows(/compared with these lines of banner\/check/);
	expect(await accessibilityFaults(ana)).toEqual([]);
	await approve(run_id);
	expect(await runEnded(api, run_id)).toMatchObject({ status: "failed" });
	const { items } = await api.tasks.listOperations({ params: { id: run_id }, query: { step_id: "apply" } });
	await ana.goto(at(`/runs/${run_id}?tab=devices&operation=${items[0]?.id}`));
	await shows("The change was taken back: the running configuration is the one from before.");
	await shows("To stand there after the change");
	const missing = ana.getByRole("region", { name: `Missing on ${first?.name}` });
	expect(await missing.textContent()).toContain("ip host nobody 192.0.2.9");
	expect(await missing.textContent()).not.toContain("192.0.2.53");
	await shows("Not begun: 1 device that it depends on failed, and the rollout goes on with at most 0");
	expect(await accessibilityFaults(ana)).toEqual([]);
	for (const { name } of fleet.devices) expect(fleet.device(name).config()).not.toContain("192.0.2.53");
	await eventually("the stack is free, and goes", () =>
		api.config.deleteStack({ params: { id: "banners" }, query: { keep_configuration: "true" } }).then(
			() => true,
			() => false,
		),
	);
});

test("what another saved meanwhile is told, and not overwritten unseen", async () => {
	await ana.goto(at("/stacks/edge?tab=edit"));
	await ana.getByRole("textbox", { name: "Description" }).fill("mine");
	await ana
		.getByRole("region", { name: "States after the change" })
		.getByRole("button", { name: "Add a state" })
		.click();
	await ana.getByRole("combobox", { name: "Neighbours" }).fill("10.0.0.9");
	await ana.getByRole("textbox", { name: "VRF" }).fill("blue");
	await ana.getByRole("textbox", { name: "Prefixes" }).fill("3");
	const before = ana.getByRole("region", { name: "Checks before the change" });
	await before.getByRole("button", { name: "Add a check" }).click();
	await before.getByRole("textbox", { name: "Name" }).fill("quiet");
	await before.getByRole("textbox", { name: "Command" }).fill("show version");
	await before.getByRole("textbox", { name: "Pattern" }).fill(".");
	const { version } = await stack();
	await api.config.updateStack({ params: { id: "edge" }, body: { version, description: "theirs" } });
	await shows("Somebody else saved another version meanwhile");
	ana.once("dialog", (asked) => void asked.dismiss());
	await ana.getByRole("link", { name: "Templates", exact: true }).first().click();
	expect(new URL(ana.url()).pathname).toMatch(/^\/stacks\/./);
	await press("Save");
	await press("Save mine over it");
	await shows("edge is saved");
	expect(await stack()).toMatchObject({
		version: version + 2,
		description: "mine",
		state_checks: [{ kind: "bgp", neighbors: ["10.0.0.9"], min_prefixes: 3, afi: "ipv4", vrf: "blue", within_s: 60 }],
		pre_checks: [{ name: "quiet", command: "show version", expect: ".", negate: false, within_s: 0 }],
	});
	await tab("Overview");
	await shows("BGP neighbours are established: 10.0.0.9, at least 3 prefixes each, in VRF blue, within 60 s");
	await shows("Checks before the change");
});

test("a viewer reads all of it and is offered nothing that changes anything", async () => {
	const vera = await signedIn("vera");
	await vera.goto(at("/stacks"));
	await vera.getByRole("link", { name: "edge", exact: true }).click();
	await vera.getByText("Services, in their order").waitFor();
	for (const name of ["Plan", "Deploy", "More actions", "Add stack", "Save"]) {
		expect(await vera.getByRole("button", { name, exact: true }).count(), name).toBe(0);
	}
	expect(await vera.getByRole("tab").allTextContents()).toEqual(["Overview", "Rendered", "Instances", "Drift", "Runs"]);
	await vera.getByRole("tab", { name: "Drift" }).click();
	await vera.getByRole("button", { name: "Compare again" }).waitFor();
	expect(await vera.getByRole("button", { name: /^Back (it|them) up/ }).count()).toBe(0);
	const { run_id } = await api.config.deployStack({ params: { id: "edge" }, body: {} });
	await vera.goto(at(`/runs/${run_id}?tab=plan`));
	await vera
		.getByText("Unchanged: 3 devices")
		.or(vera.getByText(/changes? like this/))
		.first()
		.waitFor();
	for (const name of ["Pause", "Resume", "Cancel run"]) {
		expect(await vera.getByRole("button", { name, exact: true }).count(), name).toBe(0);
	}
	await vera.close();
	await api.tasks.cancelRun({ params: { id: run_id } });
	await runEnded(api, run_id);
});

test("deleting says what stays on the devices, and asks for the name", async () => {
	await ana.goto(at("/stacks/edge"));
	await press("More actions");
	await ana.getByRole("menuitem", { name: "Delete the stack" }).click();
	await dialog().getByText("What it brought stays on its devices").waitFor();
	const confirm = dialog().getByRole("button", { name: "Delete it, leave the devices as they are" });
	expect(await confirm.isDisabled()).toBe(true);
	await dialog().getByRole("textbox", { name: "Type edge to go on" }).fill("edge");
	await confirm.click();
	await shows("No service stacks yet");
	for (const { name } of fleet.devices.slice(1)) {
		expect(fleet.device(name).config()).toContain("ntp server 192.0.2.1");
	}
});
