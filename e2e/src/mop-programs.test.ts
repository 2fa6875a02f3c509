import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addFleet, type Clients, eventually, type Product, startProduct } from "./product.ts";

/** Procedures through all services: from their YAML to what was carried out on devices. */

let product: Product;
let fleet: FleetProcess;
let admin: Clients;
const secret = "s3cr3t-of-the-peer";

const inner = `name: Tell how many
variables: { n: { type: integer, required: true }, key: { secret: true } }
steps:
  - { id: tell, type: log, with: { message: "{{ n }} with {{ key }}" }, save_to_variable: told }
`;

const outer = `name: Everything at once
targets: { all: true }
variables:
  neighbor: 192.0.2.1
  key: { secret: true, required: true }
settings: { on_failure: rollback, parallelism: 10 }
steps:
  - { id: before, type: ssh_command, with: { commands: [show version] }, save_to_variable: before }
  - { id: own, type: show_something, with: { what: ip interface brief } }
  - id: change
    type: set_config
    with: { lines: "ip route 203.0.113.0 255.255.255.0 Null0 name {{ device.name }}" }
  - id: sites
    type: loop
    with: { items: "{{ ['a', 'b'] }}", as: site }
    steps: [{ id: say, type: log, with: { message: "{{ site }} {{ loop.index }}" } }]
  - id: both
    type: parallel
    branches:
      - [{ id: x, type: delay, with: { seconds: 0.1 } }]
      - [{ id: y, type: log, with: { message: "{{ neighbor }}" } }]
  - id: decide
    type: condition
    with: { if: "before is defined" }
    then: [{ id: known, type: log, with: { message: "{{ before | length }} answers" } }]
    else: [{ id: unknown, type: log, with: { message: none } }]
  - id: sub
    type: run_mop
    with: { mop: tell how many, variables: { n: "{{ before | length }}", key: "{{ key }}" } }
  - { id: one, type: run_command, targets: { names: [ios-1] }, with: { commands: [show clock] } }
rollback:
  - { id: back, type: log, with: { message: rolled back } }
`;

beforeAll(async () => {
	[product, fleet] = await Promise.all([
		startProduct(),
		startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } }),
	]);
	admin = product.as(product.admin_token);
	await addFleet(admin, fleet);
	// Who approves is the business of another test.
	await admin.alerts.createApprovalPolicy({ body: { name: "Procedures", kinds: ["mop"], stages: [] } });
	await admin.config.createStepType({
		body: {
			type: "show_something",
			label: "Show something",
			base: "run_command",
			preset: { commands: ["show {{ what }}"] },
			parameters: { what: { required: true } },
		},
	});
	await admin.config.createMop({ body: { source: inner } });
}, 120_000);
afterAll(async () => {
	await Promise.all([product?.dispose(), fleet?.stop()]);
});

const runOf = (id: string) => admin.tasks.getRun({ params: { id } });
const ended = (id: string) =>
	eventually("the run ends", async () => ((await runOf(id)).finished_at === null ? undefined : runOf(id)));

test("every example that a step type gives of itself is a valid step", async () => {
	const { items } = await admin.config.listStepTypes({ query: { built_in: "true" } });
	const plain = items.filter(
		({ blocks, type }) => blocks.length === 0 && type !== "run_mop" && type !== "deploy_stack",
	);
	expect(plain.length).toBeGreaterThan(15);
	const source = JSON.stringify({
		name: "Examples",
		steps: plain.map(({ type, example }, index) => ({ id: `s${index}`, type, with: example })),
	});
	const { faults, may_change } = await admin.config.validateMop({ body: { source } });
	expect(faults.filter(({ severity }) => severity === "error")).toEqual([]);
	// By what they are given: a command that shows, a request that gets and a message to a chat change nothing.
	const changing = plain.filter((_, index) => may_change.includes(`steps.${index}`)).map(({ type }) => type);
	expect(changing.toSorted()).toEqual(["set_config", "webhook"]);
});

test("a procedure of everything is rehearsed, carried out as rehearsed, and listed; its secret is nowhere", async () => {
	const { id, warnings } = await admin.config.createMop({ body: { source: outer } });
	expect(warnings).toEqual([]);
	const params = { id };
	const rehearsed = await admin.config.dryRunMop({ params, body: { variables: { key: secret } } });
	const shown = new Map(rehearsed.steps.map((step) => [step.path, step]));
	expect(shown.get("own")?.resolved).toMatchObject([
		{ devices: ["ios-1", "ios-2"], commands: ["show ip interface brief"], error: null },
	]);
	expect(shown.get("change")?.resolved).toHaveLength(2);
	const writes = rehearsed.steps.filter((step) => step.writes).map(({ path }) => path);
	expect(writes).toEqual(["own", "change"]);
	expect(shown.get("sub.tell")?.depends_on).toEqual(["n"]);
	expect(shown.get("one")?.devices).toEqual(["ios-1"]);

	const body = { variables: { key: secret }, reason: "tonight" };
	const { run_id } = await admin.config.executeMop({ params, body });
	expect(await ended(run_id)).toMatchObject({ status: "succeeded", end_reason: null });
	const steps = await admin.tasks.listRunSteps({ params: { id: run_id }, query: {} });
	const results = new Map(steps.items.map((step) => [step.key, step.result]));
	expect(results.get("sites:1/2/say:1")).toMatchObject({ message: "b 2" });
	expect(results.get("both:1/2/y:1")).toMatchObject({ message: "192.0.2.1" });
	expect(results.get("decide:1/then/known:1")).toMatchObject({ message: "2 answers" });
	expect(results.get("sub:1/tell:1")).toMatchObject({ message: "2 with <secret>" });

	const again = await admin.config.restartExecution({
		params: { run_id },
		body: { step: "one:1", reason: "once more" },
	});
	expect((await ended(again.run_id)).status).toBe("succeeded");
	const { items } = await eventually("the runs are known to have ended", async () => {
		const page = await admin.config.listMopExecutions({ params, query: {} });
		return page.items.length === 2 && page.items.every(({ finished_at }) => finished_at !== null) ? page : undefined;
	});
	expect(items).toMatchObject([
		{ run_id: again.run_id, version: 1, status: "succeeded" },
		{ run_id, version: 1, status: "succeeded", reason: "tonight" },
	]);
	expect(JSON.stringify([rehearsed, steps, items, await runOf(run_id)])).not.toContain(secret);
	expect(product.output()).not.toContain(secret);
}, 60_000);

test("a schedule starts a procedure, but none that asks for a secret", async () => {
	await admin.config.createMop({
		body: {
			source: "name: Words\nvariables: { word: hi }\nsteps: [{ id: a, type: log, with: { message: '{{ word }}' } }]",
		},
	});
	const at = (mop: string, variables: Record<string, unknown>) =>
		admin.scheduling.createSchedule({
			body: {
				name: `Schedule of ${mop}`,
				kind: "mop",
				params: { mop, variables },
				timing: { type: "daily", times: ["06:00"] },
				time_zone: "UTC",
			},
		});
	await expect(at("everything at once", { key: secret })).rejects.toMatchObject({
		problem: { code: "schedules.bad_params" },
	});
	await expect(at("words", { wrod: "x" })).rejects.toMatchObject({ problem: { code: "mops.bad_variables" } });
	const { id } = await at("words", { word: "good night" });
	await admin.scheduling.runScheduleNow({ params: { id } });
	const [run] = await eventually("the runs are known to have ended", async () => {
		const { items } = await admin.config.listMopExecutions({ params: { id: "words" }, query: {} });
		return items.length > 0 && items[0]?.finished_at !== null ? items : undefined;
	});
	expect(run).toMatchObject({ status: "succeeded", started_by: "admin" });
}, 60_000);

test("a freeze holds a scheduled procedure back whose devices only its steps lead to", async () => {
	const { items: devices } = await admin.devices.listDevices({ query: { q: "ios-1" } });
	const group = await admin.devices.createGroup({ body: { name: "frozen" } });
	const device_ids = devices.map(({ id }) => id);
	await admin.devices.setGroupMembers({ params: { id: group.id }, body: { device_ids } });
	const template = await admin.config.createTemplate({
		body: { name: "held", source: "ip route 203.0.113.0 255.255.255.0 Null0\n" },
	});
	await admin.config.createStack({
		body: { name: "Held", services: [{ name: "route", template_id: template.id, targets: { names: ["ios-1"] } }] },
	});
	const sources = {
		"Inner device":
			"targets: { names: [ios-1] }\nsteps: [{ id: a, type: set_config, with: { lines: [ntp server 192.0.2.1] } }]",
		"Through another": "steps: [{ id: a, type: run_mop, with: { mop: inner device } }]",
		"Through a stack":
			"variables: { which: held }\nsteps: [{ id: a, type: deploy_stack, with: { stack: '{{ which }}' } }]",
		"Through a step":
			"steps: [{ id: a, type: set_config, targets: { names: [ios-1] }, with: { lines: [ntp server 192.0.2.1] } }]",
		"Another device": "targets: { names: [ios-2] }\nsteps: [{ id: a, type: run_mop, with: { mop: inner device } }]",
		"Only reads": "targets: { names: [ios-1] }\nsteps: [{ id: a, type: get_config }]",
	};
	for (const [name, rest] of Object.entries(sources)) {
		await admin.config.createMop({ body: { source: `name: ${name}\n${rest}` } });
	}
	const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);
	await admin.scheduling.createCalendar({
		body: { name: "Year's end", kind: "freeze", ranges: [{ from: day(-1), to: day(3) }], groups: ["frozen"] },
	});
	const occurrenceOf = async (mop: string) => {
		const { id } = await admin.scheduling.createSchedule({
			body: { name: mop, kind: "mop", params: { mop }, timing: { type: "interval", every_minutes: 60 } },
		});
		await admin.scheduling.runScheduleNow({ params: { id } });
		return eventually(`the procedure ${mop} is started or held`, async () => {
			const { items } = await admin.scheduling.getScheduleHistory({ params: { id }, query: {} });
			return items.find(({ status }) => status !== "due");
		});
	};
	for (const mop of ["Through another", "Through a stack", "Through a step"]) {
		expect({ mop, ...(await occurrenceOf(mop)) }).toMatchObject({
			mop,
			status: "waiting",
			run_id: null,
			reason: "Changes are frozen (Year's end).",
		});
	}
	for (const mop of ["Another device", "Only reads"]) expect((await occurrenceOf(mop)).run_id).not.toBeNull();
	const { items } = await admin.scheduling.listConflicts({ query: {} });
	const held = items.flatMap((one) => (one.type === "held" ? [one.schedule.name] : []));
	expect(held.toSorted()).toEqual(["Through a stack", "Through a step", "Through another"]);
}, 60_000);
