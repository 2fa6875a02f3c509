import { actorWith } from "@netconductor/runtime/testing/service";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StacksHost, startStacksHost } from "./stacks-host.ts";
import { failureOf } from "./start.ts";

let host: StacksHost;
let template_id: string;

beforeAll(async () => {
	host = await startStacksHost();
	host.addDevice("r1");
	const template = await host.api.createTemplate({
		body: { name: "bgp", source: "router bgp {{ asn }}\n neighbor {{ peer }} remote-as 65099\n" },
	});
	template_id = template.id;
});
afterAll(() => host?.stop());

const definition = () => ({
	// biome-ignore-start lint/suspicious/noTemplateCurlyInString: places of parameters are written so
	services: [
		{ name: "bgp", template_id, targets: { names: ["${routers}"] }, variables: { asn: "${asn}", peer: "${peer}" } },
	],
	checks: [{ name: "up", command: "show bgp neighbors ${peer}", expect: "BGP neighbor is ${peer}" }],
	state_checks: [{ kind: "bgp" as const, neighbors: ["${peer}"] }],
	// biome-ignore-end lint/suspicious/noTemplateCurlyInString: places of parameters are written so
	parameters: [
		{ name: "routers", type: "list" as const, description: "Names of routers" },
		{ name: "asn", type: "integer" as const },
		{ name: "peer", pattern: "\\d+\\.\\d+\\.\\d+\\.\\d+", default: "10.99.0.9" },
	],
});

test("a stack is made of a template: values take the places, patterns mean them literally, and it remembers", async () => {
	const made = await host.api.createStackTemplate({ body: { name: "Customer", ...definition() } });
	expect(made).toMatchObject({ version: 1, parameters_count: 3, services_count: 1, stacks: 0, outdated_stacks: 0 });
	const stack = await host.api.instantiateStackTemplate({
		params: { id: "customer" },
		body: { name: "customer 1", parameters: { routers: ["r1"], asn: 65001 } },
	});
	expect(stack).toMatchObject({
		services: [{ targets: { names: ["r1"] }, variables: { asn: 65001, peer: "10.99.0.9" } }],
		checks: [{ command: "show bgp neighbors 10.99.0.9", expect: "BGP neighbor is 10\\.99\\.0\\.9" }],
		state_checks: [{ neighbors: ["10.99.0.9"] }],
		made_from: { id: made.id, name: "Customer", version: 1, newest_version: 1 },
		parameters: { routers: ["r1"], asn: 65001, peer: "10.99.0.9" },
	});
	const { items } = await host.api.listStackTemplates({ query: { q: "custo" } });
	expect(items).toMatchObject([{ name: "Customer", stacks: 1 }]);
	expect((await host.api.listStacks({ query: { made_from: made.id } })).items).toMatchObject([{ name: "customer 1" }]);
});

test("what is wrong with values is told of each parameter, and nothing is made", async () => {
	const make = (parameters: Record<string, unknown>) =>
		failureOf(
			host.api.instantiateStackTemplate({ params: { id: "Customer" }, body: { name: "no stack", parameters } }),
		);
	expect(await make({ asn: "65001", peer: "any", colour: "red" })).toMatchObject({
		code: "stack_templates.bad_parameters",
		errors: [
			{ path: "body.parameters.colour" },
			{ path: "body.parameters.routers", message: expect.stringContaining("Needed") },
			{ path: "body.parameters.asn", message: "Must be a whole number" },
			{ path: "body.parameters.peer", message: expect.stringContaining("does not match") },
		],
	});
	// What values make of the definition is looked at as if somebody had written it so.
	expect(await make({ routers: [], asn: 1 })).toMatchObject({
		code: "stack_templates.bad_parameters",
		details: { faults: [{ path: "services.0.targets" }] },
	});
	expect((await host.api.listStacks({ query: { q: "no stack" } })).total).toBe(0);
});

test("of a template that is deleted while a stack is made of it, it is said that there is none", async () => {
	const { id } = await host.api.createStackTemplate({ body: { name: "Short-lived", ...definition() } });
	const body = { name: "too late", parameters: { routers: ["r1"], asn: 1 } };
	let refused: ReturnType<typeof failureOf> | undefined;
	await host.db.transaction(async (tx) => {
		await tx.execute(sql`delete from stack_definitions where id = ${id}`);
		refused = failureOf(host.api.instantiateStackTemplate({ params: { id }, body }));
		for (let waiting = 0; waiting === 0; ) {
			const [found] = await host.db.query<{ waiting: number }>(
				"select count(*)::int as waiting from pg_locks where not granted and locktype = 'transactionid'",
			);
			waiting = found?.waiting ?? 0;
		}
	});
	expect(await refused).toMatchObject({ code: "stack_templates.not_found" });
	expect((await host.api.listStacks({ query: { q: "too late" } })).total).toBe(0);
});

test("a command that writes cannot be brought in by a value", async () => {
	const parameters = [{ name: "filter", type: "string" as const }];
	// biome-ignore lint/suspicious/noTemplateCurlyInString: the place of a parameter
	const checks = [{ name: "any", command: "show log ${filter}", expect: "." }];
	await host.api.createStackTemplate({ body: { name: "log", parameters, checks } });
	for (const filter of ["| redirect flash:x", "\nreload", "> x"]) {
		const body = { name: "log stack", parameters: { filter } };
		expect(await failureOf(host.api.instantiateStackTemplate({ params: { id: "log" }, body }))).toMatchObject({
			code: "stack_templates.bad_parameters",
		});
	}
});

test("a definition with a place for what is no parameter, or an impossible parameter, is refused at its place", async () => {
	const { parameters, ...rest } = definition();
	const refused = await failureOf(
		host.api.createStackTemplate({
			body: {
				name: "bad",
				...rest,
				parameters: [...parameters.slice(1), { name: "x", type: "integer", default: "1" }],
			},
		}),
	);
	expect(refused).toMatchObject({
		code: "stack_templates.bad_definition",
		errors: [{ path: "body.parameters.2.default" }, { path: "body.services" }],
	});
	expect(refused.errors?.[1]?.message).toMatch(/^\$\{routers\} is no parameter/);
	expect(await failureOf(host.api.createStackTemplate({ body: { name: "CUSTOMER", ...definition() } }))).toMatchObject({
		code: "stack_templates.name_taken",
	});
});

test("a newer version shows the stacks of older ones; what it would change is seen, and done only as it was seen", async () => {
	const template = await host.api.getStackTemplate({ params: { id: "Customer" } });
	const before = await host.api.getStack({ params: { id: "customer 1" } });
	const rollout = { batch_sizes: [2], most_failures: 1 };
	const parameters = [...definition().parameters, { name: "limit", type: "integer" as const, required: false }];
	// biome-ignore lint/suspicious/noTemplateCurlyInString: the place of a parameter
	const variables = { limit: "${limit}" };
	const change = { version: template.version, rollout, parameters, variables };
	await host.api.updateStackTemplate({ params: { id: "Customer" }, body: change });
	expect(await failureOf(host.api.updateStackTemplate({ params: { id: "Customer" }, body: change }))).toMatchObject({
		code: "stack_templates.changed",
	});
	expect(await host.api.getStackTemplate({ params: { id: template.id } })).toMatchObject({
		version: 2,
		stacks: 1,
		outdated_stacks: 1,
	});
	expect(await host.api.getStack({ params: { id: before.id } })).toMatchObject({
		version: before.version,
		made_from: { version: 1, newest_version: 2 },
	});

	const preview = await host.api.previewUpgrade({ params: { id: before.id }, body: { parameters: { limit: 5 } } });
	expect(preview).toMatchObject({
		from_version: 1,
		to_version: 2,
		identical: false,
		parameters: { limit: 5, asn: 65001 },
	});
	expect(preview.unified).toMatch(/^\+.*"limit": 5/m);
	expect(await host.api.getStack({ params: { id: before.id } })).toMatchObject({ version: before.version });

	const body = { parameters: { limit: 5 }, version: preview.version, template_version: 2 };
	const reader = host.as(actorWith("stacks:read", "stacks:deploy"));
	expect(await failureOf(reader.upgradeStack({ params: { id: before.id }, body }))).toMatchObject({
		code: "auth.forbidden",
	});
	expect(
		await failureOf(host.api.upgradeStack({ params: { id: before.id }, body: { ...body, template_version: 1 } })),
	).toMatchObject({ code: "stack_templates.changed" });
	expect(await host.api.upgradeStack({ params: { id: before.id }, body })).toMatchObject({
		version: before.version + 1,
		rollout,
		variables: { limit: 5 },
		made_from: { version: 2, newest_version: 2 },
		parameters: { limit: 5, asn: 65001 },
	});
	expect(await failureOf(host.api.upgradeStack({ params: { id: before.id }, body }))).toMatchObject({
		code: "stacks.changed",
	});
	const again = await host.api.previewUpgrade({ params: { id: before.id }, body: {} });
	expect(again).toMatchObject({ identical: true, parameters: { limit: 5 } });
});

test("a template that a stack template uses stays; a stack whose stack template goes stays, and cannot be upgraded", async () => {
	expect(await failureOf(host.api.deleteTemplate({ params: { id: "bgp" } }))).toMatchObject({
		code: "templates.in_use",
	});
	const { items } = await host.api.listTemplateUses({ params: { id: "bgp" }, query: {} });
	expect(items.map(({ name, how }) => [name, how])).toContainEqual(["Customer", "stack_template"]);
	await host.api.deleteStackTemplate({ params: { id: "customer" } });
	expect(await host.api.getStack({ params: { id: "customer 1" } })).toMatchObject({ made_from: null });
	expect(await failureOf(host.api.previewUpgrade({ params: { id: "customer 1" }, body: {} }))).toMatchObject({
		code: "stacks.not_from_template",
	});
	expect(await failureOf(host.api.getStackTemplate({ params: { id: "customer" } }))).toMatchObject({
		code: "stack_templates.not_found",
	});
});
