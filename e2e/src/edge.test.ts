import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:net";
import type { Problem } from "@netconductor/contracts/kernel/errors";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminPassword, isDistributed, type Product, startProduct } from "./product.ts";

/** What the door to the outside promises, whatever is behind it. */

let product: Product;
const otherPage = "https://noc.example.net";

beforeAll(async () => {
	product = await startProduct({
		NETCONDUCTOR_HTTP_ALLOWED_ORIGINS: otherPage,
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "60",
		NETCONDUCTOR_HTTP_REQUEST_LOG: "true",
	});
}, 120_000);
afterAll(() => product?.dispose());

const authorized = (more: Record<string, string> = {}) => ({ authorization: `Bearer ${product.admin_token}`, ...more });

async function json<T>(response: Promise<Response>): Promise<T> {
	return (await response).json() as Promise<T>;
}

describe("documents", () => {
	test("the OpenAPI document is valid OpenAPI 3.1 and names every permission", async () => {
		const document = await json<Record<string, never>>(
			fetch(`${product.url}/api/openapi.json`, { headers: authorized() }),
		);
		const { valid, errors } = await new Validator().validate(document);
		expect(errors).toBeUndefined();
		expect(valid).toBe(true);
		expect(document.openapi).toBe("3.1.0");
		expect(document).toMatchObject({ paths: { "/api/devices": { get: { "x-permission": "devices:read" } } } });
		expect(JSON.stringify(document)).not.toContain("/internal/");
	});

	test("the API documentation loads with what it needs from this server alone", async () => {
		const page = await fetch(`${product.url}/api/docs/`, { headers: authorized() });
		expect(page.status).toBe(200);
		expect(await page.text()).not.toMatch(/src="https?:/);
	});

	test("every error says where it is explained, and there it is", async () => {
		const problem = await json<Problem>(fetch(`${product.url}/api/nothing-here`, { headers: authorized() }));
		expect(problem).toMatchObject({
			status: 404,
			code: "request.unknown_route",
			trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
		});
		const explained = await fetch(`${product.url}${problem.type}`, { headers: authorized() });
		expect(await explained.json()).toMatchObject({ code: "request.unknown_route" });
	});
});

describe("the web app", () => {
	const opened = async () => (await fetch(`${product.url}/`, { headers: { accept: "text/html" } })).text();

	test("comes compressed to who can read that, and whole to who cannot", async () => {
		const script = /src="(\/assets\/[^"]+\.js)"/.exec(await opened())?.[1];
		const sent = async (encoding: string) => {
			const response = await fetch(`${product.url}${script}`, { headers: { "accept-encoding": encoding } });
			const size = Number(response.headers.get("content-length"));
			return { encoding: response.headers.get("content-encoding"), size, text: await response.text() };
		};
		const [brotli, gzip, plain] = await Promise.all([sent("br, gzip"), sent("gzip"), sent("identity")]);
		expect([brotli.encoding, gzip.encoding, plain.encoding]).toEqual(["br", "gzip", null]);
		expect(brotli.text).toBe(plain.text);
		expect(gzip.text).toBe(plain.text);
		expect(brotli.size).toBeLessThan(plain.size / 2);
	});

	test("may be opened by many behind one address: its files are not limited", async () => {
		const style = /href="(\/assets\/[^"]+\.css)"/.exec(await opened())?.[1];
		const statuses = await Promise.all(
			Array.from({ length: 80 }, async () => (await fetch(`${product.url}${style}`)).status),
		);
		expect(new Set(statuses)).toEqual(new Set([200]));
	});

	test("runs no script that is written into a page or comes from elsewhere", async () => {
		const policy = (await fetch(`${product.url}/`)).headers.get("content-security-policy") ?? "";
		const scripts = policy.split(";").filter((part) => part.startsWith("script-src"));
		expect(scripts).toEqual(["script-src 'self'", "script-src-attr 'none'"]);
		expect(policy).not.toMatch(/https?:/);
		expect(await opened()).not.toMatch(/<script(?![^>]*src=)/);
	});
});

describe("a bad request", () => {
	async function post(body: string, headers: Record<string, string>) {
		const response = await fetch(`${product.url}/api/devices`, { method: "POST", body, headers: authorized(headers) });
		return { status: response.status, problem: (await response.json()) as Problem };
	}

	test("that is not JSON is named so", async () => {
		expect(await post("{", { "content-type": "application/json" })).toMatchObject({
			status: 400,
			problem: { code: "request.invalid" },
		});
	});

	test("of another content type is refused", async () => {
		expect(await post("a=b", { "content-type": "text/plain" })).toMatchObject({
			status: 415,
			problem: { code: "request.unsupported_media_type" },
		});
	});

	test("that is too large is refused", async () => {
		const body = JSON.stringify({ name: "x".repeat(2 * 1024 * 1024) });
		expect(await post(body, { "content-type": "application/json" })).toMatchObject({
			status: 413,
			problem: { code: "request.too_large" },
		});
	});

	test("that tries to change prototypes is refused", async () => {
		expect((await post('{"__proto__":{"admin":true}}', { "content-type": "application/json" })).status).toBe(400);
	});

	test("names every wrong field", async () => {
		const { problem } = await post('{"name":"-","host":"a b","port":0}', { "content-type": "application/json" });
		expect(problem.errors?.map(({ path }) => path)).toEqual(
			expect.arrayContaining(["body.name", "body.host", "body.port", "body.device_type"]),
		);
	});
});

describe("headers", () => {
	test("keep browsers from guessing, framing and caching", async () => {
		const { headers } = await fetch(`${product.url}/api/devices`, { headers: authorized() });
		expect(headers.get("x-content-type-options")).toBe("nosniff");
		expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
		expect(headers.get("content-security-policy")).toContain("default-src 'self'");
		expect(headers.get("cache-control")).toBe("no-store");
		expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
		expect(headers.get("server")).toBeNull();
	});

	test("let only the configured other pages call from a browser", async () => {
		const allowed = await fetch(`${product.url}/api/devices`, { headers: authorized({ origin: otherPage }) });
		expect(allowed.headers.get("access-control-allow-origin")).toBe(otherPage);
		const other = await fetch(`${product.url}/api/devices`, {
			headers: authorized({ origin: "https://evil.example" }),
		});
		expect(other.headers.get("access-control-allow-origin")).toBeNull();
	});

	test("do not believe a client about its own address", async () => {
		const api = product.as(product.admin_token);
		await fetch(`${product.url}/api/device-groups`, {
			method: "POST",
			headers: authorized({ "content-type": "application/json", "x-forwarded-for": "203.0.113.9" }),
			body: '{"name":"from afar"}',
		});
		const { items } = await api.audit.listAudit({ query: { operation: "createGroup" } });
		for (const { actor } of items) expect(actor.ip).toBe("127.0.0.1");
	});
});

describe("the log of requests", () => {
	const logged = (request_id: string) =>
		product
			.output()
			.split("\n")
			.filter((line) => line.includes(request_id));

	test("says who asked for what, how it ended and how long it took, and holds nothing that was typed into an address", async () => {
		const secret = randomUUID();
		const response = await fetch(`${product.url}/api/devices/${randomUUID()}?password=${secret}`, {
			headers: authorized({ "x-note": secret }),
		});
		expect(response.status).not.toBe(200);
		const request_id = response.headers.get("x-request-id") ?? "";
		await expect.poll(() => logged(request_id)).toHaveLength(1);
		const { user } = await product.as(product.admin_token).auth.getMe({});
		expect(JSON.parse(logged(request_id)[0] ?? "")).toMatchObject({
			...{ method: "GET", route: "/api/devices/:id", status: response.status, ms: expect.any(Number), request_id },
			...{ actor_id: user?.id, address: "127.0.0.1" },
		});
		expect(product.output()).not.toContain(secret);
	});

	test("names a proxy's id of a request beside our own where it is one, and nothing else that is sent as one", async () => {
		const ask = async (given: string) => {
			const { headers } = await fetch(`${product.url}/health/live`, { headers: { "x-request-id": given } });
			const request_id = headers.get("x-request-id") ?? "";
			expect(request_id).not.toBe(given);
			await expect.poll(() => logged(request_id)).toHaveLength(1);
			return JSON.parse(logged(request_id)[0] ?? "").given_request_id;
		};
		const id = "019fa6a5-3c1e-7e4f-9d1b-5a3c2b1d0e9f";
		expect(await ask(id)).toBe(id);
		for (const other of ["1", `${id}0`, `${id} level=error`, "x".repeat(4_000), "../../etc", '","level":"fatal']) {
			expect(await ask(other)).toBeUndefined();
		}
	});
});

describe("health and metrics", () => {
	test("liveness and readiness answer without a token, per dependency", async () => {
		expect((await fetch(`${product.url}/health/live`)).status).toBe(200);
		const ready = await json<{ status: string; checks: object }>(fetch(`${product.url}/health/ready`));
		expect(ready.status).toBe("ok");
		// Of what the process at the door stands on itself.
		expect(Object.keys(ready.checks)).toEqual(
			expect.arrayContaining(isDistributed() ? ["events"] : ["auth.database", "backup.database"]),
		);
	});

	test("metrics need a token that may read them", async () => {
		expect((await fetch(`${product.url}/metrics`)).status).toBe(401);
		const api = product.as(product.admin_token);
		const narrow = await api.auth.createToken({ body: { name: "narrow", permissions: ["devices:read"] } });
		const right = await api.auth.createToken({ body: { name: "prometheus", permissions: ["metrics:read"] } });
		const ask = (token: string) => fetch(`${product.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
		expect((await ask(narrow.token)).status).toBe(403);
		const metrics = await ask(right.token);
		expect(metrics.status).toBe(200);
		const text = await metrics.text();
		expect(text).toContain("netconductor_http_request_seconds");
		// Counted where it is done: each service has metrics of its own.
		if (!isDistributed()) expect(text).toContain('operation="auth.login"');
	});
});

describe("identity", () => {
	test("a user who is disabled is out within seconds, whatever token they hold", async () => {
		const api = product.as(product.admin_token);
		const user = await api.auth.createUser({
			body: { username: "leaver", role: "viewer", password: adminPassword, must_change_password: false },
		});
		const token = await product.login("leaver", adminPassword);
		const ask = () => fetch(`${product.url}/api/devices`, { headers: { authorization: `Bearer ${token}` } });
		expect((await ask()).status).toBe(200);
		await api.auth.updateUser({ params: { id: user.id }, body: { disabled: true } });
		await expect.poll(async () => (await ask()).status, { timeout: 10_000, interval: 500 }).toBe(401);
	});

	test("an API token does what its scope says and no more", async () => {
		const api = product.as(product.admin_token);
		const { token } = await api.auth.createToken({ body: { name: "reader", permissions: ["devices:read"] } });
		const reader = product.as(token);
		expect((await reader.devices.listDevices({})).total).toBeGreaterThanOrEqual(0);
		await expect(reader.backup.listBackups({})).rejects.toMatchObject({ problem: { code: "auth.forbidden" } });
	});
});

describe("sockets", () => {
	test("a request that asks for two lengths is refused, not guessed at", async () => {
		const answer = await raw(
			"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		);
		expect(answer).toMatch(/^HTTP\/1\.1 400/);
	});

	test("a path with an encoded slash or dots reaches nothing", async () => {
		for (const path of [
			"/..%2f..%2fpackage.json",
			"/%2e%2e/%2e%2e/etc/passwd",
			"/assets/..%2f..%2f..%2fpackage.json",
		]) {
			const status = await new Promise<number>((resolve) => {
				request(`${product.url}`, { path, headers: authorized() }, (response) =>
					resolve(response.resume().statusCode ?? 0),
				).end();
			});
			expect([400, 403, 404], path).toContain(status);
		}
	});

	function raw(text: string): Promise<string> {
		const { port } = new URL(product.url);
		return new Promise((resolve, reject) => {
			const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
			let answer = "";
			socket.setTimeout(5_000, () => socket.destroy());
			socket.on("data", (piece) => (answer += piece));
			socket.on("close", () => resolve(answer));
			socket.on("error", reject);
		});
	}
});

test("anonymous requests are limited by address; signed-in ones have a limit of their own", async () => {
	const statuses = await Promise.all(
		Array.from({ length: 80 }, async () => (await fetch(`${product.url}/api/auth/jwks`)).status),
	);
	expect(statuses).toContain(429);
	const limited = await fetch(`${product.url}/api/auth/jwks`);
	expect(limited.headers.get("retry-after")).toMatch(/^\d+$/);
	expect(await limited.json()).toMatchObject({ code: "request.rate_limited", retryable: true });
	expect((await fetch(`${product.url}/api/devices`, { headers: authorized() })).status).toBe(200);
	expect((await fetch(`${product.url}/health/live`)).status).toBe(200);
});
