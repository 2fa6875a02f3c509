import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, eventually, type Product, startProduct } from "../product.ts";

let product: Product;
let fleet: Fleet;
let api: Clients;
let browser: Browser;
let page: Page;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: 2, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: "Europe/Berlin" });
	page = await openPage(context, misdeeds);
	await signIn(page, "admin");
}, 120_000);
afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

const at = (path: string) => `${product.url}${path}`;
const dialog = () => page.getByRole("dialog");
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();

async function signIn(where: Page, username: string): Promise<void> {
	await where.goto(at("/login"));
	await where.getByLabel("User name").fill(username);
	await where.locator('input[name="password"]').fill(adminPassword);
	await where.getByRole("button", { name: "Sign in" }).click();
	await where.waitForURL((address) => address.pathname !== "/login");
}

async function choose(label: string, option: string): Promise<void> {
	await dialog().getByRole("combobox", { name: label, exact: true }).click();
	await page.getByRole("option", { name: option, exact: true }).click();
}

test("a schedule is filled in with its next ten runs in sight, told when the clocks are changed", async () => {
	await page.goto(at("/schedules"));
	await shows("No schedules yet");
	await page.getByRole("button", { name: "Add schedule" }).first().click();
	await dialog().getByRole("button", { name: "Add schedule" }).click();
	await dialog().getByText("Required").waitFor();
	await dialog().getByRole("textbox", { name: "Name" }).fill("Before the clocks change");
	await choose("When", "On a day of the month");
	await choose("Day of the month", "The last of a weekday");
	await dialog().getByLabel("Months", { exact: true }).first().click();
	for (const month of ["March", "October"]) await page.getByRole("option", { name: month, exact: true }).click();
	await page.keyboard.press("Tab");
	await dialog().getByRole("textbox", { name: "Times of day" }).fill("2:30");
	const preview = dialog().getByRole("region", { name: "The next ten runs" });
	// The clocks of Berlin change on the last Sundays of March and October, at this very time.
	await preview.getByText("Its own time is left out by the clocks that day").first().waitFor();
	await preview.getByText("The clock shows this twice: the first time").first().waitFor();
	expect(await preview.getByRole("row").count()).toBe(11);
	await dialog().getByText("Further settings").click();
	await choose("A time that the clocks show twice", "Runs both times");
	await preview.getByText("The clock shows this twice: the second time").first().waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);

	await choose("When", "Cron expression");
	await dialog().getByRole("textbox", { name: "Cron expression" }).fill("61 * * * *");
	await preview.getByText(/is not a cron expression/).waitFor();
	await choose("When", "On a day of the month");
	await dialog().getByRole("button", { name: "Add schedule" }).click();
	await page.getByRole("heading", { name: "Before the clocks change" }).waitFor();
	await shows("the last Sunday of March and October at 02:30, Europe/Berlin");
	const [made] = (await api.scheduling.listSchedules({ query: {} })).items;
	expect(made).toMatchObject({
		timing: { type: "monthly", on: { type: "last_weekday", weekday: "sun" }, months: [3, 10], times: ["02:30"] },
		repeated_hour: "both",
		time_zone: "Europe/Berlin",
		params: { select: { all: true } },
	});
});

test("it runs at a press, and what came of it stands in its history without reloading", async () => {
	await press("Run now");
	const [run] = await eventually("its run", async () => {
		const { items } = await api.tasks.listRuns({ query: { kind: "backup" } });
		return items.length > 0 && items;
	});
	expect(run?.started_by.name).toBe("admin");
	const row = page.getByRole("row").filter({ hasText: "by hand" });
	await row.getByRole("link", { name: "Succeeded" }).waitFor();
	await row.getByRole("link", { name: "Succeeded" }).click();
	await page.waitForURL((address) => address.pathname === `/runs/${run?.id}`);
	await page.goBack();
});

test("pausing and resuming is seen at once, and both are in the trail", async () => {
	await press("Pause");
	await page.getByText("Paused", { exact: true }).first().waitFor();
	await page.getByRole("tab", { name: "Next runs" }).click();
	await shows("It comes due again once it is resumed.");
	await press("Resume");
	await page.getByText("Active", { exact: true }).waitFor();
	const operations = await eventually("the trail", async () => {
		const { items } = await api.audit.listAudit({ query: { resource_type: "schedule" } });
		const names = items.map(({ operation }) => operation);
		return names.includes("resumeSchedule") && names;
	});
	expect(operations).toEqual(expect.arrayContaining(["createSchedule", "pauseSchedule", "runScheduleNow"]));
});

test("month, day and conflicts show what comes together, by mouse and by keyboard", async () => {
	const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
	for (const [name, time] of [
		["Morning", "06:00"],
		["Shortly after", "06:10"],
	] as const) {
		const timing = { type: "once", at: `${tomorrow}T${time}` } as const;
		await api.scheduling.createSchedule({
			body: { name, kind: "backup", params: { select: { all: true } }, timing, time_zone: "Europe/Berlin" },
		});
	}
	await page.goto(at("/schedules?tab=conflicts"));
	await page.getByRole("row").filter({ hasText: "Morning" }).filter({ hasText: "Shortly after" }).waitFor();
	await page.goto(at(`/schedules?tab=month&month=${tomorrow.slice(0, 7)}`));
	await page.getByRole("link", { name: /06:00 Morning/ }).waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.getByRole("listitem").filter({ hasText: "Morning" }).getByRole("link").first().focus();
	await page.keyboard.press("Enter");
	await page.waitForURL((address) => address.searchParams.get("day") === tomorrow);
	await page
		.getByRole("region", { name: "Timeline of the day" })
		.getByText("06:10: Planned")
		.waitFor({ state: "attached" });
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("a freeze is added, shown where it lasts, and deleted", async () => {
	await page.goto(at("/schedules?tab=calendars"));
	await shows("No freezes or windows yet");
	await page.getByRole("button", { name: "Add a freeze or window" }).first().click();
	await dialog().getByRole("textbox", { name: "Name" }).fill("Quarter end");
	await dialog().getByRole("button", { name: "Add", exact: true }).click();
	await dialog().getByText("Required").first().waitFor();
	await dialog().getByLabel("From", { exact: true }).fill("2031-03-28T00:00");
	await dialog().getByLabel("To", { exact: true }).fill("2031-04-02T00:00");
	await dialog().getByRole("button", { name: "Add", exact: true }).click();
	await page.getByRole("row").filter({ hasText: "Quarter end" }).filter({ hasText: "Not now" }).waitFor();
	await page.goto(at("/schedules?tab=month&month=2031-03"));
	await page.getByText("Quarter end").first().waitFor();
	await page.goto(at("/schedules?tab=calendars"));
	await press("Delete Quarter end");
	await dialog().getByRole("button", { name: "Delete", exact: true }).click();
	await shows("No freezes or windows yet");
});

test("a stack and a procedure are chosen with what they take, and nobody writes JSON", async () => {
	const template = await api.config.createTemplate({ body: { name: "ntp", source: "ntp server 192.0.2.1\n" } });
	const services = [{ name: "ntp", template_id: template.id, targets: { all: true } }];
	const stack = await api.config.createStack({ body: { name: "Time of day", services } });
	const source = `name: Say hello
targets: { all: true }
variables:
  site: { type: string, required: true }
  vlans: { type: list }
steps:
  - { id: say, type: log, with: { message: "{{ site }}" } }
`;
	const mop = await api.config.createMop({ body: { source } });
	const saved = async (name: string) => {
		await page.getByRole("heading", { name }).waitFor();
		const { items } = await api.scheduling.listSchedules({ query: { q: name } });
		return items[0];
	};
	const add = async (name: string, kind: string) => {
		await page.goto(at("/schedules"));
		await press("Add schedule");
		await dialog().getByRole("textbox", { name: "Name" }).fill(name);
		await choose("What is run", kind);
	};

	await add("Look for drift", "Validation of a service stack");
	await dialog().getByRole("button", { name: "Add schedule" }).click();
	await dialog().getByText("Choose one").waitFor();
	await choose("Service stack", "Time of day");
	await choose("Compared with", "What each device says then");
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByRole("button", { name: "Add schedule" }).click();
	expect(await saved("Look for drift")).toMatchObject({ params: { stack: stack.id, source: "live" } });
	await page.getByRole("link", { name: "Time of day" }).waitFor();

	await add("Say it nightly", "Procedure");
	await choose("Procedure", "Say hello");
	await dialog().getByRole("button", { name: "Add schedule" }).click();
	await dialog().getByText(/site/).nth(1).waitFor();
	await dialog().getByRole("textbox", { name: "site" }).fill("Vienna");
	await dialog().getByRole("textbox", { name: "vlans" }).fill("7\n8");
	expect(await accessibilityFaults(page)).toEqual([]);
	await dialog().getByRole("button", { name: "Add schedule" }).click();
	const variables = { site: "Vienna", vlans: ["7", "8"] };
	expect((await saved("Say it nightly"))?.params).toEqual({ mop: mop.id, variables, reason: "" });
	await page.getByRole("link", { name: "Say hello" }).waitFor();
	await press("Edit");
	expect(await dialog().getByRole("textbox", { name: "site" }).inputValue()).toBe("Vienna");
	await page.keyboard.press("Escape");
});

test("who may only look is offered nothing that they may not do, and a telephone has room for all of it", async () => {
	await api.auth.createUser({
		body: { username: "vera", role: "viewer", password: adminPassword, must_change_password: false },
	});
	const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
	const small = await openPage(context, misdeeds);
	await signIn(small, "vera");
	for (const tab of ["list", "month", "day", "history", "calendars", "conflicts"]) {
		await small.goto(at(`/schedules?tab=${tab}`));
		await small.getByRole("tab", { selected: true }).waitFor();
		await small.waitForLoadState("networkidle");
		await small.getByLabel("Loading").first().waitFor({ state: "hidden" });
		expect(await small.getByRole("button", { name: /Add|Delete|Edit/ }).count(), tab).toBe(0);
		expect(await small.evaluate("document.documentElement.scrollWidth - innerWidth"), tab).toBeLessThanOrEqual(0);
		expect(await accessibilityFaults(small), tab).toEqual([]);
	}
	// A list of the days on which something is has to say that there is none.
	await small.goto(at("/schedules?tab=month&month=2020-01"));
	await small.getByText("Nothing in this month").waitFor();
	await small.goto(at("/schedules"));
	await small.getByRole("link", { name: "Before the clocks change" }).click();
	await small.getByRole("heading", { name: "Before the clocks change" }).waitFor();
	expect(await small.getByRole("button", { name: /Run now|Pause|Edit|More actions/ }).count()).toBe(0);
	await context.close();
});

test("no page threw or broke the rules of its server", () => {
	expect(misdeeds).toEqual([]);
});
