import { randomUUID } from "node:crypto";
import { apis } from "@netconductor/contracts/apis";
import { presetRoles } from "@netconductor/contracts/auth/permissions";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Product, startProduct } from "./product.ts";

const operations = Object.values(apis).flatMap((api) =>
	Object.entries<Operation>(api.operations).map(([name, operation]) => ({ service: api.name, name, operation })),
);
const routed = operations.filter(({ operation }) => !operation.internal);
const roles = Object.keys(presetRoles) as (keyof typeof presetRoles)[];
const password = "matrix password 2026";

let product: Product;
const tokens = new Map<string, string>();

beforeAll(async () => {
	product = await startProduct({
		NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "100000",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "100000",
	});
	const admin = product.as(product.admin_token);
	const { id } = await admin.devices.createGroup({ body: { name: "matrix" } });
	for (const role of roles) {
		await admin.auth.createUser({ body: { username: `matrix-${role}`, role, password, must_change_password: false } });
		tokens.set(role, await product.login(`matrix-${role}`, password));
		const name = `${role}-of-a-group`;
		const permissions = [...presetRoles[role].permissions];
		await admin.auth.createRole({ body: { name, label: name, permissions, device_groups: [id] } });
		await admin.auth.createUser({ body: { username: name, role: name, password, must_change_password: false } });
		tokens.set(name, await product.login(name, password));
	}
}, 180_000);
afterAll(() => product?.dispose());

/** Asks with nothing valid in it: what matters is whether the door opens. */
async function knock(operation: Operation, token: string | undefined) {
	const path = operation.path.replace(/:([a-z_0-9]+)/g, (_, name: string) =>
		name === "name" ? "nobody-has-this" : randomUUID(),
	);
	const response = await fetch(`${product.url}${path}`, {
		method: operation.method,
		headers: {
			...(token !== undefined && { authorization: `Bearer ${token}` }),
			...(operation.body !== undefined && { "content-type": "application/json" }),
		},
		...(operation.body !== undefined && { body: '{"zz":1}' }),
	});
	const text = await response.text();
	const code = /"code":"([^"]+)"/.exec(text)?.[1];
	return { status: response.status, code };
}

describe("without a token", () => {
	test.each(routed.map((one) => [`${one.operation.method} ${one.operation.path}`, one] as const))(
		"%s",
		async (_, { operation }) => {
			const { status, code } = await knock(operation, undefined);
			if (operation.public) expect([401, 403].includes(status) && code !== "auth.session_ended", code).toBe(false);
			else expect({ status, code }).toEqual({ status: 401, code: "auth.unauthenticated" });
		},
	);

	test("with a made-up token every door stays shut", async () => {
		for (const { operation } of routed.filter(({ operation }) => !operation.public)) {
			expect((await knock(operation, "eyJhbGciOiJub25lIn0.e30.")).status, operation.path).toBe(401);
			expect((await knock(operation, "nc_made_up")).status, operation.path).toBe(401);
		}
	});
});

describe.each(roles)("%s", (role) => {
	// Signing out comes last: it ends the session that the others use.
	const ordered = routed.toSorted((a, b) => Number(a.name === "logout") - Number(b.name === "logout"));
	test.each(ordered.map((one) => [`${one.operation.method} ${one.operation.path}`, one] as const))(
		"%s",
		async (_, { operation }) => {
			const { code } = await knock(operation, tokens.get(role));
			const allowed =
				operation.public ||
				operation.authenticated ||
				isPermitted(presetRoles[role] as never, operation.permission ?? "");
			if (allowed) expect(code).not.toBe("auth.forbidden");
			else expect(code).toBe("auth.forbidden");
		},
	);
});

describe.each(roles)("%s, limited to a device group", (role) => {
	const ordered = routed.toSorted((a, b) => Number(a.name === "logout") - Number(b.name === "logout"));
	test.each(ordered.map((one) => [`${one.operation.method} ${one.operation.path}`, one] as const))(
		"%s",
		async (_, { operation }) => {
			const { code } = await knock(operation, tokens.get(`${role}-of-a-group`));
			const refusals = ["auth.forbidden", "auth.out_of_scope"];
			const permitted = operation.authenticated || isPermitted(presetRoles[role] as never, operation.permission ?? "");
			if (operation.public) expect(refusals).not.toContain(code);
			else if (!permitted) expect(code).toBe("auth.forbidden");
			else if (operation.scope === undefined) expect(code).toBe("auth.out_of_scope");
			else expect(refusals).not.toContain(code);
		},
	);
});

test("internal operations have no route at the gateway, whoever asks", async () => {
	const internal = operations.filter(({ operation }) => operation.internal);
	expect(internal.length).toBeGreaterThan(0);
	for (const { operation } of internal) {
		expect(await knock(operation, product.admin_token), operation.path).toMatchObject({
			status: 404,
			code: "request.unknown_route",
		});
	}
});
