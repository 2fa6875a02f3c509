import { randomUUID } from "node:crypto";
import { apis } from "@netconductor/contracts/apis";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
}

let product: Product;
let admin: Clients;
let here: Clients;
let token: string;
let inside: Thing;
let outside: Thing;

async function makeThing(place: string): Promise<Thing> {
	const group = await admin.devices.createGroup({ body: { name: place } });
	// Nothing listens there: a run ends at once, and badly.
	const device = await admin.devices.createDevice({
		body: {
			name: `${place}-1`,
			host: "127.0.0.1",
			port: 9,
			device_type: "linux",
			groups: [place],
			site: `${place}-site`,
			tags: [`${place}-tag`],
			username: `${place}-user`,
			password: "x",
		},
	});
	await admin.devices.putOverride({ params: { id: device.id }, body: { disabled_reason: `${place}-why` } });
	const { run_id } = await admin.devices.testDevice({ params: { id: device.id } });
	await eventually("the run has ended", async () => {
		const run = await admin.tasks.getRun({ params: { id: run_id } });
		return run.finished_at === null ? undefined : run;
	});
	const [operation] = (await admin.tasks.listOperations({ params: { id: run_id }, query: {} })).items;
	return { device_id: device.id, group_id: group.id, group: place, run_id, operation_id: operation?.id ?? "" };
}

beforeAll(async () => {
	product = await startProduct({
		NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "100000",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "100000",
	});
	admin = product.as(product.admin_token);
	inside = await makeThing("berlin");
	outside = await makeThing("munich");
	const role = "berlin-chief";
	await admin.auth.createRole({
		body: { name: role, label: role, permissions: ["*"], device_groups: [inside.group_id] },
	});
	await admin.auth.createUser({ body: { username: role, role, password, must_change_password: false } });
	token = await product.login(role, password);
	here = product.as(token);
}, 300_000);
afterAll(() => product?.dispose());

/** What an `:id` in a path is the id of. */
const idOf: Record<string, (thing: Thing) => string> = {
	"/api/devices/": ({ device_id }) => device_id,
	"/api/device-overrides/": ({ device_id }) => device_id,
	"/api/device-groups/": ({ group_id }) => group_id,
	// The own login of a device bears its id.
	"/api/credentials/": ({ device_id }) => device_id,
	"/api/runs/": ({ run_id }) => run_id,
	"/api/tasks/": ({ run_id }) => run_id,
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
	updateDevice: () => ({ description: "seen" }),
	updateDevices: (thing) => ({ ...select(thing), action: { kind: "add_tags", tags: ["seen"] } }),
	testDevices: select,
	putOverride: () => ({}),
	acceptHostKey: fingerprint,
	rejectHostKey: fingerprint,
	resumeRun: () => ({}),
	decideOperation: () => ({ decision: "failed", reason: "seen" }),
	decideRun: () => ({ decision: "failed", reason: "seen" }),
};

/** Device types are everybody's; only the number of their devices differs, which the tests of the devices service hold. */
const ofNoDevice = new Set(["listDeviceTypes", "getDeviceType"]);

/** Lists on which nothing of the things made here stands. */
const emptyHere = new Set(["listHostKeys"]);

const ofOne = scoped.filter(
	({ name, operation: { path, body } }) => !ofNoDevice.has(name) && (path.includes("/:") || body !== undefined),
);
const ofMany = scoped.filter(
	({ name, operation: { path, body } }) => !ofNoDevice.has(name) && !path.includes("/:") && body === undefined,
);

async function ask(name: string, operation: Operation, thing: Thing, as: string) {
	const path = operation.path.replace(/:([a-z_0-9]+)/g, (_, param: string) => {
		if (param === "operation_id") return thing.operation_id;
		const prefix = Object.keys(idOf).find((start) => operation.path.startsWith(`${start}:${param}`));
		if (prefix === undefined) throw new Error(`no thing is known for :${param} of ${name}: add one`);
		return (idOf[prefix] as (thing: Thing) => string)(thing);
	});
	const bodyOf = bodies[name];
	if (operation.body !== undefined && bodyOf === undefined) throw new Error(`no body is known for ${name}: add one`);
	const response = await fetch(`${product.url}${path}`, {
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

const marksOf = ({ device_id, group_id, run_id, operation_id, group }: Thing) => [
	device_id,
	group_id,
	run_id,
	operation_id,
	group,
];

describe("of one thing, for a role that is limited to a device group", () => {
	const nothing: Thing = {
		device_id: randomUUID(),
		group_id: randomUUID(),
		group: "nowhere",
		run_id: randomUUID(),
		operation_id: randomUUID(),
	};
	// What is deleted is asked of last.
	const last = ({ method, path }: Operation) => (method !== "DELETE" ? 0 : path === "/api/devices/:id" ? 2 : 1);
	const ordered = ofOne.toSorted((a, b) => last(a.operation) - last(b.operation));
	test.each(ordered.map((one) => [`${one.operation.method} ${one.operation.path}`, one] as const))(
		"%s",
		async (_, { name, operation }) => {
			const of_nothing = await ask(name, operation, nothing, token);
			const of_outside = await ask(name, operation, outside, token);
			expect(of_nothing).toMatchObject({ status: 404, code: expect.stringMatching(/\.not_found$/) });
			expect(of_outside).toMatchObject({ status: 404, code: of_nothing.code });
			const of_inside = await ask(name, operation, inside, token);
			expect(["auth.forbidden", "auth.out_of_scope", "request.invalid", of_nothing.code]).not.toContain(of_inside.code);
			// For who sees everything the thing outside is there: it is the role that hides it.
			const for_all = operation.method === "GET" ? await ask(name, operation, outside, product.admin_token) : undefined;
			if (for_all !== undefined) expect(for_all.code).not.toBe(of_nothing.code);
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

const codeOf = (error: unknown) => (error instanceof ApiProblem ? error.problem.code : undefined);

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
