import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, eventually, type Product, startProduct } from "../product.ts";

let product: Product;
let api: Clients;
let browser: Browser;
let page: Page;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }), launchBrowser()]);
	api = product.as(product.admin_token);
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await openPage(context, misdeeds);
	await page.goto(at("/login"));
	await page.getByLabel("User name").fill("admin");
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname !== "/login");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await product?.dispose();
	expect(misdeeds).toEqual([]);
});

const at = (path: string) => `${product.url}${path}`;
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const dialog = () => page.getByRole("dialog");
const editor = () => page.getByRole("textbox", { name: "Source of the template" });
const result = () => page.getByRole("region", { name: "Rendered text" });
const source = "hostname {{ hostname }}\n{% for peer in bgp.peers %}\nneighbor {{ peer.address }}\n{% endfor %}\n";

/** Puts the cursor at the end of the source and types. */
async function type(text: string): Promise<void> {
	await editor().click();
	await page.keyboard.press("Control+End");
	await page.keyboard.insertText(text);
}

test("a template is added, written with its result beside it, and saved by Ctrl-S", async () => {
	await page.goto(at("/templates"));
	await page.getByText("No templates yet").waitFor();
	await press("Add template");
	await dialog().getByRole("textbox", { name: "Name" }).fill("leaf");
	await dialog().getByRole("button", { name: "Add template" }).click();
	await page.waitForURL("**/templates/*");
	await type(source);
	// A field for each variable, by what its use tells.
	await page.getByRole("textbox", { name: "hostname" }).fill("leaf-1");
	await press("Add to bgp.peers");
	await page.getByRole("textbox", { name: "bgp.peers[0].address" }).fill("192.0.2.9");
	await result().getByText("neighbor 192.0.2.9").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("textbox", { name: "Why it is changed" }).fill("begun");
	await page.keyboard.press("Control+s");
	await page.getByText("leaf is saved as version 2").waitFor();
	expect(await api.config.getTemplate({ params: { id: "leaf" } })).toMatchObject({ version: 2, source });
});

test("what is wrong stands below its line, and completion knows the variables", async () => {
	await type("{% if %}\n");
	await page.getByRole("note").filter({ hasText: "Line 5 of leaf" }).waitFor();
	for (let n = 0; n < "{% if %}\n".length; n++) await page.keyboard.press("Backspace");
	await page.getByRole("note").waitFor({ state: "detached" });
	await editor().click();
	await page.keyboard.press("Control+End");
	await page.keyboard.type("{{ hos");
	await page.getByRole("option", { name: "hostname" }).waitFor();
	await page.keyboard.press("Escape");
	await press("Discard");
	await page.getByText("Not saved").waitFor({ state: "detached" });
	expect((await editor().textContent())?.match(/\{\{ hos/g)).toHaveLength(1);
});

test("leaving with something unsaved asks, and what another saved meanwhile is not overwritten unseen", async () => {
	await type("! mine\n");
	await page.getByText("Not saved").waitFor();
	page.once("dialog", (asked) => void asked.dismiss());
	await page.getByRole("link", { name: "Templates", exact: true }).first().click();
	expect(new URL(page.url()).pathname).toMatch(/^\/templates\/./);
	await page.getByRole("tab", { name: "Versions" }).click();
	await page.getByRole("tab", { name: "Edit" }).click();
	await eventually("the draft is still there", async () => (await editor().textContent())?.includes("! mine"));

	const theirs = `${source}! theirs\n`;
	await api.config.updateTemplate({ params: { id: "leaf" }, body: { version: 2, source: theirs } });
	await page.getByText("Somebody else saved another version meanwhile").waitFor();
	await page.keyboard.press("Control+s");
	await eventually("the save was refused", async () => {
		return (await api.config.getTemplate({ params: { id: "leaf" } })).version === 3;
	});
	await press("Take theirs");
	await eventually("theirs is shown", async () => (await editor().textContent())?.includes("! theirs"));
});

test("any two versions are compared, and an old one comes back as a new one", async () => {
	await page.getByRole("tab", { name: "Versions" }).click();
	await page.getByRole("checkbox", { name: "Choose version 3" }).check();
	await page.getByRole("checkbox", { name: "Choose version 1" }).check();
	await page.getByRole("region", { name: "Changed lines" }).getByText("! theirs").waitFor();
	await page.reload();
	await page.getByRole("region", { name: "Changed lines" }).getByText("! theirs").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await press("Restore version 2");
	await dialog().getByRole("button", { name: "Restore it" }).click();
	await page.getByText("Version 2 is back, as version 4").waitFor();
	expect((await api.config.getTemplate({ params: { id: "leaf" } })).source).toBe(source);
});

test("a device brings its values, and a duplicate begins as the original", async () => {
	await api.devices.createDevice({
		body: { name: "leaf-7", host: "192.0.2.7", device_type: "arista_eos", site: "ber" },
	});
	await api.config.createTemplate({ body: { name: "of a device", source: "hostname {{ device.name }}\n" } });
	await page.goto(at("/templates/of%20a%20device"));
	await page.getByRole("combobox", { name: "Device to render for" }).click();
	await page.getByRole("option", { name: "leaf-7" }).click();
	await result().getByText("hostname leaf-7").waitFor();
	expect(new URL(page.url()).searchParams.get("device")).not.toBeNull();

	await press("More actions");
	await page.getByRole("menuitem", { name: "Duplicate" }).click();
	await dialog().getByRole("button", { name: "Add template" }).click();
	await page.getByRole("heading", { name: "of a device copy", level: 1 }).waitFor();
	await eventually("it has the same source", async () => (await editor().textContent())?.includes("device.name"));
});

test("templates that others need are not deleted, others together", async () => {
	await api.config.createTemplate({ body: { name: "part", source: "p", type: "partial" } });
	await api.config.createTemplate({ body: { name: "whole", source: '{% include "part" %}' } });
	await page.goto(at("/templates?q=part"));
	await page.getByRole("checkbox", { name: /part/ }).check();
	await press("Delete");
	await dialog().getByRole("button", { name: "Delete 1 template" }).click();
	await page.getByText("needed by whole").waitFor();
	await page.getByRole("link", { name: "part", exact: true }).click();
	await page.getByRole("tab", { name: "Used by" }).click();
	await page.getByRole("link", { name: "whole", exact: true }).waitFor();

	await page.goto(at("/templates"));
	for (const name of [/^part|part$/, /whole/]) await page.getByRole("checkbox", { name }).first().check();
	await press("Delete");
	await dialog().getByRole("button", { name: "Delete 2 templates" }).click();
	await page.getByText("2 templates deleted").waitFor();
});

test("who may only read sees the source and its result, and is offered nothing else", async () => {
	await api.auth.createUser({
		body: { username: "vera", role: "viewer", password: adminPassword, must_change_password: false },
	});
	const context = await browser.newContext();
	const reader = await openPage(context, misdeeds);
	await reader.goto(at("/login"));
	await reader.getByLabel("User name").fill("vera");
	await reader.locator('input[name="password"]').fill(adminPassword);
	await reader.getByRole("button", { name: "Sign in" }).click();
	await reader.waitForURL((address) => address.pathname !== "/login");
	await reader.goto(at("/templates/leaf"));
	await reader.getByRole("tab", { name: "Source" }).waitFor();
	await reader.getByRole("textbox", { name: "hostname" }).fill("x");
	expect(await reader.getByRole("button", { name: /^(Save|Edit details|More actions|Discard)/ }).count()).toBe(0);
	await context.close();
});
