import type { ScheduleInput } from "@netconductor/contracts/scheduling/model";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { adminPassword, type Clients, eventually, type Product, startProduct } from "../product.ts";

/** A role that is limited to device groups: made on the page of roles, and what the pages are to who holds it. */

let product: Product;
let admin: Clients;
let browser: Browser;
const misdeeds: string[] = [];
const password = "a password of my own 2026";

beforeAll(async () => {
	[product, browser] = await Promise.all([startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }), launchBrowser()]);
	admin = product.as(product.admin_token);
	const { id } = await admin.devices.createGroup({ body: { name: "campus" } });
	const made = await Promise.all(
		["campus-1", "campus-2", "dc-1"].map((name) =>
			admin.devices.createDevice({
				body: { name, host: "127.0.0.1", port: 9, device_type: "linux", username: "u", password: "p" },
			}),
		),
	);
	const device_ids = made.filter(({ name }) => name.startsWith("campus")).map((device) => device.id);
	await admin.devices.setGroupMembers({ params: { id }, body: { device_ids } });
}, 120_000);
afterAll(async () => {
	await browser?.close();
	await product?.dispose();
	expect(misdeeds).toEqual([]);
});

const at = (path: string) => `${product.url}${path}`;

async function signedIn(username: string, secret: string, to: string): Promise<Page> {
	const page = await openPage(await browser.newContext({ viewport: { width: 1440, height: 900 } }), misdeeds);
	await page.goto(at(`/login?next=${encodeURIComponent(to)}`));
	await page.getByLabel("User name").fill(username);
	await page.locator('input[name="password"]').fill(secret);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname !== "/login");
	return page;
}

/** Pages that show nothing of what is not theirs, and nothing that is refused to such roles. */
async function expectNothingOf(hidden: Locator, paths: readonly string[]): Promise<void> {
	const page = hidden.page();
	for (const path of paths) {
		await page.goto(at(path));
		await page.getByRole("heading", { level: 1 }).waitFor();
		await page.waitForLoadState("networkidle");
		expect(await hidden.count(), path).toBe(0);
		expect(await page.getByText("not open to such roles").count(), path).toBe(0);
		expect(await accessibilityFaults(page), path).toEqual([]);
	}
}

test("a role is limited to chosen device groups, and says so where roles are shown", async () => {
	const page = await signedIn("admin", adminPassword, "/roles");
	await page.getByRole("button", { name: "Add role" }).click();
	const form = page.getByRole("dialog");
	await form.getByLabel("Label").fill("Campus operator");
	await form.getByRole("combobox", { name: "Start from" }).click();
	await page.getByRole("option", { name: "Operator" }).click();
	await form.getByLabel("Every device").uncheck();
	await form.getByRole("combobox", { name: "Device groups" }).click();
	await page.getByRole("option", { name: "campus" }).click();
	await page.keyboard.press("Escape");
	expect(await accessibilityFaults(page)).toEqual([]);
	await form.getByRole("button", { name: "Add role" }).click();
	await page.getByText("1 device group").waitFor();
	const { items } = await admin.auth.listRoles({ query: { page_size: 100 } });
	const role = items.find(({ label }) => label === "Campus operator");
	expect(role?.device_groups).toHaveLength(1);
	await admin.auth.createUser({
		body: { username: "carla", role: role?.name ?? "", password, must_change_password: false },
	});
});

test("who holds it sees the devices of their groups, and is offered nothing that is not open to them", async () => {
	const page = await signedIn("carla", password, "/devices");
	await page.getByRole("link", { name: "campus-1" }).waitFor();
	await page.getByRole("link", { name: "campus-2" }).waitFor();
	expect(await page.getByText("dc-1").count()).toBe(0);
	const menu = page.getByRole("navigation").first();
	for (const name of ["Devices", "Backups", "Snapshots", "Procedures", "Templates", "Approvals", "Schedules"])
		await menu.getByRole("link", { name, exact: true }).waitFor();
	for (const name of ["Backup schedule", "Service stacks", "Workers"]) {
		expect(await menu.getByRole("link", { name, exact: true }).count(), name).toBe(0);
	}
	await page.getByRole("button", { name: "Menu of carla" }).click();
	await page.getByText("Only devices of 1 group").waitFor();
	await page.keyboard.press("Escape");

	await page.getByRole("link", { name: "campus-1" }).click();
	await page.getByRole("heading", { level: 1, name: "campus-1" }).waitFor();
	await page.getByText("By workers of").waitFor();
	expect(await page.getByText("not open to such roles").count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);

	await page.goto(at("/"));
	await page.getByRole("link", { name: "2 devices", exact: true }).waitFor();
	expect(await page.getByText("not open to such roles").count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);

	await page.goto(at("/schedule"));
	await page.getByText("This is not open to roles that are limited to device groups").waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("of last night's snapshot of all devices they see their part", async () => {
	// Nothing listens where the devices are: each attempt fails at once, and is kept.
	const { run_id, snapshot_id } = await admin.backup.runAll({ body: { name: "Nightly" } });
	await eventually("the snapshot is taken", async () => {
		const { status } = await admin.backup.getSnapshot({ params: { id: snapshot_id ?? "" } });
		return status === "running" ? undefined : true;
	});
	const page = await signedIn("carla", password, "/snapshots");
	await page.getByRole("link", { name: "Nightly" }).click();
	await page.getByRole("heading", { level: 1, name: "Nightly" }).waitFor();
	await page.getByRole("link", { name: "campus-1" }).waitFor();
	expect(await page.getByText("dc-1").count()).toBe(0);
	expect(await page.locator(`a[href*="${run_id}"]`).count()).toBe(0);
	expect(await page.getByText("not open to such roles").count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);
	await expectNothingOf(page.getByText("dc-1"), [
		"/",
		"/backups",
		"/snapshots",
		"/search?q=hostname",
		"/backups/coverage",
	]);
	await page
		.getByRole("button", { name: /^Back up/ })
		.first()
		.waitFor();
});

test("they start procedures on their devices, follow them, and see no run that somebody with more devices started", async () => {
	const source = "name: Greet\ntargets: { all: true }\nsteps: [{ id: greet, type: log, with: { message: hello } }]";
	const { id } = await admin.config.createMop({ body: { source } });
	const { run_id } = await admin.config.executeMop({ params: { id }, body: { reason: "by the administrator" } });
	const page = await signedIn("carla", password, "/mops");
	await page.getByRole("link", { name: "Greet" }).click();
	await page.getByRole("heading", { level: 1, name: "Greet" }).waitFor();
	expect(await page.getByText("not open to such roles").count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("button", { name: "Start" }).first().click();
	const form = page.getByRole("dialog");
	await form.getByRole("button", { name: "Show what it would do" }).click();
	await form.getByText("hello").waitFor();
	await form.getByLabel("Reason").fill("by carla");
	await form.getByRole("button", { name: "Start" }).click();
	await page.waitForURL(/\/runs\//);
	await page.getByRole("heading", { level: 1, name: "Greet: by carla" }).waitFor();
	await page.getByText("Succeeded").first().waitFor();
	expect(await page.getByText("not open to such roles").count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);

	await page.goto(at(`/mops/${id}?tab=runs`));
	await page.getByText("by carla").filter({ visible: true }).first().waitFor();
	await page.waitForLoadState("networkidle");
	expect(await page.getByText("by the administrator").count()).toBe(0);
	expect(await page.locator(`a[href*="${run_id}"]`).count()).toBe(0);
	await expectNothingOf(page.locator(`a[href*="${run_id}"]`), [
		"/mops",
		`/mops/${id}?tab=versions`,
		"/step-types",
		"/runs",
	]);
	await page.goto(at(`/runs/${run_id}`));
	await page.getByText("There is no such run").first().waitFor();
});

test("they decide on what others of their role want to do to their devices, and see no approval that is for a device outside", async () => {
	const carla = (await admin.auth.listUsers({ query: { q: "carla" } })).items[0];
	await admin.auth.createUser({
		body: { username: "carl", role: carla?.role ?? "", password, must_change_password: false },
	});
	const carl = product.as(await product.login("carl", password));
	const ask = "{ id: ask, type: manual_approval, with: { message: Restart the campus? } }";
	const source = `name: Restart\ntargets: { all: true }\nsteps: [${ask}, { id: say, type: log, with: { message: done } }]`;
	const { id } = await admin.config.createMop({ body: { source } });
	const waitsFor = (run_id: string) =>
		eventually("it waits for an approval", async () => {
			const { items } = await admin.alerts.listApprovals({ query: { run_id } });
			return items[0]?.id;
		});
	const theirs = await carl.config.executeMop({ params: { id }, body: { reason: "by carl" } });
	const of_all = await admin.config.executeMop({ params: { id }, body: { reason: "of every device" } });
	const [approval_id, hidden] = await Promise.all([waitsFor(theirs.run_id), waitsFor(of_all.run_id)]);

	const page = await signedIn("carla", password, "/approvals");
	await page.getByRole("link", { name: /by carl/ }).waitFor();
	await page.getByText("1 waits for you").waitFor({ state: "attached" });
	expect(await page.getByText("of every device").count()).toBe(0);
	expect(await page.getByRole("link", { name: "Policies" }).count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);
	await expectNothingOf(page.getByText("of every device"), ["/", "/approvals?tab=all", `/runs/${theirs.run_id}`]);
	await page.getByText("0 of 1 approved it").waitFor();
	await page.getByRole("link", { name: "Decide" }).click();
	await page.waitForURL(`**/approvals/${approval_id}`);
	await page.getByText("Restart the campus?").first().waitFor();
	await page.getByRole("link", { name: "campus-1" }).waitFor();
	expect(await page.getByRole("button", { name: "Break the glass" }).count()).toBe(0);
	expect(await page.getByText("not open to such roles").count()).toBe(0);
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("button", { name: "Approve" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
	await page.getByText("Approved: the run may begin").waitFor();
	await eventually("the run goes on", async () => {
		const { status } = await admin.tasks.getRun({ params: { id: theirs.run_id } });
		return status === "succeeded" ? true : undefined;
	});

	await page.goto(at(`/approvals/${hidden}`));
	await page.getByText("There is no such approval").first().waitFor();
	await page.goto(at("/approvals/policies"));
	await page.getByText("This is not open to roles that are limited to device groups").waitFor();
	await admin.tasks.cancelRun({ params: { id: of_all.run_id } });
});

test("they plan what is done to their devices, press it, and see no schedule that is for a device outside", async () => {
	const [campus] = (await admin.devices.listGroups({ query: { q: "campus" } })).items;
	await admin.auth.createRole({
		body: {
			name: "campus_planner",
			label: "Campus planner",
			permissions: ["devices:read", "backups:*", "runs:read", "schedules:*"],
			device_groups: [campus?.id ?? ""],
		},
	});
	await admin.auth.createUser({
		body: { username: "petra", role: "campus_planner", password, must_change_password: false },
	});
	const petra = product.as(await product.login("petra", password));
	const nightly = (name: string): ScheduleInput => ({
		name,
		kind: "backup",
		params: { select: { all: true } },
		timing: { type: "daily", times: ["02:30"] },
	});
	const hidden = await admin.scheduling.createSchedule({ body: nightly("Of every device") });
	const theirs = await petra.scheduling.createSchedule({ body: nightly("Of the campus") });

	const page = await signedIn("petra", password, "/schedules");
	await page.getByRole("link", { name: "Of the campus" }).waitFor();
	expect(await page.getByRole("tab").allTextContents()).toEqual(["List", "History"]);
	await page.getByRole("button", { name: "Add schedule" }).click();
	const form = page.getByRole("dialog");
	await form.getByRole("combobox", { name: "What is run" }).click();
	expect(await page.getByRole("option").allTextContents()).toEqual(["Configuration backup"]);
	await page.keyboard.press("Escape");
	await page.keyboard.press("Escape");
	await page.getByRole("link", { name: "Of the campus" }).click();
	await page.getByRole("heading", { level: 1, name: "Of the campus" }).waitFor();
	expect(await page.getByRole("tab").allTextContents()).toEqual(["Next runs", "History"]);
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("button", { name: "Run now" }).click();
	await page.getByText("petra").filter({ visible: true }).first().waitFor();
	const occurrence = await eventually("it is started", async () => {
		const { items } = await petra.scheduling.getScheduleHistory({ params: { id: theirs.id }, query: {} });
		return items[0]?.run_id ?? undefined;
	});
	expect((await petra.tasks.getRun({ params: { id: occurrence } })).total).toBe(2);
	await expectNothingOf(page.getByText("Of every device"), [
		"/schedules",
		"/schedules?tab=history",
		`/schedules/${theirs.id}?tab=history`,
	]);
	await page.goto(at(`/schedules/${hidden.id}`));
	await page.getByText("There is no such schedule").first().waitFor();
});

test("they read templates and render them for their devices", async () => {
	const { id } = await admin.config.createTemplate({ body: { name: "motd", source: "banner {{ device.name }}" } });
	const page = await signedIn("carla", password, "/templates");
	await page.getByRole("link", { name: "motd" }).click();
	await page.getByRole("heading", { level: 1, name: "motd" }).waitFor();
	for (const tab of ["edit", "versions", "uses"]) {
		await page.goto(at(`/templates/${id}?tab=${tab}`));
		await page.getByRole("heading", { level: 1, name: "motd" }).waitFor();
		await page.waitForLoadState("networkidle");
		expect(await page.getByText("not open to such roles").count(), tab).toBe(0);
		expect(await accessibilityFaults(page), tab).toEqual([]);
	}
	await page.goto(at(`/templates/${id}`));
	await page.getByRole("combobox", { name: "Device" }).click();
	await page.getByRole("option", { name: "campus-2" }).waitFor();
	expect(await page.getByRole("option", { name: "dc-1" }).count()).toBe(0);
	await page.getByRole("option", { name: "campus-2" }).click();
	await page.getByText("banner campus-2").waitFor();
});

test("a device outside is one that does not exist", async () => {
	const { items } = await admin.devices.listDevices({ query: { q: "dc-1" } });
	const page = await signedIn("carla", password, `/devices/${items[0]?.id}`);
	await page.getByText("There is no such device").first().waitFor();
	expect(await page.getByText("dc-1").count()).toBe(0);
});
