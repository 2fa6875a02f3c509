import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { type LabProvider, startOidcProvider } from "@netconductor/lab/oidc-provider";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const redirect_uri = "http://localhost:8000/sign-in/callback";
const client_secret = "the secret of this installation";
let auth: AuthHost;
let provider: LabProvider;
let admin: CallerContext;
/** Stands where the gateway does: keeps the logout tokens that the provider sends. */
let gate: Server;
const sent: string[] = [];

beforeAll(async () => {
	gate = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		sent.push(new URLSearchParams(body).get("logout_token") ?? "");
		response.end();
	});
	await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
	const client = {
		client_id: "netconductor",
		client_secret,
		redirect_uris: [redirect_uri],
		grant_types: ["authorization_code", "refresh_token"],
		backchannel_logout_uri: `http://127.0.0.1:${(gate.address() as AddressInfo).port}/`,
		backchannel_logout_session_required: true,
	};
	const people = ["erin", "frank"].map(
		(name) =>
			[name, { password: `${name} secret`, claims: { preferred_username: name, name, groups: ["noc"] } }] as const,
	);
	[auth, provider] = await Promise.all([
		startAuthHost("auth_oidc_logout", { admin_password: adminPassword }),
		startOidcProvider(client, new Map(people)),
	]);
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(async () => {
	gate?.close();
	await auth?.stop();
	await provider?.stop();
});
afterEach(async () => {
	for (const user of (await auth.api.listUsers({ query: {} }, admin)).items) {
		if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, admin);
	}
	for (const { id } of await auth.api.listLoginMethods({}, admin))
		await auth.api.deleteLoginMethod({ params: { id } }, admin);
});

async function add(issuer = provider.issuer, given: Partial<OidcConfig> = {}) {
	const config = OidcConfig.parse({
		issuer,
		client_id: "netconductor",
		redirect_uri,
		scopes: ["openid", "profile", "email", "offline_access"],
		role_map: [{ group: "noc", role: "operator" }],
		...given,
	});
	const body = { kind: "oidc", name: "sso", enabled: true, secret: client_secret, config } as const;
	return auth.api.createLoginMethod({ body }, admin);
}

async function signIn(username: string) {
	const from = anonymousFrom("192.0.2.1");
	const { authorization_url, attempt } = await auth.api.beginOidc({ params: { name: "sso" } }, from);
	const { search: query } = await provider.signIn(authorization_url, username, `${username} secret`);
	return auth.api.finishOidc({ body: { attempt, query } }, from);
}

const tell = (logout_token: string, name = "sso") =>
	auth.api.endOidcSession({ params: { name }, body: { logout_token } }, anonymousFrom("192.0.2.9"));
const ended = { code: "auth.session_ended" };
const refused = { code: "auth.logout_refused" };

test("who signs out at the provider is signed out here at once, in that browser only", async () => {
	await add();
	const first = await signIn("erin");
	const second = await signIn("erin");
	const other = await signIn("frank");
	await provider.signOut("erin");
	await tell(sent.at(-1) ?? "");
	await expect(auth.as(second)).rejects.toMatchObject(ended);
	expect((await auth.as(first)).actor?.name).toBe("erin");
	expect((await auth.as(other)).actor?.name).toBe("frank");
	expect(await auth.published("session.revoked.v1")).toMatchObject([{ reason: "ended_elsewhere" }]);
});

test("a token is good once, at the provider that signed it, and where that is a way to sign in", async () => {
	const { id } = await add();
	await signIn("erin");
	await provider.signOut("erin");
	const token = sent.at(-1) ?? "";
	await expect(tell(token, "another")).rejects.toMatchObject({ code: "login_methods.not_found" });
	await tell(token);
	await expect(tell(token)).rejects.toMatchObject(refused);
	await auth.api.updateLoginMethod({ params: { id }, body: { kind: "oidc", enabled: false } }, admin);
	await expect(tell(token)).rejects.toMatchObject({ code: "login_methods.not_found" });
});

describe("a provider that signs what it likes", () => {
	const event = "http://schemas.openid.net/event/backchannel-logout";
	let issuer: string;
	let impostor: Server;
	let asked: string[];
	let sign: (claims: JWTPayload, header?: Record<string, string>) => Promise<string>;
	let stranger: typeof sign;
	let number = 0;

	beforeAll(async () => {
		const [ours, theirs] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
		const keys = [{ ...(await exportJWK(ours.publicKey)), kid: "one", alg: "ES256" }];
		asked = [];
		impostor = createServer((request, response) => {
			asked.push(request.url ?? "");
			const document = {
				issuer,
				authorization_endpoint: `${issuer}/authorize`,
				token_endpoint: `${issuer}/token`,
				jwks_uri: `${issuer}/keys`,
			};
			response.setHeader("content-type", "application/json");
			response.end(JSON.stringify(request.url === "/keys" ? { keys } : document));
		});
		await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
		issuer = `http://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
		const signer =
			(key: CryptoKey): typeof sign =>
			(claims, header = {}) => {
				const good = {
					iss: issuer,
					aud: "netconductor",
					iat: now(),
					jti: `n${number++}`,
					sub: "erin",
					events: { [event]: {} },
				};
				return new SignJWT({ ...good, ...claims })
					.setProtectedHeader({ alg: "ES256", kid: "one", typ: "logout+jwt", ...header })
					.sign(key);
			};
		sign = signer(ours.privateKey);
		stranger = signer(theirs.privateKey);
	});
	afterAll(() => impostor?.close());
	const now = () => Math.floor(Date.now() / 1000);

	/** Somebody who signed in there, as far as the tables tell. */
	async function signedIn(provider_session: string | null) {
		const { id } = await add(issuer);
		const password = "a password of some length";
		const user = { username: "erin", role: "viewer", password, must_change_password: false };
		await auth.api.createUser({ body: user }, admin);
		const pair = await auth.login("erin", password);
		await auth.db.query(
			"update users set login_method = 'sso', external_id = 'erin', external_realm = $1, password_hash = null where username = 'erin'",
			[issuer],
		);
		await auth.db.query("update sessions set provider_session = $1 where user_id = $2", [
			provider_session === null ? null : `${id}:${provider_session}`,
			pair.user.id,
		]);
		return pair;
	}

	test.each([
		["of another issuer", { iss: "https://evil.example.com" }],
		["for another client", { aud: "somebody-else" }],
		["without a client", { aud: undefined }],
		["with a nonce, as identity tokens have", { nonce: "n" }],
		["without events", { events: undefined }],
		["of another event", { events: { "http://schemas.openid.net/event/other": {} } }],
		["with an event that is none", { events: { [event]: true } }],
		["without an id", { jti: undefined }],
		["without a time", { iat: undefined }],
		["that is old", { iat: Math.floor(Date.now() / 1000) - 3_600 }],
		["that has expired", { exp: Math.floor(Date.now() / 1000) - 3_600 }],
		["of the future", { iat: Math.floor(Date.now() / 1000) + 3_600 }],
		["about nobody", { sub: undefined }],
		["with a session that is none", { sid: 7 as unknown as string }],
	] as const)("a token %s ends nothing", async (_, claims) => {
		const pair = await signedIn("theirs");
		await expect(tell(await sign(claims))).rejects.toMatchObject(refused);
		expect((await auth.as(pair)).actor?.name).toBe("erin");
	});

	test("a token that somebody else signed, that nobody signed, of another type or that is none ends nothing", async () => {
		const pair = await signedIn("theirs");
		const [, payload = ""] = (await sign({})).split(".");
		const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
		for (const token of [await stranger({}), unsigned, await sign({}, { typ: "at+jwt" }), "no token", "a.b.c"]) {
			await expect(tell(token), token).rejects.toMatchObject(refused);
		}
		expect((await auth.as(pair)).actor?.name).toBe("erin");
	});

	test("strangers' tokens do not make us ask the provider each time", async () => {
		await add(issuer);
		await tell(await sign({}));
		const before = asked.length;
		for (let n = 0; n < 10; n++)
			await expect(tell(await stranger({}, { kid: `k${n}` }))).rejects.toMatchObject(refused);
		expect(asked.slice(before)).toEqual([]);
	});

	test.each([
		["the session that it names", { sid: "theirs" }, "theirs", true],
		["the session that it names alone", { sid: "theirs", sub: undefined }, "theirs", true],
		["no other session", { sid: "another" }, "theirs", false],
		["nobody else's", { sid: "theirs", sub: "frank" }, "theirs", false],
		["all of theirs where it names none", {}, "theirs", true],
		["one of which nobody said what it is called there", { sid: "another" }, null, true],
	])("a good token ends %s", async (_, claims, provider_session, ends) => {
		const pair = await signedIn(provider_session);
		await tell(await sign(claims));
		if (ends) await expect(auth.as(pair)).rejects.toMatchObject(ended);
		else expect((await auth.as(pair)).actor?.name).toBe("erin");
	});

	test("the same name in another realm is somebody else", async () => {
		const pair = await signedIn("theirs");
		await auth.db.query("update users set external_realm = 'https://before.example.com' where username = 'erin'");
		await tell(await sign({}));
		expect((await auth.as(pair)).actor?.name).toBe("erin");
	});
});

test("a provider whose keys cannot be had is told to try again", async () => {
	await add("http://127.0.0.1:1");
	const token = sent.at(-1) ?? "";
	expect(decodeJwt(token).jti).toBeTypeOf("string");
	await expect(tell(token)).rejects.toMatchObject({ code: "auth.method_away" });
});
