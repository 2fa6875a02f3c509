import { createHmac } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { createCli } from "../cli.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, eventually, type Product, startProduct } from "../product.ts";

/** A second factor from setting it up to losing it, in a browser and at the command line. */

let product: Product;
let browser: Browser;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }), launchBrowser()]);
	const body = { username: "olga", role: "operator", password: adminPassword, must_change_password: false };
	await product.as(product.admin_token).auth.createUser({ body });
}, 300_000);

afterAll(async () => {
	await browser?.close();
	await product?.dispose();
});

const at = (path: string) => `${product.url}${path}`;

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

/** RFC 6238, written anew: what an app does with the secret that it was shown. */
function codeOf(secret: string, steps = 0): string {
	const bits = [...secret].map((letter) =>
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
	);
	const key = Buffer.from((bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
	const mac = createHmac("sha1", key).update(counter).digest();
	const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff;
	return String(number % 1_000_000).padStart(6, "0");
}

test("somebody adds a second factor, signs in with it at the page and the command line, loses it, and is helped", async () => {
	const page = await stranger();
	await page.goto(at("/second-factor"));
	await givePassword(page, "olga");
	await page.getByRole("button", { name: "Add an authenticator app" }).click();
	const drawer = page.getByRole("dialog");
	await drawer.locator('input[name="password"]').fill(adminPassword);
	await drawer.getByRole("button", { name: "Go on" }).click();
	await drawer.getByRole("img", { name: "QR code for an authenticator app" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	const secret = ((await drawer.getByLabel("Secret", { exact: true }).textContent()) ?? "").replaceAll(" ", "");
	expect(secret).toMatch(/^[A-Z2-7]{32}$/);
	await drawer.locator('input[name="code"]').fill(codeOf(secret));
	await drawer.getByRole("button", { name: "Turn it on" }).click();
	const shown = drawer.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
	await shown.first().waitFor();
	const codes = await shown.allTextContents();
	expect(codes).toHaveLength(10);
	expect(await accessibilityFaults(page)).toEqual([]);
	await drawer.getByRole("button", { name: "I have kept them" }).click();
	await page.getByText("10 of 10 left").waitFor();

	const other = await stranger();
	await other.goto(at("/devices"));
	await givePassword(other, "olga");
	const field = other.locator('input[name="code"]');
	await field.fill("AAAA-BBBB-CCCC-DDDD");
	await other.getByRole("button", { name: "Sign in", exact: true }).click();
	await other.getByRole("alert").waitFor();
	expect(await accessibilityFaults(other)).toEqual([]);
	// The code of the step before was used up when it was confirmed; the next is within the window.
	await field.fill(codeOf(secret, 1));
	await other.getByRole("button", { name: "Sign in", exact: true }).click();
	await other.getByRole("heading", { name: "Devices", level: 1 }).waitFor();

	const cli = createCli(product, "");
	const login = ["login", "--username", "olga", "--password-stdin"];
	expect(await cli.run(login, `${adminPassword}\n`)).toMatchObject({
		code: 2,
		stderr: expect.stringContaining("--code"),
	});
	expect(await cli.run([...login, "--code", codes[0] ?? ""], `${adminPassword}\n`)).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("as olga"),
	});
	expect(await cli.run(["account", "second-factor", "show", "--json"])).toMatchObject({
		code: 0,
		stdout: expect.stringContaining('"recovery_codes_left": 9'),
	});

	const admin = await stranger();
	const users = await product.as(product.admin_token).auth.listUsers({ query: { q: "olga" } });
	await admin.goto(at(`/users/${users.items[0]?.id}`));
	await givePassword(admin, "admin");
	await admin.getByText("codes of an app since").waitFor();
	await admin.getByRole("button", { name: "Remove", exact: true }).click();
	await admin.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
	await admin.getByText("signs in with the password alone now").waitFor();
	expect((await cli.run(["whoami"])).code).toBe(3);
	const again = await stranger();
	await again.goto(at("/devices"));
	await givePassword(again, "olga");
	await again.getByRole("heading", { name: "Devices", level: 1 }).waitFor();
	expect(misdeeds).toEqual([]);
}, 300_000);

test("where the installation asks for a second factor, nothing else is open until it is added, at the page and the command line", async () => {
	const page = await stranger();
	const made = await product.as(product.admin_token).auth.createToken({ body: { name: "script", permissions: ["*"] } });
	const api = product.as(made.token);
	const body = { username: "otto", role: "admin", password: adminPassword, must_change_password: false };
	await api.auth.createUser({ body });
	const cli = createCli(product, "");
	const login = ["login", "--username", "otto", "--password-stdin"];
	expect((await cli.run(login, `${adminPassword}\n`)).code).toBe(0);
	expect((await cli.run(["settings", "set", "require_second_factor", "maybe"])).code).toBe(2);
	expect(await cli.json(["settings", "set", "require_second_factor", "true", "--json"])).toMatchObject({
		require_second_factor: true,
	});
	try {
		// What a gateway remembers of somebody it remembers for seconds.
		const refused = await eventually("the command line is refused", async () => {
			const tried = await cli.run(["devices", "list"]);
			return tried.code !== 0 && tried;
		});
		expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("account second-factor enable") });
		expect((await cli.run(login, `${adminPassword}\n`)).stderr).toContain("account second-factor enable");
		const metrics = (token: string) => fetch(at("/metrics"), { headers: { authorization: `Bearer ${token}` } });
		expect([(await metrics(product.admin_token)).status, (await metrics(made.token)).status]).toEqual([403, 200]);
		// API tokens go on.
		await api.devices.listDevices({ query: {} });

		await page.setViewportSize({ width: 390, height: 844 });
		await page.goto(at("/devices?q=core"));
		await givePassword(page, "otto");
		await page.waitForURL("**/add-second-factor?*");
		await page.goto(at("/users"));
		await page.waitForURL("**/add-second-factor?*");
		expect(await accessibilityFaults(page)).toEqual([]);
		await page.locator('input[name="password"]').fill(adminPassword);
		await page.getByRole("button", { name: "Go on" }).click();
		const secret = ((await page.getByLabel("Secret", { exact: true }).textContent()) ?? "").replaceAll(" ", "");
		expect(await accessibilityFaults(page)).toEqual([]);
		await page.locator('input[name="code"]').fill(codeOf(secret));
		await page.getByRole("button", { name: "Turn it on" }).click();
		await page.getByRole("list", { name: "Recovery codes" }).waitFor();
		await page.getByRole("button", { name: "I have kept them" }).click();
		await page.getByRole("heading", { name: "Users", level: 1 }).waitFor();

		await page.goto(at("/settings"));
		const asked = page.getByRole("checkbox", { name: "Ask local users for a second factor" });
		await asked.uncheck();
		await page.getByRole("button", { name: "Save settings" }).click();
		await page.getByText("The settings are saved").waitFor();
		expect((await api.auth.getSettings({})).require_second_factor).toBe(false);

		// Who asks it of others while having none is the first to be asked.
		const first = await stranger();
		await first.goto(at("/settings"));
		await givePassword(first, "admin");
		await first.getByRole("checkbox", { name: "Ask local users for a second factor" }).check();
		await first.getByRole("button", { name: "Save settings" }).click();
		await first.waitForURL("**/add-second-factor?*");
	} finally {
		await api.auth.updateSettings({ body: { require_second_factor: false } });
	}
	expect(misdeeds).toEqual([]);
}, 300_000);
