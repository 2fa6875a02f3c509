import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { type LabProvider, startOidcProvider } from "@netconductor/lab/oidc-provider";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const redirect_uri = "http://localhost:8000/sign-in/callback";
const client_secret = "the secret of this installation";
let auth: AuthHost;
/** Two providers, each of which knows an erin of its own: `sub` is the same. */
let provider: LabProvider;
let another: LabProvider;
let admin: CallerContext;

beforeAll(async () => {
	const client = {
		client_id: "netconductor",
		client_secret,
		redirect_uris: [redirect_uri],
		grant_types: ["authorization_code", "refresh_token"],
	};
	const claims = { preferred_username: "erin", name: "Erin Example", groups: ["noc"] };
	const people = () => new Map([["erin", { password: "erin secret", claims }]]);
	[auth, provider, another] = await Promise.all([
		startAuthHost("auth_oidc_attacks", { admin_password: adminPassword }),
		startOidcProvider(client, people()),
		startOidcProvider(client, people()),
	]);
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(async () => {
	await auth?.stop();
	await Promise.all([provider?.stop(), another?.stop()]);
});
afterEach(async () => {
	for (const user of (await auth.api.listUsers({ query: {} }, admin)).items) {
		if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, admin);
	}
	for (const { id } of await auth.api.listLoginMethods({}, admin))
		await auth.api.deleteLoginMethod({ params: { id } }, admin);
});

function configured(given: Partial<OidcConfig> = {}): OidcConfig {
	return OidcConfig.parse({
		issuer: provider.issuer,
		client_id: "netconductor",
		redirect_uri,
		scopes: ["openid", "profile", "email", "offline_access"],
		role_map: [{ group: "noc", role: "operator" }],
		...given,
	});
}

async function add(given: Partial<OidcConfig> = {}) {
	const body = { kind: "oidc", name: "sso", enabled: true, secret: client_secret, config: configured(given) } as const;
	return auth.api.createLoginMethod({ body }, admin);
}

const begin = () => auth.api.beginOidc({ params: { name: "sso" } }, anonymousFrom("192.0.2.1"));

async function signIn(at = provider) {
	const { authorization_url, attempt } = await begin();
	const { search: query } = await at.signIn(authorization_url, "erin", "erin secret");
	return auth.api.finishOidc({ body: { attempt, query } }, anonymousFrom("192.0.2.1"));
}

describe("a way to sign in that asks another provider now", () => {
	const change = (id: string, given: Partial<OidcConfig>) => {
		const body = { kind: "oidc", secret: client_secret, config: configured(given) } as const;
		return auth.api.updateLoginMethod({ params: { id }, body }, admin);
	};
	const tokensKept = async () =>
		(await auth.db.query("select id from sessions where provider_token is not null")).length;

	test.each([
		["who came in since realms are written down", "external_realm"],
		["who came in before", "null"],
	])("knows nobody by what the former one called them, %s, and opens nothing to them any more", async (_, realm) => {
		const { id } = await add();
		const pair = await signIn();
		await auth.db.query(`update users set external_realm = ${realm}`);
		const body = { name: "script", permissions: ["devices:read"] };
		const { token } = await auth.api.createToken({ body }, await auth.as(pair));
		expect(await tokensKept()).toBe(1);

		await change(id, { issuer: another.issuer });
		expect(await tokensKept()).toBe(0);
		await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		await expect(auth.asToken(token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
		await expect(signIn(another)).rejects.toMatchObject({
			code: "auth.not_provisioned",
			message: expect.stringContaining("another person"),
		});

		await change(id, { issuer: provider.issuer });
		expect((await signIn()).user.id).toBe(pair.user.id);
		await expect(auth.asToken(token)).resolves.toMatchObject({ actor: { kind: "token" } });
	});

	test("leaves the last administrator the API token that can put it right", async () => {
		const { id } = await add({ role_map: [{ group: "noc", role: "admin" }] });
		const pair = await signIn();
		const { token } = await auth.api.createToken({ body: { name: "key", permissions: ["*"] } }, await auth.as(pair));
		const key = await auth.asToken(token);
		const local = { id: admin.actor?.id ?? "" };
		await auth.api.updateUser({ params: local, body: { disabled: true } }, key);
		try {
			const body = { kind: "oidc", secret: client_secret, config: configured({ issuer: another.issuer }) } as const;
			await auth.api.updateLoginMethod({ params: { id }, body }, key);
			await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		} finally {
			await auth.api.updateUser({ params: local, body: { disabled: false } }, await auth.asToken(token));
			admin = await auth.as(await auth.login("admin", adminPassword));
		}
	});

	test("asks nobody there with what the former client was given", async () => {
		const { id } = await add();
		const pair = await signIn();
		await change(id, { client_id: "somebody-else" });
		expect(await tokensKept()).toBe(0);
		await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		await change(id, {});
		expect((await signIn()).user.id).toBe(pair.user.id);
	});

	test("keeps the sessions when only other things change", async () => {
		const { id } = await add();
		const pair = await signIn();
		await change(id, { button: "Sign in here" });
		expect((await auth.as(pair)).actor?.name).toBe("erin");
		expect(await tokensKept()).toBe(1);
	});

	test("lets nobody in who began before, at the former one", async () => {
		const { id } = await add();
		const { authorization_url, attempt } = await begin();
		const { search: query } = await provider.signIn(authorization_url, "erin", "erin secret");
		await change(id, { issuer: another.issuer });
		await expect(auth.api.finishOidc({ body: { attempt, query } }, anonymousFrom("192.0.2.1"))).rejects.toMatchObject({
			code: "auth.provider_refused",
		});
	});
});

/** Somebody who calls themselves a provider: what they answer at which path. */
async function startImpostor(answers: (issuer: string) => Record<string, string>) {
	const seen: string[] = [];
	const server = createServer((request, response) => {
		seen.push(request.url ?? "");
		const body = answers(issuer)[request.url ?? ""];
		if (body === undefined) return void response.writeHead(404).end();
		if (body.startsWith("http")) return void response.writeHead(302, { location: body }).end();
		response.setHeader("content-type", "application/json").end(body);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	impostors.push(server);
	return { issuer, seen };
}
const impostors: Server[] = [];
afterEach(() => {
	for (const server of impostors.splice(0)) server.close();
});

describe("a provider is no way to what only this machine reaches", () => {
	const discovery = "/.well-known/openid-configuration";
	const inside = "db-password: hunter2";
	const document = (issuer: string, given: Record<string, string> = {}) =>
		JSON.stringify({
			issuer,
			authorization_endpoint: `${issuer}/authorize`,
			token_endpoint: `${issuer}/token`,
			jwks_uri: `${issuer}/keys`,
			...given,
		});
	async function tried(given: Partial<OidcConfig>) {
		const { id } = await add(given);
		const { steps } = await auth.api.testLoginMethod({ params: { id }, body: {} }, admin);
		return steps.at(-1);
	}
	const metadata = "https://169.254.169.254/latest/meta-data";

	test("an issuer at an address where clouds keep their metadata is not asked", async () => {
		const step = await tried({ issuer: metadata });
		expect(step).toMatchObject({ name: "discovery", outcome: "failed", detail: expect.stringContaining("may not be") });
		await expect(begin()).rejects.toMatchObject({ code: "auth.method_away" });
		expect(auth.logged()).toContain("https://169.254.169.254 may not be asked");
	});

	test("neither are keys there that its document names", async () => {
		const { issuer } = await startImpostor((self) => ({ [discovery]: document(self, { jwks_uri: metadata }) }));
		const step = await tried({ issuer });
		expect(step).toMatchObject({ name: "keys", outcome: "failed", detail: expect.stringContaining("may not be") });
	});

	test.each(["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"])(
		"a %s without encryption is refused unless that is allowed",
		async (endpoint) => {
			const { issuer } = await startImpostor((self) => ({
				[discovery]: document(self, { [endpoint]: "http://192.0.2.1/there" }),
			}));
			const step = await tried({ issuer });
			expect(step).toMatchObject({ name: "discovery", outcome: "failed" });
			expect(step?.detail).toContain("http://192.0.2.1/there is not encrypted");
			await expect(begin()).rejects.toMatchObject({ code: "auth.method_away" });
		},
	);

	test("a name that begins like an address of this machine is none", async () => {
		for (const issuer of ["http://127.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com"]) {
			await expect(add({ issuer }), issuer).rejects.toMatchObject({ code: "login_methods.incomplete" });
		}
	});

	test("a redirect leads nowhere", async () => {
		const target = await startImpostor((self) => ({ "/": document(self) }));
		const { issuer } = await startImpostor(() => ({ [discovery]: `${target.issuer}/` }));
		expect(await tried({ issuer })).toMatchObject({ name: "discovery", outcome: "failed" });
		expect(target.seen).toEqual([]);
	});

	test.each([
		["the document", () => ({ [discovery]: inside })],
		["the keys", (issuer: string) => ({ [discovery]: document(issuer), "/keys": inside })],
	])("%s that is something else is not repeated, neither in the test nor in the log", async (_, answers) => {
		const { issuer } = await startImpostor(answers);
		const step = await tried({ issuer });
		expect(step?.outcome).toBe("failed");
		await begin().catch(() => undefined);
		expect(step?.detail).toContain("JSON");
		expect(`${step?.detail}${auth.logged()}`).not.toMatch(/hunter2|db-passw/);
	});
});
