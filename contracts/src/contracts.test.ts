import { describe, expect, test } from "vitest";
import { z } from "zod";
import { apis } from "./apis.ts";
import { openToLimited, permissions, presetRoles } from "./auth/permissions.ts";
import { errorCatalogue } from "./errors.ts";
import { isChange, type Operation } from "./kernel/operation.ts";
import { redactSecrets, Secret } from "./kernel/secret.ts";
import { openApiDocument } from "./openapi.ts";
import { changeKinds, changesOf } from "./realtime/messages.ts";

const operations = Object.values(apis).flatMap((api) =>
	Object.entries<Operation>(api.operations).map(([name, operation]) => [`${api.name}.${name}`, operation] as const),
);

describe("every operation", () => {
	test.each(operations)("%s names a permission that exists, or says why it needs none", (_, operation) => {
		if (operation.internal || operation.public || operation.authenticated) expect(operation.permission).toBeUndefined();
		else expect(Object.keys(permissions)).toContain(operation.permission);
	});

	test.each(operations)("%s declares only errors of the catalogue", (_, operation) => {
		for (const code of operation.errors ?? []) expect(Object.keys(errorCatalogue)).toContain(code);
	});

	test.each(operations.filter(([, { same_for_all }]) => same_for_all))(
		"%s, the same for all, is a GET that a permission alone decides on",
		(_, { method, permission }) => {
			expect(method).toBe("GET");
			expect(permission).toBeDefined();
		},
	);

	test.each(operations.filter(([, { query }]) => query !== undefined))(
		"%s is sorted by named fields or not at all",
		(_, { query }) => {
			const { sort } = query instanceof z.ZodObject ? (query.shape as Record<string, z.ZodType>) : {};
			if (sort === undefined) return;
			for (const hostile of ["constructor", "-", "password", "name;drop table users"]) {
				expect(sort.safeParse(hostile).success, hostile).toBe(false);
			}
		},
	);

	test.each(operations.filter(([, { authenticated }]) => authenticated))(
		"%s, open to anybody signed in, says what it is to those whose role covers some devices only",
		(_, { scope }) => {
			expect(scope).toBeDefined();
		},
	);

	test("has a path and method of its own", () => {
		const routes = operations.map(([, { method, path }]) => `${method} ${path.replace(/:[a-z_0-9]+/g, ":x")}`);
		expect(new Set(routes).size).toBe(routes.length);
	});
});

test("a role that is limited to device groups is offered what some operation keeps to its devices, and nothing else", () => {
	const opened = operations.flatMap(([, { permission, scope }]) =>
		permission === undefined || scope === undefined ? [] : [permission],
	);
	// Revealing is asked for within reading.
	expect(openToLimited).toEqual(new Set([...opened, "backups:reveal"]));
});

test("every permission is used by an operation, or by the metrics page", () => {
	const used = new Set(operations.flatMap(([, { permission }]) => (permission === undefined ? [] : [permission])));
	const elsewhere = ["metrics:read", "backups:reveal"];
	expect(Object.keys(permissions).filter((name) => !used.has(name) && !elsewhere.includes(name))).toEqual([]);
});

test("preset roles grant only what exists", () => {
	const resources = new Set(Object.keys(permissions).map((name) => name.split(":")[0]));
	const actions = new Set(Object.keys(permissions).map((name) => name.split(":")[1]));
	for (const { permissions: granted } of Object.values(presetRoles)) {
		for (const grant of granted) {
			const [resource, action] = grant.split(":");
			expect(
				grant === "*" || ((resource === "*" || resources.has(resource)) && (action === "*" || actions.has(action))),
			).toBe(true);
		}
	}
});

describe("what open pages are told of", () => {
	const changing = operations.filter(([, operation]) => isChange(operation) && operation.internal !== true);

	test.each(changing.map(([name]) => name))("%s says which kinds of things it changes", (name) => {
		const [api = "", operation = ""] = name.split(".");
		expect(changesOf[api]?.[operation]).toBeDefined();
	});

	test("nothing is said of operations that do not exist or change nothing", () => {
		const told = Object.entries(changesOf).flatMap(([api, byName]) =>
			Object.keys(byName).map((name) => `${api}.${name}`),
		);
		expect(told.toSorted()).toEqual(changing.map(([name]) => name).toSorted());
	});

	test("hearing of a kind takes a permission that exists", () => {
		const needed = Object.values<string | null>(changeKinds).filter((permission) => permission !== null);
		expect(Object.keys(permissions)).toEqual(expect.arrayContaining(needed));
	});
});

test("every schema of the OpenAPI document says something itself", () => {
	const document = openApiDocument("1.0.0") as { components: { schemas: Record<string, unknown> } };
	for (const [name, schema] of Object.entries(document.components.schemas)) {
		expect(schema, name).not.toHaveProperty("$ref");
	}
});

test("the OpenAPI document refers only to schemas that it has", () => {
	const document = openApiDocument("1.0.0") as { components: { schemas: Record<string, unknown> } };
	const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
	for (const [, name = ""] of references) expect(Object.keys(document.components.schemas)).toContain(name);
	expect(JSON.stringify(document)).not.toContain("#/$defs/");
});

describe("redaction by contract", () => {
	const schema = z.object({
		name: z.string(),
		password: Secret().optional(),
		nested: z.array(z.object({ key: Secret().nullable(), label: z.string() })).optional(),
		either: z
			.union([z.object({ kind: z.literal("a"), token: Secret() }), z.object({ kind: z.literal("b") })])
			.optional(),
	});

	test("masks what is declared secret, at any depth", () => {
		const masked = redactSecrets(schema, {
			name: "core",
			password: "hunter2",
			nested: [
				{ key: "hunter2", label: "x" },
				{ key: null, label: "y" },
			],
			either: { kind: "a", token: "hunter2" },
		});
		expect(JSON.stringify(masked)).not.toContain("hunter2");
		expect(masked).toMatchObject({ name: "core", nested: [{ label: "x" }, { key: null, label: "y" }] });
	});

	test("keeps nothing of a config that a worker brings: it is full of passwords and communities", () => {
		const { body } = apis.backup.operations.recordBackup;
		const brought = { device_name: "core", content_base64: btoa("snmp-server community hunter2 RO") };
		expect(redactSecrets(body, brought)).toEqual({ device_name: "core", content_base64: "[redacted]" });
	});

	test("keeps nothing of fields that the contract does not know", () => {
		expect(redactSecrets(schema, { name: "core", pasword: "hunter2" })).toEqual({ name: "core" });
	});

	test("keeps nothing of a value that fits no member of a union", () => {
		expect(JSON.stringify(redactSecrets(schema, { name: "x", either: { kind: "c", token: "hunter2" } }))).not.toContain(
			"hunter2",
		);
	});
});
