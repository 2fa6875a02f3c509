import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askPostgres } from "../../chaos/postgres.ts";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

const own = "a password of my own 2026";
const deviceCount = 5;
const linesOfTalker = 60_000;

let product: Product;
let admin: Clients;
let fleet: Fleet;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const misdeeds: string[] = [];

beforeAll(async () => {
	[product, fleet, browser] = await Promise.all([
		// A worker that is gone is missed soon.
		startProduct({ NETCONDUCTOR_WORKERS_LEASE_MS: "3000", NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startFleet({ devices: { count: deviceCount, platforms: ["cisco_ios"] } }),
		launchBrowser(),
	]);
	admin = product.as(product.admin_token);
	await admin.auth.createUser({
		body: { username: "vera", role: "viewer", password: own, must_change_password: false },
	});
	await addFleet(admin, fleet);
	context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	page = await openPage(context, misdeeds);
	await page.goto(at("/login"));
	await signIn(page, "admin", adminPassword);
	await page.waitForURL((url) => url.pathname !== "/login");
}, 120_000);

afterAll(async () => {
	await browser?.close();
	await fleet?.stop();
	await product?.dispose();
});

const at = (path: string) => `${product.url}${path}`;
const shows = (text: string | RegExp, on = page) => on.getByText(text).first().waitFor();
const log = () => page.getByRole("log");

async function signIn(on: Page, username: string, password: string): Promise<void> {
	await on.getByLabel("User name").fill(username);
	await on.locator('input[name="password"]').fill(password);
	await on.getByRole("button", { name: "Sign in" }).click();
}

function slow(latency_ms: number): void {
	for (const { name } of fleet.devices) fleet.device(name).setLatency(latency_ms);
}

async function backUpAll(name?: string): Promise<string> {
	const { run_id } = await admin.backup.runAll({ body: { ...(name !== undefined && { name }) } });
	return run_id;
}

test("output seen live is whole after a reload in the middle and a connection that is lost and comes back", async () => {
	slow(700);
	const run_id = await backUpAll();
	await page.goto(at(`/runs/${run_id}?tab=output`));
	await shows("Live");
	const connections: number[] = [];
	await page.routeWebSocket(/\/ws\/tasks\//, (socket) => {
		connections.push(Number(new URL(socket.url()).searchParams.get("after")));
		const server = socket.connectToServer();
		server.onMessage((message) => {
			socket.send(message);
			if (connections.length === 1 && JSON.parse(String(message)).type === "output") {
				void socket.close({ code: 1012, reason: "lost" });
			}
		});
	});
	await page.reload();
	expect((await admin.tasks.getRun({ params: { id: run_id } })).finished_at).toBeNull();
	await shows(`${deviceCount} of ${deviceCount} operations done`);
	await eventually("all was said", async () => {
		const said = (await log().textContent()) ?? "";
		return said.match(/stored, the first one/g)?.length === deviceCount;
	});
	slow(0);
	const said = (await log().textContent()) ?? "";
	for (const { name } of fleet.devices) expect(said).toContain(name);
	expect(said.match(/connected to/g)).toHaveLength(deviceCount);
	expect(connections).toHaveLength(2);
	expect(connections[1]).toBeGreaterThan(connections[0] ?? 0);
	await page.unrouteAll();
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("where no WebSocket gets through, a run and its output are followed all the same", async () => {
	slow(500);
	const run_id = await backUpAll("Behind a proxy");
	const other = await openPage(context, misdeeds);
	await other.routeWebSocket(/\/ws\//, (socket) => void socket.close({ code: 1011, reason: "not through here" }));
	await other.goto(at(`/runs/${run_id}?tab=output`));
	await shows("Connection lost, trying again", other);
	await shows(`${deviceCount} of ${deviceCount} operations done`, other);
	await eventually("all was said", async () => {
		const said = (await other.getByRole("log").textContent()) ?? "";
		return (
			said.match(/stored, unchanged/g)?.length === deviceCount && said.match(/connected to/g)?.length === deviceCount
		);
	});
	slow(0);
	await other.getByRole("tab", { name: "Devices" }).click();
	await eventually("all devices are done", async () => {
		return (await other.getByRole("button", { name: /^Succeeded on/ }).count()) === deviceCount;
	});
	await other.close();
});

test("of long output the end is there at once, the beginning by finding it, and the way back leads to the end", async () => {
	const [talker] = fleet.devices;
	if (talker === undefined) throw new Error("an empty lab");
	const { definition } = await admin.devices.getDeviceType({ params: { id: "cisco_ios" } });
	await admin.devices.createDeviceType({
		body: {
			...definition,
			id: "talking_ios",
			label: "IOS that talks",
			facts: [{ command: "show running-config", fields: { hostname: "(?m)^hostname (\\S+)" } }],
		},
	});
	const numbered = Array.from(
		{ length: linesOfTalker },
		(_, i) => ` description line ${i + 1} of the talker, and so on and on`,
	);
	const { items } = await admin.devices.listDevices({ query: { q: talker.name } });
	const id = items.find(({ name }) => name === talker.name)?.id ?? "";
	await admin.devices.updateDevice({ params: { id }, body: { device_type: "talking_ios" } });
	fleet.device(talker.name).setConfig(`hostname ${talker.name}\ninterface Gi0/1\n${numbered.join("\n")}\nend\n`);
	const { run_id } = await admin.devices.testDevices({ body: { select: { device_ids: [id] } } });
	expect((await runEnded(admin, run_id)).status).toBe("succeeded");

	await page.goto(at(`/runs/${run_id}?tab=output`));
	await log().getByText("command: ok").waitFor();
	expect(await log().getByText("description line 1 of").count()).toBe(0);
	await page.getByLabel("Find in the output").fill("line 17 of the talker");
	await page.keyboard.press("Enter");
	await log().locator("mark").first().waitFor();
	await log().getByText("description line 16 of the talker").waitFor();
	await page.getByRole("button", { name: "To the end" }).click();
	await log().getByText("command: ok").waitFor();
	// Few lines are laid out, and not all are kept, however many there are.
	expect(await log().locator("[data-index]").count()).toBeLessThan(250);
	await page.getByRole("button", { name: /^Copy [\d,]+ lines$/ }).waitFor();

	await page.getByRole("switch", { name: "Times" }).check();
	await page.waitForURL("**times=true**");
	await log().locator("time").first().waitFor();
	const download = page.waitForEvent("download");
	await page.getByRole("button", { name: "Download" }).click();
	const stream = await (await download).createReadStream();
	let text = "";
	for await (const chunk of stream) text += String(chunk);
	expect(text.match(/description line \d+ of the talker/g)).toHaveLength(linesOfTalker);
	await admin.devices.updateDevice({ params: { id }, body: { device_type: "cisco_ios" } });
});

test("what devices came to is grouped, and a group leads to its devices and runs again alone", async () => {
	const [refusing] = fleet.devices.slice(-1);
	if (refusing === undefined) throw new Error("an empty lab");
	await fleet.device(refusing.name).setFault({ kind: "refuse" });
	const run_id = await backUpAll("With one that refuses");
	await runEnded(admin, run_id);
	await page.goto(at(`/runs/${run_id}`));
	await page.getByRole("tab", { name: "Results" }).click();
	const groups = page.getByRole("region", { name: "Results" }).getByRole("region", { name: /: \d+ devices?$/ });
	await groups.first().waitFor();
	const labels = await groups.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? ""));
	// What needs a person stands first, however few they are; the rest by how many they are.
	expect(labels[0]).toMatch(/^Failed/);
	const [ofFailed = 0, ...sizes] = labels.map((label) => Number(/(\d+) device/.exec(label)?.[1]));
	expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
	expect(sizes.reduce((sum, size) => sum + size, ofFailed)).toBe(deviceCount);
	const failed = page.getByRole("region", { name: "Failed while connecting: 1 device" });
	await failed
		.getByText(/refused the connection/)
		.first()
		.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);

	await failed.getByRole("button", { name: "Show this device" }).click();
	await page.waitForURL("**group=*");
	await shows(`1 device of ${deviceCount}`);
	await page
		.getByRole("button", { name: /Failed/ })
		.last()
		.click();
	const panel = page.getByRole("region", { name: `Operation on ${refusing.name}` });
	await panel.getByText("It failed while connecting").waitFor();
	await panel
		.getByRole("log")
		.getByText(/refused the connection/)
		.waitFor();
	expect(await accessibilityFaults(page)).toEqual([]);
	await page.reload();
	await panel.getByText("It failed while connecting").waitFor();
	await panel.getByRole("button", { name: "Close" }).press("Escape");
	await page.waitForURL((url) => !url.searchParams.has("operation"));

	await page.getByRole("tab", { name: "Results" }).click();
	await fleet.device(refusing.name).setFault(null);
	await failed.getByRole("button", { name: "Back it up again" }).click();
	await page.getByRole("link", { name: "Watch it live" }).last().click();
	await page.waitForURL((url) => !url.pathname.endsWith(run_id));
	await shows("1 of 1 operation done");

	await page.goto(at(`/runs/${run_id}`));
	await page.getByRole("button", { name: "Retry failed" }).click();
	await page.getByRole("link", { name: "Watch it live" }).last().click();
	await page.waitForURL((url) => !url.pathname.endsWith(run_id));
	await page.getByRole("link", { name: "Repeats part of an earlier run" }).click();
	await page.waitForURL(`**/runs/${run_id}`);
	await page.getByRole("link", { name: /^Retried/ }).waitFor();
});

test("a run is found by its filters, which a link carries, and shows in its row how far it is", async () => {
	slow(700);
	const run_id = await backUpAll("Progress in a row");
	await page.goto(at("/runs"));
	await page.getByLabel("Search runs").fill("progress row");
	await page.waitForURL("**q=progress*");
	const row = page.getByRole("row", { name: /Progress in a row/ });
	await row.getByText("Running").waitFor();
	await eventually("no other run is listed", async () => (await page.getByRole("row").count()) === 2);
	await row.getByText(`${deviceCount} of ${deviceCount}`, { exact: true }).waitFor();
	await row.getByText("Succeeded").waitFor();
	slow(0);
	await runEnded(admin, run_id);

	await page.getByRole("combobox", { name: "Kind" }).click();
	await page.getByRole("option", { name: "Connectivity test" }).click();
	await page.waitForURL("**kind=connectivity_test**");
	await shows("No run matches");
	const other = await openPage(context, misdeeds);
	await other.goto(page.url());
	await shows("No run matches", other);
	await other.getByRole("button", { name: "Show all" }).click();
	await other.getByRole("row", { name: /Progress in a row/ }).waitFor();
	expect(await accessibilityFaults(other)).toEqual([]);
	await other.close();
});

test("a run is cancelled from its page or with others from the list, only after asking", async () => {
	slow(2_000);
	const [first, second] = [await backUpAll("To cancel here"), await backUpAll("To cancel there")];
	await page.goto(at(`/runs/${first}`));
	await page.getByRole("button", { name: "Cancel run" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByText(/What is done stays done/).waitFor();
	await dialog.getByRole("button", { name: "Leave it" }).click();
	await dialog.waitFor({ state: "hidden" });
	expect((await admin.tasks.getRun({ params: { id: first } })).cancel_requested_by).toBeNull();
	await page.getByRole("button", { name: "Cancel run" }).click();
	await dialog.getByRole("button", { name: "Cancel run" }).click();
	expect((await runEnded(admin, first)).status).toBe("cancelled");
	await shows("Cancelled by admin");

	await page.goto(at("/runs?q=To+cancel+there"));
	await page.getByLabel("Select To cancel there").check();
	await page.getByRole("button", { name: "Cancel", exact: true }).click();
	await dialog.getByRole("button", { name: "Cancel run" }).click();
	expect((await runEnded(admin, second)).status).toBe("cancelled");
	slow(0);
	await page.getByRole("row", { name: /To cancel there.*Cancelled/ }).waitFor();
	await page.getByLabel("Select To cancel there").check();
	await page.getByRole("button", { name: "Retry failed" }).click();
	await shows("What failed in 1 run runs again");
});

test("on what a lost worker wrote a person decides, with a reason; what runs again does so in the same run", async () => {
	slow(1_500);
	const run_id = await backUpAll("Left in the middle");
	const running = await eventually("two are running", async () => {
		const { items } = await admin.tasks.listOperations({ params: { id: run_id }, query: { status: "running" } });
		return items.length >= 3 && items;
	});
	// A step that writes notes so before; those of today only read.
	const written = running.slice(0, 3).map(({ id }) => id);
	await askPostgres(product.data_dir, "update tasks.operations set write_started_at = now() where id = any($1)", [
		written,
	]);
	const { items: workers } = await admin.tasks.listWorkers({ query: {} });
	for (const { pid } of workers.filter(({ status }) => status === "online")) process.kill(pid, "SIGKILL");
	slow(0);
	await page.goto(at(`/runs/${run_id}`));
	await shows("Of 3 operations nobody knows whether it changed the device");
	expect((await runEnded(admin, run_id)).status).toBe("needs_attention");

	await page.getByRole("button", { name: "Retry in a new run" }).click();
	await page
		.getByRole("dialog")
		.getByText(/it is made twice/)
		.waitFor();
	await page.getByRole("dialog").getByRole("button", { name: "Leave it" }).click();
	await page.getByRole("dialog").waitFor({ state: "hidden" });
	await page.getByRole("button", { name: "Show them" }).click();
	await shows(`3 devices of ${deviceCount}`);
	await page
		.getByRole("button", { name: /^Unknown on/ })
		.first()
		.click();
	await page
		.getByRole("region", { name: /^Operation on/ })
		.getByRole("button", { name: "Decide" })
		.click();
	const form = page.getByRole("dialog");
	await form.getByRole("button", { name: "Decide" }).click();
	await form.getByText("Required").first().waitFor();
	await form.getByLabel("Run it again").check();
	await form.getByText(/connects to the device and writes to it/).waitFor();
	await form.getByLabel("What did you see?").fill("the interface is not there");
	expect(await accessibilityFaults(page)).toEqual([]);
	await form.getByRole("button", { name: "Decide" }).click();
	await shows("Of 2 operations nobody knows whether it changed the device");

	await page.getByRole("button", { name: "Decide on all 2" }).click();
	await form.getByLabel("The change was made").check();
	await form.getByLabel("What did you see?").fill("looked at both");
	await form.getByRole("button", { name: "Decide" }).click();
	await form.waitFor({ state: "hidden" });
	expect((await runEnded(admin, run_id)).counts).toEqual({
		pending: 0,
		running: 0,
		succeeded: deviceCount,
		skipped: 0,
		failed: 0,
		cancelled: 0,
		unknown: 0,
	});
	const { items } = await admin.tasks.listOperations({ params: { id: run_id }, query: {} });
	expect(items.filter(({ decision }) => decision === "verified")).toHaveLength(2);
	expect(items.find(({ decision }) => decision === "retry")).toMatchObject({
		attempts: 2,
		decided_by: "admin",
		decision_reason: "the interface is not there",
	});
	await page.getByRole("heading", { level: 1 }).locator("..").getByText("Succeeded").waitFor();
});

test("a worker is told to finish, ends, and another one takes its place", async () => {
	await page.goto(at("/workers"));
	const drain = page.getByRole("button", { name: "Drain", exact: true });
	await drain.first().waitFor();
	const online = page.getByRole("row", { name: /Online/ });
	const before = await online.first().textContent();
	await drain.first().click();
	await page
		.getByRole("dialog")
		.getByText(/is replaced by a new one/)
		.waitFor();
	await page.getByRole("dialog").getByRole("button", { name: "Drain worker" }).click();
	await eventually("another worker is online", async () => {
		const [now] = await online.allTextContents();
		return now !== undefined && now !== before;
	});
	expect(await accessibilityFaults(page)).toEqual([]);
});

test("a viewer sees runs and workers and is offered nothing that writes, on a telephone too", async () => {
	const dark = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
	const small = await openPage(dark, misdeeds);
	await small.goto(at("/runs"));
	await signIn(small, "vera", own);
	await small.waitForURL("**/runs");
	const { items } = await admin.tasks.listRuns({ query: { status: "partial" } });
	const id = items[0]?.id ?? "";
	for (const address of ["/runs", `/runs/${id}`, `/runs/${id}?tab=results`, `/runs/${id}?tab=output`, "/workers"]) {
		await small.goto(at(address));
		await small.getByRole("heading", { level: 1, name: /Runs|With one that refuses|Workers/ }).waitFor();
		await small.waitForLoadState("networkidle");
		for (const word of ["Cancel", "Retry", "Decide", "Drain", "Back it up", "Back up"]) {
			expect(await small.getByRole("button", { name: word }).count(), `${word} on ${address}`).toBe(0);
		}
		expect(await small.getByRole("checkbox", { name: /^Select/ }).count(), address).toBe(0);
		expect(await small.evaluate("document.documentElement.scrollWidth"), address).toBeLessThanOrEqual(390);
		expect(await accessibilityFaults(small), address).toEqual([]);
	}
	await small.goto(at(`/runs/${id}?status=failed`));
	await small.getByRole("button", { name: /^Failed on/ }).click();
	await small.getByText("It failed while connecting").waitFor();
	await small.getByRole("button", { name: "All devices" }).click();
	await small.getByRole("button", { name: /^Failed on/ }).waitFor();
	await dark.close();
});

test("no page threw an error or broke the content security policy", () => {
	expect(misdeeds).toEqual([]);
});
