import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabProvider, startOidcProvider } from "@netconductor/lab/oidc-provider";
import { type LabDirectory, startDirectory } from "@netconductor/lab/slapd";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, type Product, startProduct } from "../product.ts";

/** A real OpenLDAP and a real OpenID Connect provider, set up, tested and used in a browser. */

let product: Product;
let api: Clients;
let directory: LabDirectory;
let provider: LabProvider;
let browser: Browser;
/** The administrator's. */
let page: Page;
let dir: string;
const misdeeds: string[] = [];
const clientSecret = "the secret of this installation";

beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), "netconductor-sign-in-"));
	const ldif = await readFile(new URL("../../../services/auth/test/people.ldif", import.meta.url), "utf8");
	[product, directory, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1", NETCONDUCTOR_OUTBOUND_ALLOW: "127.0.0.1" }),
		startDirectory({ dir, ldif }),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	const client = {
		client_id: "netconductor",
		client_secret: clientSecret,
		redirect_uris: [at("/sign-in/callback")],
		grant_types: ["authorization_code", "refresh_token"],
		backchannel_logout_uri: at("/api/auth/oidc/sso/back-channel-logout"),
		backchannel_logout_session_required: true,
	};
	const erin = { preferred_username: "erin", name: "Erin Example", email: "erin@example.com", email_verified: true };
	const person = (name: string, groups: string[]) => ({
		password: `${name} secret`,
		claims: { ...erin, preferred_username: name, groups },
	});
	provider = await startOidcProvider(
		client,
		new Map([
			["erin", person("erin", ["noc"])],
			["walter", person("walter", [])],
		]),
	);
	page = await stranger();
	await signIn(page, "admin", adminPassword);
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await Promise.all([product?.dispose(), directory?.stop(), provider?.stop()]);
	await rm(dir, { recursive: true, force: true });
});

const at = (path: string) => `${product.url}${path}`;
const shows = (text: string | RegExp, on = page) => on.getByText(text).first().waitFor();
const press = (name: string | RegExp, on: Page = page) => on.getByRole("button", { name, exact: true }).click();
const dialog = (on = page) => on.getByRole("dialog");

/** A page of somebody whom this installation does not know. */
async function stranger(): Promise<Page> {
	return openPage(await browser.newContext({ viewport: { width: 1440, height: 900 } }), misdeeds);
}

async function signIn(on: Page, username: string, password: string): Promise<void> {
	await type(on, username, password);
	await on.waitForURL((address) => address.pathname !== "/login");
}

async function type(on: Page, username: string, password: string): Promise<void> {
	if (new URL(on.url(), product.url).pathname !== "/login") await on.goto(at("/login"));
	await on.getByLabel("User name").fill(username);
	await on.locator('input[name="password"]').fill(password);
	await on.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** What the provider's own form is filled in with. */
async function typeAtProvider(on: Page, username: string, password: string): Promise<void> {
	await on.getByRole("heading", { name: "Lab identity provider" }).waitFor();
	await on.getByLabel("Name").fill(username);
	await on.getByLabel("Password").fill(password);
	await on.getByRole("button", { name: "Continue" }).click();
}

async function mapGroup(group: string, role: string): Promise<void> {
	await press("Add a group");
	await dialog().getByLabel("Group 1", { exact: true }).fill(group);
	await dialog().getByRole("combobox", { name: "Role of group 1" }).click();
	await page.getByRole("option", { name: role }).click();
}

const switchOn = async (name: string) => {
	await press(`Change ${name}`);
	await page.getByRole("menuitem", { name: "Switch on" }).click();
	await page.getByRole("row", { name: new RegExp(`${name}.*On`) }).waitFor();
};

test("a directory is added switched off, tested step by step, and switched on", async () => {
	await page.goto(at("/sign-in-methods"));
	await shows("Only local users sign in");
	await press("Add a way to sign in");
	await page.getByRole("menuitem", { name: "LDAP directory" }).click();
	const form = dialog();
	await form.getByRole("textbox", { name: "Name", exact: true }).fill("corp");
	await form.getByRole("combobox", { name: "Servers" }).fill(directory.url);
	await page.keyboard.press("Tab");
	await form.getByLabel("Certificates").fill(directory.ca_certificate);
	await form.getByLabel("Base of people").fill("ou=people,dc=example,dc=com");
	await form.getByLabel("Base of groups").fill("ou=groups,dc=example,dc=com");
	await mapGroup("core", "Operator");
	await press("Add, switched off");
	await form.getByText("Looking people up needs an account").waitFor();
	await form.getByLabel("Account that looks people up").fill("cn=finder,dc=example,dc=com");
	await form.getByRole("group", { name: "Its password" }).getByRole("button", { name: "Set" }).click();
	await form.getByLabel("Its password", { exact: true }).fill("finder secret");
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Add, switched off");
	await page.getByRole("row", { name: /corp.*Off/ }).waitFor();
	expect(await api.auth.listLoginMethods({})).toMatchObject([
		{ name: "corp", enabled: false, has_secret: true, config: { role_map: [{ group: "core", role: "operator" }] } },
	]);

	await press("Test corp");
	await press("Test");
	await dialog()
		.getByRole("row", { name: /bind.*cn=finder.*Passed/ })
		.waitFor();
	await dialog().getByLabel("User name").fill("alice");
	await dialog().getByLabel("Password", { exact: true }).fill("not hers");
	await press("Test");
	await shows("A step failed");
	await dialog()
		.getByRole("row", { name: /password.*the password is wrong.*Failed/ })
		.waitFor();
	await dialog().getByLabel("Password", { exact: true }).fill("alice secret");
	await press("Test");
	await shows("Every step passed");
	await dialog()
		.getByRole("row", { name: /role.*operator.*Passed.*ms/ })
		.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.keyboard.press("Escape");
	await dialog().waitFor({ state: "hidden" });

	const alice = await stranger();
	await type(alice, "alice", "alice secret");
	await shows("User name or password is wrong", alice);
	await alice.context().close();
	await switchOn("corp");
});

test("somebody of the directory signs in, sees what their role permits, and is told where their password is", async () => {
	const alice = await stranger();
	await type(alice, "alice", "not hers");
	await shows("User name or password is wrong", alice);
	await signIn(alice, "alice", "alice secret");
	const menu = alice.getByRole("navigation", { name: "Main" });
	await menu.getByRole("link", { name: "Devices", exact: true }).waitFor();
	expect(await menu.getByRole("link", { name: "Ways to sign in" }).count()).toBe(0);
	await alice.goto(at("/sign-in-methods"));
	await shows("login_methods:read", alice);
	await alice.goto(at("/change-password"));
	await shows("you sign in by corp", alice);
	expect(await alice.getByLabel("New password").count()).toBe(0);

	await page.goto(at("/users"));
	await page.getByRole("row", { name: /alice.*Operator.*corp/ }).waitFor();
	await page.getByRole("link", { name: "alice" }).click();
	await page.getByRole("heading", { name: "alice", level: 1 }).waitFor();
	await page.locator("main").getByRole("link", { name: "corp" }).waitFor();
	await press("More actions");
	await page.getByRole("menuitem", { name: "Delete" }).waitFor();
	expect(await page.getByRole("menuitem", { name: "Set a one-time password" }).count()).toBe(0);
	await page.keyboard.press("Escape");

	await page.goto(at("/sign-in-methods"));
	await press("Change corp");
	await page.getByRole("menuitem", { name: "Switch off" }).click();
	await shows("1 user signs in by it: their sessions end at once");
	await dialog().getByRole("button", { name: "Switch off" }).click();
	await page.getByRole("row", { name: /corp.*Off/ }).waitFor();
	await alice.goto(at("/devices"));
	await alice.waitForURL((address) => address.pathname === "/login");
	await alice.context().close();
	await press("Change corp");
	await page.getByRole("menuitem", { name: "Delete" }).click();
	await shows("Switch it off to keep them out");
	expect(await dialog().getByRole("button", { name: "Delete" }).isDisabled()).toBe(true);
	await dialog().getByRole("button", { name: "Leave it" }).click();
	await switchOn("corp");
});

test("an identity provider gets a button; who comes back is signed in where they wanted to go, and nothing of it stays in the address", async () => {
	await page.goto(at("/sign-in-methods"));
	await press("Add a way to sign in");
	await page.getByRole("menuitem", { name: "OpenID Connect provider" }).click();
	const form = dialog();
	await form.getByRole("textbox", { name: "Name", exact: true }).fill("sso");
	await form.getByLabel("Button on the sign-in page").fill("Sign in with the lab");
	await form.getByLabel("Issuer").fill(provider.issuer);
	await form.getByLabel("Client id").fill("netconductor");
	await form.getByRole("group", { name: "Client secret" }).getByRole("button", { name: "Set" }).click();
	await form.getByLabel("Client secret", { exact: true }).fill(clientSecret);
	expect(await form.getByLabel("Address to come back to").inputValue()).toBe(at("/sign-in/callback"));
	await mapGroup("noc", "Viewer");
	await press("Add, switched off");
	await page.getByRole("row", { name: /sso.*Off/ }).waitFor();
	await press("Test sso");
	await press("Test");
	await shows("Every step passed");
	await page.keyboard.press("Escape");
	await dialog().waitFor({ state: "hidden" });
	await switchOn("sso");
	await press("Ask sso earlier");
	await page.getByRole("row").nth(1).filter({ hasText: "sso" }).waitFor();
	expect((await api.auth.listLoginMethods({})).map(({ name }) => name)).toEqual(["sso", "corp"]);
	await expect.poll(() => page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Ask sso earlier");

	const erin = await stranger();
	await erin.goto(at("/login?next=%2Fabout"));
	await erin.getByRole("button", { name: "Sign in with the lab" }).waitFor();
	expect(await accessibilityFaults(erin)).toEqual([]);
	await press("Sign in with the lab", erin);
	await typeAtProvider(erin, "erin", "erin secret");
	await erin.waitForURL(at("/about"));
	await erin.getByRole("button", { name: /erin/ }).first().waitFor();
	expect(await erin.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Users" }).count()).toBe(0);
	expect((await api.auth.listUsers({ query: { q: "erin" } })).items).toMatchObject([
		{ username: "erin", role: "viewer", login_method: "sso" },
	]);
	const addresses = await addressesOf(erin);
	expect(addresses.filter((address) => address.includes("/sign-in/callback?"))).toEqual([]);
	await erin.goto(at("/sign-in/callback"));
	await shows("Nothing is left to finish here", erin);
	await erin.getByRole("link", { name: "Back to the sign-in page" }).waitFor();
	await erin.context().close();
});

test("who signs out at the provider is signed out here too", async () => {
	const erin = await stranger();
	await erin.goto(at("/login?next=%2Fabout"));
	await press("Sign in with the lab", erin);
	await typeAtProvider(erin, "erin", "erin secret");
	await erin.waitForURL(at("/about"));
	await erin.getByRole("button", { name: /erin/ }).first().waitFor();
	const elsewhere = await erin.context().newPage();
	await elsewhere.goto(`${provider.issuer}/session/end`);
	await elsewhere.getByRole("button", { name: /sign me out/ }).click();
	await elsewhere.getByRole("heading", { name: "Signed out" }).waitFor();
	await erin.goto(at("/devices"));
	await erin.waitForURL((address) => address.pathname === "/login");
	await erin.context().close();
});

test("who came from a provider and whose session ends over an unsaved form goes there again in another tab, and on in this one", async () => {
	const erin = await stranger();
	await erin.goto(at("/login?next=%2Ftokens"));
	await press("Sign in with the lab", erin);
	await typeAtProvider(erin, "erin", "erin secret");
	await erin.waitForURL(at("/tokens"));
	await erin.getByRole("button", { name: "Make a token" }).first().click();
	const typed = dialog(erin).getByRole("textbox", { name: "Name", exact: true });
	await typed.fill("typed before the end");
	const [user] = (await api.auth.listUsers({ query: { q: "erin" } })).items;
	const id = user?.id ?? "";
	for (const { id: session_id } of (await api.auth.listUserSessions({ params: { id }, query: {} })).items) {
		await api.auth.revokeUserSession({ params: { id, session_id } });
	}
	const again = erin.getByRole("dialog", { name: "Your session has ended" });
	await again.waitFor();
	expect(await again.getByLabel("Password").count()).toBe(0);
	expect(await accessibilityFaults(erin)).toEqual([]);
	const opened = erin.context().waitForEvent("page");
	await again.getByRole("link", { name: "Sign in with the lab" }).click();
	const tab = await opened;

	// Somebody else who signs in there gets nothing of what was filled in here.
	await signIn(tab, "admin", adminPassword);
	await again.getByText("Somebody else signed in").waitFor();
	expect(await accessibilityFaults(erin)).toEqual([]);
	await tab.getByRole("link", { name: "To the start page" }).click();
	await press("Menu of admin", tab);
	await tab.getByRole("menuitem", { name: "Sign out" }).click();
	await tab.waitForURL("**/login**");

	await tab.goto(at("/login?next=%2Fsign-in%2Fdone"));
	await press("Sign in with the lab", tab);
	if (new URL(tab.url()).origin === provider.issuer) await typeAtProvider(tab, "erin", "erin secret");
	await tab.getByRole("heading", { name: "Back to the other tab" }).waitFor();
	expect(await accessibilityFaults(tab)).toEqual([]);
	await again.waitFor({ state: "detached" });
	expect(await typed.inputValue()).toBe("typed before the end");
	await dialog(erin).getByRole("checkbox").first().check();
	await press("Make token", erin);
	await shows("This is the only time the token is shown", erin);
	await erin.context().close();
});

test("who may not in, and an answer that this browser did not ask for, are told so with a way back", async () => {
	const walter = await stranger();
	await walter.goto(at("/login"));
	await press("Sign in with the lab", walter);
	await typeAtProvider(walter, "walter", "walter secret");
	await shows("Nobody has let this person in yet", walter);
	await shows("no group of walter has a role here", walter);
	expect(await accessibilityFaults(walter)).toEqual([]);
	expect(new URL(walter.url()).search).toBe("");
	await walter.getByRole("link", { name: "Back to the sign-in page" }).click();
	await shows("User name", walter);
	await walter.context().close();

	const guest = await stranger();
	await guest.goto(at("/login"));
	await press("Sign in with the lab", guest);
	await typeAtProvider(guest, "walter", "not his");
	await shows("The identity provider did not say who this is", guest);

	await guest.goto(at("/sign-in/callback?code=stolen&state=stolen"));
	await shows("Nothing is left to finish here", guest);
	expect(new URL(guest.url()).search).toBe("");

	await provider.stop();
	await guest.goto(at("/login"));
	await press("Sign in with the lab", guest);
	await shows("The identity provider cannot be asked at this moment", guest);
	await guest.context().close();
	expect(misdeeds).toEqual([]);
});

/** Every address in the history of the page's tab. */
async function addressesOf(on: Page): Promise<string[]> {
	const debug = await on.context().newCDPSession(on);
	const { entries } = await debug.send("Page.getNavigationHistory");
	return entries.map(({ url }) => url);
}
