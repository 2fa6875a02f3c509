import { actorWith } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StacksHost, startStacksHost } from "./stacks-host.ts";
import { failureOf } from "./start.ts";

let host: StacksHost;
let template_id: string;

beforeAll(async () => {
	host = await startStacksHost();
	host.addDevice("r1", { site: "ams" });
	host.addDevice("r2", { site: "fra" });
	host.addDevice("r3", { site: "ams" });
	const { id } = await host.api.createTemplate({
		body: {
			name: "hosts",
			source: "{% for host in hosts %}\nntp server {{ host }}\n{% endfor %}\nhostname {{ first }}\n",
		},
	});
	template_id = id;
});
afterAll(() => host?.stop());

const from = (path: string, more = {}) => ({ $from: { resource: "devices", path, ...more } });
const services = () => [{ name: "ntp", template_id, targets: { all: true } }];

test("a variable is read from the inventory when the stack is rendered: a list, or the one value of a path that leads to one", async () => {
	await host.api.createStack({
		body: {
			name: "ntp",
			services: services(),
			variables: { hosts: from("$.items[?@.site=='ams'].host"), first: from("$.items[0].name") },
		},
	});
	const text = async () =>
		(await host.api.renderStack({ params: { id: "ntp" }, query: {} })).items[0]?.services[0]?.text;
	expect(await text()).toBe("ntp server 192.0.2.1\nntp server 192.0.2.3\nhostname r1\n");
	host.addDevice("r4", { site: "ams" });
	expect(await text()).toBe("ntp server 192.0.2.1\nntp server 192.0.2.3\nntp server 192.0.2.4\nhostname r1\n");
	// What is stored is the way, not what it led to.
	expect((await host.api.getStack({ params: { id: "ntp" } })).variables.first).toEqual(from("$.items[0].name"));
	const { run_id } = await host.api.planStack({ params: { id: "ntp" }, body: {} });
	expect(host.plans.get(run_id)?.targets[0]?.input?.lines).toContain("ntp server 192.0.2.4");
});

test("a variable of one service alone is read as well", async () => {
	const [service] = services();
	const own = { hosts: from("$.items[?@.name=='r1'].host"), first: from("$.items[1].name") };
	await host.api.createStack({ body: { name: "own", services: [{ ...service, variables: own } as never] } });
	const { items } = await host.api.renderStack({ params: { id: "own" }, query: {} });
	expect(items[0]?.services[0]?.text).toBe("ntp server 192.0.2.1\nhostname r2\n");
});

test("it is read with the rights of who renders, and what one may not see is said", async () => {
	const reader = host.as(actorWith("stacks:read"));
	expect(await failureOf(reader.renderStack({ params: { id: "ntp" }, query: {} }))).toMatchObject({
		code: "auth.forbidden",
		message: expect.stringContaining("devices:read"),
	});
	const body = { resource: "devices" as const, path: "$.items[*].name" };
	expect(await failureOf(reader.previewResource({ body }))).toMatchObject({ code: "auth.forbidden" });
	expect(await host.as(actorWith("stacks:read", "devices:read")).previewResource({ body })).toMatchObject({
		single: false,
		values: ["r1", "r2", "r3", "r4"],
	});
});

test("a single value that is not there is named, or its default stands in", async () => {
	const make = (name: string, first: unknown) =>
		host.api.createStack({ body: { name, services: services(), variables: { hosts: [], first } } });
	await make("without", from("$.items[?@.site=='lon'].name"));
	await make("missing", from("$.items[99].name"));
	expect(await failureOf(host.api.planStack({ params: { id: "missing" }, body: {} }))).toMatchObject({
		code: "resources.no_value",
		message: expect.stringContaining("The variable first of missing has no value"),
	});
	await make("default", from("$.items[99].name", { default: "core" }));
	const { items } = await host.api.renderStack({ params: { id: "default" }, query: {} });
	expect(items[0]?.services[0]?.text).toBe("hostname core\n");
});

test.each([
	[{ $from: { resource: "passwords", path: "$" } }, "resource"],
	[{ $from: { resource: "devices", path: "items" } }, "begins with $"],
	[{ $from: { resource: "devices", path: "$.items", more: 1 } }, "more"],
	[{ $from: "devices" }, "expected object"],
])("a reference that cannot be is refused when it is saved, at its place: %j", async (reference, message) => {
	const refused = await failureOf(
		host.api.createStack({ body: { name: "bad", services: services(), variables: { list: [reference] } } }),
	);
	expect(refused).toMatchObject({ code: "stacks.bad_definition", errors: [{ path: "body.variables.list.0" }] });
	expect(refused.message).toContain(message);
});

test("every resource is told with its fields and a path that can be read; of devices none leads to a login", async () => {
	const { items } = await host.api.listApiResources({});
	expect(items.map(({ name }) => name)).toEqual([
		"devices",
		"device_groups",
		"sites",
		"backups",
		"snapshots",
		"templates",
		"stacks",
		"service_instances",
	]);
	for (const { name, example } of items.filter(({ name }) => ["devices", "sites", "templates"].includes(name))) {
		expect((await host.api.previewResource({ body: { resource: name, path: example } })).found, name).toBeGreaterThan(
			0,
		);
	}
	const { values } = await host.api.previewResource({ body: { resource: "devices", path: "$.items[0]" } });
	expect(Object.keys(values[0] as object)).not.toContain("credential_id");
});

test("of devices that are not rendered the variables are not read", async () => {
	const [r1 = "", r2 = ""] = (
		await host.api.previewResource({ body: { resource: "devices", path: "$.items[*].id" } })
	).values.map(String);
	await host.api.createStack({
		body: {
			name: "of devices",
			services: services(),
			variables: { hosts: [] },
			device_variables: { [r1]: { first: from("$.items[0].name") }, [r2]: { first: from("$.items[99].name") } },
		},
	});
	const params = { id: "of devices" };
	const { items } = await host.api.renderStack({ params, query: { q: "r1" } });
	expect(items.map(({ services }) => services[0]?.text)).toEqual(["hostname r1\n"]);
	const { run_id } = await host.api.planStack({ params, body: { device_ids: [r1] } });
	expect(host.plans.get(run_id)?.targets[0]?.input?.lines).toEqual(["hostname r1"]);
	expect(await failureOf(host.api.planStack({ params, body: {} }))).toMatchObject({ code: "resources.no_value" });
});

test("what all variables of a stack are read from has one limit, however often the same is read", async () => {
	for (let n = 0; n < 400; n++) host.addDevice(`many-${n}`);
	const read = async (name: string, times: number, path: (n: number) => string) => {
		const many = Array.from({ length: times }, (_, n) => from(path(n)));
		await host.api.createStack({ body: { name, services: services(), variables: { hosts: [], first: "x", many } } });
		return host.api.renderStack({ params: { id: name }, query: { q: "r1" } });
	};
	expect((await read("twice", 2, () => "$.items")).items).toHaveLength(1);
	const tooMuch = { code: "resources.too_much", message: expect.stringContaining("together their paths look at") };
	expect(await failureOf(read("the same", 5_000, () => "$.items"))).toMatchObject(tooMuch);
	const different = (n: number) => `$.items[?length(@.name) < 9 && length(@.host) < ${99 + n}].facts`;
	expect(await failureOf(read("others", 10_000, different))).toMatchObject(tooMuch);
});
