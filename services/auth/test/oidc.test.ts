import { OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { type LabProvider, startOidcProvider } from "@netconductor/lab/oidc-provider";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const redirect_uri = "http://localhost:8000/sign-in/callback";
const client_secret = "the secret of this installation";
let auth: AuthHost;
let provider: LabProvider;
let admin: CallerContext;
const erin = { preferred_username: "erin", name: "Erin Example", email: "erin@example.com", email_verified: true };

beforeAll(async () => {
	const client = {
		client_id: "netconductor",
		client_secret,
		redirect_uris: [redirect_uri],
		grant_types: ["authorization_code", "refresh_token"],
	};
	[auth, provider] = await Promise.all([
		startAuthHost("auth_oidc", { admin_password: adminPassword }),
		startOidcProvider(client, new Map()),
	]);
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(async () => {
	await auth?.stop();
	await provider?.stop();
});
beforeEach(() => {
	provider.people.clear();
	provider.people.set("erin", { password: "erin secret", claims: { ...erin, groups: ["noc", "everybody"] } });
	provider.people.set("mallory", {
		password: "mallory secret",
		claims: { preferred_username: "admin", groups: ["noc"] },
	});
});
afterEach(async () => {
	for (const user of (await auth.api.listUsers({ query: {} }, admin)).items) {
		if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, admin);
	}
	for (const { id } of await auth.api.listLoginMethods({}, admin))
		await auth.api.deleteLoginMethod({ params: { id } }, admin);
});

async function add(given: Partial<OidcConfig> = {}, secret = client_secret) {
	const config = OidcConfig.parse({
		issuer: provider.issuer,
		client_id: "netconductor",
		redirect_uri,
		role_map: [{ group: "noc", role: "operator" }],
		...given,
	});
	const body = { kind: "oidc", name: "sso", enabled: true, secret, config } as const;
	return auth.api.createLoginMethod({ body }, admin);
}

const begin = () => auth.api.beginOidc({ params: { name: "sso" } }, anonymousFrom("192.0.2.1"));
const finish = (attempt: string, query: string) =>
	auth.api.finishOidc({ body: { attempt, query } }, anonymousFrom("192.0.2.1"));

async function signIn(username: string) {
	const { authorization_url, attempt } = await begin();
	const back = await provider.signIn(authorization_url, username, `${username} secret`);
	expect(back.href.startsWith(redirect_uri)).toBe(true);
	return { attempt, query: back.search };
}

test("whom the provider recognises becomes a user with the role of their groups, and is known again", async () => {
	await add();
	const first = await signIn("erin");
	const { user, access_token } = await finish(first.attempt, first.query);
	expect(user).toMatchObject({
		username: "erin",
		display_name: "Erin Example",
		email: "erin@example.com",
		role: "operator",
		login_method: "sso",
	});
	expect((await auth.as({ access_token })).actor?.name).toBe("erin");
	const second = await signIn("erin");
	expect((await finish(second.attempt, second.query)).user.id).toBe(user.id);
	expect(await auth.api.getSignIn({}, anonymousFrom())).toMatchObject({
		buttons: [{ name: "sso", label: "Sign in with single sign-on" }],
		passkey_origin: null,
	});
});

test("an attempt is good once, for the browser that began it, and for ten minutes", async () => {
	await add();
	const { attempt, query } = await signIn("erin");
	await expect(finish((await begin()).attempt, query)).rejects.toMatchObject({ code: "auth.provider_refused" });
	await finish(attempt, query);
	await expect(finish(attempt, query)).rejects.toMatchObject({ code: "auth.provider_refused" });
	const late = await signIn("erin");
	await auth.clock.advance(11 * 60_000);
	await expect(finish(late.attempt, late.query)).rejects.toMatchObject({ code: "auth.provider_refused" });
});

test.each([
	["another state", (query: URLSearchParams) => query.set("state", "x".repeat(43))],
	["no state", (query: URLSearchParams) => query.delete("state")],
	["another issuer", (query: URLSearchParams) => query.set("iss", "https://evil.example.com")],
	["another code", (query: URLSearchParams) => query.set("code", "x".repeat(43))],
	["two codes", (query: URLSearchParams) => query.append("code", "y")],
	["an error", (query: URLSearchParams) => query.set("error", "access_denied")],
])("an answer with %s lets nobody in", async (_, change) => {
	await add();
	const { attempt, query } = await signIn("erin");
	const changed = new URLSearchParams(query);
	change(changed);
	await expect(finish(attempt, `?${changed}`)).rejects.toMatchObject({ code: "auth.provider_refused" });
	expect((await auth.api.listUsers({ query: {} }, admin)).items).toHaveLength(1);
});

test("the code of another attempt does not fit: PKCE and nonce are of this one", async () => {
	await add();
	const theirs = await signIn("erin");
	const mine = await begin();
	const answer = new URLSearchParams(theirs.query);
	answer.set("state", new URL(mine.authorization_url).searchParams.get("state") ?? "");
	await expect(finish(mine.attempt, `?${answer}`)).rejects.toMatchObject({ code: "auth.provider_refused" });
});

test("nobody becomes a local user by having their name elsewhere", async () => {
	await add();
	const { attempt, query } = await signIn("mallory");
	await expect(finish(attempt, query)).rejects.toMatchObject({ code: "auth.not_provisioned" });
});

test("nobody takes the name of a service account by having it elsewhere", async () => {
	await add();
	const { id } = await auth.api.createServiceAccount({ body: { name: "ERIN", role: "admin" } }, admin);
	const { attempt, query } = await signIn("erin");
	await expect(finish(attempt, query)).rejects.toMatchObject({ code: "auth.not_provisioned" });
	await auth.api.deleteServiceAccount({ params: { id } }, admin);
});

test("an e-mail address that nobody verified is neither kept nor a name", async () => {
	provider.people.set("erin", { password: "erin secret", claims: { ...erin, email_verified: false, groups: ["noc"] } });
	await add({ claims: { username: "email", display_name: "name", email: "email", groups: "groups" } });
	const { attempt, query } = await signIn("erin");
	expect((await finish(attempt, query)).user).toMatchObject({ username: "erin", email: null });
});

test("a provider whose issuer is another than configured, or that is not there, lets nobody begin", async () => {
	await add({ issuer: `${provider.issuer}/other` });
	await expect(begin()).rejects.toMatchObject({ code: "auth.method_away" });
	const [method] = await auth.api.listLoginMethods({}, admin);
	const config = OidcConfig.parse({ issuer: "http://127.0.0.1:1", client_id: "x", redirect_uri });
	await auth.api.updateLoginMethod(
		{ params: { id: method?.id ?? "" }, body: { kind: "oidc", secret: "x", config } },
		admin,
	);
	await expect(begin()).rejects.toMatchObject({ code: "auth.method_away" });
});

test("a wrong client secret is told in the log, and to the person only that it did not work", async () => {
	await add({}, "another secret");
	const { attempt, query } = await signIn("erin");
	await expect(finish(attempt, query)).rejects.toMatchObject({ code: "auth.provider_refused" });
	expect(auth.logged()).toMatch(/invalid_client/);
	expect(auth.logged()).not.toContain("another secret");
});

test("the test of a provider says what it found", async () => {
	const { id } = await add();
	const { passed, steps } = await auth.api.testLoginMethod({ params: { id }, body: {} }, admin);
	expect(passed).toBe(true);
	expect(steps.map(({ name }) => name)).toEqual(["discovery", "code and PKCE", "keys"]);
});

test("the provider's refresh token is kept sealed, and nothing of an attempt but a hash", async () => {
	await add({ scopes: ["openid", "profile", "email", "offline_access"] });
	const { attempt, query } = await signIn("erin");
	const [kept] = await auth.db.query<{ row: string }>("select row_to_json(a)::text as row from oidc_attempts a");
	expect(kept?.row).not.toContain(attempt);
	await finish(attempt, query);
	const rows = await auth.db.query<{ provider_token: string }>(
		"select provider_token from sessions where provider_token is not null",
	);
	expect(rows).toHaveLength(1);
	expect(rows[0]?.provider_token).toMatch(/^v1:/);
});

test("who is gone at the provider loses the session at the next refresh; who is there keeps it", async () => {
	await add({ scopes: ["openid", "profile", "email", "offline_access"] });
	const { attempt, query } = await signIn("erin");
	const pair = await finish(attempt, query);
	const refresh = (refresh_token: string) => auth.api.refresh({ body: { refresh_token } }, anonymousFrom());
	await auth.clock.advance(6 * 60_000);
	const second = await refresh(pair.refresh_token);
	provider.people.delete("erin");
	await auth.clock.advance(6 * 60_000);
	await expect(refresh(second.refresh_token)).rejects.toMatchObject({ code: "auth.session_ended" });
	await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
});

test("a provider that takes back what it gave one session ends that one alone: the person's other one and API tokens go on", async () => {
	await add({ scopes: ["openid", "profile", "email", "offline_access"] });
	const signedIn = async () => {
		const { attempt, query } = await signIn("erin");
		return finish(attempt, query);
	};
	const [first, second] = [await signedIn(), await signedIn()];
	const body = { name: "script", permissions: ["devices:read"] };
	const { token } = await auth.api.createToken({ body }, await auth.as(first));
	const refresh = (refresh_token: string) => auth.api.refresh({ body: { refresh_token } }, anonymousFrom());
	await auth.clock.advance(6 * 60_000);
	provider.people.delete("erin");
	await expect(refresh(first.refresh_token)).rejects.toMatchObject({ code: "auth.session_ended" });
	provider.people.set("erin", { password: "erin secret", claims: { ...erin, groups: ["noc"] } });
	await expect(auth.as(first)).rejects.toMatchObject({ code: "auth.session_ended" });
	expect((await auth.asToken(token)).actor?.name).toBe("erin/script");
	expect((await refresh(second.refresh_token)).user.username).toBe("erin");
	// Whoever is gone for good has their API tokens for a day at most.
	await auth.clock.advance(25 * 3_600_000);
	await expect(auth.asToken(token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
	admin = await auth.as(await auth.login("admin", adminPassword));
});

test("a provider is asked about who has API tokens, with what it gave their session; when it says no the session ends, the tokens a day later", async () => {
	await add({ scopes: ["openid", "profile", "email", "offline_access"] });
	const { attempt, query } = await signIn("erin");
	const pair = await finish(attempt, query);
	const body = { name: "script", permissions: ["devices:read"] };
	const { token } = await auth.api.createToken({ body }, await auth.as(pair));
	await auth.start();
	const confirmed = async () =>
		(await auth.db.query<{ at: string }>("select confirmed_at::text as at from users where username = 'erin'"))[0]?.at;
	const before = await confirmed();
	const rounds = async (until: () => Promise<boolean>) =>
		expect
			.poll(
				async () => {
					await auth.clock.advance(60_000);
					return until();
				},
				{ timeout: 20_000, interval: 50 },
			)
			.toBe(true);
	await auth.clock.advance(3_600_000);
	await rounds(async () => (await confirmed()) !== before);
	// The session has the new token to ask with, and refreshes as before.
	await auth.clock.advance(6 * 60_000);
	const next = await auth.api.refresh({ body: { refresh_token: pair.refresh_token } }, anonymousFrom());
	provider.people.delete("erin");
	await auth.clock.advance(3_600_000);
	const isOver = () =>
		auth.as(next).then(
			() => false,
			() => true,
		);
	await rounds(isOver);
	await expect(auth.asToken(token)).resolves.toMatchObject({ actor: { kind: "token" } });
	await auth.clock.advance(24 * 3_600_000);
	await expect(auth.asToken(token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
	admin = await auth.as(await auth.login("admin", adminPassword));
});

test("nothing of the provider's is kept for a session that is over", async () => {
	await add({ scopes: ["openid", "profile", "email", "offline_access"] });
	const { attempt, query } = await signIn("erin");
	const pair = await finish(attempt, query);
	const kept = async () =>
		(await auth.db.query("select 1 from sessions where provider_token is not null and user_id = $1", [pair.user.id]))
			.length;
	expect(await kept()).toBe(1);
	await auth.api.logout({}, await auth.as(pair));
	expect(await kept()).toBe(0);
});
