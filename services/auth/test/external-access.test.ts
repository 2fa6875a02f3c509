import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LdapConfig } from "@netconductor/contracts/auth/login-methods";
import { type LabDirectory, startDirectory } from "@netconductor/lab/slapd";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AuthHost, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
let auth: AuthHost;
let directory: LabDirectory;
let admin: CallerContext;
let dir: string;
beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), "netconductor-external-"));
	const ldif = await readFile(new URL("people.ldif", import.meta.url), "utf8");
	[auth, directory] = await Promise.all([
		startAuthHost("auth_external_access", { admin_password: adminPassword }),
		startDirectory({ dir, ldif }),
	]);
});
beforeEach(async () => {
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(async () => {
	await auth?.stop();
	await directory?.stop();
	await rm(dir, { recursive: true, force: true });
});
afterEach(async () => {
	admin = await auth.as(await auth.login("admin", adminPassword));
	for (const user of (await auth.api.listUsers({ query: {} }, admin)).items) {
		if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, admin);
	}
	for (const { id } of await auth.api.listLoginMethods({}, admin)) {
		await auth.api.deleteLoginMethod({ params: { id } }, admin);
	}
});

function configured(given: Partial<LdapConfig> = {}): LdapConfig {
	return LdapConfig.parse({
		servers: [directory.url],
		ca_certificates: directory.ca_certificate,
		bind_dn: "cn=finder,dc=example,dc=com",
		user_base: "ou=people,dc=example,dc=com",
		group_base: "ou=groups,dc=example,dc=com",
		nested_groups: "follow",
		timeout_ms: 2_000,
		role_map: [{ group: "operators", role: "operator" }],
		default_role: "viewer",
		...given,
	});
}

async function add(given: Partial<LdapConfig> = {}) {
	const body = {
		kind: "ldap",
		name: "corp",
		enabled: true,
		secret: "finder secret",
		config: configured(given),
	} as const;
	return auth.api.createLoginMethod({ body }, admin);
}

describe("a test with a password", () => {
	test("is counted like a sign-in by that name, so that it is no way around the throttle", async () => {
		const { id } = await add();
		const tried = (password: string) =>
			auth.api
				.testLoginMethod({ params: { id }, body: { username: "alice", password } }, admin)
				.then(({ passed }) => (passed ? "passed" : "failed"))
				.catch((error: { code: string }) => error.code);
		const seen: string[] = [];
		for (let n = 0; n < 14; n++) seen.push(await tried(n % 2 === 0 ? "wrong" : "alice secret"));
		expect(seen.slice(0, 2)).toEqual(["failed", "passed"]);
		expect(seen.at(-1)).toBe("auth.throttled");
		await expect(auth.login("ALICE", "alice secret", "192.0.2.44")).rejects.toMatchObject({ code: "auth.throttled" });
		await auth.clock.advance(16 * 60_000);
	});

	test("stays on record with the name that was tried, and never the password", async () => {
		const { id } = await add();
		await auth.api.testLoginMethod({ params: { id }, body: { username: "alice", password: "alice secret" } }, admin);
		const recorded = (await auth.published("audit.operation_recorded.v1")).filter(
			({ operation }) => operation === "testLoginMethod",
		);
		expect(recorded.at(-1)).toMatchObject({ after: { tried: { username: "alice", password: true } } });
		expect(JSON.stringify(recorded)).not.toContain("alice secret");
	});

	test("takes what changing the method takes: its roles", async () => {
		const permissions = ["login_methods:*"];
		await auth.api.createRole({ body: { name: "porter", label: "Porter", permissions } }, admin);
		const password = "a password of some length";
		const user = { username: "porter", role: "porter", password, must_change_password: false };
		await auth.api.createUser({ body: user }, admin);
		const porter = await auth.as(await auth.login("porter", password));
		const { id } = await add();
		const body = { username: "alice", password: "alice secret" };
		await expect(auth.api.testLoginMethod({ params: { id }, body }, porter)).rejects.toMatchObject({
			code: "roles.escalation",
		});
	});
});
