import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { type EngineDoor, openEngineDoor } from "../engine-door.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, eventually, type Product, startProduct } from "../product.ts";

let product: Product;
let admin: Clients;
let engine: EngineDoor;
let browser: Browser;
/** Pages of the one who asks, of one who approves, and of one who only looks. */
let ann: Page;
let bob: Page;
let vic: Page;
const ids = new Map<string, string>();
const misdeeds: string[] = [];
const password = "a password of my own 2026";
const plan = `${"c0ffee".repeat(10)}c0ff`;

beforeAll(async () => {
	const data_dir = mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
	[product, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }, data_dir),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	engine = await openEngineDoor(product);
	for (const [username, role] of [
		["ann", "operator"],
		["bob", "operator"],
		["cem", "manager"],
		["vic", "viewer"],
	] as const) {
		const user = await admin.auth.createUser({ body: { username, role, password, must_change_password: false } });
		ids.set(username, user.id);
	}
	[ann, bob, vic] = [await signedIn("ann"), await signedIn("bob"), await signedIn("vic")];
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await engine?.close();
	await product?.dispose();
});

async function signedIn(username: string, secret = password): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const page = await openPage(context, misdeeds);
	await page.goto(`${product.url}/login?next=${encodeURIComponent("/approvals")}`);
	await page.getByLabel("User name").fill(username);
	await page.locator('input[name="password"]').fill(secret);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname === "/approvals");
	return page;
}

const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const dialog = (page: Page) => page.getByRole("dialog");

const tried = (page: Page) => page.getByRole("region", { name: "What would this need?" });

/** Ann starts a change that needs an approval, as the engine asks for it. */
async function ask(title: string, by = "ann"): Promise<string> {
	const run_id = randomUUID();
	const answer = await engine.alerts.requestApproval({
		body: {
			key: `${run_id}:change`,
			run_id,
			kind: "deploy",
			title,
			requested_by: { kind: "user", id: ids.get(by) ?? "", name: by, permissions: [] },
			plan_sha256: plan,
			devices: [
				{ device_id: randomUUID(), name: "core-1", groups: ["core"] },
				{ device_id: randomUUID(), name: "core-2", groups: ["core"] },
			],
			risk_facts: {
				writes: true,
				without_rollback: ["core-2"],
				dangerous_commands: [
					{ device: "core-1", command: "no router bgp 65001", why: "ends a whole routing protocol" },
				],
			},
			reason: "The peering with AS 65010 moves",
		},
	});
	if (!answer.needed) throw new Error("no approval is needed");
	return answer.approval_id;
}

test("a change waits for somebody else, who sees at once what is bound and why it is risky, and approves it", async () => {
	await shows(bob, "Nothing waits for you");
	const id = await ask("Deploy bgp-peering");
	await bob.getByRole("link", { name: "Deploy bgp-peering" }).waitFor();
	await bob.getByRole("navigation", { name: "Main" }).getByText("1 waits for you").waitFor({ state: "attached" });
	expect(await accessibilityFaults(bob)).toEqual([]);
	await bob.getByRole("link", { name: "Deploy bgp-peering" }).click();
	await shows(bob, "Critical risk");
	await shows(bob, "“no router bgp 65001”: ends a whole routing protocol");
	await shows(bob, "1 device cannot take the change back.");
	await shows(bob, plan.slice(0, 12));
	expect(await bob.getByRole("link", { name: "See the run and its plan" }).getAttribute("href")).toMatch(/^\/runs\//);
	expect(await accessibilityFaults(bob)).toEqual([]);

	// Ann sees the same and is offered nothing.
	await ann.goto(`${product.url}/approvals/${id}`);
	await shows(ann, "You asked for this, so somebody else has to decide on it.");
	expect(await ann.getByRole("button", { name: /Approve|Reject|Delegate|Break/ }).count()).toBe(0);
	await vic.goto(`${product.url}/approvals/${id}`);
	await shows(vic, "Whose word is needed");
	expect(await vic.getByRole("button", { name: /Approve|Reject|Delegate|Break/ }).count()).toBe(0);

	await press(bob, "Approve");
	await dialog(bob).getByLabel("Reason").fill("Looked at both devices");
	expect(await accessibilityFaults(bob)).toEqual([]);
	await dialog(bob).getByRole("button", { name: "Approve" }).click();
	await shows(bob, "Approved: the run may begin");
	// Ann's page, which is open, tells her.
	await shows(ann, "Looked at both devices");
	await ann.locator("main").getByText("Approved", { exact: true }).first().waitFor();
	const start = await engine.alerts.startApproved({ body: { approval_id: id, plan_sha256: plan } });
	expect(start.may_start).toBe(true);
});

test("rejecting takes a reason, which who asked reads", async () => {
	const id = await ask("Deploy too-early");
	await bob.goto(`${product.url}/approvals/${id}`);
	await press(bob, "Reject");
	await dialog(bob).getByRole("button", { name: "Reject" }).click();
	await shows(bob, "Required");
	await dialog(bob).getByLabel("Reason").fill("Not before the freeze ends");
	await dialog(bob).getByRole("button", { name: "Reject" }).click();
	await shows(bob, "Rejected by bob");
	await ann.goto(`${product.url}/approvals?tab=asked`);
	await ann.getByRole("link", { name: "Deploy too-early" }).click();
	await shows(ann, "Not before the freeze ends");
});

test("one who is asked has somebody else decide, never who asked for it", async () => {
	const id = await ask("Deploy delegated");
	await bob.goto(`${product.url}/approvals/${id}`);
	await press(bob, "Delegate");
	await dialog(bob).getByLabel("Who").fill("ann");
	await dialog(bob).getByLabel("Reason").fill("I am on the train");
	await dialog(bob).getByRole("button", { name: "Delegate" }).click();
	await shows(bob, "ann asked for this, and nobody decides on what they asked for.");
	await dialog(bob).getByLabel("Who").fill("cem");
	await dialog(bob).getByRole("button", { name: "Delegate" }).click();
	await shows(bob, "cem may decide in your place");
	await shows(bob, /cem decides in the place of bob/);
});

test("an administrator breaks the glass, which is marked everywhere", async () => {
	const id = await ask("Deploy at night");
	const chief = await signedIn("admin", adminPassword);
	await chief.goto(`${product.url}/approvals/${id}`);
	await press(chief, "Break the glass");
	await dialog(chief).getByLabel("Why can it not wait?").fill("The core is down");
	await press(chief, "Begin without approval");
	await shows(chief, "Nobody approved this: admin broke the glass");
	await chief.goto(`${product.url}/approvals?tab=all&status=bypassed`);
	await chief.getByRole("link", { name: "Deploy at night" }).waitFor();
	const record = await eventually("it is in the trail", async () => {
		return (await admin.audit.listAudit({ query: { operation: "bypass" } })).items[0];
	});
	expect(record.resource_name).toBe("Deploy at night");
	await chief.context().close();
});

test("a policy is added, tried out and deleted; what it wants holds for the next change", async () => {
	const cem = await signedIn("cem");
	await cem.goto(`${product.url}/approvals/policies`);
	await shows(cem, "Writes need somebody else");
	await press(cem, "Add policy");
	await dialog(cem).getByRole("textbox", { name: "Name", exact: true }).fill("Core takes two");
	await dialog(cem).getByLabel("Kinds of change").first().fill("deploy");
	await cem.keyboard.press("Enter");
	await dialog(cem).getByLabel("Approvals", { exact: true }).fill("2");
	expect(await accessibilityFaults(cem)).toEqual([]);
	await dialog(cem).getByRole("button", { name: "Add policy" }).click();
	await shows(cem, "The policy Core takes two is added");

	await cem.getByLabel("Commands").fill("reload");
	await press(cem, "Try");
	await tried(cem).getByText("2 approvals by anybody else").waitFor();
	await shows(cem, "“reload”: restarts the device");
	await shows(cem, "A policy before it decides for all of its devices.");
	expect(await accessibilityFaults(cem)).toEqual([]);
	await cem.reload();
	await tried(cem).getByText("2 approvals by anybody else").waitFor();

	const id = await ask("Deploy by two");
	await bob.goto(`${product.url}/approvals/${id}`);
	await press(bob, "Approve");
	await dialog(bob).getByRole("button", { name: "Approve" }).click();
	await shows(bob, "Your approval counts; more are needed");
	await cem.goto(`${product.url}/approvals/${id}`);
	await press(cem, "Approve");
	await dialog(cem).getByRole("button", { name: "Approve" }).click();
	await shows(cem, "Approved: the run may begin");

	await cem.goto(`${product.url}/approvals/policies`);
	await press(cem, "Change Core takes two");
	await cem.getByRole("menuitem", { name: "Delete" }).click();
	await press(cem, "Delete policy");
	await shows(cem, "The policy Core takes two is deleted");
	expect(misdeeds).toEqual([]);
	await cem.context().close();
}, 120_000);
