import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FrrLab, startFrrLab } from "@netconductor/lab/frr/lab";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type Cli, type CliResult, createCli, type Following } from "./cli.ts";
import { openPage } from "./open-page.ts";
import { type Clients, eventually, type Product, startProduct } from "./product.ts";
import { type Wire, wireTo } from "./wire.ts";

/** A night on real routers, first at the command line and then in the browser: a stack that comes and goes, a procedure that takes itself back. */

// Devices are asked, processes start, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

let product: Product;
let lab: FrrLab;
let folder: string;
let api: Clients;
let ana: Cli;
let bob: Cli;
let browser: Browser;
let pages: { ana: Page; bob: Page };
const misdeeds: string[] = [];
const wires: Wire[] = [];

/** What two of the routers lack of the third: a session that comes up once they have it. */
const third = { address: "10.99.0.3", asn: 65003 };
const prefix = "198.51.100.0/24";
const passwordOf = (name: string) => `${name} has a long password`;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-night-"));
	[lab, product, browser] = await Promise.all([
		startFrrLab({ routers: 3, dir: join(folder, "lab") }),
		startProduct(),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	for (const [username, role] of [
		["ana", "manager"],
		["bob", "operator"],
	] as const) {
		const password = passwordOf(username);
		await api.auth.createUser({ body: { username, password, role, must_change_password: false } });
	}
	ana = createCli(product, await product.login("ana", passwordOf("ana")));
	bob = createCli(product, await product.login("bob", passwordOf("bob")));
	for (const { name, host, port, username, private_key } of lab.routers) {
		const { id: credential_id } = await api.devices.createCredential({ body: { name, username, private_key } });
		const groups = name === "r3" ? [] : ["Edge"];
		const wire = await wireTo(host, port);
		wires.push(wire);
		await api.devices.createDevice({
			body: { name, host: "127.0.0.1", port: wire.port, device_type: "frr", credential_id, groups },
		});
	}
	for (const { name, asn } of edge()) {
		const lines = ["configure terminal", `router bgp ${asn}`, `no neighbor ${third.address}`, "end"];
		await lab.vtysh(name, lines);
	}
	writeFileSync(join(folder, "night.yaml"), definitions());
	pages = { ana: await signedIn("ana"), bob: await signedIn("bob") };
}, 180_000);
afterAll(async () => {
	await browser?.close();
	await product?.dispose();
	for (const wire of wires) wire.stop();
	await lab?.stop();
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	expect(misdeeds).toEqual([]);
});

const edge = () => lab.routers.filter(({ name }) => name !== "r3");

function definitions(): string {
	return `kind: Template
name: peer/add
delete_template: peer/remove
source: |
  router bgp {{ asn }}
   neighbor ${third.address} remote-as ${third.asn}
   neighbor ${third.address} password {{ password }}
   neighbor ${third.address} timers connect 1
  exit
  ip route ${prefix} blackhole
---
kind: Template
name: peer/remove
type: delete
source: |
  router bgp {{ asn }}
   no neighbor ${third.address} remote-as ${third.asn}
  exit
  no ip route ${prefix} blackhole
---
kind: Stack
name: peer
services: [{ name: peer, template: peer/add, targets: { groups: [Edge] } }]
variables: { password: lab-bgp-secret }
device_variables:
${edge()
	.map(({ name, asn }) => `  ${name}: { asn: ${asn} }`)
	.join("\n")}
state_checks:
  - { kind: bgp, neighbors: ["${third.address}"], within_s: 90 }
  - { kind: routes, prefixes: ["${prefix}"], protocol: static, within_s: 20 }
rollout: { batch_sizes: [1, 10] }
confirm_within_s: 180
---
kind: Mop
name: Add a peer
targets: { groups: [Edge] }
variables: { neighbor: { required: true }, patience: { type: integer, default: 2 } }
settings: { on_failure: rollback }
steps:
  - id: change
    name: A static route
    type: set_config
    with: { lines: "ip route 203.0.113.0/24 blackhole" }
  - id: check
    name: Is the peer there
    type: check_bgp
    with: { neighbors: ["{{ neighbor }}"], within_s: "{{ patience }}" }
`;
}

function configs(): Promise<string[]> {
	return Promise.all(edge().map(({ name }) => lab.vtysh(name, ["show running-config"])));
}

async function signedIn(username: string): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const page = await openPage(context, misdeeds);
	await page.goto(`${product.url}/login`);
	await page.getByLabel("User name").fill(username);
	await page.locator('input[name="password"]').fill(passwordOf(username));
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((url) => url.pathname !== "/login");
	return page;
}

/** Lets the other person approve what a command waits for; who asked cannot. */
async function approved(following: Following): Promise<CliResult> {
	const [, approval = "", plan = ""] = await following.said(/Waits for approval (\S+) of plan ([0-9a-f]{12})/);
	const approve = ["approvals", "approve", approval, "--plan", plan, "--yes"];
	expect(await ana.run(approve)).not.toMatchObject({ code: 0 });
	expect(await bob.run(approve)).toMatchObject({ code: 0 });
	return following.ended;
}

test("at the command line a stack is made of a file, deployed to a canary and then the rest, and its session comes up", async () => {
	expect(await ana.run(["apply", "-f", folder, "--yes"])).toMatchObject({ code: 0 });
	const before = await configs();
	const planned = await ana.run(["stacks", "plan", "peer"]);
	expect(planned.stdout).toContain(`+ip route ${prefix} blackhole`);
	expect(await configs()).toEqual(before);
	const deployed = await approved(ana.follow(["stacks", "deploy", "peer", "--reason", "CHG-7"]));
	expect(deployed).toMatchObject({ code: 0 });
	for (const config of await configs()) {
		expect(config).toContain(`neighbor ${third.address} remote-as ${third.asn}`);
		expect(config).toContain(`ip route ${prefix} blackhole`);
	}
	expect(await ana.run(["stacks", "validate", "peer"])).toMatchObject({ code: 0 });
});

test("a change by hand shows as drift, and removed the stack stands nowhere", async () => {
	await lab.vtysh("r2", ["configure terminal", `no ip route ${prefix} blackhole`, "end"]);
	await ana.run(["backup", "run", "--all"]);
	const drifted = await ana.run(["stacks", "validate", "peer"]);
	expect(drifted).toMatchObject({ code: 1 });
	expect(drifted.stdout).toContain(`ip route ${prefix} blackhole`);
	expect(await approved(ana.follow(["stacks", "remove", "peer"]))).toMatchObject({ code: 0 });
	for (const config of await configs()) {
		expect(config).not.toContain(`neighbor ${third.address}`);
		expect(config).not.toContain(prefix);
	}
});

test("a procedure whose check fails ends the command with 1, and the routers are as they were, byte for byte", async () => {
	const before = await configs();
	const run = ana.follow(["mops", "run", "Add a peer", "--var", "neighbor=10.99.0.77", "--reason", "CHG-8"]);
	const { code, stdout, stderr } = await approved(run);
	expect(code).toBe(1);
	expect(`${stdout}${stderr}`).toContain("What was changed was taken back");
	expect(await configs()).toEqual(before);
});

/** Ends every session while the check is asked, once the change stands on the routers. */
async function cutAtTheCheck(run_id: string): Promise<void> {
	await eventually("the check", async () => {
		const { items } = await api.tasks.listRunSteps({ params: { id: run_id }, query: {} });
		return items.some(({ path }) => path === "check");
	});
	for (const config of await configs()) expect(config).toContain("ip route 203.0.113.0/24 blackhole");
	for (const wire of wires) wire.cut();
}

test("the same with every session killed in the middle, and a second terminal that watches ends with 1 as well", async () => {
	const before = await configs();
	const { run_id } = (await ana.json([
		...["mops", "run", "Add a peer", "--var", "neighbor=10.99.0.77", "--var", "patience=6", "--no-wait"],
	])) as { run_id: string };
	const watching = ana.follow(["mops", "watch", run_id]);
	const [result] = await Promise.all([approved(watching), cutAtTheCheck(run_id)]);
	expect(result.code).toBe(1);
	expect(`${result.stdout}${result.stderr}`).toContain("What was changed was taken back");
	expect(result.stdout).toMatch(/Is the peer there\s+failed/);
	expect(await configs()).toEqual(before);
	const late = await ana.run(["mops", "watch", run_id]);
	expect(late).toMatchObject({ code: 1, stdout: expect.stringMatching(/Is the peer there\s+failed/) });
});

/** What a run asks for, approved on the other person's page. */
async function approvedOnPage(run_id: string): Promise<void> {
	const id = await eventually("the approval", async () => {
		const { waiting_for } = await api.tasks.getRun({ params: { id: run_id } });
		return (waiting_for?.kind === "approval" && waiting_for.approval_id) || undefined;
	});
	const page = pages.bob;
	await page.goto(`${product.url}/approvals/${id}`);
	await page.getByRole("button", { name: "Approve", exact: true }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
	await page.getByText("Approved: the run may begin").first().waitFor();
}

const runOnPage = () => new URL(pages.ana.url()).pathname.split("/").at(-1) ?? "";

async function ended(run_id: string) {
	return eventually(
		"the run's end",
		async () => {
			const run = await api.tasks.getRun({ params: { id: run_id } });
			return run.finished_at !== null && run;
		},
		150_000,
	);
}

test("in the browser the stack is deployed, approved on another's page, and confirmed on every router", async () => {
	const page = pages.ana;
	await page.goto(`${product.url}/stacks/peer`);
	await page.getByRole("button", { name: "Deploy", exact: true }).click();
	await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).fill("CHG-9");
	await page.getByRole("dialog").getByRole("button", { name: "Deploy", exact: true }).click();
	await page.locator(".mantine-Notification-root", { hasText: "Deploying peer" }).getByRole("link").click();
	await page.waitForURL("**/runs/*");
	const run_id = runOnPage();
	await approvedOnPage(run_id);
	expect(await ended(run_id)).toMatchObject({ status: "succeeded" });
	await page.getByRole("link", { name: "Service stack", exact: true }).click();
	await page.getByText("Deployed", { exact: true }).first().waitFor();
	for (const config of await configs()) expect(config).toContain(`neighbor ${third.address} remote-as ${third.asn}`);
});

async function startedOnPage(values: Record<string, string>): Promise<string> {
	const page = pages.ana;
	await page.goto(`${product.url}/mops/Add a peer`);
	await page.getByRole("button", { name: "Start", exact: true }).click();
	const drawer = page.getByRole("dialog");
	for (const [name, value] of Object.entries(values)) await drawer.getByRole("textbox", { name }).fill(value);
	await drawer.getByRole("button", { name: "Start", exact: true }).click();
	await page.waitForURL("**/runs/*");
	return runOnPage();
}

/** What the page of a run says that was taken back. */
async function saysTakenBack(): Promise<void> {
	const page = pages.ana;
	await page.getByText("What was changed was taken back").first().waitFor();
	const steps = page.getByRole("region", { name: "Steps", exact: true });
	await steps.getByRole("button", { name: /Failed.*Is the peer there/ }).waitFor();
	await page.getByText("Take back what was changed").first().waitFor();
}

test("in the browser a procedure fails at its check, says so step by step, and has left nothing on any router", async () => {
	const before = await configs();
	const run_id = await startedOnPage({ neighbor: "10.99.0.77", Reason: "CHG-10" });
	await approvedOnPage(run_id);
	expect(await ended(run_id)).toMatchObject({ status: "failed" });
	await saysTakenBack();
	expect(await configs()).toEqual(before);
});

test("in the browser the same is said of a procedure whose sessions were killed in the middle", async () => {
	const before = await configs();
	const run_id = await startedOnPage({ neighbor: "10.99.0.77", patience: "8", Reason: "CHG-11" });
	await Promise.all([approvedOnPage(run_id), cutAtTheCheck(run_id)]);
	expect(await ended(run_id)).toMatchObject({ status: "failed" });
	await saysTakenBack();
	expect(await configs()).toEqual(before);
});
