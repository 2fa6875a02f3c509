import type { CreatedServiceAccountToken, ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { type Product, startProduct } from "./product.ts";

let product: Product;
let cli: Cli;
beforeAll(async () => {
	product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" });
	cli = createCli(product);
}, 120_000);
afterAll(() => product?.dispose());

const statusOf = async (token: string, path = "/api/devices") =>
	(await fetch(`${product.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;

test("a program's account is made, given a token, renewed, cut off and deleted, and the audit trail names it", async () => {
	const account = (await cli.json([
		...["service-accounts", "create", "deployer", "--role", "manager"],
		...["--description", "CI of the network team"],
	])) as ServiceAccount;
	expect(account).toMatchObject({ name: "deployer", owner: { username: "admin" } });

	const tokens = ["service-accounts", "tokens"];
	const made = await cli.run([...tokens, "create", "deployer", "pipeline", "--expires-in-days", "30"]);
	const token = made.stdout.trim();
	expect(token).toMatch(/^nc_[\w-]{43}$/);
	expect(await statusOf(token)).toBe(200);
	expect(await statusOf(token, "/api/users")).toBe(200);
	expect(await statusOf(token, "/api/settings/keys")).toBe(200);
	expect(await statusOf(token, "/api/auth/sessions")).toBe(403);

	const group = await fetch(`${product.url}/api/device-groups`, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
		body: JSON.stringify({ name: "made-by-a-program" }),
	});
	expect(group.status).toBe(201);
	await expect
		.poll(async () => cli.json(["audit", "list", "--actor", account.id]), { timeout: 30_000 })
		.toMatchObject({ items: [{ actor: { kind: "service_account", id: account.id, name: "deployer/pipeline" } }] });

	const rotated = (await cli.json([...tokens, "rotate", "deployer", "pipeline"])) as CreatedServiceAccountToken;
	expect(rotated.api_token.replaced).not.toBeNull();
	expect([await statusOf(token), await statusOf(rotated.token)]).toEqual([200, 200]);
	await cli.run([...tokens, "rotate", "deployer", "pipeline", "--overlap-hours", "0"]);
	expect([await statusOf(token), await statusOf(rotated.token)]).toEqual([401, 401]);

	const last = (await cli.json([...tokens, "create", "deployer", "last"])) as CreatedServiceAccountToken;
	expect(await statusOf(last.token)).toBe(200);
	await cli.run(["service-accounts", "disable", "deployer"]);
	expect(await statusOf(last.token)).toBe(401);
	expect((await cli.run(["service-accounts", "show", "deployer"])).stdout).toContain("disabled");
	await cli.run(["service-accounts", "enable", "deployer"]);
	expect(await statusOf(last.token)).toBe(200);
	await cli.run([...tokens, "revoke", "deployer", "last", "--yes"]);
	expect(await statusOf(last.token)).toBe(401);

	await cli.run(["service-accounts", "update", "deployer", "--role", "viewer"]);
	expect(await cli.json(["service-accounts", "list", "--role", "viewer"])).toMatchObject({ total: 1 });
	expect(await cli.json(["service-accounts", "list", "--owner", "admin", "--ownerless", "false"])).toMatchObject({
		total: 1,
	});
	await cli.run(["service-accounts", "delete", "deployer", "--yes"]);
	expect(await cli.json(["service-accounts", "list"])).toMatchObject({ total: 0 });
	// Twenty programs are started one after another.
}, 300_000);

test("who a token belongs to is said to the program that has it", async () => {
	await cli.run(["service-accounts", "create", "asker", "--role", "viewer"]);
	const { token } = (await cli.json([
		...["service-accounts", "tokens", "create", "asker", "t", "--permission", "devices:read"],
	])) as CreatedServiceAccountToken;
	const me = await fetch(`${product.url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } });
	expect(await me.json()).toMatchObject({
		user: null,
		service_account: { name: "asker", role: "viewer" },
		permissions: ["devices:read"],
	});
});
