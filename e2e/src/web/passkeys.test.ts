import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { createCli } from "../cli.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Product, startProduct } from "../product.ts";

/** Passkeys from the first to the last, made and given by Chromium's own authenticator, in a browser that belongs to one person. */

let product: Product;
let browser: Browser;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }), launchBrowser()]);
	for (const username of ["paula", "petra", "quinn", "rosa"]) {
		const body = { username, role: "admin", password: adminPassword, must_change_password: false };
		await product.as(product.admin_token).auth.createUser({ body });
	}
}, 300_000);

afterAll(async () => {
	await browser?.close();
	await product?.dispose();
});

/** By its name: at the address no browser takes passkeys. */
const at = (path: string) => `http://localhost:${new URL(product.url).port}${path}`;

interface Device {
	page: Page;
	cdp: CDPSession;
	authenticatorId: string;
}

/** A page of a browser whose device recognises its owner, or says that it did not. */
async function deviceOf(page: Page): Promise<Device> {
	const cdp = await page.context().newCDPSession(page);
	await cdp.send("WebAuthn.enable");
	const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
		options: {
			protocol: "ctap2",
			transport: "internal",
			hasResidentKey: true,
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true,
		},
	});
	return { page, cdp, authenticatorId };
}

async function stranger(): Promise<Page> {
	const page = await openPage(await browser.newContext(), misdeeds);
	page.setDefaultTimeout(60_000);
	return page;
}

async function givePassword(page: Page, username: string): Promise<void> {
	await page.locator('input[name="username"]').fill(username);
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function signOut(page: Page): Promise<void> {
	await page.getByRole("button", { name: /^Menu of / }).click();
	await page.getByRole("menuitem", { name: "Sign out" }).click();
	await page.waitForURL("**/login**");
}

/** From the account's page to the question for a name. */
async function beginToAdd(page: Page) {
	await page.getByRole("button", { name: "Add a passkey", exact: true }).click();
	const drawer = page.getByRole("dialog");
	await drawer.locator('input[name="password"]').fill(adminPassword);
	await drawer.getByRole("button", { name: "Go on" }).click();
	await drawer.locator('input[name="name"]').waitFor();
	return drawer;
}

/** Signs in with a password for the first time and adds a passkey of the device. */
async function addFirst(page: Page, username: string, name: string): Promise<void> {
	await page.goto(at("/second-factor"));
	await givePassword(page, username);
	const drawer = await beginToAdd(page);
	await drawer.locator('input[name="name"]').fill(name);
	await drawer.getByRole("button", { name: "Make the passkey" }).click();
	await drawer.getByRole("button", { name: "I have kept them" }).click();
	await page.getByRole("list", { name: "Passkeys" }).getByText(name).waitFor();
}

test("somebody adds a passkey, signs in with it alone and after the password, renames and removes it", async () => {
	const page = await stranger();
	// A browser that offers nothing in fields, so that the buttons are what is tried.
	await page.addInitScript("PublicKeyCredential.isConditionalMediationAvailable = async () => false");
	const { cdp, authenticatorId } = await deviceOf(page);
	await page.goto(at("/second-factor"));
	await givePassword(page, "paula");
	await page.getByText("Your password is enough to sign in as you").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	const drawer = await beginToAdd(page);
	// Not recognised first: nothing is made, and trying again needs no password.
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await drawer.locator('input[name="name"]').fill("Paula's laptop");
	await drawer.getByRole("button", { name: "Make the passkey" }).click();
	await drawer.getByRole("alert").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await drawer.getByRole("button", { name: "Try again" }).click();
	const shown = drawer.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
	await shown.first().waitFor();
	const codes = await shown.allTextContents();
	expect(codes).toHaveLength(10);
	await drawer.getByRole("button", { name: "I have kept them" }).click();
	const listed = page.getByRole("list", { name: "Passkeys" }).getByRole("listitem");
	await listed.getByText("Paula's laptop").waitFor();
	await page.getByText("10 of 10 left").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
	expect(credentials).toMatchObject([{ rpId: "localhost", isResidentCredential: true }]);

	// A device that holds one already makes no second.
	const again = await beginToAdd(page);
	await again.locator('input[name="name"]').fill("once more");
	await again.getByRole("button", { name: "Make the passkey" }).click();
	await again.getByText("This device holds a passkey of yours already").waitFor();
	await again.getByRole("button", { name: "Leave it" }).click();

	// After the password.
	await signOut(page);
	await page.goto(at("/devices"));
	await givePassword(page, "paula");
	await page.getByRole("button", { name: "Use your passkey" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await page.getByRole("button", { name: "Use your passkey" }).click();
	await page.getByText("No passkey was given").waitFor();
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await page.getByRole("button", { name: "Use your passkey" }).click();
	await page.getByRole("heading", { name: "Devices", level: 1 }).waitFor();

	// Alone.
	await signOut(page);
	await page.goto(at("/login?next=%2Fsecond-factor"));
	const button = page.getByRole("button", { name: "Sign in with a passkey" });
	await button.waitFor();
	expect(await page.locator('input[name="username"]').getAttribute("autocomplete")).toBe("username webauthn");
	expect(await accessibilityFaults(page)).toEqual([]);
	await button.click();
	await listed.getByText("Paula's laptop").waitFor();
	await page.getByText(/from (127\.0\.0\.1|[0-9a-f:]+::\/64)/).waitFor();

	// Over what was filled in when the session ended.
	await page.goto(at("/tokens"));
	await page.getByRole("button", { name: "Make a token" }).first().click();
	const typed = page.getByRole("dialog").getByRole("textbox", { name: "Name", exact: true });
	await typed.fill("typed before the end");
	const admin = product.as(product.admin_token);
	const [paula] = (await admin.auth.listUsers({ query: { q: "paula" } })).items;
	const id = paula?.id ?? "";
	for (const { id: session_id } of (await admin.auth.listUserSessions({ params: { id }, query: {} })).items) {
		await admin.auth.revokeUserSession({ params: { id, session_id } });
	}
	const over = page.getByRole("dialog", { name: "Your session has ended" });
	await over.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await over.getByRole("button", { name: "Sign in with a passkey" }).click();
	await over.waitFor({ state: "detached" });
	expect(await typed.inputValue()).toBe("typed before the end");

	await page.goto(at("/second-factor"));
	await page.getByRole("button", { name: "Rename Paula's laptop" }).click();
	await page.getByRole("dialog").locator('input[name="name"]').fill("Desk");
	await page.getByRole("dialog").getByRole("button", { name: "Rename", exact: true }).click();
	await listed.getByText("Desk").waitFor();

	// At the command line, which takes no passkey.
	const cli = createCli(product, "");
	const login = ["login", "--username", "paula", "--password-stdin"];
	expect(await cli.run(login, `${adminPassword}\n`)).toMatchObject({
		code: 2,
		stderr: expect.stringContaining("NETCONDUCTOR_TOKEN"),
	});
	expect((await cli.run([...login, "--code", codes[0] ?? ""], `${adminPassword}\n`)).code).toBe(0);
	const told = await cli.run(["account", "second-factor", "show"]);
	expect(told.stdout).toMatch(/Passkey\s+Desk, since .*last used/);
	expect(told.stdout).toMatch(/9 left/);

	await page.getByRole("button", { name: "Remove Desk" }).click();
	await page.getByRole("dialog").locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
	await page.getByText("Your password is enough to sign in as you").waitFor();
	expect(misdeeds).toEqual([]);
}, 300_000);

test("a browser that offers passkeys in the field for the user name signs in with the one that is chosen there", async () => {
	const page = await stranger();
	const { cdp, authenticatorId } = await deviceOf(page);
	await addFirst(page, "petra", "Phone");
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await signOut(page);
	await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
	// This page asks, too, and would be given the passkey on its way out.
	await page.goto("about:blank");
	// What a person does who picks it from the list: the virtual device gives it at once.
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await page.goto(at("/login?next=%2Fsecond-factor"));
	await page
		.getByRole("list", { name: "Passkeys" })
		.getByText(/ from (127\.0\.0\.1|[0-9a-f:]+::\/64)/)
		.waitFor();
	// Once: a second session would begin under the page that shows already.
	const { auth } = product.as(product.admin_token);
	const [petra] = (await auth.listUsers({ query: { q: "petra" } })).items;
	expect((await auth.listUserSessions({ params: { id: petra?.id ?? "" }, query: {} })).total).toBe(1);
	expect(misdeeds).toEqual([]);
}, 300_000);

test("who signed in with a passkey adds and removes second factors with it, that very passkey too, and never says the password", async () => {
	const page = await stranger();
	await page.addInitScript("PublicKeyCredential.isConditionalMediationAvailable = async () => false");
	const { cdp, authenticatorId } = await deviceOf(page);
	await addFirst(page, "rosa", "Laptop");
	const listed = page.getByRole("list", { name: "Passkeys" }).getByRole("listitem");
	await signOut(page);
	await page.goto(at("/login?next=%2Fsecond-factor"));
	await page.getByRole("button", { name: "Sign in with a passkey" }).click();
	await listed.getByText("Laptop").waitFor();

	const asked = page.getByRole("dialog");
	const use = asked.getByRole("button", { name: "Use your passkey" });
	await page.getByRole("button", { name: "New recovery codes" }).click();
	await use.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	// Not recognised first: nothing is made, and another try is open.
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await use.click();
	await asked.getByText("No passkey was given").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await use.click();
	await asked.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").first().waitFor();
	await asked.getByRole("button", { name: "I have kept them" }).click();

	await page.getByRole("button", { name: "Add an authenticator app" }).click();
	await use.click();
	await asked.getByRole("img", { name: "QR code for an authenticator app" }).waitFor();
	await asked.getByRole("button", { name: "Leave it" }).click();
	await asked.waitFor({ state: "detached" });

	await page.getByRole("button", { name: "Remove Laptop" }).click();
	await use.click();
	await page.getByText("Your password is enough to sign in as you").waitFor();
	expect(misdeeds).toEqual([]);
}, 300_000);

test("where a second factor is asked for a passkey is one, the last is not removed, and an administrator helps who lost it", async () => {
	const made = await product.as(product.admin_token).auth.createToken({ body: { name: "script", permissions: ["*"] } });
	const api = product.as(made.token);
	const page = await stranger();
	const { cdp, authenticatorId } = await deviceOf(page);
	await page.setViewportSize({ width: 390, height: 844 });
	await api.auth.updateSettings({ body: { require_second_factor: true } });
	try {
		await page.goto(at("/second-factor"));
		await givePassword(page, "quinn");
		await page.waitForURL("**/add-second-factor?*");
		await page.getByRole("button", { name: "Add a passkey instead" }).click();
		await page.locator('input[name="password"]').fill(adminPassword);
		await page.getByRole("button", { name: "Go on" }).click();
		await page.locator('input[name="name"]').fill("Security key");
		expect(await accessibilityFaults(page)).toEqual([]);
		await page.getByRole("button", { name: "Make the passkey" }).click();
		await page.getByRole("button", { name: "I have kept them" }).click();
		await page.getByRole("list", { name: "Passkeys" }).getByText("Security key").waitFor();
		await page.getByRole("button", { name: "Remove Security key" }).click();
		await page.getByRole("dialog").locator('input[name="password"]').fill(adminPassword);
		await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
		await page.getByText("The last second factor cannot be removed here").waitFor();
		expect(await accessibilityFaults(page)).toEqual([]);
	} finally {
		await api.auth.updateSettings({ body: { require_second_factor: false } });
	}
	const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
	expect(credentials).toHaveLength(1);

	const users = await api.auth.listUsers({ query: { q: "quinn" } });
	const admin = await stranger();
	await admin.goto(at(`/users/${users.items[0]?.id}`));
	await givePassword(admin, "admin");
	await admin.getByText("1 passkey").waitFor();
	await admin.getByRole("button", { name: "Remove", exact: true }).click();
	await admin.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
	await admin.getByText("signs in with the password alone now").waitFor();
	expect(misdeeds).toEqual([]);
}, 300_000);

test("at an address, where no browser takes passkeys, none are offered, and who has one is asked for a recovery code", async () => {
	const page = await stranger();
	await deviceOf(page);
	await page.goto(`${product.url}/login`);
	await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
	expect(await page.getByRole("button", { name: "Sign in with a passkey" }).count()).toBe(0);
	await page.goto(`${product.url}/second-factor`);
	await givePassword(page, "petra");
	// Their passkey still counts, and cannot be given here.
	await page.getByText("your passkeys cannot be used at this address").waitFor();
	await page.getByLabel("Recovery code").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	expect(misdeeds).toEqual([]);
}, 300_000);
