import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { addFleet, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** What people start by hand inside a freeze or outside of a maintenance window, at the command line and over the API. */

// Commands are processes, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

let product: Product;
let fleet: FleetProcess;
let admin: ReturnType<Product["as"]>;
let root: Cli;
let ana: Cli;

beforeAll(async () => {
	[product, fleet] = await Promise.all([
		startProduct(),
		startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } }),
	]);
	admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	// Who approves is the business of another test.
	await admin.alerts.createApprovalPolicy({ body: { name: "Nobody", stages: [] } });
	const password = "ana has a long password";
	await admin.auth.createUser({ body: { username: "ana", password, role: "manager", must_change_password: false } });
	root = createCli(product);
	ana = createCli(product, await product.login("ana", password));
	const remove = await admin.config.createTemplate({
		body: { name: "no route", type: "delete", source: "no ip route 203.0.113.0 255.255.255.0 Null0\n" },
	});
	const add = await admin.config.createTemplate({
		body: {
			name: "route",
			source: "ip route 203.0.113.0 255.255.255.0 Null0 name {{ label }}\n",
			delete_template_id: remove.id,
		},
	});
	await admin.config.createStack({
		body: {
			name: "sink",
			services: [{ name: "route", template_id: add.id, targets: { all: true } }],
			variables: { label: "first" },
		},
	});
	for (const [name, step] of [
		["Changes", "{ id: a, type: set_config, with: { lines: 'ip route 198.51.100.0 255.255.255.0 Null0' } }"],
		["Looks", "{ id: a, type: run_command, with: { commands: [show version] } }"],
	] as const) {
		await admin.config.createMop({ body: { source: `name: ${name}\ntargets: { all: true }\nsteps:\n  - ${step}\n` } });
	}
}, 120_000);
afterEach(thaw);
afterAll(() => Promise.all([product?.dispose(), fleet?.stop()]));

const wall = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 16);
const freeze = () =>
	admin.scheduling.createCalendar({
		body: { name: "Year end", kind: "freeze", ranges: [{ from: wall(-1), to: wall(24) }] },
	});
async function thaw(): Promise<void> {
	const { items } = await admin.scheduling.listCalendars({ query: {} });
	for (const { id } of items) await admin.scheduling.deleteCalendar({ params: { id } });
}
const configs = () => Promise.all(fleet.devices.map(({ name }) => fleet.config(name)));
const getRun = (id: string) => admin.tasks.getRun({ params: { id } });

test("who deploys inside a freeze is told before it starts; it is planned, waits, and goes on by itself when the freeze is gone", async () => {
	await freeze();
	const before = await configs();
	const following = ana.follow(["stacks", "deploy", "sink"]);
	await following.said(/warning: Changes are frozen \(Year end\): until \d{4}-\d\d-\d\d/);
	const [, run = ""] = await following.said(/Held back until .*\n.*`netconductor runs break-glass (\S+)/);
	expect((await ana.run(["runs", "show", run])).stdout).toContain("Held back until");
	expect(await getRun(run)).toMatchObject({
		status: "waiting",
		waiting_for: { kind: "calendar", calendar: { name: "Year end", kind: "freeze" } },
	});
	expect(await configs()).toEqual(before);
	await thaw();
	expect(await following.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("+ip route 203.0.113.0") });
	for (const config of await configs()) expect(config).toContain("203.0.113.0");
});

test("outside of its maintenance window a device is not changed, and its plan, backup and validation are not held", async () => {
	await admin.scheduling.createCalendar({
		body: { name: "Nights", kind: "window", ranges: [{ from: wall(20), to: wall(24) }] },
	});
	const [first] = fleet.devices;
	for (const reads of [
		["stacks", "plan", "sink"],
		["stacks", "validate", "sink"],
		["backup", "run", first?.name ?? ""],
		["mops", "run", "Looks"],
	]) {
		const { code, stderr } = await ana.run(reads);
		expect({ reads, code, held: /held|window/i.test(stderr) }).toEqual({ reads, code: 0, held: false });
	}
	const { run_id } = await admin.config.executeMop({ params: { id: "Changes" }, body: {} });
	const waiting = await eventually("the procedure waits", async () => {
		const run = await getRun(run_id);
		return run.status === "waiting" ? run : undefined;
	});
	expect(waiting.waiting_for).toMatchObject({
		kind: "calendar",
		calendar: { name: "Nights", kind: "window" },
		why: "Outside its maintenance window (Nights)",
	});
	expect(await ana.run(["runs", "cancel", run_id])).toMatchObject({ code: 0 });
	expect(await runEnded(admin, run_id)).toMatchObject({ status: "cancelled" });
	for (const config of await configs()) expect(config).not.toContain("198.51.100.0");
});

test("in an emergency somebody with the permission breaks the glass, and that is marked wherever the run is shown", async () => {
	await freeze();
	const started = await ana.run(["stacks", "remove", "sink", "--no-wait"]);
	expect(started.stderr).toContain("Changes are frozen (Year end)");
	const run = /Run (\S+) has started/.exec(started.stdout)?.[1] ?? "";
	await eventually("the run is held", async () => (await getRun(run)).waiting_for?.kind === "calendar" || undefined);
	const reason = "the route takes the site down";
	expect(await ana.run(["runs", "break-glass", run, "--reason", reason])).not.toMatchObject({ code: 0 });
	expect(await root.run(["runs", "break-glass", run, "--reason", "now"])).not.toMatchObject({ code: 0 });
	expect(await root.run(["runs", "break-glass", run, "--reason", reason])).toMatchObject({ code: 0 });
	expect(await runEnded(admin, run)).toMatchObject({ status: "succeeded" });
	for (const config of await configs()) expect(config).not.toContain("203.0.113.0");
	expect((await ana.run(["runs", "show", run])).stdout).toMatch(
		/Approval\s+BYPASSED by admin \(Changes are frozen \(Year end\)\): the route takes the site down/,
	);
	expect((await ana.run(["runs", "list"])).stdout).toMatch(new RegExp(`${run}.*BYPASSED`));
	const record = await eventually("the audit trail has it", async () => {
		const { items } = await admin.audit.listAudit({ query: { operation: "breakGlass", resource_id: run } });
		return items.find(({ outcome }) => outcome === "succeeded");
	});
	expect(record).toMatchObject({ actor: { name: "admin" }, after: { reason } });
});
