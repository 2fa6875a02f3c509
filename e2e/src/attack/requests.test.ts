import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apis } from "@netconductor/contracts/apis";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import { Problem } from "@netconductor/contracts/kernel/errors";
import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import fc from "fast-check";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { adminPassword, type Clients, type Product, startProduct } from "../product.ts";
import { createForge, type Forge } from "./forge-tokens.ts";
import { exchangeRaw, type RawAnswer, requestRaw } from "./raw-connection.ts";

/** Requests of people who want more than is theirs: with forged tokens, crooked paths, hostile parameters, and two requests in one. */

let product: Product;
let admin: Clients;
let viewer: { id: string; token: string };
let forge: Forge;

const operations = Object.values<Api>(apis).flatMap((api) =>
	Object.entries<Operation>(api.operations)
		.filter(([, operation]) => !operation.internal)
		.map(([name, operation]) => ({ name, operation })),
);

beforeAll(async () => {
	product = await startProduct({
		NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "1000000",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "1000000",
		NETCONDUCTOR_WORKERS_PROCESSES: "0",
	});
	admin = product.as(product.admin_token);
	const { id } = await admin.auth.createUser({
		body: { username: "vera", role: "viewer", password: adminPassword, must_change_password: false },
	});
	viewer = { id, token: await product.login("vera", adminPassword) };
	for (const [index, name] of ["core-1", "core-2", "edge_1", "edge-2"].entries()) {
		const body = { name, host: `192.0.2.${index + 1}`, device_type: "cisco_ios" };
		await admin.devices.createDevice({ body });
	}
	await admin.devices.createGroup({ body: { name: "core routers" } });
	await admin.devices.createCredential({ body: { name: "lab", username: "x", password: "not so secret here" } });
	forge = await createForge(product.url, product.data_dir, product.admin_token);
}, 120_000);
afterAll(() => product?.dispose());

/** Nothing that a stranger sends makes PostgreSQL or a handler stumble. */
let read = 0;
afterEach(() => {
	const written = product.output().slice(read);
	read += written.length;
	expect(written.split("\n").filter((line) => /"level":"(error|fatal)"|"sqlstate"|syntax error/.test(line))).toEqual(
		[],
	);
});

const pathOf = (operation: Operation) =>
	operation.path.replace(/:([a-z_0-9]+)/g, (_, name: string) => (name === "name" ? "nobody" : randomUUID()));

async function ask(path: string, token: string | undefined, init: RequestInit = {}) {
	const response = await fetch(`${product.url}${path}`, {
		...init,
		headers: {
			...(token !== undefined && { authorization: `Bearer ${token}` }),
			...(init.body !== undefined && { "content-type": "application/json" }),
			...init.headers,
		},
	});
	const text = await response.text();
	return { status: response.status, text };
}

describe("a token", () => {
	test("made by auth's own key as auth makes it is taken: the others differ in one thing only", async () => {
		const token = await forge.genuine();
		expect((await ask("/api/users", token)).status).toBe(200);
	});

	test("that is forged, stale, tampered with, or meant for another opens no door", async () => {
		const { sid, sub } = decodeJwt(viewer.token);
		const bad = await forge.bad({ user_id: String(sub), session_id: String(sid) });
		for (const [what, token] of Object.entries(bad)) {
			for (const { name, operation } of operations) {
				if (operation.public) continue;
				const { status, text } = await ask(pathOf(operation), token, {
					method: operation.method,
					...(operation.body !== undefined && { body: "{}" }),
				});
				expect(status, `${name} with a token ${what}: ${text}`).toBe(401);
			}
		}
	}, 120_000);

	test("of the other kinds that there are is not taken for an access token", async () => {
		const body = { username: "vera", password: adminPassword };
		const { refresh_token } = tokensOf(await product.as(undefined).auth.login({ body }));
		const { ticket } = await product.as(viewer.token).auth.createWsTicket({});
		for (const token of [refresh_token, ticket, adminPassword]) {
			expect((await ask("/api/auth/me", token)).status).toBe(401);
		}
		for (const token of [viewer.token, product.admin_token]) {
			const refreshed = await ask("/api/auth/refresh", undefined, {
				method: "POST",
				body: JSON.stringify({ refresh_token: token }),
			});
			expect(refreshed.status).toBe(401);
		}
	});

	test("in the address, a cookie or another header is not looked at", async () => {
		for (const [path, headers] of [
			[`/api/devices?access_token=${product.admin_token}`, {}],
			[`/api/devices?token=${product.admin_token}`, {}],
			["/api/devices", { cookie: `token=${product.admin_token}; authorization=Bearer ${product.admin_token}` }],
			[
				"/api/devices",
				{ "x-access-token": product.admin_token, "proxy-authorization": `Bearer ${product.admin_token}` },
			],
		] as [string, Record<string, string>][]) {
			expect((await ask(path, undefined, { headers })).status, path).toBe(401);
		}
	});
});

describe("a path", () => {
	const crooked = (path: string) => [
		path.replace("/api/", "//api/"),
		path.replace("/api/", "/api//"),
		path.replace("/api/", "/api/./"),
		path.replace("/api/", "/api/x/../"),
		path.replace("/api/", "/api/%2e%2e/api/"),
		path.replace("/api/", "/assets/../api/"),
		path.replace("/api/", "/api%2f"),
		path.replace("/api/", "/api\\"),
		path.replace("/api/", "/API/"),
		path.replace("/api/", "/%61pi/"),
		`${path}/`,
		`${path}//`,
		`${path}/.`,
		`${path};role=admin`,
		`${path}%00`,
		`${path}%20`,
		`${path}.json`,
		`${path}?`,
		`${path}#x`,
		`/health/..${path}`,
		`http://${new URL(product.url).host}${path}`,
		`http://127.0.0.1:1${path}`,
	];

	const isRefusal = ({ status }: RawAnswer) => status >= 400 && status < 500;

	test("written in any crooked way opens nothing to those who are not signed in", async () => {
		for (const path of ["/api/devices", "/api/users", "/api/auth/me", "/metrics", "/api/config-backups"]) {
			for (const spelling of crooked(path)) {
				const answer = await requestRaw(product.url, "GET", spelling, { accept: "application/json, text/html;q=0.1" });
				// The web app's page, which holds nothing, may come for an address that is not the API's.
				const isPage = answer.status === 200 && /content-type: text\/html/i.test(answer.text);
				expect(isRefusal(answer) || isPage, `${spelling}: ${answer.text.slice(0, 300)}`).toBe(true);
				expect(answer.text).not.toContain("core-1");
			}
		}
	}, 60_000);

	test("written in any crooked way lets nobody do what their role does not", async () => {
		const headers = { authorization: `Bearer ${viewer.token}` };
		const body = JSON.stringify({ username: "mole", role: "admin", password: adminPassword });
		for (const spelling of crooked("/api/users")) {
			const answer = await requestRaw(product.url, "POST", spelling, headers, body);
			expect(isRefusal(answer), `${spelling}: ${answer.text.slice(0, 300)}`).toBe(true);
		}
		for (const override of ["x-http-method-override", "x-http-method", "x-method-override"]) {
			for (const method of ["GET", "POST"]) {
				const answer = await requestRaw(product.url, method, `/api/users/${viewer.id}?_method=DELETE`, {
					...headers,
					[override]: "DELETE",
				});
				expect([200, 403, 404]).toContain(answer.status);
			}
		}
		for (const header of ["x-original-url", "x-rewrite-url", "x-forwarded-path", "x-forwarded-prefix"]) {
			const answer = await requestRaw(product.url, "GET", "/health/live", { ...headers, [header]: "/api/users" });
			expect(answer.text).not.toContain("vera");
		}
		const { items } = await admin.auth.listUsers({});
		expect(items.map(({ username }) => username).toSorted()).toEqual(["admin", "vera"]);
	}, 60_000);

	test("leads to no file but those of the web page", async () => {
		const key = readFileSync(join(product.data_dir, "master.key"), "utf8").trim();
		const climbs = [
			"../",
			"..%2f",
			"%2e%2e/",
			"%2e%2e%2f",
			"..\\",
			"..%5c",
			"%252e%252e/",
			"....//",
			"..;/",
			"%c0%ae%c0%ae/",
		];
		for (const start of ["/", "/assets/", "/api/docs/static/", "/docs/errors/"]) {
			for (const climb of climbs) {
				for (const file of [
					"package.json",
					"etc/passwd",
					`${product.data_dir.slice(1)}/master.key`,
					".data/master.key",
				]) {
					const { text, status } = await requestRaw(product.url, "GET", `${start}${climb.repeat(6)}${file}`, {
						authorization: `Bearer ${product.admin_token}`,
					});
					expect(text, `${start} ${climb} ${file}`).not.toMatch(/root:.*:0:0|"workspaces"/);
					expect(text).not.toContain(key);
					expect(status).toBeLessThan(500);
				}
			}
		}
		for (const file of ["/.env", "/.git/config", "/src/main.tsx", "/assets/", "/index.html.map", "/master.key"]) {
			const { status, text } = await requestRaw(product.url, "GET", file);
			expect(status === 404 || status === 403, `${file}: ${text.slice(0, 200)}`).toBe(true);
		}
	}, 60_000);

	test("with a method that is none of the operation's is refused", async () => {
		for (const method of ["TRACE", "CONNECT", "PROPFIND", "FOO", "get", "PATCH", "PUT", "DELETE"]) {
			const { status } = await requestRaw(product.url, method, "/api/devices", {
				authorization: `Bearer ${product.admin_token}`,
			});
			expect(status === 0 || (status >= 400 && status < 500), `${method} ${status}`).toBe(true);
		}
	});
});

/** Every list there is, with the names of its parameters. */
const lists = operations.flatMap(({ name, operation }) => {
	const { shape } = (operation.query ?? {}) as { shape?: object };
	return operation.method === "GET" && shape !== undefined ? [{ name, operation, parameters: Object.keys(shape) }] : [];
});

/** Text that means something to PostgreSQL, to a pattern, to a parser, or to nobody. */
const hostileText = fc.oneof(
	fc.constantFrom(
		"'",
		"''",
		"\\'",
		'"',
		"' or '1'='1",
		"') or true --",
		"1; drop table devices; --",
		"name; select pg_sleep(5)",
		"name desc, (select password from users)",
		"-name' --",
		"(case when true then name else host end)",
		"name/**/asc",
		"$1",
		"%",
		"_",
		"%%_%",
		"\\",
		"{}",
		"[]",
		"null",
		"NaN",
		"Infinity",
		"-0",
		"1e309",
		"0x10",
		"9223372036854775808",
		"2147483648",
		"-1",
		"true",
		"0000-00-00T00:00:00Z",
		"9999-12-31T23:59:59.999Z",
		"infinity",
		"00000000-0000-0000-0000-000000000000",
		"eyJhIjoxfQ",
		"WyInIiwiJyJd",
		"\u0000",
		"\ud83d",
		"\u202e",
		"\u00e9\u0301",
		"__proto__",
		"constructor",
		"(a+)+$",
	),
	fc.string({ unit: "binary", maxLength: 300 }),
	fc.string({ unit: "grapheme-ascii", maxLength: 20_0 }),
	fc.integer().map(String),
	fc.double().map(String),
	fc.uuid(),
	fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
	fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString("base64url")),
);

describe("hostile parameters", () => {
	test("there are lists to attack", () => {
		expect(lists.length).toBeGreaterThan(15);
	});

	test.each(lists.map((one) => [one.name, one] as const))(
		"of %s are answered with their rows or a refusal, never with others' rows or an error of ours",
		async (listed, { operation, parameters }) => {
			const path = pathOf(operation);
			const token = product.admin_token;
			const all = await ask(`${path}?${parameters.includes("page_size") ? "page_size=500" : ""}`, token);
			const rowsOf = (text: string) =>
				((JSON.parse(text) as { items?: unknown[] }).items ?? []).map((item) => {
					const { id, name, device_id } = item as Record<string, unknown>;
					return String(id ?? device_id ?? name);
				});
			const known = all.status === 200 && operation.produces === undefined ? new Set(rowsOf(all.text)) : undefined;
			const name = fc.oneof(
				{ weight: 9, arbitrary: fc.constantFrom(...parameters) },
				{
					weight: 1,
					arbitrary: fc.constantFrom("__proto__", "constructor", "sort[]", "sort[name]", "select", "where"),
				},
			);
			const query = fc.array(fc.tuple(name, hostileText), { minLength: 1, maxLength: 4 });
			await fc.assert(
				fc.asyncProperty(query, async (pairs) => {
					const text = pairs.map(
						([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value.toWellFormed())}`,
					);
					const answer = await ask(`${path}?${text.join("&")}`, token);
					expect(answer.status, answer.text).toBeLessThan(500);
					if (answer.status >= 400) {
						// A refusal may quote what it refuses; whatever else speaks of the database comes from it.
						const quoted = (value: string) => JSON.stringify(value.toWellFormed()).slice(1, -1);
						const said = pairs.reduce((rest, [, value]) => rest.replaceAll(quoted(value), ""), answer.text);
						expect(said).not.toMatch(/syntax error|relation \\?"|column \\?"|pg_|operator does not exist/);
						expect(Problem.safeParse(JSON.parse(answer.text)).success).toBe(true);
					}
					// The audit trail grows while it is read.
					else if (known !== undefined && listed !== "listAudit") {
						for (const row of rowsOf(answer.text)) expect(known, answer.text.slice(0, 500)).toContain(row);
					}
				}),
				{ numRuns: 40 },
			);
		},
		60_000,
	);

	test("nothing was dropped, changed or made by them", async () => {
		expect((await admin.devices.listDevices({})).total).toBe(4);
		expect((await admin.auth.listUsers({})).total).toBe(2);
		expect((await admin.devices.listGroups({})).items.map(({ name }) => name)).toEqual(["core routers"]);
	});
});

describe("a JSON body", () => {
	const post = (body: string, token = product.admin_token) => ask("/api/devices", token, { method: "POST", body });

	test("with the same field twice says one thing: what is checked is what is used", async () => {
		await admin.auth.createRole({
			body: { name: "clerk", label: "Clerk", permissions: ["users:*", "roles:read", "devices:read"] },
		});
		await admin.auth.createUser({
			body: { username: "clerk", role: "clerk", password: adminPassword, must_change_password: false },
		});
		const token = await product.login("clerk", adminPassword);
		for (const roles of ['"role":"clerk","role":"admin"', '"role":"clerk","r\\u006fle":"admin"']) {
			const body = `{"username":"mole","password":"${adminPassword}",${roles}}`;
			const { status, text } = await ask("/api/users", token, { method: "POST", body });
			expect({ status, text }).toMatchObject({ status: 403, text: expect.stringContaining("roles.escalation") });
		}
	});

	test("with numbers beyond all measure, deep nesting or words of JavaScript's own is refused", async () => {
		const device = (more: string) => `{"name":"x","host":"192.0.2.9","device_type":"cisco_ios",${more}}`;
		for (const body of [
			device('"port":1e999'),
			device('"port":-1e999'),
			device(`"port":${"9".repeat(100_000)}`),
			device('"port":22.5'),
			device('"port":"22"'),
			device(`"tags":${"[".repeat(100_000)}${"]".repeat(100_000)}`),
			device(`"tags":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`),
			device('"__proto__":{"isAdmin":true}'),
			device('"constructor":{"prototype":{"permissions":["*"]}}'),
			`[${device('"port":22')}]`,
			`${device('"port":22')}${device('"port":22')}`,
		]) {
			const { status, text } = await post(body);
			expect(status, `${body.slice(0, 120)}: ${text.slice(0, 300)}`).toBe(400);
		}
		// Nobody has become more by it.
		expect((await ask("/api/users", viewer.token)).status).toBe(403);
		expect(JSON.parse((await ask("/api/auth/me", viewer.token)).text).permissions).not.toContain("*");
	});

	test("packed so that it grows is refused", async () => {
		for (const encoding of ["gzip", "deflate", "br", "zstd", "gzip, gzip"]) {
			const { status } = await ask("/api/devices", product.admin_token, {
				method: "POST",
				body: '{"name":"x"}',
				headers: { "content-encoding": encoding },
			});
			expect([400, 415], encoding).toContain(status);
		}
	});
});

describe("two requests in one", () => {
	const hidden = "GET /api/hidden HTTP/1.1\r\nHost: x\r\n\r\n";
	const request = (lines: string[], body: string) =>
		`${["POST /api/auth/login HTTP/1.1", "Host: x", "Content-Type: application/json", ...lines].join("\r\n")}\r\n\r\n${body}`;

	test.each([
		["two kinds of length", ["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${hidden}`],
		["the same the other way round", ["Transfer-Encoding: chunked", "Content-Length: 4"], `0\r\n\r\n${hidden}`],
		["two lengths", ["Content-Length: 2", "Content-Length: 40"], `{}${hidden}`],
		["a list of lengths", ["Content-Length: 2, 40"], `{}${hidden}`],
		["a length with a sign", ["Content-Length: +2"], `{}${hidden}`],
		["a length in hexadecimal", ["Content-Length: 0x2"], `{}${hidden}`],
		["a coding that is not quite chunked", ["Transfer-Encoding: xchunked"], `0\r\n\r\n${hidden}`],
		["a coding after chunked", ["Transfer-Encoding: chunked, identity"], `0\r\n\r\n${hidden}`],
		["a blank before the colon", ["Transfer-Encoding : chunked"], `0\r\n\r\n${hidden}`],
		["a header on two lines", ["X-Folded: a", " Transfer-Encoding: chunked", "Content-Length: 2"], `{}${hidden}`],
		["a size that is none", ["Transfer-Encoding: chunked"], `zz\r\n{}\r\n0\r\n\r\n${hidden}`],
		["a size beyond all measure", ["Transfer-Encoding: chunked"], `fffffffffffffffff\r\n{}\r\n0\r\n\r\n${hidden}`],
		["a chunk longer than it says", ["Transfer-Encoding: chunked"], `1\r\n{}\r\n0\r\n\r\n${hidden}`],
		["a header name with a NUL", ["X\u0000: a", "Content-Length: 2"], `{}${hidden}`],
		["two hosts", ["Host: y", "Content-Length: 2"], `{}${hidden}`],
		["a header that ends with a line feed alone", ["X-A: b\nContent-Length: 40", "Content-Length: 2"], `{}${hidden}`],
		["a size that ends with a line feed alone", ["Transfer-Encoding: chunked"], `2\n{}\r\n0\r\n\r\n${hidden}`],
		["a chunk that ends with a line feed alone", ["Transfer-Encoding: chunked"], `2\r\n{}\n0\r\n\r\n${hidden}`],
		["a line feed in what is said of a chunk", ["Transfer-Encoding: chunked"], `2;a\nb\r\n{}\r\n0\r\n\r\n${hidden}`],
		["a length among the last headers", ["Transfer-Encoding: chunked"], `0\r\nContent-Length: 40\r\n\r\n${hidden}`],
		["two codings", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${hidden}`],
		["an empty length", ["Content-Length:"], hidden],
		["a bare carriage return", ["X-A: b\rContent-Length: 40", "Content-Length: 2"], `{}${hidden}`],
	] as [string, string[], string][])(
		"with %s: the first is refused, and the connection with it",
		async (_, lines, body) => {
			const answer = await exchangeRaw(product.url, request(lines, body));
			expect(answer).toMatch(/^HTTP\/1\.1 400/);
			expect(answer).not.toContain("/api/hidden");
			expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
		},
	);

	test.each([
		["one header", `X-A: ${"a".repeat(20_000)}`],
		["a token", `Authorization: Bearer ${"a".repeat(20_000)}`],
		["very many headers", Array.from({ length: 3_000 }, (_, at) => `x${at}: 1`).join("\r\n")],
	])("%s beyond all measure: refused before anything is done, and the connection with it", async (_, line) => {
		const answer = await exchangeRaw(product.url, request([line, "Content-Length: 2"], `{}${hidden}`));
		expect(answer).toMatch(/^HTTP\/1\.1 431/);
		expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
	});

	test("split into answers by line breaks in what we repeat is not possible", async () => {
		for (const path of [
			"/api/x%0d%0aSet-Cookie:%20a=b",
			"/docs/errors/x%0d%0aX-Injected:%201",
			"/api/devices?q=%0d%0aX-Injected:%201",
		]) {
			const { text } = await requestRaw(product.url, "GET", path, { authorization: `Bearer ${product.admin_token}` });
			expect(text.split("\r\n\r\n")[0]).not.toMatch(/^(set-cookie|x-injected)/im);
		}
	});
});
