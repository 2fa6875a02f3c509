import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { type Clients, type Product, startProduct } from "./product.ts";

/** Definitions as files: what stands in them is planned, applied, applied again, exported. */

let product: Product;
let admin: Clients;
let cli: Cli;
let root: string;
let folder: string;
let folders = 0;

beforeAll(async () => {
	root = mkdtempSync(join(tmpdir(), "netconductor-apply-"));
	product = await startProduct();
	admin = product.as(product.admin_token);
	cli = createCli(product);
	const password = "a password that is long";
	await admin.auth.createUser({ body: { username: "bob", password, role: "manager", must_change_password: false } });
	for (const name of ["r1", "r2"]) {
		const body = { name, host: "127.0.0.1", port: 1, device_type: "frr", groups: ["Edge"] };
		await admin.devices.createDevice({ body });
	}
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	if (root !== undefined) rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
	folder = join(root, String(folders++));
	mkdirSync(folder);
});

function write(files: Readonly<Record<string, string>>): void {
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), text);
	}
}

const templates = `kind: Template
name: ntp/add
platforms: [frr]
delete_template: ntp/remove
source: |
  ! time for {{ device.name }}
  ntp server {{ server }}
---
kind: Template
name: ntp/remove
type: delete
source: |
  no ntp server {{ server }}
`;
const stack = `kind: Stack
name: time
services:
  - name: ntp
    template: NTP/add
    targets: { groups: [Edge], names: [R1] }
variables: { server: 192.0.2.1 }
device_variables:
  r2: { server: 192.0.2.2 }
`;
const others = `kind: ApprovalPolicy
name: Edge by two
kinds: [deploy]
groups: [Edge]
stages:
  - { name: Peer, needed: 1, users: [bob] }
---
kind: Calendar
name: Christmas
type: freeze
time_zone: Europe/Vienna
ranges: [{ from: 2030-12-20T00:00, to: 2031-01-02T06:00 }]
recurring:
  - timing: { type: weekly, days: [fri], times: ["18:00"] }
    duration_minutes: 3600
groups: [Edge]
---
kind: Schedule
name: Nightly
run: backup
params: { select: { names: [r1] } }
timing: { type: daily, times: ["02:30"] }
start_at: 2030-01-01T00:00:00+01:00
`;

function applied(...args: string[]) {
	return cli.json(["apply", "-f", folder, "--yes", ...args]) as Promise<{
		create: number;
		change: number;
		none: number;
		steps: { action: string; kind: string; name: string; at: string; fields: { path: string }[]; applied: boolean }[];
	}>;
}

test("a plan is shown and nothing done without a yes; applied, everything stands, and again there is nothing to do", async () => {
	write({ "a-stack.yaml": stack, "templates/ntp.yml": templates, "other.yaml": others, "notes.txt": "not mine" });
	const { code, stdout } = await cli.run(["apply", "-f", folder, "--dry-run", "--exit-code"]);
	expect(code).toBe(1);
	expect(stdout).toContain("+ Template ntp/add  templates/ntp.yml:1\n");
	expect(stdout).toContain("+ Stack time  a-stack.yaml:1\n");
	expect(stdout).toContain("6 to create, 0 to change, 0 as they should be.\n");
	expect(await cli.run(["apply", "-f", folder])).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
	expect((await admin.config.listTemplates({ query: {} })).total).toBe(0);

	const answer = await applied();
	expect(answer).toMatchObject({ create: 6, change: 0, none: 0 });
	expect(answer.steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
		"Template ntp/remove",
		"Template ntp/add",
		"Stack time",
		"ApprovalPolicy Edge by two",
		"Calendar Christmas",
		"Schedule Nightly",
	]);
	const { items } = await admin.config.renderStack({ params: { id: "time" }, query: {} });
	expect(items.map(({ services }) => services[0]?.text)).toEqual([
		"! time for r1\nntp server 192.0.2.1\n",
		"! time for r2\nntp server 192.0.2.2\n",
	]);
	expect((await admin.scheduling.listSchedules({ query: {} })).items[0]).toMatchObject({
		name: "Nightly",
		kind: "backup",
		next_due_at: "2030-01-01T02:30:00.000Z",
	});

	expect(await applied()).toMatchObject({ create: 0, change: 0, none: 6 });
	expect(await cli.run(["apply", "-f", folder, "--dry-run", "--exit-code"])).toMatchObject({ code: 0 });
	expect(await admin.config.getStack({ params: { id: "time" } })).toMatchObject({ version: 1 });
});

test("what was begun is finished also where nobody reads on", async () => {
	const named = (name: string) => `kind: Template\nname: ${name}\nsource: hostname x\n`;
	write({ "many.yaml": ["one", "two", "three"].map((name) => named(`unread/${name}`)).join("---\n") });
	expect(await cli.unread(["apply", "-f", folder, "--yes"])).toMatchObject({ code: 0, stderr: "" });
	expect((await admin.config.listTemplates({ query: { q: "unread/" } })).total).toBe(3);
	write({
		"many.yaml": "kind: Stack\nname: unread\nservices: [{ name: x, template: none, targets: { all: true } }]\n",
	});
	expect((await cli.unread(["apply", "-f", folder, "--yes"])).code).toBe(2);
	const { items } = await admin.config.listTemplates({ query: { q: "unread/" } });
	for (const { id } of items) await admin.config.deleteTemplate({ params: { id } });
});

test("a schedule names the stack that it deploys, which the same files may make", async () => {
	const both = `kind: Schedule
name: Weekly
run: deploy
params: { stack: LATER }
timing: { type: weekly, days: [sun], times: ["03:00"] }
paused: true
---
kind: Stack
name: later
services: [{ name: ntp, template: ntp/add, targets: { all: true }, variables: { server: 192.0.2.9 } }]
`;
	write({ "a.yaml": both });
	expect(await applied()).toMatchObject({ create: 2 });
	expect(await applied()).toMatchObject({ create: 0, change: 0, none: 2 });
	const { id, version } = await admin.config.getStack({ params: { id: "later" } });
	await admin.config.updateStack({ params: { id }, body: { version, name: "renamed" } });
	write({ "a.yaml": both.replace("LATER", "renamed").replace("name: later", "name: renamed") });
	expect(await applied()).toMatchObject({ create: 0, change: 0, none: 2 });
	write({
		"a.yaml":
			"kind: Schedule\nname: Other\nrun: deploy\nparams:\n  stack: nowhere\ntiming: { type: daily, times: ['03:00'] }\n",
	});
	expect((await cli.run(["apply", "-f", folder, "--yes"])).stderr).toContain("a.yaml:5:3: There is no stack nowhere");
});

test("what changed is told field by field, a source as a difference, and only that is changed", async () => {
	write({ "t.yaml": templates.replace("ntp server", "ntp peer"), "s.yaml": stack.replace("192.0.2.2", "192.0.2.3") });
	const { stdout } = await cli.run(["apply", "-f", folder, "--dry-run"]);
	expect(stdout).toContain(
		"~ Template ntp/add  t.yaml:1\n    source:\n      @@ -1,2 +1,2 @@\n       ! time for {{ device.name }}\n      -ntp server {{ server }}\n      +ntp peer {{ server }}\n",
	);
	expect(stdout).toContain('    device_variables.r2.server: "192.0.2.2" → "192.0.2.3"\n');
	expect(stdout).toContain("0 to create, 2 to change, 1 as they should be.\n");
	const { code, stdout: said } = await cli.run(["apply", "-f", folder, "--yes"]);
	expect([code, said]).toEqual([
		0,
		expect.stringContaining("changed Template ntp/add\nchanged Stack time\n\n0 created, 2 changed."),
	]);
	expect(await admin.config.getTemplate({ params: { id: "ntp/add" } })).toMatchObject({ version: 2 });
	expect(await applied()).toMatchObject({ change: 0, none: 3 });
});

test("what was exported and is applied changes nothing", async () => {
	await admin.config.createTemplate({
		body: {
			name: "odd/one.yaml/x",
			source: "\ttabs \r\n  and blanks  \n\n{% raw %}#: - {% endraw %}",
			tags: ["b", "a"],
		},
	});
	await admin.config.createTemplate({ body: { name: "odd/one", type: "partial", source: "" } });
	const target = join(folder, "out");
	expect(await cli.json(["export", target])).toMatchObject({ documents: 10 });
	expect(readdirSync(target).sort()).toEqual([
		"approval-policies.yaml",
		"calendars",
		"schedules",
		"stacks",
		"templates",
	]);
	expect(readFileSync(join(target, "stacks", "time.yaml"), "utf8")).toContain("template: ntp/add");
	const plan = (await cli.json(["apply", "-f", target, "--yes"])) as object;
	expect(plan).toMatchObject({ create: 0, change: 0, none: 10 });
	expect(await cli.run(["export", target])).toMatchObject({ code: 2, stderr: expect.stringContaining("--force") });
	expect(await cli.run(["export", target, "--force", "--kind", "Stack"])).toMatchObject({ code: 0 });
});

test("everything that is wrong is told with its place, and nothing is done", async () => {
	write({
		"a.yaml":
			"kind: Stack\nname: new\nservices:\n  - name: s\n    template: ntp/none\n    targets: { names: [r1, r9] }\n",
		"b.yaml": "kind: Template\nname: fine\nsource: x\n",
	});
	const missing = await cli.run(["apply", "-f", folder, "--yes"]);
	expect(missing).toMatchObject({ code: 2, stdout: "" });
	expect(missing.stderr).toContain("a.yaml:5:5: There is no template ntp/none");
	expect(missing.stderr).toContain("a.yaml:6:28: There is no device r9");

	write({ "a.yaml": "kind: Template\nname: FINE\nsourc: x\n---\nkind: Template\nname: one\nsource: x\n" });
	const { stderr } = await cli.run(["apply", "-f", folder, "--yes", "--json"]);
	expect(JSON.parse(stderr)).toMatchObject({ code: "cli.bad_documents", errors: [{ path: "a.yaml:1:1" }] });
	write({ "a.yaml": "kind: Template\nname: FINE\nsource: x\n" });
	expect((await cli.run(["apply", "-f", folder, "--yes"])).stderr).toContain(
		"b.yaml:2:1: There is a Template fine at a.yaml:1 already",
	);
	await expect(admin.config.getTemplate({ params: { id: "fine" } })).rejects.toMatchObject({
		problem: { code: "templates.not_found" },
	});
});

test("it stops at the first that fails, and says what was done and what was not", async () => {
	write({
		"a.yaml":
			"kind: Template\nname: first\nsource: x\n---\nkind: Template\nname: second\nsource: '{% if %}'\n---\nkind: Template\nname: third\nsource: x\n",
	});
	const { code, stdout, stderr } = await cli.run(["apply", "-f", folder, "--yes"]);
	expect(code).toBe(1);
	expect(stdout).toContain("created Template first\n");
	expect(stderr).toContain("Template second (a.yaml:5)");
	expect(stderr).toContain("Done before it: Template first. Not done: Template third.");
	write({ "a.yaml": readFileSync(join(folder, "a.yaml"), "utf8").replace("{% if %}", "x") });
	expect(await applied()).toMatchObject({ create: 2, none: 1 });
});

test("an edit of a version that is not the newest any more is refused", async () => {
	const file = join(folder, "time.yaml");
	writeFileSync(file, (await cli.run(["stacks", "show", "time", "--yaml"])).stdout);
	const { version } = await admin.config.getStack({ params: { id: "time" } });
	await admin.config.updateStack({ params: { id: "time" }, body: { version, description: "by somebody else" } });
	const refused = await cli.run(["stacks", "edit", "time", "--file", file, "--base", String(version)]);
	expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("changed meanwhile") });
	expect(await cli.run(["stacks", "edit", "time", "--file", file])).toMatchObject({ code: 0 });
	expect(await admin.config.getStack({ params: { id: "time" } })).toMatchObject({ description: "" });
});

test("who may not write templates applies none", async () => {
	await admin.auth.createUser({
		body: { username: "eva", password: "a password that is long", role: "viewer", must_change_password: false },
	});
	const viewer = createCli(product, await product.login("eva", "a password that is long"));
	write({ "a.yaml": "kind: Template\nname: of-a-viewer\nsource: x\n" });
	expect(await viewer.run(["apply", "-f", folder, "--yes"])).toMatchObject({ code: 3 });
});
