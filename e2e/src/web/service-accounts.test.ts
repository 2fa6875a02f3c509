import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, eventually, type Product, startProduct } from "../product.ts";

let product: Product;
let admin: Clients;
let browser: Browser;
let page: Page;
const misdeeds: string[] = [];
const password = "a password of my own 2026";

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }), launchBrowser()]);
	admin = product.as(product.admin_token);
	await admin.auth.createUser({ body: { username: "rita", role: "manager", password, must_change_password: false } });
	page = await signedIn(await newContext(), "admin", adminPassword, "/service-accounts");
}, 120_000);
afterAll(async () => {
	await browser?.close();
	await product?.dispose();
});

const newContext = (width = 1440) => browser.newContext({ viewport: { width, height: 900 } });

async function signedIn(context: BrowserContext, username: string, secret: string, to: string): Promise<Page> {
	const opened = await openPage(context, misdeeds);
	await opened.goto(at(`/login?next=${encodeURIComponent(to)}`));
	await opened.getByLabel("User name").fill(username);
	await opened.locator('input[name="password"]').fill(secret);
	await opened.getByRole("button", { name: "Sign in" }).click();
	await opened.waitForURL((address) => address.pathname !== "/login");
	return opened;
}

const at = (path: string) => `${product.url}${path}`;
const shows = (text: string | RegExp, on = page) => on.getByText(text).first().waitFor();
const press = (name: string, on = page) => on.getByRole("button", { name, exact: true }).click();
const dialog = () => page.getByRole("dialog");
const secretShown = async () => (await page.getByLabel("API token", { exact: true }).textContent()) ?? "";

const works = (token: string) =>
	product
		.as(token)
		.devices.listDevices({})
		.then(
			() => true,
			() => false,
		);

test("a program's account is added, given a token that is shown once, renewed, cut off and deleted", async () => {
	await shows("No program has an account of its own");
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Add service account");
	await dialog().getByRole("textbox", { name: "Name" }).fill("ci-deploy");
	await dialog().getByLabel("What it is for").fill("Pipelines of the network team");
	await dialog().getByRole("combobox", { name: "Role" }).click();
	await page.getByRole("option", { name: "Operator" }).click();
	await dialog().getByRole("button", { name: "Add service account" }).click();
	await page.getByRole("heading", { level: 1, name: "ci-deploy" }).waitFor();
	await shows("Without one the account can do nothing.");

	await press("Make a token");
	await dialog().getByRole("textbox", { name: "Name" }).fill("pipeline");
	await dialog().getByRole("button", { name: "Make token" }).click();
	await shows("the only time the token is shown");
	const token = await secretShown();
	expect(await works(token)).toBe(true);
	await press("I have copied it");
	await page.getByRole("row", { name: /pipeline/ }).waitFor();
	await page.reload();
	await page.getByRole("row", { name: /pipeline/ }).waitFor();
	expect(await page.content()).not.toContain(token);
	expect(await accessibilityFaults(page)).toEqual([]);

	await press("Rotate pipeline");
	await dialog().getByRole("button", { name: "Make new secret" }).click();
	await shows("the only time the token is shown");
	const renewed = await secretShown();
	await press("I have copied it");
	await page.getByRole("row", { name: /pipeline.*goes on/ }).waitFor();
	expect([await works(token), await works(renewed)]).toEqual([true, true]);

	await press("More actions");
	await page.getByRole("menuitem", { name: "Disable" }).click();
	await dialog().getByRole("button", { name: "Disable" }).click();
	await shows("Disabled");
	await eventually("its tokens are refused", async () => !(await works(token)) && !(await works(renewed)));
	await press("More actions");
	await page.getByRole("menuitem", { name: "Enable" }).click();
	await eventually("they work again", () => works(renewed));

	await press("Revoke pipeline");
	await dialog().getByRole("button", { name: "Revoke token" }).click();
	await shows("No API tokens");
	await eventually("both secrets are refused", async () => !(await works(token)) && !(await works(renewed)));

	await press("More actions");
	await page.getByRole("menuitem", { name: "Delete" }).click();
	await dialog().getByRole("textbox").fill("ci-deploy");
	await dialog().getByRole("button", { name: "Delete service account" }).click();
	await shows("No program has an account of its own");
});

test("an account whose owner is gone says so, is found by that, and is given another owner", async () => {
	const { id: owner_id } = await admin.auth.createUser({ body: { username: "leaver", role: "viewer", password } });
	await admin.auth.createServiceAccount({ body: { name: "left-behind", role: "viewer", owner_id } });
	await admin.auth.deleteUser({ params: { id: owner_id } });
	await page.goto(at("/service-accounts?ownerless=true"));
	await page.getByRole("row", { name: /left-behind.*No owner/ }).waitFor();
	await page.getByRole("link", { name: "left-behind" }).click();
	await press("Edit");
	await dialog().getByRole("combobox", { name: "Owner" }).click();
	await page.getByRole("option", { name: "rita" }).click();
	await dialog().getByRole("button", { name: "Save" }).click();
	await page.getByRole("link", { name: "rita" }).waitFor();
});

test("who may only look is offered nothing that changes, also on a narrow screen", async () => {
	const { items } = await admin.auth.listServiceAccounts({ query: {} });
	const id = items[0]?.id ?? "";
	await admin.auth.createServiceAccountToken({ params: { id }, body: { name: "looked at" } });
	const rita = await signedIn(await newContext(390), "rita", password, `/service-accounts/${id}`);
	await shows("looked at", rita);
	for (const name of ["Edit", "More actions", "Make a token", "Rotate looked at", "Revoke looked at"]) {
		expect(await rita.getByRole("button", { name, exact: true }).count(), name).toBe(0);
	}
	expect(await rita.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
	await rita.close();
});

test("the audit trail says that a program did it, and is filtered by it", async () => {
	const { items } = await admin.auth.listServiceAccounts({ query: {} });
	const id = items[0]?.id ?? "";
	await admin.auth.updateServiceAccount({ params: { id }, body: { role: "manager" } });
	const { token } = await admin.auth.createServiceAccountToken({ params: { id }, body: { name: "writer" } });
	await product.as(token).devices.createGroup({ body: { name: "by a program" } });
	await page.goto(at(`/audit?actor=${id}`));
	await page.getByRole("row", { name: /left-behind\/writer.*service account/ }).waitFor();
});

test("no page threw or broke the policy of the server", () => {
	expect(misdeeds).toEqual([]);
});
