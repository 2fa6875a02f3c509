import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LdapConfig, type LoginMethod } from "@netconductor/contracts/auth/login-methods";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { type LabDirectory, startDirectory } from "@netconductor/lab/slapd";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { type AuthHost, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const personOf = (uid: string) => `uid=${uid},ou=people,dc=example,dc=com`;

/** The service beside a directory, in which `dan` comes and goes. */
export interface CorporateDirectory {
	auth: AuthHost;
	directory: LabDirectory;
	/** The local administrator, signed in a moment ago. */
	admin(): Promise<CallerContext>;
	add(given?: Partial<LdapConfig>): Promise<LoginMethod>;
	change(id: string, change: { enabled?: boolean; config?: LdapConfig }): Promise<LoginMethod>;
	configured(given?: Partial<LdapConfig>): LdapConfig;
	danArrives(): Promise<void>;
	danLeaves(): Promise<void>;
	/** An API token of somebody who is signed in. */
	tokenOf(pair: TokenPair): Promise<string>;
	/** `works`, or the code of the refusal. */
	outcomeOf(token: string): Promise<string>;
	/** Deletes who signed in by the directory, and the way to. */
	clear(): Promise<void>;
	stop(): Promise<void>;
}

export async function startCorporateDirectory(name: string): Promise<CorporateDirectory> {
	const dir = await mkdtemp(join(tmpdir(), `netconductor-${name}-`));
	const ldif = await readFile(new URL("people.ldif", import.meta.url), "utf8");
	const [auth, directory] = await Promise.all([
		startAuthHost(name, { admin_password: adminPassword }),
		startDirectory({ dir, ldif }),
	]);
	const admin = async () => auth.as(await auth.login("admin", adminPassword));
	const configured = (given: Partial<LdapConfig> = {}) =>
		LdapConfig.parse({
			servers: [directory.url],
			ca_certificates: directory.ca_certificate,
			bind_dn: "cn=finder,dc=example,dc=com",
			user_base: "ou=people,dc=example,dc=com",
			timeout_ms: 2_000,
			default_role: "viewer",
			...given,
		});
	const dan = ["objectClass: inetOrgPerson", "uid: dan", "cn: Dan", "sn: Dan", "userPassword: dan secret"].join("\n");
	return {
		auth,
		directory,
		admin,
		configured,
		async add(given = {}) {
			const config = configured(given);
			const body = { kind: "ldap", name: "corp", enabled: true, secret: "finder secret", config } as const;
			return auth.api.createLoginMethod({ body }, await admin());
		},
		async change(id, change) {
			return auth.api.updateLoginMethod({ params: { id }, body: { kind: "ldap", ...change } }, await admin());
		},
		danArrives: () => directory.change(`dn: ${personOf("dan")}\nchangetype: add\n${dan}\n`),
		danLeaves: () => directory.change(`dn: ${personOf("dan")}\nchangetype: delete\n`),
		async tokenOf(pair) {
			const body = { name: "script", permissions: ["devices:read"] };
			return (await auth.api.createToken({ body }, await auth.as(pair))).token;
		},
		outcomeOf: (token) =>
			auth.asToken(token).then(
				() => "works",
				(error: { code: string }) => error.code,
			),
		async clear() {
			const caller = await admin();
			for (const user of (await auth.api.listUsers({ query: {} }, caller)).items) {
				if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, caller);
			}
			for (const { id } of await auth.api.listLoginMethods({}, caller)) {
				await auth.api.deleteLoginMethod({ params: { id } }, caller);
			}
		},
		async stop() {
			await auth.stop();
			await directory.stop();
			await rm(dir, { recursive: true, force: true });
		},
	};
}
