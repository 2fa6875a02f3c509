import { apis } from "@netconductor/contracts/apis";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import { Problem } from "@netconductor/contracts/kernel/errors";
import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { addFleet, adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** What people with some rights try to get at more, and what nobody should send. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;

beforeAll(async () => {
	fleet = await startFleetProcess({ devices: { count: 1, platforms: ["cisco_ios"] }, config_bytes: 300_000 });
	product = await startProduct({ NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "1000000" });
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	const { run_id } = await api.backup.runAll({ body: {} });
	expect((await runEnded(api, run_id)).status).toBe("succeeded");
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
});

async function send(
	path: string,
	{ token = product.admin_token, ...init }: RequestInit & { token?: string; headers?: Record<string, string> } = {},
) {
	const response = await fetch(`${product.url}${path}`, {
		...init,
		headers: {
			authorization: `Bearer ${token}`,
			...(init.body !== undefined && { "content-type": "application/json" }),
			...init.headers,
		},
	});
	const text = await response.text();
	return { status: response.status, text };
}

/** A refusal in our own words, which says nothing of our inside. */
function expectRefusal({ status, text }: { status: number; text: string }, what: string): void {
	expect(status, `${what}: ${text.slice(0, 500)}`).toBeGreaterThanOrEqual(400);
	expectNoInside({ status, text }, what);
	expect(Problem.safeParse(JSON.parse(text)).success, `${what}: ${text.slice(0, 500)}`).toBe(true);
}

function expectNoInside({ status, text }: { status: number; text: string }, what: string): void {
	expect(status, `${what}: ${text.slice(0, 500)}`).toBeLessThan(500);
	if (status < 400) return;
	expect(text, what).not.toMatch(/node_modules|\.ts:\d|\\n {4}at |\bat \w+ \(|select |insert into|relation "|\bpg_/i);
	expect(text.length, what).toBeLessThan(60_000);
}

async function newUser(username: string, role: string): Promise<{ id: string; token: string; as: Clients }> {
	const { id } = await api.auth.createUser({
		body: { username, role, password: adminPassword, must_change_password: false },
	});
	const token = await product.login(username, adminPassword);
	return { id, token, as: product.as(token) };
}

const problem = (code: string) => ({ problem: { code } });

describe("somebody with few rights", () => {
	test("neither sees nor revokes another's API tokens, by whatever address", async () => {
		const [kim, lee] = [await newUser("kim", "operator"), await newUser("lee", "operator")];
		const { api_token } = await kim.as.auth.createToken({ body: { name: "mine", permissions: ["devices:read"] } });
		expect((await lee.as.auth.listMyTokens({})).total).toBe(0);
		const notFound = problem("tokens.not_found");
		await expect(lee.as.auth.revokeMyToken({ params: { id: api_token.id } })).rejects.toMatchObject(notFound);
		const forbidden = problem("auth.forbidden");
		const theirs = { params: { id: kim.id, token_id: api_token.id } };
		await expect(lee.as.auth.listUserTokens({ params: { id: kim.id } })).rejects.toMatchObject(forbidden);
		await expect(lee.as.auth.revokeUserToken(theirs)).rejects.toMatchObject(forbidden);
		await expect(api.auth.revokeUserToken({ params: { id: lee.id, token_id: api_token.id } })).rejects.toMatchObject(
			notFound,
		);
		expect((await kim.as.auth.listMyTokens({})).total).toBe(1);
	});

	test("does not become more by managing users, roles or tokens", async () => {
		await api.auth.createRole({
			body: { name: "clerk", label: "Clerk", permissions: ["users:*", "roles:*", "tokens:*", "devices:read"] },
		});
		const clerk = await newUser("clerk", "clerk");
		const admin = (await api.auth.listUsers({ query: { q: "admin" } })).items[0];
		const escalation = problem("roles.escalation");
		const body = { username: "mole", role: "admin", password: adminPassword };
		const params = { id: admin?.id ?? "" };
		const own = { id: clerk.id };
		for (const attempt of [
			() => clerk.as.auth.createUser({ body }),
			() => clerk.as.auth.updateUser({ params: own, body: { role: "admin" } }),
			() => clerk.as.auth.updateUser({ params, body: { disabled: true } }),
			() => clerk.as.auth.setUserPassword({ params, body: { password: "an entirely other password" } }),
			() => clerk.as.auth.deleteUser({ params }),
			() => clerk.as.auth.createRole({ body: { name: "more", label: "More", permissions: ["*"] } }),
			() => clerk.as.auth.updateRole({ params: { name: "clerk" }, body: { permissions: ["*:read", "users:*"] } }),
			() => clerk.as.auth.createToken({ body: { name: "more", permissions: ["backups:read"] } }),
		]) {
			await expect(attempt(), String(attempt)).rejects.toMatchObject(escalation);
		}
		const { token } = await clerk.as.auth.createToken({ body: { name: "narrow", permissions: ["devices:read"] } });
		await expect(
			product.as(token).auth.createToken({ body: { name: "wider", permissions: ["users:read"] } }),
		).rejects.toMatchObject({ problem: { status: 403 } });
	});

	test("is not shown secrets for asking, with another spelling of it, or through a device type that masks less", async () => {
		const { items } = await api.backup.listBackups({});
		const path = `/api/config-backups/${items[0]?.id}/content`;
		await api.auth.createRole({
			body: { name: "typist", label: "Typist", permissions: ["devices:*", "backups:read"] },
		});
		const typist = await newUser("typist", "typist");
		for (const query of ["reveal=true", "reveal=1", "form=raw&reveal=true"]) {
			expect((await send(`${path}?${query}`, { token: typist.token })).status, query).toBe(403);
		}
		const shown = await send(`${path}?form=raw`, { token: typist.token });
		expect(shown.text).toContain("<secret>");

		const { items: types } = await typist.as.devices.listDeviceTypes({ query: { page_size: 100 } });
		const definition = types.find(({ id }) => id === "cisco_ios")?.definition;
		if (definition === undefined) throw new Error("there is no cisco_ios");
		const permissive = { ...definition, id: "mine", secrets: ["(secret)"] };
		await typist.as.devices.createDeviceType({ body: permissive });
		const { id } = (await api.devices.listDevices({})).items[0] ?? { id: "" };
		await typist.as.devices.updateDevice({ params: { id }, body: { device_type: "mine" } });
		const { run_id } = await api.backup.runSingle({ body: { device_id: id } });
		await runEnded(api, run_id);
		await typist.as.devices.updateDeviceType({
			params: { id: "mine" },
			body: { ...permissive, secrets: ["(?P<harmless>.*)"] },
		});
		await typist.as.devices.updateDevice({ params: { id }, body: { device_type: "cisco_ios" } });
		const again = await send(`${path}?form=raw`, { token: typist.token });
		expect(again.text).toBe(shown.text);
		const newer = (await api.backup.listBackups({ query: { device_id: id } })).items[0];
		const masked = (text: string) => text.split("<secret>").length;
		const before = await send(`/api/config-backups/${newer?.id}/content?form=raw`, { token: typist.token });
		expect(masked(before.text)).toBeGreaterThan(1);
	});
});

describe("somebody who is gone", () => {
	test("has no use of any token they hold, deleted or disabled", async () => {
		for (const end of ["delete", "disable"] as const) {
			const user = await newUser(`gone-${end}`, "operator");
			const { token } = await user.as.auth.createToken({
				body: { name: "left behind", permissions: ["devices:read"] },
			});
			const body = { username: `gone-${end}`, password: adminPassword };
			const { refresh_token } = tokensOf(await product.as(undefined).auth.login({ body }));
			const { ticket } = await user.as.auth.createWsTicket({});
			if (end === "delete") await api.auth.deleteUser({ params: { id: user.id } });
			else await api.auth.updateUser({ params: { id: user.id }, body: { disabled: true } });
			for (const held of [user.token, token]) {
				await eventually("the token is void", async () => (await send("/api/devices", { token: held })).status === 401);
			}
			await expect(product.as(undefined).auth.refresh({ body: { refresh_token } })).rejects.toMatchObject({
				problem: { status: 401 },
			});
			await expect(product.as(undefined).auth.login({ body })).rejects.toMatchObject(problem("auth.bad_credentials"));
			expect(await closeCode(openView(ticket))).toBe(4401);
		}
	});

	test.each([
		["disabled", (id: string) => api.auth.updateUser({ params: { id }, body: { disabled: true } }), 4401],
		["deleted", (id: string) => api.auth.deleteUser({ params: { id } }), 4401],
	] as const)("or is %s does not go on watching through a live view that was open", async (what, end, code) => {
		const user = await newUser(`watcher-${code}-${what.length}`, "operator");
		const view = openView((await user.as.auth.createWsTicket({})).ticket);
		await new Promise((resolve) => view.once("open", resolve));
		const closed = closeCode(view);
		await end(user.id);
		expect(await closed).toBe(code);
	});

	test("or may see less hears, in a live view that was open, no more of the rest", async () => {
		await api.auth.createRole({ body: { name: "blind", label: "Blind", permissions: ["devices:read"] } });
		const user = await newUser("watcher-blind", "operator");
		const view = openView((await user.as.auth.createWsTicket({})).ticket);
		const heard = new Set<string>();
		view.on("message", (text) => heard.add((JSON.parse(String(text)) as { what: string }).what));
		await new Promise((resolve) => view.once("open", resolve));
		const round = async (number: number) => {
			heard.clear();
			const login = { username: "u", password: "pa55word" };
			await api.devices.createCredential({ body: { name: `blind-${number}`, ...login } });
			await api.devices.createGroup({ body: { name: `blind-${number}` } });
			await eventually("the group is heard of", async () => heard.has("device_groups"));
			return heard.has("credentials");
		};
		expect(await round(0)).toBe(true);
		await api.auth.updateUser({ params: { id: user.id }, body: { role: "blind" } });
		let rounds = 0;
		await eventually("credentials are not heard of any more", async () => !(await round(++rounds)));
		view.close();
	});
});

function openView(ticket: string): WebSocket {
	return new WebSocket(`${product.url.replace("http", "ws")}/ws/dashboard?ticket=${ticket}`);
}

function closeCode(view: WebSocket): Promise<number> {
	return new Promise((resolve, reject) => {
		view.once("close", resolve);
		view.once("error", reject);
	});
}

/** Every public operation with an address whose parameters are `argument`. */
function operations(argument: string): { name: string; operation: Operation; path: string }[] {
	return Object.values<Api>(apis).flatMap((contract) =>
		Object.entries(contract.operations)
			.filter(([, operation]) => !operation.internal)
			.map(([name, operation]) => ({
				name,
				operation,
				path: operation.path.replace(/:\w+/g, encodeURIComponent(argument)),
			})),
	);
}

const nowhere = "01900000-0000-7000-8000-00000000abcd";
/** These do what they are for with any body. */
const left_out = new Set(["logout", "rotateKeys"]);

describe("every operation", () => {
	test("refuses parameters that are none", async () => {
		for (const argument of [
			"'",
			"../../etc/passwd",
			"\0",
			"%",
			"x".repeat(450),
			"1;drop table x",
			"__proto__",
			"\ud83d\ude00",
		]) {
			for (const { name, operation, path } of operations(argument)) {
				if (!operation.path.includes(":") || left_out.has(name)) continue;
				const answer = await send(path, { method: operation.method, ...(operation.body && { body: "{}" }) });
				expectNoInside(answer, `${name} ${argument}`);
			}
		}
	});

	test("refuses bodies that are none", async () => {
		const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
		const bodies = [
			"null",
			"[]",
			'""',
			"7",
			"{",
			'{"name":{"$gt":""},"username":["a"],"password":{},"select":"all","permissions":"*","content":[]}',
			'{"constructor":{"prototype":{"admin":true}}}',
			'{"name":"\\u0000","username":"\\ud800","content":"\\ud800","host":"\\u0000"}',
			deep(10_000),
			`{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
		];
		for (const { name, operation, path } of operations(nowhere)) {
			if (operation.body === undefined || left_out.has(name)) continue;
			for (const body of bodies) {
				expectNoInside(await send(path, { method: operation.method, body }), `${name} ${body.slice(0, 60)}`);
			}
		}
	}, 60_000);

	test("refuses page sizes, pages, sorting and cursors that are none", async () => {
		const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
		const refused = [
			"page_size=1000000000",
			"page_size=0",
			"page_size=-1",
			"page_size=1.5",
			"page_size=NaN",
			"page_size=1&page_size=2",
			"page=0",
			"page=99999999999999999999",
			"sort=name;drop%20table%20users",
			"sort=constructor",
			"sort=__proto__",
			"sort=-",
			"sort=password",
			"limit=0",
			"limit=1000000",
		];
		const cursors = [
			"x",
			"%00",
			"e30",
			cursor(null),
			cursor([]),
			cursor(["x", "y"]),
			cursor(["2026-01-01T00:00:00.000Z", "not an id"]),
			cursor(["2026-01-01T00:00:00.000Z", nowhere]),
			cursor(["2026-01-01T00:00:00.000Z", 1e300]),
			cursor(["2026-01-01T00:00:00.000Z", -1]),
			cursor([nowhere]),
			cursor(["' or 1=1 --"]),
			cursor(["\0"]),
			cursor(["99999-01-01T00:00:00Z", nowhere]),
		];
		for (const { name, operation, path } of operations(nowhere)) {
			if (operation.method !== "GET") continue;
			for (const query of refused) expectNoInside(await send(`${path}?${query}`), `${name} ${query}`);
			for (const query of cursors) expectNoInside(await send(`${path}?cursor=${query}`), `${name} cursor ${query}`);
		}
		for (const path of ["/api/devices", "/api/users", "/api/credentials"]) {
			for (const query of refused.filter((query) => !query.startsWith("limit"))) {
				expectRefusal(await send(`${path}?${query}`), `${path}?${query}`);
			}
		}
		for (const query of ["limit=0", "limit=1000000", ...cursors.slice(0, 6).map((text) => `cursor=${text}`)]) {
			for (const path of ["/api/runs", "/api/audit"]) expectRefusal(await send(`${path}?${query}`), `${path}?${query}`);
		}
	}, 60_000);
});

describe("a search", () => {
	test("takes % and _ and backslashes for themselves", async () => {
		for (const path of ["/api/devices", "/api/users", "/api/credentials", "/api/roles", "/api/device-groups"]) {
			for (const q of ["%", "%%", "c_sco", "_dmin", "\\", "%25'--"]) {
				const { status, text } = await send(`${path}?q=${encodeURIComponent(q)}`);
				expect(status, path).toBe(200);
				expect(JSON.parse(text).total, `${path} ${q}`).toBe(0);
			}
		}
	});

	test.each([
		"(a+)+$",
		"(.*a){25}$",
		"((x{1,100}){1,100}){1,100}",
		"(|a|aa)*b",
		"(?:.*.*.*.*)=",
		"[",
		"\\1",
		"(?=x)",
		"a{1001}",
	])("for %s ends soon and holds up nobody", async (pattern) => {
		const started = Date.now();
		let slowest = 0;
		const searching = send(`/api/config-backups/search?regex=true&q=${encodeURIComponent(pattern)}`);
		let ended = false;
		void searching.finally(() => (ended = true));
		while (!ended) {
			const asked = Date.now();
			await send("/api/auth/me");
			slowest = Math.max(slowest, Date.now() - asked);
		}
		expectNoInside(await searching, pattern);
		expect(Date.now() - started).toBeLessThan(15_000);
		expect(slowest).toBeLessThan(3_000);
	});
});

describe("headers", () => {
	test("that are odd are refused or ignored, never believed", async () => {
		const statusOf = async (headers: Record<string, string>, path = "/api/devices") =>
			(await send(path, { headers })).status;
		expect(await statusOf({ authorization: "" })).toBe(401);
		expect(await statusOf({ authorization: "Bearer" })).toBe(401);
		expect(await statusOf({ authorization: `bearer ${"x".repeat(8_000)}` })).toBe(401);
		expect(await statusOf({ authorization: `Bearer ${product.admin_token}, Bearer x` })).toBe(401);
		expect(await statusOf({ authorization: `Bearer ${product.admin_token.slice(0, -3)}AAA` })).toBe(401);
		expect(await statusOf({ "x-filler": "x".repeat(30_000) })).toBe(431);
		expect(await statusOf({ "x-http-method-override": "DELETE", "x-original-url": "/internal/auth/actor" })).toBe(200);
		expect(await statusOf({ "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher" })).toBe(200);
		expect(await statusOf({ "x-request-id": "chosen\u00e9by-client", traceparent: "00-zz-zz-01" })).toBe(200);
		expect(await statusOf({}, "/api/devices?q=%ff%fe")).toBeLessThan(500);
		expect(await statusOf({}, "/api/devices/%ff")).toBe(400);
		const unsigned = `${btoa('{"alg":"none"}')}.${product.admin_token.split(".")[1]}.`.replaceAll("=", "");
		expect(await statusOf({ authorization: `Bearer ${unsigned}` })).toBe(401);
		const body = '{"name":"x"}';
		for (const headers of [
			{ "content-encoding": "gzip" },
			{ "content-type": "application/json; charset=utf-7" },
			{ "content-type": "application/vnd.api+json" },
			{ "content-type": "multipart/form-data; boundary=x" },
		] as Record<string, string>[]) {
			expectNoInside(await send("/api/devices", { method: "POST", body, headers }), JSON.stringify(headers));
		}
	});

	test("of a service do not open what is internal", async () => {
		for (const contract of Object.values<Api>(apis)) {
			for (const [name, operation] of Object.entries<Operation>(contract.operations)) {
				if (!operation.internal) continue;
				const path = operation.path.replace(/:\w+/g, nowhere);
				const headers = { "x-service": "tasks", "x-internal": "1", "x-netconductor-actor": '{"permissions":["*"]}' };
				expect((await send(path, { method: operation.method, body: "{}", headers })).status, name).toBe(404);
			}
		}
	});
});
