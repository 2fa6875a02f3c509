import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Cli, type CliResult, createCli, type Following } from "./cli.ts";
import { addFleet, eventually, type Product, startProduct } from "./product.ts";

/** A stack from its file to its removal, by two people at two command lines. */

// Commands are processes, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

let product: Product;
let fleet: FleetProcess;
let folder: string;
let ana: Cli;
let bob: Cli;

async function person(username: string, role: string): Promise<string> {
	const password = `${username} has a long password`;
	await product.as(product.admin_token).auth.createUser({
		body: { username, password, role, must_change_password: false },
	});
	return product.login(username, password);
}

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-stacks-cli-"));
	[product, fleet] = await Promise.all([
		startProduct(),
		startFleetProcess({ devices: { count: 3, platforms: ["cisco_ios"] } }),
	]);
	await addFleet(product.as(product.admin_token), fleet);
	const ana_token = await person("ana", "manager");
	ana = createCli(product, ana_token);
	bob = createCli(product, await person("bob", "operator"));
	writeFileSync(
		join(folder, "banner.yaml"),
		`kind: Template
name: route/add
delete_template: route/remove
source: "ip route 203.0.113.0 255.255.255.0 Null0 name {{ label }}\\n"
---
kind: Template
name: route/remove
type: delete
source: "no ip route 203.0.113.0 255.255.255.0 Null0\\n"
`,
	);
	writeFileSync(
		join(folder, "stack.yml"),
		`kind: Stack
name: sink
services: [{ name: route, template: route/add, targets: { all: true } }]
variables: { label: first }
checks: [{ name: the route stands, command: show running-config, expect: 'ip route 203\\.0\\.113\\.0', within_s: 0 }]
confirm_within_s: 60
`,
	);
}, 120_000);
afterAll(async () => {
	await Promise.all([product?.dispose(), fleet?.stop()]);
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

async function approved(following: Following, decide: "approve" | "reject"): Promise<CliResult> {
	const [, approval = "", plan = ""] = await following.said(/Waits for approval (\S+) of plan ([0-9a-f]{12})/);
	const because = decide === "reject" ? ["--reason", "not tonight"] : [];
	const own = await ana.run(["approvals", decide, approval, "--plan", plan, "--yes", ...because]);
	expect(own).not.toMatchObject({ code: 0 });
	expect(await bob.run(["approvals", decide, approval, "--plan", plan, "--yes", ...because])).toMatchObject({
		code: 0,
	});
	return following.ended;
}

function configs(): Promise<string[]> {
	return Promise.all(fleet.devices.map(({ name }) => fleet.config(name)));
}

test("a stack is made of files, and what it comes to is seen before any device is asked", async () => {
	expect(await ana.run(["apply", "-f", join(folder, "banner.yaml"), "--yes"])).toMatchObject({ code: 0 });
	expect(await ana.run(["stacks", "create", "--file", join(folder, "stack.yml")])).toMatchObject({
		code: 0,
		stdout: "Added the stack sink.\n",
	});
	const again = await ana.run(["stacks", "create", "--file", join(folder, "stack.yml")]);
	expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("stacks edit sink") });
	expect((await ana.run(["stacks", "list"])).stdout).toMatch(/sink\s+pending/);
	expect((await ana.run(["stacks", "show", "SINK"])).stdout).toMatch(/route\s+route\/add\s+all/);
	const [first] = fleet.devices;
	const rendered = await ana.run(["stacks", "render", "sink", "--device", first?.name ?? ""]);
	expect(rendered.stdout).toBe(
		`${first?.name} (cisco_ios)\n! route: route/add\nip route 203.0.113.0 255.255.255.0 Null0 name first\n`,
	);
});

test("a plan shows devices with the same difference together, how it is undone and what is sent, and changes nothing", async () => {
	const before = await configs();
	const { code, stdout } = await ana.run(["stacks", "plan", "sink", "--commands"]);
	expect(code).toBe(0);
	expect(stdout).toContain(
		`3 devices: ${fleet.devices
			.map(({ name }) => name)
			.sort()
			.join(", ")}`,
	);
	expect(stdout.match(/^\+ip route 203\.0\.113\.0/gm)).toHaveLength(1);
	expect(stdout).toMatch(/^Sent \(\d+ commands?\):\n {2}.*ip route 203\.0\.113\.0/m);
	expect(stdout).toMatch(/^Undone by: \S/m);
	expect(await configs()).toEqual(before);
	expect(await ana.json(["stacks", "plan", "sink", "--device", fleet.devices[0]?.name ?? ""])).toMatchObject({
		run: { kind: "plan", status: "succeeded", total: 1 },
		plan: [{ unchanged: false, devices: [fleet.devices[0]?.name] }],
	});
});

test("a deployment says what it waits for; rejected it ends with 1 and nothing was changed", async () => {
	const before = await configs();
	const { code, stdout, stderr } = await approved(
		ana.follow(["stacks", "deploy", "sink", "--reason", "CHG-7"]),
		"reject",
	);
	expect(code).toBe(1);
	expect(stdout).toContain("+ip route 203.0.113.0");
	expect(stderr).toMatch(/Somebody else approves it: `netconductor approvals approve \S+`/);
	expect(stderr).toContain("bob rejected it: not tonight");
	expect(await configs()).toEqual(before);
});

test("at a terminal the plan is shown before the question, and nobody is asked where nobody is", async () => {
	const following = ana.follow(["stacks", "deploy", "sink"]);
	const [, approval = ""] = await following.said(/Waits for approval (\S+)/);
	const asked = await bob.atTerminal(["approvals", "approve", approval], "n\n");
	expect(asked.stdout).toMatch(/\+ip route 203\.0\.113\.0.*Undone by: .*Approve this plan\? \[y\/N\]/s);
	expect(asked.stdout).toContain("Nothing was changed.");
	const unasked = await bob.run(["approvals", "approve", approval, "--json"]);
	expect(unasked).toMatchObject({ code: 2, stdout: "" });
	expect(JSON.parse(unasked.stderr)).toMatchObject({ code: "cli.usage" });
	expect(
		await bob.run(["approvals", "reject", approval, "--plan", "0".repeat(64), "--yes", "--reason", "no"]),
	).toMatchObject({ code: 1 });
	const { plan_sha256 } = await product.as(product.admin_token).alerts.getApproval({ params: { id: approval } });
	await bob.run(["approvals", "reject", approval, "--plan", plan_sha256, "--yes", "--reason", "not tonight"]);
	expect(await following.ended).toMatchObject({ code: 1 });
});

test("approved it goes on to the canary, pauses, is resumed, and stands everywhere", async () => {
	const following = ana.follow(["stacks", "deploy", "sink", "--batch", "1,2", "--pause-after-first"]);
	const [, approval = "", plan = ""] = await following.said(/Waits for approval (\S+) of plan ([0-9a-f]{12})/);
	await bob.run(["approvals", "approve", approval, "--plan", plan, "--yes"]);
	const [, run = ""] = await following.said(
		/Pauses after its first batch[^\n]*\n\s+Let it go on: `netconductor runs resume (\S+)`/,
	);
	const shown = (await ana.run(["runs", "show", run])).stdout;
	expect(shown).toMatch(/Progress\s+batch 1, 1 of 3 devices begun/);
	expect(shown).toMatch(/Approval\s+\S+, approved by bob/);
	expect(shown).toContain("Pauses after its first batch");
	expect((await configs()).filter((config) => config.includes("203.0.113.0"))).toHaveLength(1);
	expect(await ana.run(["runs", "resume", run])).toMatchObject({ code: 0 });
	expect(await following.ended).toMatchObject({ code: 0 });
	for (const config of await configs()) expect(config).toContain("ip route 203.0.113.0 255.255.255.0 Null0 name first");
	expect((await ana.run(["stacks", "runs", "sink"])).stdout).toMatch(/deploy\s+succeeded/);
	const { stdout } = await ana.run(["stacks", "plan", "sink"]);
	expect(stdout).toContain("3 devices stay as they are");
});

test("a device that drifted is named with what is missing, and ends the command with 1", async () => {
	expect(await ana.run(["stacks", "validate", "sink"])).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("3 in sync, 0 drifted, 0 unknown"),
	});
	const [first] = fleet.devices;
	await fleet.applyLines(first?.name ?? "", ["no ip route 203.0.113.0 255.255.255.0 Null0 name first"]);
	await ana.run(["backup", "run", "--all"]);
	const { code, stdout, stderr } = await ana.run(["stacks", "validate", "sink"]);
	expect(code).toBe(1);
	expect(stdout).toContain("  missing:  ip route 203.0.113.0 255.255.255.0 Null0 name first\n");
	expect(stderr).toContain("1 of 3 devices.");
	const refused = await ana.run(["stacks", "validate", "sink", "--json"]);
	expect(JSON.parse(refused.stdout)).toMatchObject({ counts: { drifted: 1, in_sync: 2 } });
	expect(JSON.parse(refused.stderr)).toMatchObject({ code: "cli.drifted" });
});

test("a service on one device is compared, deployed again, checked and taken off by itself", async () => {
	const [first] = fleet.devices;
	const name = first?.name ?? "";
	const one = ["--stack", "sink", "--device", name];
	const listed = (await ana.json(["instances", "list", "--stack", "sink"])) as { items: { state: string }[] };
	expect(listed.items.map(({ state }) => state)).toEqual(["deployed", "deployed", "deployed"]);
	expect(await ana.run(["instances", "validate", ...one])).toMatchObject({
		code: 1,
		stdout: expect.stringContaining("missing:  ip route 203.0.113.0"),
	});
	const live = await ana.run(["instances", "validate", ...one, "--live"]);
	expect(live).toMatchObject({ code: 0, stdout: expect.stringContaining("+ip route 203.0.113.0") });
	expect(await ana.run(["instances", "check", ...one])).toMatchObject({
		code: 1,
		stdout: expect.stringContaining("the route stands"),
	});
	expect(await approved(ana.follow(["instances", "redeploy", ...one]), "approve")).toMatchObject({ code: 0 });
	expect(await fleet.config(name)).toContain("ip route 203.0.113.0");
	expect(await ana.run(["instances", "check", "--stack", "sink"])).toMatchObject({ code: 0 });
	expect(await approved(ana.follow(["instances", "delete", ...one, "--yes"]), "approve")).toMatchObject({ code: 0 });
	const having = (await configs()).filter((config) => config.includes("203.0.113.0"));
	expect([(await fleet.config(name)).includes("203.0.113.0"), having.length]).toEqual([false, 2]);
	await eventually("the instance is gone", async () => {
		const { stdout } = await ana.run(["instances", "list", "--stack", "sink"]);
		return !stdout.includes(name) && stdout.includes("deployed");
	});
});

test("a stack is made of a template from a file, shows that there is a newer version, and is brought to it as it was shown", async () => {
	const file = join(folder, "customer.yaml");
	const [first] = fleet.devices;
	// biome-ignore-start lint/suspicious/noTemplateCurlyInString: places of parameters are written so
	const text = `kind: StackTemplate
name: Customer
parameters: [{ name: routers, type: list }, { name: label, pattern: "[a-z0-9]+" }]
services:
  - { name: route, template: route/add, targets: { names: ["\${routers}"] }, variables: { label: "\${label}" } }
`;
	// biome-ignore-end lint/suspicious/noTemplateCurlyInString: places of parameters are written so
	writeFileSync(file, text);
	expect(await ana.run(["apply", "-f", file, "--yes"])).toMatchObject({ code: 0 });
	expect(await ana.run(["apply", "-f", file, "--dry-run", "--exit-code"])).toMatchObject({ code: 0 });
	const exported = await ana.run(["stack-templates", "show", "customer", "--yaml"]);
	writeFileSync(file, exported.stdout);
	expect(await ana.run(["apply", "-f", file, "--dry-run", "--exit-code"])).toMatchObject({ code: 0 });
	const routers = `routers=["${first?.name}"]`;
	expect(await ana.run(["stack-templates", "instantiate", "customer", "c1", "--set", routers])).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("label"),
	});
	expect(
		await ana.run(["stack-templates", "instantiate", "customer", "c1", "--set", routers, "--set", "label=42"]),
	).toMatchObject({ code: 0 });
	const rendered = await ana.run(["stacks", "render", "c1"]);
	expect(rendered.stdout).toContain(`${first?.name} (cisco_ios)\n! route: route/add\nip route 203.0.113.0`);
	expect(rendered.stdout).toContain("name 42");
	writeFileSync(file, `${exported.stdout}confirm_within_s: 90\n`.replace(/^confirm_within_s: 300\n/m, ""));
	expect(await ana.run(["apply", "-f", file, "--yes"])).toMatchObject({ code: 0 });
	expect((await ana.run(["stack-templates", "list"])).stdout).toMatch(/Customer\s+2\s+1\s+1\s+2/);
	const upgraded = await ana.run(["stacks", "upgrade", "c1", "--yes"]);
	expect(upgraded).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\+ +"confirm_within_s": 90/m) });
	expect((await ana.run(["stacks", "show", "c1"])).stdout).toMatch(/Made from\s+Customer, version 2 of 2/);
	expect(await ana.run(["stacks", "delete", "c1", "--yes"])).toMatchObject({ code: 0 });
	expect(await ana.run(["stack-templates", "delete", "customer", "--yes"])).toMatchObject({ code: 0 });
});

test("started without waiting it answers at once; removed it stands nowhere and can be deleted", async () => {
	const started = (await ana.json(["stacks", "remove", "sink", "--no-wait"])) as { run_id: string };
	expect(await ana.run(["runs", "cancel", started.run_id])).toMatchObject({ code: 0 });
	await eventually("the stack free", async () => !(await ana.run(["stacks", "list"])).stdout.includes("deleting"));
	expect(await ana.run(["stacks", "delete", "sink", "--yes"])).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("Take it off its devices first: `netconductor stacks remove sink`."),
	});
	expect(await approved(ana.follow(["stacks", "remove", "sink"]), "approve")).toMatchObject({ code: 0 });
	for (const config of await configs()) expect(config).not.toContain("203.0.113.0");
	expect(
		await eventually("the stack deleted", async () => {
			const result = await ana.run(["stacks", "delete", "sink", "--yes"]);
			return result.code === 0 && result;
		}),
	).toMatchObject({ stdout: "Deleted the stack sink.\n" });
});
