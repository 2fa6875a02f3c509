import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LdapConfig } from "@netconductor/contracts/auth/login-methods";
import { type LabDirectory, startDirectory } from "@netconductor/lab/slapd";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
let auth: AuthHost;
let directory: LabDirectory;
let admin: CallerContext;
let dir: string;
beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), "netconductor-ldap-"));
	const ldif = await readFile(new URL("people.ldif", import.meta.url), "utf8");
	[auth, directory] = await Promise.all([
		startAuthHost("auth_ldap", { admin_password: adminPassword }),
		startDirectory({ dir, ldif }),
	]);
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(async () => {
	await auth?.stop();
	await directory?.stop();
	await rm(dir, { recursive: true, force: true });
});

const person = (uid: string) => `uid=${uid},ou=people,dc=example,dc=com`;

/** As it comes out of the box for this directory: looked up by an account of its own, over StartTLS, groups in groups. */
function configured(given: Partial<LdapConfig> = {}): LdapConfig {
	return LdapConfig.parse({
		servers: [directory.url],
		ca_certificates: directory.ca_certificate,
		bind_dn: "cn=finder,dc=example,dc=com",
		user_base: "ou=people,dc=example,dc=com",
		group_base: "ou=groups,dc=example,dc=com",
		nested_groups: "follow",
		timeout_ms: 2_000,
		role_map: [
			{ group: "OPERATORS", role: "operator" },
			{ group: "cn=readers,ou=groups,dc=example,dc=com", role: "viewer" },
		],
		...given,
	});
}

async function add(name: string, given: Partial<LdapConfig> = {}, provision = true) {
	const body = {
		kind: "ldap",
		name,
		enabled: true,
		provision,
		secret: "finder secret",
		config: configured(given),
	} as const;
	return auth.api.createLoginMethod({ body }, admin);
}

afterEach(async () => {
	// The method by which nobody signed in can be deleted; the others are of the past.
	for (const user of (await auth.api.listUsers({ query: {} }, admin)).items) {
		if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, admin);
	}
	for (const { id } of await auth.api.listLoginMethods({}, admin)) {
		await auth.api.deleteLoginMethod({ params: { id } }, admin);
	}
});

test("somebody of the directory signs in, becomes a user with the role of their groups, nested ones too", async () => {
	await add("corp");
	const { user } = await auth.login("alice", "alice secret");
	expect(user).toMatchObject({
		username: "alice",
		display_name: "Alice Example",
		email: "alice@example.com",
		role: "operator",
		login_method: "corp",
		must_change_password: false,
	});
	expect((await auth.login("bob", "bob secret")).user).toMatchObject({ role: "viewer", email: null });
	expect((await auth.login("ALICE", "alice secret")).user.id).toBe(user.id);
	expect(await auth.api.listLoginMethods({}, admin)).toMatchObject([{ name: "corp", users: 2, has_secret: true }]);
});

test("who is in no group that has a role is refused, and who is given none by default too", async () => {
	await add("corp");
	await expect(auth.login("carol", "carol secret")).rejects.toMatchObject({ code: "auth.not_provisioned" });
	const [method] = await auth.api.listLoginMethods({}, admin);
	const config = configured({ default_role: "auditor" });
	await auth.api.updateLoginMethod({ params: { id: method?.id ?? "" }, body: { kind: "ldap", config } }, admin);
	expect((await auth.login("carol", "carol secret")).user.role).toBe("auditor");
});

test("a role follows the groups at the next sign-in", async () => {
	await add("corp");
	await auth.login("bob", "bob secret");
	const member = (what: "add" | "delete") =>
		directory.change(
			`dn: cn=core,ou=groups,dc=example,dc=com\nchangetype: modify\n${what}: member\nmember: ${person("bob")}\n`,
		);
	await member("add");
	try {
		expect((await auth.login("bob", "bob secret")).user.role).toBe("operator");
	} finally {
		await member("delete");
	}
	expect((await auth.login("bob", "bob secret")).user.role).toBe("viewer");
});

describe("somebody who is gone from the directory", () => {
	const dan = ["objectClass: inetOrgPerson", "uid: dan", "cn: Dan", "sn: Dan", "userPassword: dan secret"].join("\n");
	const add_dan = () => directory.change(`dn: ${person("dan")}\nchangetype: add\n${dan}\n`);
	const remove_dan = () => directory.change(`dn: ${person("dan")}\nchangetype: delete\n`);
	const refresh = (pair: { refresh_token: string }) =>
		auth.api.refresh({ body: { refresh_token: pair.refresh_token } }, anonymousFrom());
	const signedInDan = async () => {
		await add("corp", { default_role: "viewer" });
		await add_dan();
		const pair = await auth.login("dan", "dan secret");
		const body = { name: "script", permissions: ["devices:read"] };
		const { token } = await auth.api.createToken({ body }, await auth.as(pair));
		return { pair, token };
	};

	test("loses sessions and API tokens at the next refresh, and has them again after signing in again", async () => {
		const { pair, token } = await signedInDan();
		await remove_dan();
		const before = await refresh(pair);
		await auth.clock.advance(6 * 60_000);
		await expect(refresh(before)).rejects.toMatchObject({ code: "auth.session_ended" });
		await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		await expect(auth.asToken(token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
		await expect(auth.login("dan", "dan secret")).rejects.toMatchObject({ code: "auth.bad_credentials" });
		const shown = await auth.api.getUser({ params: { id: pair.user.id } }, admin);
		expect(shown.absent_since).toBe(auth.clock.now().toISOString());
		await add_dan();
		// Another entry, though of the same name: not the same person.
		await expect(auth.login("dan", "dan secret")).rejects.toMatchObject({ code: "auth.not_provisioned" });
		await remove_dan();
	});

	test("stays while the directory cannot be asked, but not for ever", async () => {
		const { pair } = await signedInDan();
		await directory.kill();
		try {
			await auth.clock.advance(6 * 60_000);
			const later = await refresh(pair);
			await auth.clock.advance(13 * 3_600_000);
			await expect(refresh(later)).rejects.toMatchObject({ code: "auth.session_ended" });
		} finally {
			await directory.start();
		}
		await remove_dan();
	});

	test("who is still there keeps the session, with the role of today's groups", async () => {
		await add("corp");
		const pair = await auth.login("bob", "bob secret");
		const change = (what: string) =>
			directory.change(
				`dn: cn=core,ou=groups,dc=example,dc=com\nchangetype: modify\n${what}: member\nmember: ${person("bob")}\n`,
			);
		await change("add");
		try {
			await auth.clock.advance(6 * 60_000);
			expect((await refresh(pair)).user.role).toBe("operator");
		} finally {
			await change("delete");
		}
	});
});

test("an empty password, a wrong one, an unknown name and filters in names let nobody in", async () => {
	await add("corp");
	for (const [username, password] of [
		["alice", "wrong"],
		["nobody", "alice secret"],
		["*", "alice secret"],
		["alice)(uid=*", "alice secret"],
		["*)(|(uid=*", "alice secret"],
		[person("alice"), "alice secret"],
	] as const) {
		await expect(auth.login(username, password), username).rejects.toMatchObject({ code: "auth.bad_credentials" });
	}
	await expect(auth.login("alice", "")).rejects.toMatchObject({ kind: "invalid" });
	await expect(auth.login("alice\u0000", "alice secret")).rejects.toMatchObject({ kind: "invalid" });
});

test("a local user is never looked for in a directory, and nobody there can pass for them", async () => {
	await add("corp");
	await expect(auth.login("admin", "impostor secret")).rejects.toMatchObject({ code: "auth.bad_credentials" });
	expect((await auth.login("admin", adminPassword)).user.login_method).toBeNull();
	await directory.signal("SIGSTOP");
	try {
		expect((await auth.login("admin", adminPassword)).user.username).toBe("admin");
	} finally {
		await directory.signal("SIGCONT");
	}
});

test("what cannot be a user name is asked of no directory", async () => {
	await add("corp");
	await directory.kill();
	try {
		await expect(auth.login("nobody", "x")).rejects.toMatchObject({ code: "auth.method_away" });
		for (const typed of ["a password typed here", "*", "alice)(uid=*", " alice"]) {
			await expect(auth.login(typed, "x"), typed).rejects.toMatchObject({ code: "auth.bad_credentials" });
		}
	} finally {
		await directory.start();
	}
});

test("nobody comes in under the name of a service account, nor learns that it is one", async () => {
	await add("corp");
	const { id } = await auth.api.createServiceAccount({ body: { name: "Alice", role: "admin" } }, admin);
	await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.not_provisioned" });
	await expect(auth.login("alice", "a guess")).rejects.toMatchObject({ code: "auth.bad_credentials" });
	await auth.api.deleteServiceAccount({ params: { id } }, admin);
	expect((await auth.login("alice", "alice secret")).user.username).toBe("alice");
});

test("where users are not made at the first sign-in, nobody unknown comes in", async () => {
	await add("corp", {}, false);
	await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.not_provisioned" });
	expect((await auth.api.listUsers({ query: {} }, admin)).items).toHaveLength(1);
});

test("disabling a way to sign in ends the sessions of its users, and lets them in no more", async () => {
	const { id } = await add("corp");
	const pair = await auth.login("alice", "alice secret");
	await auth.api.updateLoginMethod({ params: { id }, body: { kind: "ldap", enabled: false } }, admin);
	await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
	await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.bad_credentials" });
	await expect(auth.api.deleteLoginMethod({ params: { id } }, admin)).rejects.toMatchObject({
		code: "login_methods.in_use",
	});
});

test("a password that is kept elsewhere is changed there", async () => {
	await add("corp");
	const pair = await auth.login("alice", "alice secret");
	const body = { current_password: "alice secret", new_password: "another long password" };
	await expect(auth.api.changePassword({ body }, await auth.as(pair))).rejects.toMatchObject({
		code: "users.external",
	});
	const set = { params: { id: pair.user.id }, body: { password: "another long password" } };
	await expect(auth.api.setUserPassword(set, admin)).rejects.toMatchObject({ code: "users.external" });
});

describe("how a server is reached", () => {
	test.each([
		["StartTLS", {}],
		["TLS", { tls: true }],
	])("%s, with a certificate that fits", async (_, { tls }: { tls?: boolean }) => {
		await add("corp", tls ? { servers: [directory.secure_url] } : {});
		expect((await auth.login("alice", "alice secret")).user.username).toBe("alice");
	});

	test.each([
		["StartTLS", false],
		["TLS", true],
	])("%s with a certificate that nobody vouches for is refused before a password is sent", async (_, tls) => {
		await add("corp", { ca_certificates: null, ...(tls && { servers: [directory.secure_url] }) });
		await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.method_away" });
		expect(auth.logged()).toMatch(/self.signed certificate/);
	});

	test("by signing in directly, without an account that looks people up", async () => {
		const direct = {
			bind: "direct",
			bind_dn: null,
			user_dn_template: "uid={username},ou=people,dc=example,dc=com",
		} as const;
		await add("corp", direct);
		expect((await auth.login("alice", "alice secret")).user.role).toBe("operator");
		await expect(auth.login("alice", "wrong")).rejects.toMatchObject({ code: "auth.bad_credentials" });
		await expect(auth.login("alice,ou=people", "alice secret")).rejects.toMatchObject({ code: "auth.bad_credentials" });
	});

	test("the next server is asked when one cannot be reached", async () => {
		await add("corp", { servers: ["ldap://127.0.0.1:1", directory.url] });
		expect((await auth.login("alice", "alice secret")).user.username).toBe("alice");
	});

	test("a server that does not answer costs no more than the time for an answer", async () => {
		await add("corp", { timeout_ms: 300 });
		await directory.signal("SIGSTOP");
		try {
			await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.method_away" });
		} finally {
			await directory.signal("SIGCONT");
		}
	});

	test("unencrypted only when it is allowed expressly", async () => {
		const plain = { start_tls: false };
		await expect(add("corp", plain)).rejects.toMatchObject({ code: "login_methods.incomplete" });
		await add("corp", { ...plain, allow_plaintext: true });
		expect((await auth.login("alice", "alice secret")).user.username).toBe("alice");
	});

	test("an account for looking people up that the server does not accept is a fault of the configuration, not of who signs in", async () => {
		const { id } = await add("corp");
		await auth.api.updateLoginMethod({ params: { id }, body: { kind: "ldap", secret: "no longer" } }, admin);
		await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.method_away" });
	});
});

describe("the test of a method", () => {
	const outcomes = (steps: { name: string; outcome: string }[]) =>
		steps.map(({ name, outcome }) => `${name}: ${outcome}`);

	test("says how each step went", async () => {
		const { id } = await add("corp");
		const { passed, steps } = await auth.api.testLoginMethod(
			{ params: { id }, body: { username: "alice", password: "alice secret" } },
			admin,
		);
		expect(outcomes(steps)).toEqual(
			["connect", "bind", "find user", "password", "groups", "role"].map((name) => `${name}: passed`),
		);
		expect(passed).toBe(true);
		expect(steps.at(-1)?.detail).toBe("operator");
		expect(JSON.stringify(steps)).not.toContain("secret");
	});

	test("ends at the step that fails, with what the server says", async () => {
		const { id } = await add("corp");
		const run = (body: { username?: string; password?: string }) =>
			auth.api.testLoginMethod({ params: { id }, body }, admin);
		expect(outcomes((await run({ username: "alice", password: "wrong" })).steps).at(-1)).toBe("password: failed");
		expect(outcomes((await run({ username: "nobody" })).steps).at(-1)).toBe("find user: failed");
		expect(outcomes((await run({ username: "carol" })).steps).at(-1)).toBe("role: failed");
		await auth.api.updateLoginMethod({ params: { id }, body: { kind: "ldap", secret: "no longer" } }, admin);
		expect(outcomes((await run({})).steps)).toEqual(["connect: passed", "bind: failed"]);
		const config = configured({ servers: ["ldap://127.0.0.1:1"] });
		await auth.api.updateLoginMethod({ params: { id }, body: { kind: "ldap", secret: "x", config } }, admin);
		const { passed, steps } = await run({});
		expect(passed).toBe(false);
		expect(steps).toMatchObject([
			{ name: "connect", outcome: "failed", detail: expect.stringContaining("ECONNREFUSED") },
		]);
	});
});

test("the stored password goes nowhere else than it was given for: who names another server gives it again", async () => {
	const { id } = await add("corp");
	const change = (given: Partial<LdapConfig>, secret?: string) => {
		const body = { kind: "ldap", config: configured(given), ...(secret !== undefined && { secret }) } as const;
		return auth.api.updateLoginMethod({ params: { id }, body }, admin);
	};
	for (const given of [
		{ servers: [directory.url, "ldap://198.51.100.1"] },
		{ start_tls: false, allow_plaintext: true },
		{ ca_certificates: null },
		{ bind_dn: "cn=other,dc=example,dc=com" },
	]) {
		await expect(change(given), JSON.stringify(given)).rejects.toMatchObject({ code: "login_methods.incomplete" });
	}
	await change({ servers: [directory.secure_url, directory.url] }, "finder secret");
	await change({ servers: [directory.url], timeout_ms: 3_000 });
	expect((await auth.login("alice", "alice secret")).user.username).toBe("alice");
});

test("nobody lets a directory hand out more than they hold themselves", async () => {
	const permissions = ["login_methods:*", "users:*"];
	await auth.api.createRole({ body: { name: "doorkeeper", label: "Doorkeeper", permissions } }, admin);
	const password = "a password of some length";
	const user = { username: "keeper", role: "doorkeeper", password, must_change_password: false };
	await auth.api.createUser({ body: user }, admin);
	const keeper = await auth.as(await auth.login("keeper", password));
	const body = { kind: "ldap", name: "corp", secret: "x", config: configured({ default_role: "admin" }) } as const;
	await expect(auth.api.createLoginMethod({ body }, keeper)).rejects.toMatchObject({ code: "roles.escalation" });
});

test("neither answers nor logs hold the secret, and the table holds it sealed", async () => {
	await add("corp");
	await auth.login("alice", "alice secret");
	expect(JSON.stringify(await auth.api.listLoginMethods({}, admin))).not.toContain("finder secret");
	expect(auth.logged()).not.toMatch(/finder secret|alice secret/);
	const rows = await auth.db.query<{ secret: string }>("select secret from login_methods");
	expect(rows[0]?.secret).toMatch(/^v1:/);
});
