import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

/** A procedure on its page while it goes on: what each step comes to, what it waits for, and what people do about it. */

const password = "a password of my own 2026";
const deviceCount = 2;
const route = "ip route 203.0.113.0 255.255.255.0 Null0";
const hostile = "<img src=x onerror=alert(1)>";

let product: Product;
let fleet: Fleet;
let browser: Browser;
let ana: Page;
let api: Clients;
let own: Clients;
const misdeeds: string[] = [];

const change = `name: Sink a prefix
targets: { all: true }
variables: { wanted: { type: boolean, default: false } }
steps:
  - id: before
    name: Look before
    type: run_command
    with: { commands: [show version] }
    save_to_variable: before
  - id: change
    name: Sink it
    type: set_config
    with: { lines: "${route}" }
  - id: rounds
    type: loop
    with: { items: [a, b] }
    steps:
      - { id: say, type: log, with: { message: "{{ item }} ${hostile}" } }
  - id: check
    name: Is it wanted
    type: wait_until
    with: { condition: wanted, every_s: 1, timeout_s: 1 }
    on_failure: ask
  - id: last
    name: The end
    type: log
    with: { message: done }
`;

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: deviceCount, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	for (const [username, role] of [
		["ana", "manager"],
		["vera", "viewer"],
	] as const) {
		await api.auth.createUser({ body: { username, password, role, must_change_password: false } });
	}
	// Who approves is the business of another test.
	await api.alerts.createApprovalPolicy({ body: { name: "Procedures", kinds: ["mop"], stages: [] } });
	own = product.as(await product.login("ana", password));
	await own.config.createMop({ body: { source: change } });
	ana = await signedIn("ana");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await Promise.all([product?.dispose(), fleet?.stop()]);
	expect(misdeeds).toEqual([]);
});

const at = (path: string) => `${product.url}${path}`;
const press = (name: string | RegExp) => ana.getByRole("button", { name, exact: true }).click();
const shows = (text: string | RegExp) => ana.getByText(text).first().waitFor();
const dialog = () => ana.getByRole("dialog");

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

/** Row of a step: its state and what is known of it. */
const row = (page: Page, name: string) =>
	page.getByRole("region", { name: "Steps", exact: true }).getByRole("button", { name: new RegExp(` ${name} `) });
const isIn = (name: string, state: string) =>
	eventually(`${name} is ${state}`, async () => {
		const text = await row(ana, name).first().textContent();
		return text?.includes(state);
	});

async function decide(reason: string): Promise<void> {
	await dialog().getByRole("textbox", { name: "Why?" }).fill(reason);
	await dialog().getByRole("button", { name: "Decide", exact: true }).click();
	await dialog().waitFor({ state: "detached" });
}

async function restart(reason: string, action = "Begin anew"): Promise<string> {
	await dialog().getByRole("textbox", { name: "Why?" }).fill(reason);
	const before = ana.url();
	await dialog().getByRole("button", { name: action, exact: true }).click();
	await ana.locator(".mantine-Notification-root").last().getByRole("link").click();
	await ana.waitForURL((url) => url.pathname.startsWith("/runs/") && url.href !== before);
	return new URL(ana.url()).pathname.split("/").at(-1) ?? "";
}

let first = "";

test("step by step it waits before each step, shows what each came to, and runs all the rest when told", async () => {
	const { run_id } = await own.config.executeMop({
		params: { id: "Sink a prefix" },
		body: { mode: "step_by_step", reason: "CHG-17" },
	});
	first = run_id;
	await ana.goto(at(`/runs/${run_id}`));
	await shows("Step by step: Look before is next");
	await ana.getByRole("link", { name: "Sink a prefix, version 1" }).waitFor();
	await isIn("Look before", "Not begun");
	expect(await accessibilityFaults(ana)).toEqual([]);
	await press("Carry out next");
	await shows("Step by step: Sink it is next");
	await isIn("Look before", "Succeeded");
	await isIn("Sink it", "Not begun");
	for (const { name } of fleet.devices) expect(fleet.device(name).config()).not.toContain(route);
	await row(ana, "Look before").click();
	await ana.getByText("Saved as").waitFor();
	await ana.getByRole("link", { name: "Devices of this step" }).click();
	await ana.getByRole("button", { name: /^The step before only/ }).waitFor();
	expect(await ana.getByRole("row").count()).toBe(deviceCount + 1);
	await ana.getByRole("tab", { name: "Steps" }).click();

	await ana.goto(at("/"));
	await shows("It carries out its next step when somebody lets it");
	await ana.goto(at(`/runs/${run_id}`));
	await press("Run all the rest");
	await isIn("Sink it", "Succeeded");
	for (const { name } of fleet.devices) expect(fleet.device(name).config()).toContain(route);
});

test("rounds of a loop stand one after the other, and what devices and people say is shown as text", async () => {
	await ana.getByRole("button", { name: "Round 2" }).waitFor();
	await row(ana, "say").first().click();
	await ana.getByRole("region", { name: "Result" }).getByText(`a ${hostile}`).waitFor();
	expect(await accessibilityFaults(ana)).toEqual([]);
});

test("a step that asks waits for a decision with a reason, and what was decided stays in sight", async () => {
	await shows("Is it wanted waits for a decision");
	await ana.goto(at("/"));
	await ana.getByRole("link", { name: /^Decide ?: Sink a prefix/ }).click();
	await ana.getByRole("button", { name: "Retry", exact: true }).click();
	await dialog().getByRole("button", { name: "Decide", exact: true }).click();
	await dialog().getByText("Required").waitFor();
	expect(await accessibilityFaults(ana)).toEqual([]);
	await decide("once more");
	await shows("2 attempts");
	await shows("Is it wanted waits for a decision");
	await press("Stop");
	await decide("not tonight");
	expect((await runEnded(api, first)).status).toBe("failed");
	await shows("It stopped before its end");
	await isIn("The end", "Not reached");
	await row(ana, "Is it wanted").last().click();
	await shows("not tonight");
	expect(await ana.getByRole("button", { name: "Retry failed" }).count()).toBe(0);
});

test("a run that ended begins anew after a step: what was done before is not done again", async () => {
	await press("Restart after this step");
	expect(await accessibilityFaults(ana)).toEqual([]);
	const run_id = await restart("it is wanted");
	expect((await runEnded(api, run_id)).status).toBe("succeeded");
	await isIn("The end", "Succeeded");
	await shows("from an earlier run");
	await shows("Begun anew after check");
	await row(ana, "Sink it").click();
	await ana.getByRole("link", { name: "an earlier run", exact: true }).click();
	await ana.waitForURL((url) => url.pathname === `/runs/${first}`);
});

test("what a run changed is taken back by another one", async () => {
	await press("Take back what it changed");
	const run_id = await restart("not needed any more", "Take back");
	expect((await runEnded(api, run_id)).status).toBe("succeeded");
	await ana.getByRole("region", { name: "Taking back" }).getByText("Succeeded").first().waitFor();
	await shows("Takes back what an earlier run changed");
	for (const { name } of fleet.devices) expect(fleet.device(name).config()).not.toContain(route);
	expect(await accessibilityFaults(ana)).toEqual([]);
});

test("a procedure is paused, goes on, and is cancelled from its page", async () => {
	await own.config.createMop({
		body: {
			source: `name: Slow
steps:
  - { id: one, type: wait, with: { seconds: 3 } }
  - { id: two, type: wait, with: { seconds: 600 } }
`,
		},
	});
	const { run_id } = await own.config.executeMop({ params: { id: "Slow" }, body: {} });
	await ana.goto(at(`/runs/${run_id}`));
	await isIn("one", "Running");
	await press("Pause");
	await press("Resume");
	await shows("two waits for its time");
	await ana.getByRole("button", { name: "Counts as done" }).waitFor();
	await press("Cancel run");
	await dialog().getByRole("button", { name: "Cancel run" }).click();
	expect((await runEnded(api, run_id)).status).toBe("cancelled");
	await shows("It was cancelled");
});

test("a viewer sees all of it and is offered nothing that decides", async () => {
	const { run_id } = await own.config.executeMop({ params: { id: "Sink a prefix" }, body: { mode: "step_by_step" } });
	const vera = await signedIn("vera");
	await vera.goto(at(`/runs/${run_id}`));
	await vera.getByText("Step by step: Look before is next").waitFor();
	for (const name of ["Carry out next", "Run all the rest", "Pause", "Cancel run"]) {
		expect(await vera.getByRole("button", { name, exact: true }).count(), name).toBe(0);
	}
	await vera.goto(at(`/runs/${first}`));
	await row(vera, "Is it wanted").last().click();
	await vera.getByText("not tonight").waitFor();
	for (const name of ["Begin anew", "Take back what it changed", "Restart from this step"]) {
		expect(await vera.getByRole("button", { name, exact: true }).count(), name).toBe(0);
	}
	await vera.setViewportSize({ width: 390, height: 844 });
	expect(await vera.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
	await vera.close();
	await api.tasks.cancelRun({ params: { id: run_id } });
});
