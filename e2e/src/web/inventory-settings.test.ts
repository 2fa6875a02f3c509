import { generateKeyPairSync } from "node:crypto";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let page: Page;
const misdeeds: string[] = [];
/** Every answer that the page was given, whole. */
const answers: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 1, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await openPage(context, misdeeds);
	page.on("response", (response) => {
		if (!response.url().includes("/api/")) return;
		response.text().then(
			(text) => void answers.push(text),
			() => undefined,
		);
	});
	await page.goto(at("/login"));
	await page.getByLabel("User name").fill("admin");
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname !== "/login");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

const at = (path: string) => `${product.url}${path}`;
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const dialog = () => page.getByRole("dialog");
const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
const secret = (name: string) => dialog().getByRole("group", { name, exact: true });

function firstDevice() {
	const [device] = fleet.devices;
	if (device === undefined) throw new Error("an empty lab");
	return device;
}

test("a credential's secrets are set, replaced and removed, used by devices, and never come back to a page", async () => {
	const { username, password, enable_password, host, port } = firstDevice();
	const { privateKey } = generateKeyPairSync("ec", {
		namedCurve: "prime256v1",
		privateKeyEncoding: { type: "pkcs8", format: "pem" },
		publicKeyEncoding: { type: "spki", format: "pem" },
	});
	await page.goto(at("/credentials"));
	await shows("No credentials yet");
	await press("Add credential");
	await dialog().getByRole("button", { name: "Add credential" }).click();
	await shows("Give a password or a private key");
	await dialog().getByRole("textbox", { name: "Name", exact: true }).fill("Datacentre");
	await dialog().getByLabel("User name").fill(username);
	await dialog().getByLabel("Password", { exact: true }).fill("wrong C4NARY at first");
	await secret("Enable secret").getByRole("button", { name: "Set" }).click();
	await dialog().getByLabel("Enable secret", { exact: true }).fill(enable_password);
	await dialog().getByRole("switch", { name: "Default credential" }).check();
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByRole("button", { name: "Add credential" }).click();
	await row("Datacentre").filter({ hasText: "Default" }).filter({ hasText: "Password, Enable secret" }).waitFor();

	await page.getByRole("link", { name: "Datacentre", exact: true }).click();
	await page.waitForURL("**credential=*");
	await secret("Password").getByText("Set").waitFor();
	await secret("Password").getByRole("button", { name: "Replace" }).click();
	await dialog().getByLabel("Password", { exact: true }).fill(password);
	await secret("Private key").getByRole("button", { name: "Set" }).click();
	await dialog().getByLabel("Private key").fill("no key at all");
	await dialog().getByRole("button", { name: "Save" }).click();
	await dialog().locator("textarea[aria-invalid=true]").waitFor();
	await dialog()
		.locator('input[type="file"]')
		.setInputFiles({ name: "id_ecdsa", mimeType: "text/plain", buffer: Buffer.from(privateKey) });
	await eventually("the file is in the field", async () => {
		return (await dialog().getByLabel("Private key").inputValue()).trim() === privateKey.trim();
	});
	await dialog().getByRole("button", { name: "Save" }).click();
	await row("Datacentre").filter({ hasText: "Password, Private key, Enable secret" }).waitFor();
	await page.getByRole("link", { name: "Datacentre", exact: true }).click();
	await secret("Private key").getByRole("button", { name: "Remove" }).click();
	await dialog().getByRole("button", { name: "Cancel" }).click();
	await dialog().getByRole("button", { name: "Go on" }).click();
	await dialog().getByRole("button", { name: "Save" }).click();
	await row("Datacentre").filter({ hasText: "Password, Enable secret" }).waitFor();

	const { items } = await admin.devices.listCredentials({});
	const { id: device_id } = await admin.devices.createDevice({
		body: { name: "dc-1", host, port, device_type: "cisco_ios", credential_id: items[0]?.id ?? "" },
	});
	const { run_id } = await admin.devices.testDevice({ params: { id: device_id } });
	expect((await runEnded(admin, run_id)).status).toBe("succeeded");

	const sent = ["wrong C4NARY at first", password, enable_password, privateKey.split("\n")[1] ?? ""];
	expect(answers.length).toBeGreaterThan(10);
	for (const canary of sent) expect(answers.filter((answer) => answer.includes(canary))).toEqual([]);
	await page.reload();
	const shown = await page.content();
	for (const canary of sent) expect(shown.includes(canary)).toBe(false);
});

test("a credential in use is not deleted, and leads to the devices that use it", async () => {
	await page.goto(at("/credentials"));
	await page.getByRole("link", { name: "Datacentre", exact: true }).click();
	const uses = dialog().getByRole("region", { name: "Where it is used" });
	await uses.getByText("It can be deleted once nothing names it").waitFor();
	expect(await dialog().getByRole("button", { name: "Delete" }).isDisabled()).toBe(true);
	await uses.getByRole("link", { name: "1 device" }).click();
	await page.waitForURL("**/devices?credential_id=*");
	await row("dc-1").waitFor();
	const { items } = await admin.devices.listDevices({});
	await admin.devices.deleteDevice({ params: { id: items[0]?.id ?? "" } });
	await page.goto(at("/credentials"));
	await page.getByRole("link", { name: "Datacentre", exact: true }).click();
	await dialog().getByRole("button", { name: "Delete" }).click();
	await dialog().getByRole("button", { name: "Delete credential" }).click();
	await shows("No credentials yet");
});

const transcript = `acme-1> enable
Password:
acme-1# show config
! made at 10:02:11
hostname acme-1
login admin password C4NARYsecret
--More--
interface 1
done
acme-1# show vers
? unknown command
acme-1#`;

test("a built-in device type is copied, and what is wrong with the copy stands beside its field and its line", async () => {
	await page.goto(at("/device-types/generic_cli"));
	await page.getByRole("region", { name: "Prompts" }).waitFor();
	expect(await page.getByRole("link", { name: "Edit" }).count()).toBe(0);
	await page.getByRole("link", { name: "Copy as a custom type" }).click();
	await press("Add device type");
	await shows("Lower-case letters, digits and _ only");
	await page.locator("input:focus[aria-invalid=true]").waitFor();
	await page.getByRole("textbox", { name: "Id", exact: true }).fill("acme_os");
	await page.getByRole("textbox", { name: "Name", exact: true }).fill("Acme OS");
	await page.getByRole("textbox", { name: "Commands that show it" }).fill("show config");
	await page.getByRole("textbox", { name: "Last line of a whole one" }).fill("^(done$");
	await page
		.getByRole("region", { name: "Volatile lines" })
		.getByRole("textbox", { name: "Patterns" })
		.fill("^! made at ");
	await page
		.getByRole("region", { name: "Secrets" })
		.getByRole("textbox", { name: "Patterns" })
		.fill("^login \\S+ password (\\S+)$");
	await page.getByRole("region", { name: "Errors" }).getByRole("textbox", { name: "Patterns" }).fill("^\\? ");
	await press("Add device type");
	await shows(/the first in config.end/);
	expect(await page.getByRole("textbox", { name: "Last line of a whole one" }).getAttribute("aria-invalid")).toBe(
		"true",
	);
	await page.getByRole("tab", { name: "JSON" }).click();
	const editor = page.getByRole("textbox", { name: "Definition as JSON" });
	await editor.getByText(/↑ config.end: .*missing/).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("tab", { name: "Form" }).click();
	await page.getByRole("textbox", { name: "Last line of a whole one" }).fill("^done$");
	await press("Add device type");
	await page.waitForURL("**/device-types/acme_os");
	await page.getByRole("region", { name: "Configuration" }).getByText("^done$").waitFor();
	const { definition, built_in } = await admin.devices.getDeviceType({ params: { id: "acme_os" } });
	expect([built_in, definition.config.end, definition.volatile]).toEqual([false, "^done$", ["^! made at "]]);
});

test("a definition is tried on a transcript before any device meets it", async () => {
	await page.goto(at("/device-types/acme_os?tab=try"));
	await page.getByLabel("Transcript of a session").fill(transcript);
	await press("Read it");
	const found = page.getByRole("region", { name: "What was recognised" });
	await found.getByText("4 prompts").waitFor();
	await found.getByText("Configuration whole").waitFor();
	await found.getByText("1 line with secrets masked").waitFor();
	const stored = page.getByRole("region", { name: "Configuration as it would be stored" }).last();
	const text = (await stored.textContent()) ?? "";
	expect(text).toContain("login admin password <secret>");
	for (const left_out of ["made at", "C4NARY", "--More--"]) expect(text).not.toContain(left_out);
	const lines = page.getByRole("region", { name: "Line by line" }).last();
	await lines.locator('[data-kind="volatile"]', { hasText: "! made at 10:02:11" }).waitFor();
	await lines.locator('[data-kind="pager"]', { hasText: "--More--" }).waitFor();
	await lines.locator('[data-kind="error"]', { hasText: "? unknown command" }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("a custom device type is edited as JSON, whose faults are said by line, and not left unsaved by accident", async () => {
	await page.goto(at("/device-types/acme_os/edit?tab=json"));
	const editor = page.getByRole("textbox", { name: "Definition as JSON" });
	await editor.click();
	await page.keyboard.press("Control+End");
	await page.keyboard.type(" more");
	await editor.getByText("↑ more stands where the end should come").waitFor();
	page.once("dialog", (question) => void question.dismiss());
	await page.getByRole("link", { name: "Users", exact: true }).click();
	expect(new URL(page.url()).pathname).toBe("/device-types/acme_os/edit");
	await page.getByRole("tab", { name: "Form" }).click();
	await shows(/The JSON cannot be read: line \d+/);
	await press("Mend it");
	await editor.click();
	await page.keyboard.press("Control+End");
	for (const _ of " more") await page.keyboard.press("Backspace");
	await page.getByRole("tab", { name: "Form" }).click();
	await page.getByRole("textbox", { name: "Vendor" }).fill("Acme");
	await press("Save");
	await page.waitForURL((address) => address.pathname === "/device-types/acme_os");
	expect((await admin.devices.getDeviceType({ params: { id: "acme_os" } })).vendor).toBe("Acme");

	await admin.devices.createDevice({
		body: { name: "acme-1", host: "192.0.2.1", device_type: "acme_os", username: "u", password: "p" },
	});
	await page.reload();
	await press("Delete");
	await dialog().getByText("1 device has this type").waitFor();
	expect(await dialog().getByRole("button", { name: "Delete device type" }).isDisabled()).toBe(true);
	await dialog().getByRole("link", { name: "See them" }).click();
	await row("acme-1").waitFor();
});

test("no page threw or broke the policy of the server", () => {
	expect(misdeeds).toEqual([]);
});
