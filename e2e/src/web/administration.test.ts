import { readFile } from "node:fs/promises";
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
	for (const [username, role] of [
		["vera", "viewer"],
		["rita", "manager"],
	] as const) {
		await admin.auth.createUser({ body: { username, role, password, must_change_password: false } });
	}
	page = await signedIn(await newContext(), "admin", adminPassword);
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await product?.dispose();
});

const newContext = () => browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });

async function signedIn(context: BrowserContext, username: string, secret: string, to = "/"): Promise<Page> {
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
const dialog = (on = page) => on.getByRole("dialog");
const secretShown = (name: string) =>
	page
		.getByLabel(name, { exact: true })
		.textContent()
		.then((text) => text ?? "");

/** The answer of a call that must be refused. */
async function refusal(call: Promise<unknown>): Promise<string> {
	return call.then(
		() => "not refused",
		(error: { problem?: { code: string } }) => error.problem?.code ?? String(error),
	);
}

/** Waits until the edge, which remembers for some seconds, takes a token no more. */
function refused(token: string) {
	return eventually("the token is refused", async () => {
		return (await refusal(product.as(token).devices.listDevices({}))) === "auth.unauthenticated";
	});
}

test("an API token is shown once, may what was chosen, and stops working when it is revoked", async () => {
	await page.goto(at("/tokens"));
	await shows("You have no API tokens");
	await press("Make a token");
	await dialog().getByRole("textbox", { name: "Name" }).fill("nightly report");
	await press("Make token");
	await shows("Choose at least one");
	await dialog()
		.getByRole("checkbox", { name: /devices:read/ })
		.check();
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Make token");
	await shows("the only time the token is shown");
	const token = await secretShown("API token");
	await shows(`curl -H "Authorization: Bearer ${token}"`);
	await shows(`${product.url}/api/devices`);
	await press("I have copied it");
	await page.getByRole("row", { name: /nightly report/ }).waitFor();

	await page.reload();
	await page.getByRole("row", { name: /nightly report.*devices:read.*never/ }).waitFor();
	await expect.poll(async () => (await page.content()).includes(token)).toBe(false);
	expect((await product.as(token).devices.listDevices({})).total).toBe(0);
	expect(await refusal(product.as(token).auth.listUsers({}))).toBe("auth.forbidden");

	await press("Revoke nightly report");
	await dialog().getByRole("button", { name: "Revoke token" }).click();
	await shows("You have no API tokens");
	await refused(token);
});

test("nobody is offered more than they hold", async () => {
	const vera = await signedIn(await newContext(), "vera", password, "/tokens");
	await press("Make a token", vera);
	await dialog(vera)
		.getByRole("checkbox", { name: /devices:read/ })
		.waitFor();
	expect(
		await dialog(vera)
			.getByRole("checkbox", { name: /devices:write/ })
			.count(),
	).toBe(0);
	await vera.keyboard.press("Escape");
	const menu = vera.getByRole("navigation", { name: "Main" });
	await menu.getByRole("link", { name: "Device types" }).waitFor();
	for (const name of ["Users", "Roles", "Audit", "Settings", "Credentials"]) {
		expect([name, await menu.getByRole("link", { name, exact: true }).count()]).toEqual([name, 0]);
	}
	await vera.goto(at("/users"));
	await shows("users:read", vera);
	await vera.close();
});

test("a new user gets a password that is shown once and opens only the page on which it is changed", async () => {
	await page.goto(at("/users"));
	await press("Add user");
	await dialog().getByRole("button", { name: "Add user" }).click();
	await dialog().getByText("Required").first().waitFor();
	await dialog().getByLabel("User name").fill("nils");
	await dialog().getByRole("combobox", { name: "Role" }).click();
	await page.getByRole("option", { name: "Operator" }).click();
	await dialog().getByRole("button", { name: "Add user" }).click();
	await shows("the only time the password is shown");
	const first = await secretShown("One-time password");
	expect(first.length).toBeGreaterThanOrEqual(20);
	await page.getByRole("link", { name: "Open the user" }).click();
	await page.waitForURL("**/users/*");
	await page.getByRole("heading", { name: "nils", level: 1 }).waitFor();
	await dialog().waitFor({ state: "hidden" });
	await expect.poll(async () => (await page.content()).includes(first)).toBe(false);
	const token = await product.login("nils", first);
	expect(await refusal(product.as(token).devices.listDevices({}))).toBe("auth.password_change_required");

	await press("More actions");
	await page.getByRole("menuitem", { name: "Set a one-time password" }).click();
	await press("Set password");
	await shows("the only time the password is shown");
	const second = await secretShown("One-time password");
	await press("I have copied it");
	expect(await refusal(product.login("nils", first))).toBe("auth.bad_credentials");
	await product.login("nils", second);

	await press("More actions");
	await page.getByRole("menuitem", { name: "Disable" }).click();
	await dialog().getByRole("button", { name: "Disable" }).click();
	await page.getByRole("heading", { name: "nils" }).locator("..").getByText("Disabled").waitFor();
	expect(await refusal(product.login("nils", second))).toBe("auth.bad_credentials");
	await press("More actions");
	await page.getByRole("menuitem", { name: "Delete" }).click();
	expect(await dialog().getByRole("button", { name: "Delete user" }).isDisabled()).toBe(true);
	await dialog().getByLabel("Type nils to go on").fill("nils");
	await dialog().getByRole("button", { name: "Delete user" }).click();
	await page.waitForURL("**/users");
	await page.getByRole("row", { name: /vera/ }).waitFor();
	await page.getByRole("link", { name: "nils" }).waitFor({ state: "detached" });
});

test("another's API tokens are seen and revoked on their page", async () => {
	const rita = await product.as(await product.login("rita", password)).auth.createToken({
		body: { name: "rita's script", permissions: ["devices:read"] },
	});
	await page.goto(at(`/users/${rita.api_token.user_id}`));
	await press("Revoke rita's script");
	await dialog().getByRole("button", { name: "Revoke token" }).click();
	await shows("No API tokens");
	const { user_id: id } = rita.api_token;
	expect((await admin.auth.listUserTokens({ params: { id } })).total).toBe(0);
});

test("a role that is edited in the matrix changes at once what its holders are offered", async () => {
	await page.goto(at("/roles"));
	await page.getByRole("columnheader", { name: /Administrator/ }).waitFor();
	expect(await page.getByRole("checkbox").count()).toBe(0);
	await press("Add role");
	await dialog().getByLabel("Label").fill("Night shift");
	await dialog().getByRole("combobox", { name: "Start from" }).click();
	await page.getByRole("option", { name: "Viewer" }).click();
	await dialog().getByRole("button", { name: "Add role" }).click();
	const box = (grant: string) => page.getByRole("checkbox", { name: `Night shift: ${grant}`, exact: true });
	await box("devices:read").waitFor();
	expect(await box("devices:read").isChecked()).toBe(true);
	await admin.auth.createUser({
		body: { username: "nora", role: "night-shift", password, must_change_password: false },
	});
	const nora = await signedIn(await newContext(), "nora", password, "/devices");
	await shows("No devices yet", nora);
	expect(await nora.getByRole("button", { name: "Add device" }).count()).toBe(0);

	await box("devices:*").check();
	expect([await box("devices:write").isChecked(), await box("devices:write").isDisabled()]).toEqual([true, true]);
	await shows("adds devices:*; takes away devices:read");
	page.once("dialog", (question) => void question.dismiss());
	await page.getByRole("link", { name: "Users", exact: true }).click();
	expect(new URL(page.url()).pathname).toBe("/roles");
	await press("Save changes");
	await shows("The roles are saved");
	await nora.getByRole("button", { name: "Add device" }).first().waitFor();
	expect((await admin.auth.getRole({ params: { name: "night-shift" } })).permissions).toContain("devices:*");
	expect(await accessibilityFaults(page)).toEqual([]);

	await press("Edit the role Night shift");
	await shows("1 user holds this role");
	expect(await dialog().getByRole("button", { name: "Delete role" }).isDisabled()).toBe(true);
	await dialog().getByRole("link", { name: "See who" }).click();
	await page.getByRole("row", { name: /nora/ }).waitFor();
	await nora.close();
});

test("settings are previewed, guarded while unsaved, and said in the trail field by field", async () => {
	await page.goto(at("/settings"));
	const banner = "Authorised use only\n<b>really</b>";
	await page.getByLabel("Shortest password").fill("8");
	await page.getByLabel("Sign-in banner").fill(banner);
	await page.getByRole("region", { name: "Preview of the banner" }).getByText("<b>really</b>").waitFor();
	await press("Save settings");
	expect(await page.getByLabel("Shortest password").getAttribute("aria-invalid")).toBe("true");
	await page.getByLabel("Shortest password").fill("14");
	page.once("dialog", (question) => void question.dismiss());
	await page.getByRole("link", { name: "Users", exact: true }).click();
	expect(new URL(page.url()).pathname).toBe("/settings");
	await press("Save settings");
	await shows("Everything is saved");
	await page.getByLabel("Shortest password").fill("15");
	await shows("Not saved yet");
	await press("Discard");
	expect(await page.getByLabel("Shortest password").inputValue()).toBe("14 characters");
	const stranger = await (await newContext()).newPage();
	await stranger.goto(at("/login"));
	await stranger.getByText("<b>really</b>").waitFor();
	await stranger.close();

	await page.goto(at("/audit?operation=updateSettings"));
	await page.getByRole("table", { name: "audit" }).getByRole("link").first().click();
	const record = page.getByRole("complementary", { name: "Record" });
	await record.getByRole("row", { name: /changed: password_min_length 12 14/ }).waitFor();
	await record.getByRole("row", { name: /changed: login_banner "" Authorised use only/ }).waitFor();
	expect(await record.getByRole("row").count()).toBe(3);
	expect(new URL(page.url()).searchParams.get("record")).not.toBeNull();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.reload();
	await record.getByRole("row", { name: /password_min_length/ }).waitFor();
});

test("the trail is narrowed by who, what and outcome, and saved as a file with what the filters let through", async () => {
	const vera = product.as(await product.login("vera", password));
	expect(await refusal(vera.auth.createRole({ body: { name: "mine", label: "Mine", permissions: [] } }))).toBe(
		"auth.forbidden",
	);
	await page.goto(at("/audit"));
	await page.getByRole("combobox", { name: "Outcome" }).click();
	await page.getByRole("option", { name: "Denied" }).click();
	await page.waitForURL("**outcome=denied*");
	const rows = page.getByRole("table", { name: "audit" }).locator("tbody tr");
	await rows.filter({ hasText: "vera" }).filter({ hasText: "Add a role" }).first().waitFor();
	await page.getByRole("searchbox", { name: "Search the trail" }).fill("no such words anywhere");
	await shows("No record matches");
	await page.goto(at("/audit?operation=createToken"));
	await rows.first().waitFor();
	const download = page.waitForEvent("download");
	await press("Export as CSV");
	const lines = (await readFile(await (await download).path(), "utf8")).trim().split("\r\n");
	expect(lines[0]).toContain("position,occurred_at");
	expect(lines.length).toBe(1 + (await rows.count()));
	for (const line of lines.slice(1)) expect(line).toContain("createToken");
});

test("the chain is verified, and against a head that was noted before", async () => {
	await page.goto(at("/audit"));
	await press("Verify the trail");
	await press("Verify");
	await shows(/Intact: \d+ records$/);
	const head = await secretShown("Head");
	expect(head).toMatch(/^[0-9a-f]{64}$/);
	await dialog().getByLabel("Head noted earlier").fill("no hash");
	await shows("64 hexadecimal digits, as the head was given");
	await dialog().getByLabel("Head noted earlier").fill(head);
	await press("Verify");
	await shows("the noted head among them");
	await dialog().getByLabel("Head noted earlier").fill("f".repeat(64));
	await press("Verify");
	await shows("The trail does not fit together");
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("keys are rotated only after asking, and each service says when it is done", async () => {
	await page.goto(at("/settings"));
	await press("Rotate the keys");
	await dialog().getByRole("button", { name: "Rotate the keys" }).click();
	await shows("All keys are rotated");
	expect((await admin.auth.listKeys({})).length).toBeGreaterThan(1);
});

test("a session that ends while a form is filled in keeps the form, and it is sent after signing in again", async () => {
	const { items } = await admin.auth.listUsers({ query: { q: "rita" } });
	const id = items[0]?.id ?? "";
	const rita = await signedIn(await newContext(), "rita", password, "/credentials");
	await press("Add credential", rita);
	const form = rita.getByRole("form", { name: "Add a credential" });
	await form.getByRole("textbox", { name: "Name", exact: true }).fill("Branch routers");
	await form.getByLabel("User name").fill("netops");
	await form.getByLabel("Password", { exact: true }).fill("typed before the end");
	await admin.auth.updateUser({ params: { id }, body: { disabled: true } });
	await admin.auth.updateUser({ params: { id }, body: { disabled: false } });
	const again = rita.getByRole("dialog", { name: "Your session has ended" });
	await again.locator('input[name="password"]').fill("not the password");
	await again.getByRole("button", { name: "Sign in" }).click();
	await again.getByText("User name or password is wrong", { exact: true }).waitFor();
	await again.locator('input[name="password"]').fill(password);
	await again.getByRole("button", { name: "Sign in" }).click();
	await again.waitFor({ state: "hidden" });
	expect(await form.getByLabel("User name").inputValue()).toBe("netops");
	await form.getByRole("button", { name: "Add credential" }).click();
	await rita.getByRole("row", { name: /Branch routers.*netops/ }).waitFor();
	await rita.close();
});

test("no page threw or broke the policy of the server", () => {
	expect(misdeeds).toEqual([]);
});
