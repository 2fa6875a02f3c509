import { randomUUID } from "node:crypto";
import { apis } from "@netconductor/contracts/apis";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import type { Occurrence, ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCli } from "./cli.ts";
import { listenToDashboard, watchRun } from "./live-view.ts";
import { type Clients, eventually, type Product, startProduct } from "./product.ts";

// Generated from the contracts: what keeps to the devices of a role is asked of a thing inside, of one outside, and of one that does not exist.
const password = "matrix password 2026";
const scoped = Object.values(apis).flatMap((api) =>
	Object.entries<Operation>(api.operations)
		.filter(([, { scope }]) => scope === "devices")
		.map(([name, operation]) => ({ name, operation })),
);

/** One device with all that is its own. */
interface Thing {
	device_id: string;
	group_id: string;
	group: string;
	run_id: string;
	operation_id: string;
	/** Run of a procedure that somebody of the place started. */
	procedure_run_id: string;
	/** What a procedure waits for that somebody of the place started. */
	approval_id: string;
	waiting_run_id: string;
	/** Saved by somebody of the place. */
	schedule_id: string;
	/** The same, for the paths' other name. */
	operation_schedule_id: string;
	backup_id: string;
	backup_run_id: string;
	snapshot_id: string;
}

let product: Product;
let fleet: FleetProcess;
let admin: Clients;
let here: Clients;
let token: string;
/** A procedure is everybody's. */
let mop_id: string;
/** One that waits for an approval before it looks at its devices. */
let asking_mop_id: string;
/** So is a template. */
let template_id: string;
let inside: Thing;
let outside: Thing;

let places = 0;

async function makeThing(place: string): Promise<Thing> {
	const group = await admin.devices.createGroup({ body: { name: place } });
	const sim = fleet.devices[places++];
	if (sim === undefined) throw new Error("the fleet has too few devices");
	const device = await admin.devices.createDevice({
		body: {
			name: `${place}-1`,
			host: sim.host,
			port: sim.port,
			device_type: sim.platform,
			groups: [place],
			site: `${place}-site`,
			tags: [`${place}-tag`],
			username: sim.username,
			password: sim.password,
			enable_password: sim.enable_password,
		},
	});
	await admin.auth.createRole({
		body: { name: `${place}-chief`, label: place, permissions: ["*"], device_groups: [group.id] },
	});
	await admin.auth.createUser({
		body: { username: `${place}-chief`, role: `${place}-chief`, password, must_change_password: false },
	});
	const chief = product.as(await product.login(`${place}-chief`, password));
	const procedure = await chief.config.executeMop({ params: { id: mop_id }, body: {} });
	await ended(procedure.run_id);
	const waiting = await chief.config.executeMop({ params: { id: asking_mop_id }, body: {} });
	const schedules = await Promise.all(
		["schedule", "operation"].map((name) =>
			chief.scheduling.createSchedule({ body: scheduled(`${place}-${name}`, device.id) }),
		),
	);
	await admin.devices.putOverride({ params: { id: device.id }, body: { disabled_reason: `${place}-why` } });
	const { run_id } = await admin.devices.testDevice({ params: { id: device.id } });
	await ended(run_id);
	const select = { device_ids: [device.id] };
	const taken = await admin.backup.runSelected({ body: { select, name: `${place}-snapshot` } });
	await ended(taken.run_id);
	const [operation] = (await admin.tasks.listOperations({ params: { id: run_id }, query: {} })).items;
	const [backup] = (await admin.backup.listBackups({ query: { device_id: device.id, status: ["succeeded"] } })).items;
	if (operation === undefined || backup === undefined) throw new Error(`${place}-1 has no operation or no backup`);
	const pressed = await chief.scheduling.runScheduleNow({ params: { id: schedules[0]?.id ?? "" } });
	await ended(await runOf(pressed));
	return {
		device_id: device.id,
		group_id: group.id,
		group: place,
		run_id,
		operation_id: operation.id,
		procedure_run_id: procedure.run_id,
		approval_id: await approvalOf(waiting.run_id),
		waiting_run_id: waiting.run_id,
		schedule_id: schedules[0]?.id ?? "",
		operation_schedule_id: schedules[1]?.id ?? "",
		backup_id: backup.id,
		backup_run_id: taken.run_id,
		snapshot_id: backup.snapshot_id ?? "",
	};
}

/** A backup of one device that is due in a long time. */
function scheduled(name: string, device_id: string): ScheduleInput {
	const timing = { type: "once" as const, at: "2090-01-01T00:00" };
	return { name, kind: "backup", params: { select: { device_ids: [device_id] } }, timing };
}

/** The run of what came due. */
function runOf({ id, schedule_id }: Pick<Occurrence, "id" | "schedule_id">): Promise<string> {
	return eventually("it is started", async () => {
		const { items } = await admin.scheduling.getScheduleHistory({ params: { id: schedule_id }, query: {} });
		return items.find((one) => one.id === id)?.run_id ?? undefined;
	});
}

/** What a run waits for. */
function approvalOf(run_id: string): Promise<string> {
	return eventually("the run waits for an approval", async () => {
		const { items } = await admin.alerts.listApprovals({ query: { run_id } });
		return items[0]?.id;
	});
}

async function ended(run_id: string): Promise<void> {
	await eventually("the run has ended", async () => {
		const { finished_at } = await admin.tasks.getRun({ params: { id: run_id } });
		return finished_at === null ? undefined : true;
	});
}

beforeAll(async () => {
	fleet = await startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } });
	product = await startProduct({
		NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "100000",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "100000",
	});
	admin = product.as(product.admin_token);
	const source =
		"name: Look\ntargets: { all: true }\nsteps: [{ id: look, type: run_command, with: { commands: [show version] } }]";
	const template = await admin.config.createTemplate({ body: { name: "ntp", source: "ntp server {{ device.name }}" } });
	template_id = template.id;
	const asks =
		"steps: [{ id: ask, type: manual_approval, with: { message: Go on? } }, { id: look, type: run_command, with: { commands: [show version] } }]";
	asking_mop_id = (await admin.config.createMop({ body: { source: `name: Ask\ntargets: { all: true }\n${asks}` } })).id;
	mop_id = (await admin.config.createMop({ body: { source } })).id;
	inside = await makeThing("berlin");
	outside = await makeThing("munich");
	token = await product.login("berlin-chief", password);
	here = product.as(token);
}, 300_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
});

/** What an `:id` in a path is the id of, by the path or what of it comes before. */
const idOf: Record<string, (thing: Thing) => string> = {
	"/api/devices/": ({ device_id }) => device_id,
	"/api/device-overrides/": ({ device_id }) => device_id,
	"/api/device-groups/": ({ group_id }) => group_id,
	// The own login of a device bears its id.
	"/api/credentials/": ({ device_id }) => device_id,
	"/api/runs/": ({ run_id }) => run_id,
	"/api/runs/:id/steps": ({ procedure_run_id }) => procedure_run_id,
	"/api/runs/:id/procedure": ({ procedure_run_id }) => procedure_run_id,
	"/api/runs/:id/steps/:step_id/override": ({ procedure_run_id }) => procedure_run_id,
	"/api/mops/executions/": ({ procedure_run_id }) => procedure_run_id,
	"/api/mops/": () => mop_id,
	"/api/templates/": () => template_id,
	"/api/schedules/": ({ schedule_id }) => schedule_id,
	"/api/scheduled-operations/": ({ operation_schedule_id }) => operation_schedule_id,
	"/api/approvals/": ({ approval_id }) => approval_id,
	"/api/tasks/": ({ run_id }) => run_id,
	"/api/config-backups/": ({ backup_id }) => backup_id,
	"/api/config-backups/task/": ({ backup_run_id }) => backup_run_id,
	"/api/config-backups/history/": ({ device_id }) => device_id,
	"/api/config-backups/blame/": ({ device_id }) => device_id,
	"/api/snapshots/": ({ snapshot_id }) => snapshot_id,
	"/api/snapshots/:id/compare/": ({ snapshot_id }) => snapshot_id,
};

/** What an operation is asked beside its path. */
const queries: Record<string, (thing: Thing) => Record<string, string>> = {
	compareBackups: ({ backup_id }) => ({ from: backup_id, to: backup_id }),
	searchConfigs: () => ({ q: "hostname" }),
};

const select = ({ device_id }: Thing) => ({ select: { device_ids: [device_id] } });
const fingerprint = () => ({ fingerprint: "SHA256:none" });

/** What an operation with a body is sent of a thing. */
const bodies: Record<string, (thing: Thing) => unknown> = {
	createDevice: ({ group }) => ({
		name: `new-${randomUUID()}`,
		host: "127.0.0.1",
		device_type: "linux",
		groups: ["berlin", group],
	}),
	importDevices: ({ group }) => ({
		format: "json",
		content: JSON.stringify([
			{ name: `new-${randomUUID()}`, host: "127.0.0.1", device_type: "linux", groups: ["berlin", group] },
		]),
	}),
	updateDevice: () => ({ description: "seen" }),
	updateDevices: (thing) => ({ ...select(thing), action: { kind: "add_tags", tags: ["seen"] } }),
	testDevices: select,
	putOverride: () => ({}),
	acceptHostKey: fingerprint,
	rejectHostKey: fingerprint,
	resumeRun: () => ({}),
	// Of another plan than the one that waits: what is there is refused for that.
	approve: () => ({ plan_sha256: "c".repeat(64) }),
	reject: () => ({ plan_sha256: "c".repeat(64), reason: "seen" }),
	delegate: () => ({ plan_sha256: "c".repeat(64), reason: "seen", to: "admin", until: "2999-01-01T00:00:00Z" }),
	createSchedule: ({ device_id }) => scheduled(`new-${randomUUID()}`, device_id),
	createScheduledOperation: ({ device_id }) => scheduled(`new-${randomUUID()}`, device_id),
	updateSchedule: ({ group, device_id }) => scheduled(`${group}-schedule`, device_id),
	updateScheduledOperation: ({ group, device_id }) => scheduled(`${group}-operation`, device_id),
	decideOperation: () => ({ decision: "failed", reason: "seen" }),
	decideRun: () => ({ decision: "failed", reason: "seen" }),
	overrideStep: () => ({ action: "stop", reason: "seen" }),
	restartExecution: () => ({ what: "rollback", reason: "seen" }),
	validateMop: ({ device_id }) => ({
		source: `name: Look\ntargets: { device_ids: [${device_id}] }\nsteps: [{ id: look, type: run_command, with: { commands: [show version] } }]`,
	}),
	renderTemplate: ({ device_id }) => ({ device_id }),
	previewTemplate: ({ device_id }) => ({ device_id, source: "{{ device.name }}" }),
	dryRunMop: ({ device_id }) => ({ targets: { device_ids: [device_id] } }),
	executeMop: ({ device_id }) => ({ targets: { device_ids: [device_id] } }),
	runSingle: ({ device_id }) => ({ device_id }),
	runSelected: select,
};

/** What names no thing: it is done with those that there are for who asks, which the tests of its service hold. */
const ofAll = new Set(["runAll"]);

/** What does not answer 404 of a device that does not exist: what it says instead, also of one without a backup or of a group. */
const saidOfNone: Record<string, { status: number; code?: string }> = {
	getHistory: { status: 200 },
	validateMop: { status: 200, code: "targets.none" },
	importDevices: { status: 400, code: "devices.import_invalid" },
	getBlame: { status: 404, code: "backups.no_backup_at" },
};

/**
 * Device types and procedures are everybody's. Only the number of the devices of a type differs, which the tests of the devices service hold, and the
 * runs of a procedure, of which one is told below.
 */
const ofNoDevice = new Set(["listDeviceTypes", "getDeviceType", "listMops", "getMop", "listMopExecutions"]);

/** Answers in which nothing of the things made here stands by its name. */
const emptyHere = new Set(["listHostKeys", "getActivity", "getApprovalStats"]);

const asked = scoped.filter(({ name }) => !ofNoDevice.has(name) && !ofAll.has(name));
const namesOne = ({ name, operation: { path, body } }: (typeof scoped)[number]) =>
	path.includes("/:") || body !== undefined || name === "compareBackups";
const ofOne = asked.filter(namesOne);
const ofMany = asked.filter((one) => !namesOne(one));

const noStep = randomUUID();

async function ask(name: string, operation: Operation, thing: Thing, as: string) {
	const path = operation.path.replace(/:([a-z_0-9]+)/g, (_, param: string, at: number) => {
		if (param === "operation_id") return thing.operation_id;
		if (param === "step_id") return noStep;
		const idOfThing = idOf[operation.path] ?? idOf[operation.path.slice(0, at)];
		if (idOfThing === undefined) throw new Error(`no thing is known for :${param} of ${name}: add one`);
		return idOfThing(thing);
	});
	const query = new URLSearchParams(queries[name]?.(thing)).toString();
	const bodyOf = bodies[name];
	if (operation.body !== undefined && bodyOf === undefined) throw new Error(`no body is known for ${name}: add one`);
	const response = await fetch(`${product.url}${path}${query && `?${query}`}`, {
		method: operation.method,
		headers: {
			authorization: `Bearer ${as}`,
			...(bodyOf !== undefined && { "content-type": "application/json" }),
		},
		...(bodyOf !== undefined && { body: JSON.stringify(bodyOf(thing)) }),
	});
	const text = await response.text();
	return { status: response.status, code: /"code":"([^"]+)"/.exec(text)?.[1], text };
}

/** What is told apart: the kind of failure, or all of an answer. */
const told = ({ code, text }: { code: string | undefined; text: string }) => code ?? text;

const codeOf = (error: unknown) => (error instanceof ApiProblem ? error.problem.code : undefined);

const marksOf = (thing: Thing) => Object.values(thing);

// Before what is inside is deleted.
test("of a procedure that everybody may start each sees the runs that they could have started themselves", async () => {
	const params = { id: mop_id };
	const { items } = await here.config.listMopExecutions({ params, query: {} });
	expect(items.map(({ run_id }) => run_id)).toContain(inside.procedure_run_id);
	const source = "name: Say\nsteps: [{ id: say, type: log, with: { message: munich-1 } }]";
	const words = await admin.config.createMop({ body: { source } });
	const { run_id } = await admin.config.executeMop({ params: { id: words.id }, body: {} });
	await ended(run_id);
	const [list, mine] = await Promise.all([
		here.config.listMops({ query: {} }),
		here.config.getMop({ params: { id: words.id } }),
	]);
	const told = JSON.stringify([items, list, mine.last_run_id]);
	for (const unseen of [outside.procedure_run_id, run_id]) {
		expect(told).not.toContain(unseen);
		expect(await here.tasks.getRun({ params: { id: unseen } }).catch(codeOf)).toBe("runs.not_found");
	}
});

test("nobody limited sees or votes on what touches a device outside, also only in a later step, and on what is theirs the vote of a second person decides", async () => {
	await admin.auth.createUser({
		body: { username: "berlin-second", role: "berlin-chief", password, must_change_password: false },
	});
	const second = product.as(await product.login("berlin-second", password));
	const vote = async (approval_id: string, by = second) => {
		const { plan_sha256 } = await admin.alerts.getApproval({ params: { id: approval_id } });
		return by.alerts.approve({ params: { id: approval_id }, body: { plan_sha256 } }).catch(codeOf);
	};
	const waiting = async () => (await second.alerts.getApprovalStats({})).waiting;
	const before = await waiting();
	const look = (id: string, device_id: string) =>
		`{ id: ${id}, type: run_command, targets: { device_ids: [${device_id}] }, with: { commands: [show version] } }`;
	const steps = [
		"{ id: ask, type: manual_approval, with: { message: Go on? } }",
		look("here", inside.device_id),
		look("there", outside.device_id),
	];
	const source = `name: Both\nsteps: [${steps.join(", ")}]`;
	const both = await admin.config.createMop({ body: { source } });
	const { run_id } = await admin.config.executeMop({ params: { id: both.id }, body: {} });
	const mixed = await approvalOf(run_id);
	for (const unseen of [mixed, outside.approval_id]) {
		expect(await vote(unseen)).toBe("approvals.not_found");
		expect(await second.alerts.getApproval({ params: { id: unseen } }).catch(codeOf)).toBe("approvals.not_found");
	}
	expect((await second.alerts.listApprovals({ query: { run_id } })).total).toBe(0);
	expect(await waiting()).toBe(before);
	const unlimited = await admin.alerts.listApprovers({ params: { id: mixed } });
	expect(JSON.stringify(unlimited)).not.toContain("berlin");

	expect(await vote(inside.approval_id, here)).toBe("approvals.own_request");
	const { items } = await here.alerts.listApprovers({ params: { id: inside.approval_id } });
	expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(["berlin-second", "admin"]));
	expect(items.map(({ name }) => name)).not.toContain("munich-chief");
	expect(await vote(inside.approval_id)).toMatchObject({ status: "approved", decided_by: ["berlin-second"] });
	await ended(inside.waiting_run_id);
});

test("a schedule is carried out for the devices that its owner's role covers when it is due, and exists for nobody who is limited to less", async () => {
	const name = "planner";
	const device_groups = [inside.group_id, outside.group_id];
	const permissions = ["devices:read", "backups:run", "schedules:*"];
	await admin.auth.createRole({ body: { name, label: name, permissions, device_groups } });
	await admin.auth.createUser({ body: { username: name, role: name, password, must_change_password: false } });
	const planner = product.as(await product.login(name, password));
	const all = (start_in_ms: number): ScheduleInput => ({
		name: `every device ${start_in_ms}`,
		kind: "backup",
		params: { select: { all: true } },
		timing: { type: "interval", every_minutes: 600 },
		start_at: new Date(Date.now() + start_in_ms).toISOString(),
	});
	const devicesOf = async ({ id }: { id: string }) => {
		const occurrence = await eventually("it came due", async () => {
			const { items } = await admin.scheduling.getScheduleHistory({ params: { id }, query: {} });
			return items[0];
		});
		const run_id = await runOf(occurrence);
		await ended(run_id);
		const { items } = await admin.tasks.listOperations({ params: { id: run_id }, query: {} });
		return new Set(items.map(({ device_id }) => device_id));
	};
	const wide = await planner.scheduling.createSchedule({ body: all(100) });
	const by_admin = await admin.scheduling.createSchedule({ body: all(86_400_000) });
	expect(await devicesOf(wide)).toEqual(new Set([inside.device_id, outside.device_id]));
	const narrowed = await planner.scheduling.createSchedule({ body: all(3_000) });
	await admin.auth.updateRole({ params: { name }, body: { device_groups: [inside.group_id] } });
	expect(await devicesOf(narrowed)).toEqual(new Set([inside.device_id]));
	for (const { id } of [wide, narrowed, by_admin]) {
		for (const api of [here, planner]) {
			const body = scheduled("taken over", inside.device_id);
			const tries = [
				api.scheduling.getSchedule({ params: { id } }),
				api.scheduling.updateSchedule({ params: { id }, body }),
				api.scheduling.pauseSchedule({ params: { id } }),
				api.scheduling.runScheduleNow({ params: { id } }),
				api.scheduling.deleteSchedule({ params: { id } }),
			];
			expect(new Set(await Promise.all(tries.map((one) => one.catch(codeOf))))).toEqual(
				new Set(["schedules.not_found"]),
			);
		}
	}
	const { total, items } = await here.scheduling.listSchedules({ query: {} });
	expect([total, items.map(({ id }) => id).toSorted()]).toEqual([
		2,
		[inside.schedule_id, inside.operation_schedule_id].toSorted(),
	]);
});

test("the command line lists of approvals and schedules those that are theirs", async () => {
	const cli = createCli(product, token);
	for (const [command, id] of [
		["approvals", "approval_id"],
		["schedules", "schedule_id"],
	] as const) {
		const listed = JSON.stringify(await cli.json([command, "list"]));
		expect(listed).toContain(inside[id]);
		expect(listed).not.toContain(outside[id]);
	}
	const closed = await cli.run(["approvals", "policies", "list"]);
	expect(closed).toMatchObject({ code: 3, stderr: expect.stringContaining("limited to some device groups") });
});

describe("of one thing, for a role that is limited to a device group", () => {
	const nothing: Thing = {
		device_id: randomUUID(),
		group_id: randomUUID(),
		group: "nowhere",
		run_id: randomUUID(),
		operation_id: randomUUID(),
		procedure_run_id: randomUUID(),
		approval_id: randomUUID(),
		waiting_run_id: randomUUID(),
		schedule_id: randomUUID(),
		operation_schedule_id: randomUUID(),
		backup_id: randomUUID(),
		backup_run_id: randomUUID(),
		snapshot_id: randomUUID(),
	};
	// What is deleted is asked of last.
	const last = ({ method, path }: Operation) => (method !== "DELETE" ? 0 : path === "/api/devices/:id" ? 2 : 1);
	const ordered = ofOne.toSorted((a, b) => last(a.operation) - last(b.operation));
	test.each(ordered.map((one) => [`${one.operation.method} ${one.operation.path}`, one] as const))(
		"%s",
		async (_, { name, operation }) => {
			const of_nothing = await ask(name, operation, nothing, token);
			const of_outside = await ask(name, operation, outside, token);
			const expected = saidOfNone[name] ?? { status: 404, code: expect.stringMatching(/[._]not_found$/) };
			expect(of_nothing).toMatchObject(expected);
			expect(of_outside).toMatchObject({ status: of_nothing.status, code: of_nothing.code });
			if (of_nothing.code === undefined) expect(of_outside.text).toBe(of_nothing.text);
			const of_inside = await ask(name, operation, inside, token);
			expect(["auth.forbidden", "auth.out_of_scope", "request.invalid"]).not.toContain(of_inside.code);
			expect(told(of_inside)).not.toBe(told(of_nothing));
			// For who sees everything the thing outside is there: it is the role that hides it.
			const for_all = operation.method === "GET" ? await ask(name, operation, outside, product.admin_token) : undefined;
			if (for_all !== undefined) expect(told(for_all)).not.toBe(told(of_nothing));
		},
	);
});

describe("of many, for a role that is limited to a device group", () => {
	test.each(ofMany.map((one) => [`${one.operation.method} ${one.operation.path}`, one] as const))(
		"%s",
		async (_, { name, operation }) => {
			const shown = await ask(name, operation, inside, token);
			expect(shown.status).toBe(200);
			for (const mark of marksOf(outside)) expect(shown.text).not.toContain(mark);
			if (emptyHere.has(name)) return;
			const { text } = await ask(name, operation, inside, product.admin_token);
			const marks = name === "listCredentials" ? [] : marksOf(outside);
			if (marks.length > 0) expect(marks.some((mark) => text.includes(mark))).toBe(true);
		},
	);
});

describe("attacks", () => {
	test("a live view of a run outside is that of a run that does not exist, and the dashboard tells nothing of it", async () => {
		const watched = await watchRun(product.url, here, outside.run_id);
		const none = await watchRun(product.url, here, randomUUID());
		expect(watched).toEqual(none);
		expect(watched.messages).toEqual([]);
		const [mine, all] = await Promise.all([
			listenToDashboard(product.url, here),
			listenToDashboard(product.url, admin),
		]);
		try {
			const { run_id } = await admin.devices.testDevice({ params: { id: outside.device_id } });
			await eventually("who sees everything is told", async () => (all.heard.get("run") === run_id ? true : undefined));
			await eventually("the run has ended", async () =>
				(await admin.tasks.getRun({ params: { id: run_id } })).finished_at === null ? undefined : true,
			);
			expect([...mine.heard.values()]).not.toContain(run_id);
			expect([...mine.heard.values()]).not.toContain(outside.device_id);
		} finally {
			mine.stop();
			all.stop();
		}
	});

	test("filters that name what is outside find nothing, and cursors and pages do not lead there", async () => {
		expect((await here.tasks.listRuns({ query: { device_id: outside.device_id } })).items).toEqual([]);
		expect((await here.tasks.listRuns({ query: { q: "munich" } })).items).toEqual([]);
		const { next_cursor } = await admin.tasks.listRuns({ query: { limit: 1 } });
		const beyond = await here.tasks.listRuns({ query: { limit: 200, ...(next_cursor && { cursor: next_cursor }) } });
		expect(JSON.stringify(beyond)).not.toContain("munich");
		expect(await here.devices.listDevices({ query: { q: "munich", sort: "-site", page: 2 } })).toMatchObject({
			items: [],
			total: 0,
		});
	});

	test("a role that is narrowed takes what was open at the next request of every session and API token", async () => {
		const role = { name: "movable" };
		await admin.auth.createRole({ body: { ...role, label: "Movable", permissions: ["devices:read", "runs:read"] } });
		await admin.auth.createUser({ body: { username: "mo", role: role.name, password, must_change_password: false } });
		const mo = product.as(await product.login("mo", password));
		const made = await mo.auth.createToken({ body: { name: "script", permissions: ["devices:read"] } });
		const script = product.as(made.token);
		for (const api of [mo, script]) await api.devices.getDevice({ params: { id: outside.device_id } });
		await admin.auth.updateRole({ params: role, body: { device_groups: [inside.group_id] } });
		for (const api of [mo, script]) {
			await eventually("nothing outside is shown any more", async () => {
				const found = await api.devices
					.getDevice({ params: { id: outside.device_id } })
					.catch((error) => codeOf(error));
				return found === "devices.not_found" ? true : undefined;
			});
			expect((await api.devices.listDevices({ query: { q: "munich" } })).total).toBe(0);
		}
		expect((await mo.auth.getMe({})).device_groups).toEqual([inside.group_id]);
	});
});
