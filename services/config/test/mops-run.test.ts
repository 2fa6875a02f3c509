import { newId } from "@netconductor/runtime/id";
import { actorWith, admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf } from "./start.ts";
import { type StartedMops, startMops } from "./start-mops.ts";

let started: StartedMops;
beforeAll(async () => {
	started = await startMops();
});
afterAll(() => started.stop());

/** The procedure that a run was started with. */
async function startedWith(name: string, body: Parameters<StartedMops["api"]["executeMop"]>[0]["body"] = {}) {
	const { run_id } = await started.api.executeMop({ params: { id: name }, body });
	const run = [...started.runs.values()].find((one) => one.run_id === run_id);
	if (run === undefined) throw new Error("no run was started");
	return run.procedure;
}

const transit = `name: Transit
targets: { groups: [edge] }
variables:
  neighbor: { required: true, pattern: '^[0-9.]+$' }
  asn: 65010
  key: { secret: true, required: true }
settings: { on_failure: rollback, parallelism: 3, max_steps: 50 }
steps:
  - { id: before, type: ssh_command, with: { commands: [show ip bgp] }, save_to_variable: before }
  - id: change
    type: set_config
    with: { lines: "neighbor {{ neighbor }} remote-as {{ asn }} {{ key }} {{ device.name }}" }
    retries: 2
  - id: each
    type: loop
    with: { items: [a, b], as: site }
    steps: [{ id: say, type: log, with: { message: "{{ site }} of {{ asn }}" }, when: "before is defined" }]
rollback:
  - { id: tell, type: log, with: { message: back } }
`;

describe("a procedure that is started", () => {
	test("becomes a program that needs nothing more to be looked up", async () => {
		const made = await started.add(transit);
		const procedure = await startedWith("transit", {
			variables: { neighbor: "192.0.2.7", key: "s3cret" },
			reason: "planned",
		});
		expect(procedure).toMatchObject({
			title: "Transit: planned",
			mop: { id: made.id, name: "Transit", version: 1 },
			variables: { neighbor: "192.0.2.7", asn: 65010, key: "s3cret" },
			secret_variables: ["key"],
			max_steps: 50,
			mode: "run",
			skipped: [],
		});
		expect(procedure.targets.map(({ name, groups, context }) => [name, groups, context.platform])).toEqual([
			["edge-1", ["edge"], "FRRouting"],
			["edge-2", ["edge"], "FRRouting"],
		]);
		expect(procedure.steps).toMatchObject([
			{
				path: "before",
				type: "run_command",
				targets: null,
				on_failure: "rollback",
				parallelism: 3,
				save_to_variable: "before",
			},
			{ path: "change", retries: { count: 2, delay_s: 5, backoff: 1 }, on_success: "next" },
			{ path: "each", blocks: [{ name: "steps", steps: [{ path: "say", when: "before is defined" }] }] },
		]);
		expect(procedure.rollback).toMatchObject([{ path: "tell", on_failure: "stop" }]);
	});

	test.each([
		[{ key: "x" }, "neighbor is required"],
		[{ key: "x", neighbor: "edge" }, "does not match"],
		[{ key: "x", neighbor: "192.0.2.7", asn: "65010" }, "asn must be a number, not the text"],
		[{ key: "x", neighbor: "192.0.2.7", ans: 1 }, "did you mean asn?"],
		[{ key: 12345, neighbor: "192.0.2.7" }, "key must be text, not of the type number"],
	])("with %j is refused, saying that %s", async (variables, message) => {
		const failure = await failureOf(started.api.executeMop({ params: { id: "transit" }, body: { variables } }));
		expect(failure).toMatchObject({ code: "mops.bad_variables", errors: [expect.anything()] });
		expect(failure.message).toContain(message);
	});

	test("takes the devices that whoever starts it names, leaves disabled ones out, and refuses to be for none", async () => {
		const given = { variables: { neighbor: "192.0.2.7", key: "x" } };
		started.disabled.add("edge-2");
		const procedure = await startedWith("transit", given);
		expect(procedure.targets.map(({ name }) => name)).toEqual(["edge-1"]);
		expect(procedure.skipped).toEqual([
			{ device_id: started.idOf("edge-2"), name: "edge-2", reason: "disabled: in the workshop" },
		]);
		const other = await startedWith("transit", { ...given, targets: { names: ["core-1"] } });
		expect(other.targets.map(({ name }) => name)).toEqual(["core-1"]);
		const none = { ...given, targets: { names: ["edge-2"] } };
		expect(await failureOf(started.api.executeMop({ params: { id: "transit" }, body: none }))).toMatchObject({
			code: "mops.no_devices",
		});
		started.disabled.clear();
		await started.add("name: No devices at all\nsteps: [{ id: a, type: run_command, with: { commands: [x] } }]");
		const failure = await failureOf(started.api.executeMop({ params: { id: "no devices at all" }, body: {} }));
		expect(failure).toMatchObject({ code: "mops.no_devices", details: { step: "a" } });
		await started.add("name: Only words\nsteps: [{ id: a, type: log, with: { message: x } }]");
		expect((await startedWith("only words")).targets).toEqual([]);
	});

	test("whose step names devices of its own has them beside the others, which its other steps keep to", async () => {
		await started.add(`name: Wider
targets: { groups: [edge] }
steps:
  - { id: own, type: run_command, with: { commands: [x] } }
  - { id: wide, type: run_command, with: { commands: [x] }, targets: { names: [core-1] } }
  - { id: words, type: log, with: { message: x } }
`);
		const { targets, steps } = await startedWith("wider");
		const edge = [started.idOf("edge-1"), started.idOf("edge-2")];
		expect(targets.map(({ name }) => name).sort()).toEqual(["core-1", "edge-1", "edge-2"]);
		expect(steps.map((step) => step.targets)).toEqual([edge, [started.idOf("core-1")], null]);
	});

	test("has the steps of those that it runs in their place, with their variables as locals", async () => {
		await started.add(`name: Sub
variables: { n: { type: integer, required: true }, word: hi, pass: { secret: true } }
settings: { on_failure: continue }
steps: [{ id: tell, type: delay, with: { seconds: 1 }, on_success: { goto: end } }, { id: end, type: log, with: { message: "{{ n }}" } }]
`);
		await started.add(`name: Super
variables: { token: { secret: true, required: true } }
steps:
  - { id: first, type: run_mop, with: { mop: sub, variables: { n: 1, pass: "{{ token }}" } } }
  - { id: second, type: run_mop, with: { mop: sub, variables: { n: "{{ 1 + 1 }}", word: ho } } }
`);
		const { steps, secret_variables } = await startedWith("super", { variables: { token: "t" } });
		expect(secret_variables).toEqual(["token", "pass"]);
		expect(steps).toMatchObject([
			{
				path: "first",
				type: "run_mop",
				with: { mop: "Sub" },
				locals: { n: 1, word: "hi", pass: "{{ token }}" },
				blocks: [
					{
						name: "steps",
						steps: [
							{ path: "first.tell", type: "wait", id: "tell", on_success: { goto: "end" }, on_failure: "continue" },
							{ path: "first.end" },
						],
					},
				],
			},
			{ path: "second", locals: { n: "{{ 1 + 1 }}", word: "ho" }, on_failure: "stop" },
		]);
		await started.api.toggleMop({ params: { id: "sub" }, body: { enabled: false } });
		const body = { variables: { token: "t" } };
		expect(await failureOf(started.api.executeMop({ params: { id: "super" }, body }))).toMatchObject({
			code: "mops.disabled",
			details: { mop: "Sub" },
		});
	});

	test("takes every permission that its steps take, and names the step", async () => {
		const operator = started.as(actorWith("mops:execute", "devices:read"));
		const body = { variables: { neighbor: "192.0.2.7", key: "x" } };
		expect(await failureOf(operator.executeMop({ params: { id: "transit" }, body }))).toMatchObject({
			code: "mops.not_permitted",
			details: { step: "change", permission: "stacks:deploy" },
		});
		const deployer = started.as(actorWith("mops:execute", "devices:read", "stacks:*"));
		expect(await deployer.executeMop({ params: { id: "transit" }, body })).toHaveProperty("run_id");
	});

	test("is not while it is not enabled", async () => {
		await started.api.toggleMop({ params: { id: "only words" }, body: { enabled: false } });
		expect(await failureOf(startedWith("only words"))).toMatchObject({ code: "mops.disabled" });
		await started.api.toggleMop({ params: { id: "only words" }, body: { enabled: true } });
		await startedWith("only words");
	});
});

describe("runs of procedures", () => {
	test("begin anew only while the procedure, and those that it runs, may be started; what they changed is always taken back", async () => {
		await started.api.toggleMop({ params: { id: "sub" }, body: { enabled: true } });
		const { run_id } = await started.api.executeMop({ params: { id: "super" }, body: { variables: { token: "t" } } });
		const restart = (what: "from_step" | "after_step" | "rollback") =>
			started.api.restartExecution({ params: { run_id }, body: { what, step: "first", reason: "again" } });
		await restart("from_step");
		for (const id of ["super", "sub"]) {
			await started.api.toggleMop({ params: { id }, body: { enabled: false } });
			for (const what of ["from_step", "after_step"] as const) {
				expect(await failureOf(restart(what))).toMatchObject({
					code: "mops.disabled",
					message: expect.stringContaining("can be taken back"),
				});
			}
			expect(await restart("rollback")).toHaveProperty("run_id");
			await started.api.toggleMop({ params: { id }, body: { enabled: true } });
		}
		await restart("after_step");

		const gone = await started.add("name: Gone\nsteps: [{ id: a, type: log, with: { message: x } }]");
		const last = await started.api.executeMop({ params: { id: gone.id }, body: {} });
		await started.api.deleteMop({ params: { id: gone.id } });
		const params = { run_id: last.run_id };
		const body = { step: "a", reason: "again" };
		expect(await failureOf(started.api.restartExecution({ params, body }))).toMatchObject({ code: "mops.not_found" });
		expect(await started.api.restartExecution({ params, body: { what: "rollback", reason: "again" } })).toHaveProperty(
			"run_id",
		);
	});

	test("are listed, newest first, and outlive the procedure", async () => {
		const made = await started.add("name: Short lived\nsteps: [{ id: a, type: log, with: { message: x } }]");
		const first = await started.api.executeMop({ params: { id: made.id }, body: { reason: "one" } });
		const second = await started.api.executeMop({ params: { id: made.id }, body: {} });
		const { items } = await started.api.listMopExecutions({ params: { id: made.id }, query: {} });
		expect(items.map(({ run_id, reason }) => [run_id, reason])).toEqual([
			[second.run_id, ""],
			[first.run_id, "one"],
		]);
		expect(items[0]).toMatchObject({ version: 1, status: "running", mop_name: "Short lived", started_by: "admin" });
		expect((await started.api.getMop({ params: { id: made.id } })).last_run_id).toBe(second.run_id);
		expect(await started.api.getExecution({ params: { run_id: first.run_id } })).toEqual(items[1]);
		await started.api.deleteMop({ params: { id: made.id } });
		expect(await started.api.getExecution({ params: { run_id: second.run_id } })).toEqual(items[0]);
		const page = await started.api.listExecutions({ query: { limit: 1, running: "true" } });
		expect(page.items[0]?.run_id).toBe(second.run_id);
		const next = await started.api.listExecutions({ query: { limit: 1, cursor: page.next_cursor ?? "" } });
		expect(next.items[0]?.run_id).toBe(first.run_id);
		await started.api.cancelExecution({ params: { run_id: first.run_id } });
		const nobodys = { params: { run_id: "01900000-0000-7000-8000-00000000000a" } };
		for (const ask of [started.api.cancelExecution, started.api.getExecution]) {
			expect(await failureOf(ask(nobodys))).toMatchObject({ code: "mops.execution_not_found" });
		}
	});

	test("exist for a role that is limited to device groups where the engine says so, and are told of nowhere else", async () => {
		const made = await started.add("name: Shared\nsteps: [{ id: a, type: log, with: { message: x } }]");
		const params = { id: made.id };
		const [one, other] = [newId(), newId()];
		const limitedTo = (group: string) => started.as({ ...admin, device_groups: [group] });
		const start = async (by: StartedMops["api"]) => (await by.executeMop({ params, body: {} })).run_id;
		const mine = [await start(limitedTo(one)), await start(limitedTo(one)), await start(limitedTo(one))];
		const theirs = [await start(limitedTo(other)), await start(started.api)];
		const here = limitedTo(one);
		const read: string[] = [];
		for (let cursor: string | null | undefined; cursor !== null; ) {
			const page = await here.listMopExecutions({ params, query: { limit: 2, ...(cursor && { cursor }) } });
			read.push(...page.items.map(({ run_id }) => run_id));
			cursor = page.next_cursor;
		}
		expect(read).toEqual(mine.toReversed());
		expect((await here.listExecutions({ query: { limit: 200 } })).items.map(({ run_id }) => run_id)).toEqual(read);
		for (const run_id of theirs) {
			const body = { what: "rollback" as const, reason: "again" };
			const asks = [here.getExecution({ params: { run_id } }), here.cancelExecution({ params: { run_id } })];
			for (const ask of asks) expect(await failureOf(ask)).toMatchObject({ code: "mops.execution_not_found" });
			expect(await failureOf(here.restartExecution({ params: { run_id }, body }))).toMatchObject({
				code: "runs.not_found",
			});
		}
		expect(await here.getExecution({ params: { run_id: mine[0] ?? "" } })).toMatchObject({ mop_name: "Shared" });
		const seen = async (by: StartedMops["api"]) => {
			const { items } = await by.listMops({ query: { q: "Shared", sort: "-last_run_at" } });
			expect(items[0]?.last_run_id).toBe((await by.getMop({ params })).last_run_id);
			return items[0];
		};
		expect(await seen(here)).toMatchObject({ last_run_id: mine[2], last_run_status: "running" });
		expect(await seen(started.api)).toMatchObject({ last_run_id: theirs[1] });
		expect(await seen(limitedTo(newId()))).toMatchObject({
			...{ last_run_id: null, last_run_status: null, last_run_at: null },
		});
	});

	test("go by all groups of their devices, also those that do not exist for who starts them: approvals are asked for by these", async () => {
		const source =
			"name: Grouped\ntargets: { names: [edge-1] }\nsteps: [{ id: a, type: run_command, with: { commands: ['show {{ device.groups }}'] } }]";
		const made = await started.add(source);
		const limited = started.as({ ...admin, device_groups: [newId()] });
		const params = { id: made.id };
		const { run_id } = await limited.executeMop({ params, body: {} });
		const run = [...started.runs.values()].find((one) => one.run_id === run_id);
		expect(run?.procedure.targets).toMatchObject([{ name: "edge-1", groups: ["edge"], context: { groups: ["edge"] } }]);
		const rehearsed = await limited.dryRunMop({ params, body: {} });
		expect(JSON.stringify(rehearsed.steps)).toContain("show []");
		expect(JSON.stringify((await started.api.dryRunMop({ params, body: {} })).steps)).toContain("show ['edge']");
	});

	test("of steps whose permission opens nothing to limited roles are refused to these before anything is looked up", async () => {
		const made = await started.add(
			"name: Pushes\ntargets: { all: true }\nsteps: [{ id: a, type: set_config, with: { lines: x } }]",
		);
		const params = { id: made.id };
		const limited = started.as({ ...admin, device_groups: [newId()] });
		expect(await failureOf(limited.executeMop({ params, body: {} }))).toMatchObject({
			...{ code: "mops.not_permitted", message: expect.stringContaining("limited to device groups") },
		});
		await started.api.executeMop({ params, body: {} });
	});

	test("started twice by one key are one, also when the first answer was lost", async () => {
		const body = { key: "occurrence 1", mop: "only words" };
		started.loseAnswers(true);
		await failureOf(started.api.startMopRun({ body }));
		started.loseAnswers(false);
		const before = started.runs.size;
		const { run_id } = await started.api.startMopRun({ body });
		expect(await started.api.startMopRun({ body })).toEqual({ run_id });
		expect(started.runs.size).toBe(before);
	});

	test("follow their own word: of their start, also where we did not start them, and of their end", async () => {
		const mop = await started.api.getMop({ params: { id: "only words" } });
		const run_id = "01900000-0000-7000-8000-0000000000aa";
		const subject = { type: "mop", id: mop.id };
		await started.tell("run.started.v1", { run_id, kind: "mop", subject, title: "again", total: 1, started_by: "eve" });
		const newest = async () => (await started.api.listMopExecutions({ params: { id: mop.id }, query: {} })).items[0];
		await expect
			.poll(newest)
			.toMatchObject({ run_id, started_by: "eve", version: 7, reason: "from a step", status: "running" });
		const counts = { pending: 0, running: 0, succeeded: 1, skipped: 0, failed: 0, cancelled: 0, unknown: 0 };
		await started.tell("run.finished.v1", {
			run_id,
			kind: "mop",
			subject,
			title: "again",
			status: "failed",
			counts,
			finished_at: "2026-11-21T22:00:00.000Z",
		});
		await expect.poll(newest).toMatchObject({ run_id, status: "failed", finished_at: "2026-11-21T22:00:00.000Z" });
		expect(await started.api.getMop({ params: { id: mop.id } })).toMatchObject({
			last_run_id: run_id,
			last_run_status: "failed",
		});
	});

	test("say for good who broke the glass for them", async () => {
		const { run_id } = await started.api.executeMop({ params: { id: "only words" }, body: {} });
		const newest = async () =>
			(await started.api.listMopExecutions({ params: { id: "only words" }, query: {} })).items[0];
		expect(await newest()).toMatchObject({ run_id, bypassed_by: null });
		const decided = {
			approval_id: "01900000-0000-7000-8000-00000000000b",
			run_id,
			plan_sha256: "a".repeat(64),
			decided_by: ["eve"],
			reason: "The site is down",
			not_before: null,
			not_after: null,
			decided_at: "2026-11-21T22:00:00.000Z",
		};
		await started.tell("approval.decided.v1", { ...decided, status: "bypassed" });
		await expect.poll(newest).toMatchObject({ run_id, bypassed_by: "eve" });
		await started.tell("approval.decided.v1", { ...decided, status: "approved", decided_by: ["bob"] });
		const after = await started.api.executeMop({ params: { id: "only words" }, body: {} });
		await started.tell("approval.decided.v1", { ...decided, run_id: after.run_id, status: "bypassed" });
		await expect.poll(newest).toMatchObject({ run_id: after.run_id, bypassed_by: "eve" });
		const { items } = await started.api.listMopExecutions({ params: { id: "only words" }, query: {} });
		expect(items[1]).toMatchObject({ run_id, bypassed_by: "eve" });
		const held = await started.api.executeMop({ params: { id: "only words" }, body: {} });
		await started.tell("run.glass_broken.v1", {
			run_id: held.run_id,
			kind: "mop",
			subject: null,
			title: "only words",
			by: { id: "01900000-0000-7000-8000-00000000000e", name: "kim" },
			reason: "The site is down",
			why: "Changes are frozen (Year end)",
			at: "2026-11-21T22:00:00.000Z",
		});
		await expect.poll(newest).toMatchObject({ run_id: held.run_id, bypassed_by: "kim" });
	});
});

describe("a dry run", () => {
	test("shows values and commands per device, equal ones together, secrets hidden, later values as written", async () => {
		const { api } = started;
		const body = { variables: { neighbor: "192.0.2.7", key: "s3cret" } };
		const shown = await started
			.as(actorWith("mops:read", "devices:read"))
			.dryRunMop({ params: { id: "transit" }, body });
		const [before, change, each, say, tell] = shown.steps;
		expect(before).toMatchObject({
			path: "before",
			devices: ["edge-1", "edge-2"],
			resolved: [{ devices: ["edge-1", "edge-2"], commands: ["show ip bgp"], error: null }],
		});
		expect(shown.steps.map(({ writes }) => writes)).toEqual([false, true, false, false, false]);
		expect(change?.resolved.map((one) => one.with.lines)).toEqual([
			"neighbor 192.0.2.7 remote-as 65010 <secret> edge-1",
			"neighbor 192.0.2.7 remote-as 65010 <secret> edge-2",
		]);
		expect(each).toMatchObject({ devices: null, depth: 0, resolved: [{ with: { items: ["a", "b"], as: "site" } }] });
		expect(say).toMatchObject({
			depth: 1,
			depends_on: ["site", "before"],
			resolved: [{ with: { message: "{{ site }} of {{ asn }}" } }],
		});
		expect(tell).toMatchObject({ phase: "rollback" });
		expect(JSON.stringify(shown)).not.toContain("s3cret");
		expect(shown.warnings).toMatchObject([{ code: "mops.not_permitted" }]);
		expect((await api.dryRunMop({ params: { id: "transit" }, body })).warnings).toEqual([]);
	});

	test("tells nothing of devices and stacks to somebody who may read procedures only", async () => {
		const reader = started.as(actorWith("mops:read"));
		await started.add("name: Needs no devices\nsteps: [{ id: a, type: log, with: { message: hi } }]");
		const rehearse = (id: string, body: Parameters<typeof reader.dryRunMop>[0]["body"] = {}) =>
			failureOf(reader.dryRunMop({ params: { id }, body }));
		const refused = { code: "mops.not_permitted", details: { permission: "devices:read" } };
		await started.add(
			"name: Own devices\ntargets: { groups: [edge] }\nsteps: [{ id: a, type: log, with: { message: hi } }]",
		);
		expect(await rehearse("own devices")).toMatchObject(refused);
		for (const name of ["edge-1", "no-such-device"]) {
			expect(await rehearse("needs no devices", { targets: { names: [name] } })).toMatchObject(refused);
		}
		const { steps } = await reader.dryRunMop({ params: { id: "needs no devices" }, body: {} });
		expect(steps).toMatchObject([{ path: "a", devices: null }]);

		const starter = started.as(actorWith("mops:execute"));
		const before = started.runs.size;
		for (const name of ["edge-1", "no-such-device"]) {
			const body = { targets: { names: [name] } };
			expect(await failureOf(starter.executeMop({ params: { id: "needs no devices" }, body }))).toMatchObject(refused);
		}
		expect(await failureOf(starter.executeMop({ params: { id: "own devices" }, body: {} }))).toMatchObject(refused);
		expect(started.runs.size).toBe(before);
		await starter.executeMop({ params: { id: "needs no devices" }, body: {} });

		const probe = `name: Probe
targets: { names: [no-such-device] }
steps:
  - { id: a, type: run_command, targets: { names: [edge-1] }, with: { commands: [x] } }
  - { id: b, type: deploy_stack, with: { stack: no-such-stack } }
`;
		const { faults } = await reader.validateMop({ body: { source: probe } });
		expect(faults.map(({ code, line }) => [code, line])).toEqual([
			["targets.unchecked", 2],
			["stack.unchecked", 5],
		]);
		expect(faults[0]?.message).toContain("devices:read");
		const all = started.as(actorWith("mops:read", "devices:read", "stacks:read"));
		expect((await all.validateMop({ body: { source: probe } })).faults.map(({ code }) => code)).toEqual([
			"targets.none",
			"stack.unknown",
		]);
	});

	test("tells which step has no values, and why", async () => {
		await started.add(`name: Undefined
variables: { maybe: { description: not required } }
steps: [{ id: a, type: log, with: { message: "{{ maybe }}" } }]`);
		const { steps } = await started.api.dryRunMop({ params: { id: "undefined" }, body: {} });
		expect(steps[0]?.resolved[0]?.error).toContain("maybe");
	});
});

describe("what is told of a procedure to whoever starts it later", () => {
	const edge1 = { names: ["edge-1"] };
	const edge2 = { names: ["edge-2"] };
	const core = { names: ["core-1"] };
	const targetsOf = async (mop: string, body: { variables?: Record<string, unknown>; targets?: typeof edge1 } = {}) =>
		(await started.api.outlineMop({ body: { mop, ...body } })).step_targets;

	test("has the devices of procedures within where it has none itself, and those of its steps in any case", async () => {
		await started.add(`name: Reads the core
targets: { names: [core-1] }
steps: [{ id: a, type: run_command, with: { commands: [x] } }]`);
		await started.add("name: Between\nsteps: [{ id: sub, type: run_mop, with: { mop: reads the core } }]");
		await started.add(`name: Around
steps:
  - { id: one, type: log, targets: { names: [edge-2] }, with: { message: x } }
  - { id: sub, type: run_mop, with: { mop: between } }`);
		expect(await targetsOf("around")).toEqual([edge2, core]);
		// Whoever starts a procedure names its devices: those within have none of their own then.
		expect(await targetsOf("around", { targets: edge1 })).toEqual([edge2]);
	});

	test("says whether any of its steps changes something, also one within and one that takes back", async () => {
		const changes = async (name: string, rest: string) => {
			await started.add(`name: ${name}\ntargets: { names: [edge-1] }\n${rest}`);
			return (await started.api.outlineMop({ body: { mop: name } })).changes;
		};
		expect(await changes("Looks", "steps: [{ id: a, type: run_command, with: { commands: [show version] } }]")).toBe(
			false,
		);
		const write = "{ id: a, type: set_config, with: { lines: x } }";
		expect(await changes("Writes", `steps: [${write}]`)).toBe(true);
		expect(await changes("Runs what writes", "steps: [{ id: a, type: run_mop, with: { mop: writes } }]")).toBe(true);
		const log = "{ id: say, type: log, with: { message: x } }";
		expect(await changes("Writes back", `steps: [${log}]\nrollback: [${write}]`)).toBe(true);
	});

	test("has the devices of stacks that it deploys, all where only its run will know which", async () => {
		const { id: template_id } = await started.api.createTemplate({
			body: { name: "outlined", source: "ip route {{ prefix }} Null0\n" },
		});
		const service = { template_id, variables: { prefix: "192.0.2.0/24" } };
		const services = [
			{ ...service, name: "one", targets: edge1 },
			{ ...service, name: "two", targets: core },
		];
		await started.api.createStack({ body: { name: "Two services", services } });
		const deploys = (given: string) =>
			`name: Deploys ${given.length}\nvariables: { which: two services, what: deploy }\nsteps:\n` +
			`  - { id: before, type: log, with: { message: x }, save_to_variable: before }\n` +
			`  - { id: a, type: deploy_stack, with: { ${given} } }`;
		const outlined = async (given: string, variables: Record<string, unknown> = {}) => {
			const { id } = await started.add(deploys(given));
			const found = await targetsOf(id, { variables });
			await started.api.deleteMop({ params: { id } });
			return found;
		};
		expect(await outlined("stack: Two Services")).toEqual([edge1, core]);
		expect(await outlined("stack: '{{ which }}', reason: '{{ before }}'")).toEqual([edge1, core]);
		expect(await outlined("stack: '{{ which }}'", { which: "no such stack" })).toEqual([]);
		expect(await outlined("stack: '{{ before }}'")).toEqual([{ all: true }]);
		expect(await outlined("stack: two services, action: plan")).toEqual([]);
		expect(await outlined("stack: two services, only: procedure")).toEqual([]);
		expect(await outlined("stack: two services, action: '{{ what }}'", { what: "plan" })).toEqual([]);

		const within = await started.add(deploys("stack: '{{ which }}'"));
		const variables = "{ which: '{{ nested }}', what: '{{ before }}' }";
		await started.add(`name: Deploys within
variables: { nested: two services }
steps: [{ id: sub, type: run_mop, with: { mop: ${within.id}, variables: ${variables} } }]`);
		expect(await targetsOf("deploys within")).toEqual([edge1, core]);

		// A stack is not theirs to deploy, and where it stands not theirs to know.
		const limited = started.as({ ...admin, device_groups: [newId()] });
		for (const mop of [within.id, "deploys within"]) {
			expect((await limited.outlineMop({ body: { mop } })).step_targets).toEqual([]);
		}
	});
});

describe("a step type that somebody defined", () => {
	const show = {
		type: "show_peer",
		label: "Show a peer",
		base: "ssh_command",
		preset: { commands: ["show bgp neighbor {{ peer }}"] },
		parameters: { peer: { required: true, pattern: "^[0-9.]+$" }, note: { default: "x" } },
	};

	test("is used like one of the product, and is what it presets when it runs", async () => {
		const made = await started.api.createStepType({ body: show });
		expect(made).toMatchObject({ built_in: false, base: "run_command", runs_on: "devices", used_by: 0 });
		const using = (peer: string) =>
			`name: Uses it\ntargets: { groups: [edge] }\nsteps: [{ id: a, type: show_peer, with: { ${peer} } }]`;
		expect((await failureOf(started.add(using("")))).errors?.[0]?.message).toContain("`peer` of show_peer is required");
		expect((await failureOf(started.add(using("peer: x")))).errors?.[0]?.message).toContain("does not match");
		await started.add(using("peer: 192.0.2.9"));
		expect((await startedWith("uses it")).steps).toMatchObject([
			{ type: "run_command", with: show.preset, locals: { peer: "192.0.2.9", note: "x" } },
		]);
		const { steps } = await started.api.dryRunMop({ params: { id: "uses it" }, body: {} });
		expect(steps[0]?.resolved[0]?.commands).toEqual(["show bgp neighbor 192.0.2.9"]);
		expect((await started.api.getStepType({ params: { id: "show_peer" } })).used_by).toBe(1);
		expect(await failureOf(started.api.deleteStepType({ params: { id: made.id ?? "" } }))).toMatchObject({
			code: "step_types.in_use",
			details: { used_by: ["Uses it"] },
		});
		await started.api.deleteMop({ params: { id: "uses it" } });
		await started.api.deleteStepType({ params: { id: "show_peer" } });
	});

	test.each([
		["presets what there is not", { base: "run_comand" }, "did you mean `run_command`?"],
		["presets steps in steps", { base: "loop", preset: {} }, "has other steps in it"],
		["lacks what its base needs", { preset: {} }, "is missing"],
		["has a template that cannot be read", { preset: { commands: ["{{ x"] } }, "preset"],
		["has a secret with a default", { parameters: { p: { secret: true, default: "x" } } }, "a secret has no default"],
	])("that %s is refused", async (_, change, message) => {
		const failure = await failureOf(started.api.createStepType({ body: { ...show, type: "bad_one", ...change } }));
		expect(failure.code).toBe("step_types.bad_preset");
		expect(failure.message).toContain(message);
	});

	test("has no name of one of the product, nor what other tools call one; those of the product stay as they are", async () => {
		for (const type of ["log", "delay", "email"]) {
			expect(await failureOf(started.api.createStepType({ body: { ...show, type } }))).toMatchObject({
				code: "step_types.name_taken",
			});
		}
		for (const id of ["log", "delay"]) {
			expect(await failureOf(started.api.deleteStepType({ params: { id } }))).toMatchObject({
				code: "step_types.built_in",
			});
			expect(await failureOf(started.api.updateStepType({ params: { id }, body: { label: "x" } }))).toMatchObject({
				code: "step_types.built_in",
			});
		}
		expect(await failureOf(started.api.getStepType({ params: { id: "nothing" } }))).toMatchObject({
			code: "step_types.not_found",
		});
	});

	test("is listed among those of the product, page by page", async () => {
		await started.api.createStepType({ body: { ...show, type: "mine" } });
		const all = await started.api.listStepTypes({ query: {} });
		const types = all.items.map(({ type }) => type);
		expect(types).toEqual(types.toSorted());
		expect(types).toContain("mine");
		const page = await started.api.listStepTypes({ query: { page: 2, page_size: 2 } });
		expect(page.items.map(({ type }) => type)).toEqual(types.slice(2, 4));
		expect((await started.api.listStepTypes({ query: { built_in: "false" } })).items).toHaveLength(1);
		const changed = await started.api.updateStepType({
			params: { id: "mine" },
			body: { label: "Mine alone", preset: { commands: ["show \ud800"] } },
		});
		expect(changed.preset).toEqual({ commands: ["show \ufffd"] });
		expect(changed).toMatchObject({ label: "Mine alone", base: "run_command" });
	});
});
