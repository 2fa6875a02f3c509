import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, type Product, startProduct } from "../product.ts";

let product: Product;
let admin: Clients;
let browser: Browser;
let page: Page;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }), launchBrowser()]);
	admin = product.as(product.admin_token);
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
	page = await openPage(context, misdeeds);
	await page.goto(`${product.url}/login?next=/devices/import`);
	await page.getByLabel("User name").fill("admin");
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("heading", { name: "Import devices" }).waitFor();
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await product?.dispose();
});

const paste = (text: string) => page.getByLabel("Or paste it").fill(text);
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
const becomes = (header: string) => page.getByRole("combobox", { name: `What ${header} becomes` });
const rows = (table: string) =>
	page.getByRole("table", { name: table, exact: true }).locator("tbody tr").allTextContents();

/** Lets a file fall onto the place for files. */
async function drop(name: string, content: string): Promise<void> {
	const file = `new File([${JSON.stringify(content)}], ${JSON.stringify(name)})`;
	const dataTransfer = await page.evaluateHandle(`(() => {
		const transfer = new DataTransfer();
		transfer.items.add(${file});
		return transfer;
	})()`);
	await page.getByText("Drop a CSV or JSON file here").dispatchEvent("drop", { dataTransfer });
}

test("columns of another tool are recognised, every bad row is told by its line, and nothing is imported", async () => {
	await paste(
		[
			"Device Name;Primary IP;Platform;Location;Rack;User;Pwd",
			"core-1;192.0.2.1;cisco_ios;Berlin;12;admin;hunter22hunter",
			"two words;192.0.2.2;cisco_ios;Berlin;13;admin;hunter22hunter",
			'core-3;192.0.2.3;no_such_type;"Berlin',
			'Mitte";14;admin;hunter22hunter',
			"core-4;999.0.2.1;cisco_ios;Berlin;15;admin;hunter22hunter",
		].join("\r\n"),
	);
	expect(await becomes("Device Name").inputValue()).toBe("Name");
	expect(await becomes("Primary IP").inputValue()).toBe("Address");
	expect(await becomes("Location").inputValue()).toBe("Site");
	expect(await becomes("Rack").inputValue()).toBe("");
	expect(await becomes("Pwd").inputValue()).toBe("Password");
	expect((await rows("Columns of the file")).join()).not.toContain("hunter22hunter");
	await press("Check the import");
	await shows(/3 faults in 4 rows/);
	const faults = await rows("Faults");
	expect(faults).toHaveLength(3);
	expect(faults[0]).toMatch(/^3name.*Letters, digits/);
	expect(faults[1]).toMatch(/^4device_type.*no such device type/);
	expect(faults[2]).toMatch(/^6host/);
	expect(await page.getByRole("button", { name: /^Import \d/ }).count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);
	expect((await admin.devices.listDevices({ query: {} })).total).toBe(0);
});

test("what is imported is what was shown before: new rows, changed ones field by field, unchanged ones", async () => {
	await paste("Label,Where,Kind\ncore-1,192.0.2.1,cisco_ios\ncore-2,192.0.2.2,arista_eos\n");
	expect(await becomes("Label").inputValue()).toBe("Name");
	for (const [header, field] of [
		["Where", "Address"],
		["Kind", "Type"],
	] as const) {
		await becomes(header).click();
		await page.getByRole("option", { name: field, exact: true }).click();
	}
	await press("Check the import");
	expect((await admin.devices.listDevices({ query: {} })).total).toBe(0);
	await press("Import 2 devices");
	await shows("2 devices added, 0 changed");
	const { items } = await admin.devices.listDevices({ query: { sort: "name" } });
	expect(items).toMatchObject([
		{ name: "core-1", host: "192.0.2.1", device_type: "cisco_ios", source: "import" },
		{ name: "core-2", host: "192.0.2.2", device_type: "arista_eos" },
	]);

	await drop(
		"fleet.json",
		JSON.stringify([
			{ name: "core-1", site: "Wien", tags: ["core"] },
			{ name: "core-2", host: "192.0.2.2" },
			{ name: "core-3", host: "192.0.2.3", device_type: "cisco_ios", username: "admin", password: "hunter22hunter" },
		]),
	);
	await shows("fleet.json");
	await press("Check the import");
	await page.getByRole("table", { name: "Rows" }).waitFor();
	const changes = await rows("Rows");
	expect(changes[0]).toMatch(/1core-1Changed.*site none → Wien.*tags none → core/);
	expect(changes[1]).toMatch(/2core-2Unchanged/);
	expect(changes[2]).toMatch(/3core-3New/);
	expect(changes.join()).not.toContain("hunter22hunter");
	await page.getByText("Unchanged", { exact: true }).first().click();
	await page.getByRole("table", { name: "Rows" }).getByText("core-3").waitFor({ state: "detached" });
	await press("Import 2 devices");
	await shows("1 device added, 1 changed");
	await page.getByRole("link", { name: "See the devices" }).click();
	await page.getByRole("row", { name: /core-1.*Wien/ }).waitFor();
	expect((await admin.devices.listDevices({ query: {} })).total).toBe(3);
});

test("the template is taken as it is, and so is what is there now", async () => {
	await page.goto(`${product.url}/devices/import`);
	for (const [button, expected] of [
		["Template", /1 *new/],
		["What is there now", /3 *unchanged/],
	] as const) {
		const [download] = await Promise.all([page.waitForEvent("download"), press(button)]);
		const path = await download.path();
		const picker = page.waitForEvent("filechooser");
		await press("Choose a file");
		await (await picker).setFiles({
			name: "devices.csv",
			mimeType: "text/csv",
			buffer: await (await import("node:fs/promises")).readFile(path),
		});
		await shows(/devices\.csv, /);
		if (button === "Template") {
			// The template's group and credential are its own; its device is new here only under another name.
			const text = await page.getByLabel("Or paste it").inputValue();
			await paste(text.replace("core-1", "core-9"));
		}
		await press("Check the import");
		await shows(/3\. What would happen/);
		await page.getByText(expected).first().waitFor();
		expect(await page.getByRole("table", { name: "Faults" }).count()).toBe(0);
	}
});

test("a file that cannot be read is explained by line, and no page threw an error", async () => {
	await page.goto(`${product.url}/devices/import`);
	await drop("broken.json", '[\n  { "name": "core-1" },\n  { "name": oops }\n]');
	await press("Check the import");
	await page.getByRole("table", { name: "Faults" }).waitFor();
	expect(await rows("Faults")).toEqual([expect.stringMatching(/^3.*not valid JSON/)]);
	expect(misdeeds).toEqual([]);
});
