import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { addFleet, eventually, type Product, startProduct } from "./product.ts";

/** Procedures at the command line: from their files to what they leave on devices, and what people do when they cannot go on. */

let product: Product;
let fleet: FleetProcess;
let folder: string;
let cli: Cli;
const secret = "s3cr3t-of-the-peer";

const route = `name: Sink a prefix
description: Sends a prefix nowhere.
tags: [lab]
targets: { all: true }
variables:
  label: { type: string, required: true }
  password: { secret: true, required: true }
steps:
  # what is there before
  - id: before
    type: run_command
    with: { commands: [show version] }
    save_to_variable: before
  - id: change
    name: Sink it
    type: set_config
    with:
      lines: "ip route 203.0.113.0 255.255.255.0 Null0 name {{ label }}"
  - id: tell
    type: log
    with: { message: "{{ label }} is there; {{ password }}" }
`;

const asking = `name: Ask me
steps:
  - id: first
    type: log
    with: { message: first }
  - id: check
    type: wait_until
    with: { condition: "first_done is defined", every_s: 1, timeout_s: 1 }
    on_failure: ask
  - id: rounds
    type: loop
    with: { items: [a, b] }
    steps: [{ id: say, type: log, with: { message: "{{ item }}" } }]
`;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-mops-cli-"));
	[product, fleet] = await Promise.all([
		startProduct(),
		startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } }),
	]);
	const admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	// Who approves is the business of another test.
	await admin.alerts.createApprovalPolicy({ body: { name: "Procedures", kinds: ["mop"], stages: [] } });
	cli = createCli(product);
	writeFileSync(join(folder, "route.yaml"), route);
	writeFileSync(join(folder, "asking.yaml"), asking);
	writeFileSync(join(folder, "password"), `${secret}\n`);
}, 120_000);
afterAll(async () => {
	await Promise.all([product?.dispose(), fleet?.stop()]);
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function configs(): Promise<string[]> {
	return Promise.all(fleet.devices.map(({ name }) => fleet.config(name)));
}

const sinkOptions = () => ["--var", "label=07", "--var-file", `password=${join(folder, "password")}`];

test("what is wrong with a file is said with its line, and a file becomes a procedure with versions", async () => {
	const file = join(folder, "wrong.yaml");
	writeFileSync(file, route.replace("type: set_config", "type: set_confg").replace("    with:\n", "    wiht:\n"));
	const wrong = await cli.run(["mops", "validate", join(folder, "route.yaml"), file]);
	expect(wrong.code).toBe(1);
	expect(wrong.stdout).toContain(`${join(folder, "route.yaml")}: valid\n`);
	expect(wrong.stdout).toMatch(/wrong\.yaml:17:5: error: .*no key `wiht`.*did you mean `with`/);
	expect(wrong.stderr).toContain("1 file of 2.");
	expect(await cli.run(["mops", "import", file])).toMatchObject({ code: 1 });

	expect(await cli.run(["mops", "import", join(folder, "route.yaml")])).toMatchObject({
		code: 0,
		stdout: "Added the procedure Sink a prefix.\n",
	});
	expect((await cli.run(["mops", "import", join(folder, "route.yaml")])).stdout).toContain("is so already");
	writeFileSync(join(folder, "route.yaml"), `${route}# at its end\n`);
	const changed = await cli.run(["mops", "import", join(folder, "route.yaml"), "--note", "a remark"]);
	expect(changed.stdout).toContain("it is version 2 now");
	expect((await cli.run(["mops", "versions", "sink a prefix"])).stdout).toMatch(/2\s+admin\s+\S+ \S+\s+a remark/);
	expect((await cli.run(["mops", "diff", "Sink a prefix", "1", "2"])).stdout).toContain("+# at its end\n");
	expect((await cli.run(["mops", "export", "Sink a prefix"])).stdout).toBe(`${route}# at its end\n`);
	expect((await cli.run(["mops", "export", "Sink a prefix", "1"])).stdout).toBe(route);
	expect((await cli.run(["mops", "restore", "Sink a prefix", "1"])).stdout).toContain("as version 3");
	expect((await cli.run(["mops", "list"])).stdout).toMatch(/Sink a prefix\s+yes\s+3\s+yes\s+lab\s+3\s+never/);
});

test("editors get the schema of procedures, step types of one's own included", async () => {
	const file = join(folder, "type.yaml");
	writeFileSync(
		file,
		"kind: StepType\nname: say_twice\nlabel: Say twice\nbase: log\npreset: { message: '{{ word }}' }\nparameters: { word: { required: true } }\n",
	);
	expect(await cli.run(["apply", "-f", file, "--yes"])).toMatchObject({ code: 0 });
	const written = async (...command: string[]) => {
		const { code, stdout } = await cli.run(command);
		expect(code).toBe(0);
		return JSON.parse(stdout);
	};
	const schema = await written("mops", "schema");
	expect(schema).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#", required: ["name", "steps"] });
	expect(schema.definitions.step.properties.type.enum).toEqual(expect.arrayContaining(["set_config", "say_twice"]));
	expect(schema.definitions.with_say_twice.required).toEqual(["word"]);
	expect(await written("schema", "Mop")).toEqual({
		...schema,
		properties: { kind: { const: "Mop" }, ...schema.properties },
		required: ["kind", "name", "steps"],
	});
	expect(await written("schema")).toEqual(await written("apply", "--schema"));
	expect(await cli.run(["step-types", "delete", "say_twice", "--yes"])).toMatchObject({ code: 0 });
});

test("a dry run shows what would be sent, and no secret", async () => {
	const before = await configs();
	const { code, stdout } = await cli.run(["mops", "run", "Sink a prefix", "--dry-run", ...sinkOptions()]);
	expect(code).toBe(0);
	expect(stdout).toContain("On 2 devices");
	expect(stdout).toContain("ip route 203.0.113.0 255.255.255.0 Null0 name 07");
	expect(stdout).toMatch(/Sink it change, set_config on 2 devices writes/);
	expect(stdout).not.toContain(secret);
	expect(await configs()).toEqual(before);
	const missing = await cli.run(["mops", "run", "Sink a prefix", "--var", "label=x"]);
	expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("--var-file password=FILE") });
});

test("a name that is not there is answered with those that are near it", async () => {
	const slip = await cli.run(["mops", "run", "Sink a prefxi"]);
	expect(slip).toMatchObject({ code: 1, stderr: expect.stringContaining("Similar: Sink a prefix.") });
	const { stderr } = await cli.run(["stacks", "plan", "nothing like it", "--json"]);
	expect(JSON.parse(stderr)).toMatchObject({ code: "stacks.not_found", hint: expect.stringContaining("stacks list") });
});

test("one that is not enabled is not started", async () => {
	expect(await cli.run(["mops", "disable", "Sink a prefix"])).toMatchObject({ code: 0 });
	const refused = await cli.run(["mops", "run", "Sink a prefix", ...sinkOptions()]);
	expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("not enabled") });
	expect(await cli.run(["mops", "enable", "Sink a prefix"])).toMatchObject({ code: 0 });
});

test("a run is followed step by step, and what it changed is taken back by another one, byte for byte", async () => {
	const before = await configs();
	const { code, stdout, stderr } = await cli.run([
		"mops",
		"run",
		"Sink a prefix",
		...sinkOptions(),
		"--reason",
		"CHG-7",
	]);
	expect({ code, stderr }).toMatchObject({ code: 0 });
	expect(stderr).toMatch(/^before: succeeded \(2\/2 devices, /m);
	expect(stderr).toMatch(/^Sink it: succeeded \(2\/2 devices, /m);
	expect(stdout).toMatch(/Sink it\s+succeeded\s+2\/2 devices/);
	expect(`${stdout}${stderr}`).not.toContain(secret);
	for (const config of await configs()) expect(config).toContain("ip route 203.0.113.0 255.255.255.0 Null0 name 07");
	const [, run = ""] = /\(run (\S+)\)/.exec(stdout) ?? [];
	expect((await cli.run(["mops", "executions", "Sink a prefix"])).stdout).toMatch(
		new RegExp(`${run}\\s+Sink a prefix\\s+3\\s+succeeded\\s+admin\\s+CHG-7`),
	);
	const one = await cli.run(["mops", "show-run", run]);
	expect(one.stdout).toMatch(/Procedure\s+Sink a prefix\n\s*Version\s+3\n\s*Status\s+succeeded\n\s*Reason\s+CHG-7\n/);
	expect(one.stdout).toMatch(/Sink it\s+succeeded\s+2\/2 devices/);
	expect(await cli.json(["mops", "show-run", run])).toMatchObject({ execution: { run_id: run, version: 3 } });
	const shown = await cli.run(["runs", "show", run, "--json"]);
	expect(shown.stdout).not.toContain(secret);

	expect(await cli.run(["mops", "restart", run, "--reason", "x"])).toMatchObject({ code: 2 });
	const back = await cli.run(["mops", "restart", run, "--rollback", "--reason", "not needed any more"]);
	expect({ code: back.code, stderr: back.stderr }).toMatchObject({ code: 0 });
	expect(back.stderr).toMatch(/taking back: .*: succeeded/);
	expect(await configs()).toEqual(before);
});

test("step by step it waits before each, goes on one by one, then to its end", async () => {
	const following = cli.follow(["mops", "run", "Sink a prefix", ...sinkOptions(), "--step-by-step"]);
	const [, run = ""] = await following.said(
		/Waits before step before\.\n\s+Carry it out: `netconductor runs resume (\S+)/,
	);
	expect(await cli.json(["mops", "steps", run])).toEqual({ items: [] });
	expect(await cli.run(["runs", "resume", run, "--until", "next-step"])).toMatchObject({ code: 0 });
	await following.said(/Waits before step change\./);
	expect(await cli.json(["mops", "steps", run])).toMatchObject({ items: [{ key: "before:1", status: "succeeded" }] });
	expect((await configs()).filter((config) => config.includes("203.0.113.0"))).toEqual([]);
	expect(await cli.run(["runs", "resume", run])).toMatchObject({ code: 0 });
	expect(await following.ended).toMatchObject({ code: 0 });
	for (const config of await configs()) expect(config).toContain("203.0.113.0");
});

test("a step that asks waits for a decision with a reason, and a run that was stopped begins anew after it", async () => {
	expect(await cli.run(["mops", "import", join(folder, "asking.yaml")])).toMatchObject({ code: 0 });
	const following = cli.follow(["mops", "run", "Ask me"]);
	const [, run = ""] = await following.said(
		/Waits for a decision on step check: .*\n\s+Decide: `netconductor mops override (\S+)/,
	);
	expect(await cli.run(["mops", "override", run, "--action", "perhaps", "--reason", "x"])).toMatchObject({ code: 2 });
	const again = ["mops", "override", run, "--action", "retry", "--reason", "once more"];
	expect(await cli.run(again)).toMatchObject({ code: 0 });
	await eventually("it asks again", async () => {
		const { items } = (await cli.json(["mops", "steps", run])) as { items: { attempts: number; status: string }[] };
		return items.at(-1)?.attempts === 2 && items.at(-1)?.status === "failed";
	});
	const stop = ["mops", "override", run, "--step", "check", "--action", "stop", "--reason", "not tonight"];
	expect(await cli.run(stop)).toMatchObject({ code: 0 });
	const ended = await following.ended;
	expect(ended.code).toBe(1);
	expect(ended.stderr).toContain("admin decided stop: not tonight");
	expect(ended.stderr).toContain(`netconductor mops restart ${run} --from STEP`);

	const { code, stdout, stderr } = await cli.run(["mops", "restart", run, "--after", "check", "--reason", "it is so"]);
	expect({ code, stderr }).toMatchObject({ code: 0 });
	expect(stdout).toMatch(/^ {2}say \(2\)\s+succeeded\s+\S+ \S+\s+rounds:1\/2\/say:1/m);
	expect(stdout).toContain("it is so");
});

test("a step that asks may send the procedure on to another one of its list", async () => {
	const { run_id: run } = (await cli.json(["mops", "run", "Ask me", "--no-wait"])) as { run_id: string };
	const asks = (key: string) =>
		eventually(`${key} asks`, async () => {
			const { items } = (await cli.json(["mops", "steps", run])) as { items: { key: string; status: string }[] };
			return items.at(-1)?.key === key && items.at(-1)?.status === "failed";
		});
	await asks("check:1");
	const gone = await cli.run(["mops", "override", run, "--action", "goto:nowhere", "--reason", "x"]);
	expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining("there are first, check, rounds") });
	const elsewhere = ["mops", "override", run, "--action", "goto:first", "--reason", "from the start"];
	expect(await cli.run(elsewhere)).toMatchObject({ code: 0 });
	await asks("check:2");
	expect((await cli.run(["mops", "steps", run])).stdout).toContain("admin decided go to first: from the start");
	expect(await cli.run(["runs", "cancel", run])).toMatchObject({ code: 0 });
});

test("a folder of procedures and step types is applied in their order, and comes back as it was written", async () => {
	const files = join(folder, "definitions");
	mkdirSync(files);
	const outer = `# runs another one
kind: Mop
name: Outer
steps:
  - id: inner
    type: run_mop
    with: { mop: Inner }
`;
	writeFileSync(join(files, "a.yaml"), outer);
	writeFileSync(
		join(files, "b.yaml"),
		`kind: Mop
name: Inner
steps:
  - { id: say, type: shout, with: { text: hello } } # a step type of our own
---
kind: StepType
name: shout
label: Shout
base: log
preset: { message: "{{ text }}!", level: warning }
parameters: { text: { type: string, required: true } }
---
kind: Schedule
name: Every night
run: mop
params: { mop: outer }
timing: { type: daily, times: ["03:00"] }
`,
	);
	const planned = await cli.run(["apply", "-f", files, "--dry-run"]);
	expect(planned.stdout).toMatch(/^\+ StepType shout .*\n\+ Mop Inner .*\n\+ Mop Outer .*\n\+ Schedule Every night /m);
	expect(await cli.run(["apply", "-f", files, "--yes"])).toMatchObject({ code: 0 });
	expect((await cli.run(["apply", "-f", files, "--dry-run", "--exit-code"])).code).toBe(0);
	expect(await cli.run(["mops", "run", "Outer"])).toMatchObject({ code: 0 });
	expect((await cli.run(["step-types", "list", "--built-in", "false"])).stdout).toMatch(/shout\s+Shout\s+.*log\s+1/);
	expect((await cli.run(["step-types", "show", "shout"])).stdout).toMatch(/text\s+string\s+yes/);
	expect(await cli.run(["step-types", "delete", "shout", "--yes"])).toMatchObject({ code: 1 });

	const exported = join(folder, "exported");
	expect(await cli.run(["export", exported, "--kind", "Mop", "--kind", "StepType"])).toMatchObject({ code: 0 });
	expect(readFileSync(join(exported, "mops", "Outer.yaml"), "utf8")).toBe(outer);
	expect(readdirSync(join(exported, "mops")).sort()).toEqual([
		"Ask me.yaml",
		"Inner.yaml",
		"Outer.yaml",
		"Sink a prefix.yaml",
	]);
	const same = await cli.run(["apply", "-f", exported, "--dry-run"]);
	expect(same.stdout).toMatch(/^0 to create, 0 to change, 5 as they should be\.$/m);

	writeFileSync(join(files, "a.yaml"), outer.replace("mop: Inner", "mop: Innner").replace("id: inner", "id: Inner"));
	const refused = await cli.run(["apply", "-f", files, "--yes"]);
	expect(refused.code).toBe(2);
	expect(refused.stderr).toMatch(/a\.yaml:5:\d+/);
	writeFileSync(join(files, "a.yaml"), outer.replace("another", "one more"));
	const changed = await cli.run(["apply", "-f", files, "--yes"]);
	expect(changed.stdout).toMatch(/~ Mop Outer[\s\S]*\+# runs one more one/);
	expect((await cli.run(["mops", "export", "Outer"])).stdout).toBe(
		outer.replace("another", "one more").replace("kind: Mop\n", ""),
	);
	writeFileSync(
		join(files, "c.yaml"),
		"kind: Schedule\nname: x\nrun: mop\nparams: { mop: Gone }\ntiming: { type: daily, times: ['03:00'] }\n",
	);
	const gone = await cli.run(["apply", "-f", files, "--yes"]);
	expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no procedure Gone") });
	expect(await cli.run(["mops", "delete", "Inner", "--yes"])).toMatchObject({ code: 1 });
	expect(await cli.run(["mops", "delete", "Outer", "--yes"])).toMatchObject({ code: 0 });
});
