import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LdapConfig } from "@netconductor/contracts/auth/login-methods";
import { type LabDirectory, startDirectory } from "@netconductor/lab/slapd";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AuthHost, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
let auth: AuthHost;
let directory: LabDirectory;
let admin: CallerContext;
let dir: string;

/** A second alice, in a part of the directory that others write to; and groups whose names look like others. */
const more = `
dn: ou=guests,dc=example,dc=com
objectClass: organizationalUnit
ou: guests

dn: uid=alice,ou=guests,dc=example,dc=com
objectClass: inetOrgPerson
uid: alice
cn: Another Alice
sn: Alice
userPassword: guest secret

dn: cn=impostors,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: impostors
cn: cn=operators,ou=groups,dc=example,dc=com
member: uid=carol,ou=people,dc=example,dc=com
`;

beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), "netconductor-ldap-attacks-"));
	const ldif = (await readFile(new URL("people.ldif", import.meta.url), "utf8")) + more;
	[auth, directory] = await Promise.all([
		startAuthHost("auth_ldap_attacks", { admin_password: adminPassword }),
		startDirectory({ dir, ldif }),
	]);
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(async () => {
	await auth?.stop();
	await directory?.stop();
	await rm(dir, { recursive: true, force: true });
});
afterEach(async () => {
	for (const user of (await auth.api.listUsers({ query: {} }, admin)).items) {
		if (user.login_method !== null) await auth.api.deleteUser({ params: { id: user.id } }, admin);
	}
	for (const { id } of await auth.api.listLoginMethods({}, admin)) {
		await auth.api.deleteLoginMethod({ params: { id } }, admin);
	}
});

function configured(given: Partial<LdapConfig>): LdapConfig {
	return LdapConfig.parse({
		servers: [directory.url],
		ca_certificates: directory.ca_certificate,
		bind_dn: "cn=finder,dc=example,dc=com",
		user_base: "ou=people,dc=example,dc=com",
		group_base: "ou=groups,dc=example,dc=com",
		timeout_ms: 2_000,
		...given,
	});
}

async function add(given: Partial<LdapConfig>, name = "corp") {
	const body = { kind: "ldap", name, enabled: true, secret: "finder secret", config: configured(given) } as const;
	return auth.api.createLoginMethod({ body }, admin);
}

describe("signing in directly", () => {
	const direct = {
		bind: "direct",
		bind_dn: null,
		user_dn_template: "uid={username},ou=guests,dc=example,dc=com",
		default_role: "viewer",
	} as const;

	test("nobody becomes whom the search finds whose password is another", async () => {
		await add(direct);
		await expect(auth.login("alice", "guest secret")).rejects.toMatchObject({ code: "auth.bad_credentials" });
	});

	test("the test of the method says so too", async () => {
		const { id } = await add(direct);
		const body = { username: "alice", password: "guest secret" };
		const { passed, steps } = await auth.api.testLoginMethod({ params: { id }, body }, admin);
		expect(passed).toBe(false);
		expect(steps.at(-1)).toMatchObject({ name: "password", outcome: "failed" });
	});
});

/** Somebody on the way to the directory, who adds bytes to its first answer: the one after which TLS begins. */
async function tamperWithFirstAnswer(bytes: Buffer): Promise<{ url: string; server: Server }> {
	const server = createServer((client) => {
		const behind = connect(Number(new URL(directory.url).port), "127.0.0.1");
		client.pipe(behind);
		behind.once("data", (answer: Buffer) => {
			client.write(Buffer.concat([answer, bytes]));
			behind.pipe(client);
		});
		for (const socket of [client, behind]) socket.on("error", () => [client, behind].map((one) => one.destroy()));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return { url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** The answer to the bind that comes next, "success", whose last field swallows the 14 bytes of the directory's own answer. */
const forgedSuccess = Buffer.from("301a02010361150a01000400040e", "hex");

test.each([
	["that would say yes to any password", forgedSuccess],
	["of a whole answer", Buffer.from("300c02010361070a010004000400", "hex")],
	["that are no LDAP", Buffer.from("hello")],
])("bytes in the clear behind the answer to StartTLS %s end the connection", async (_, bytes) => {
	const { url, server } = await tamperWithFirstAnswer(bytes);
	try {
		await add({ servers: [url], default_role: "viewer" });
		await expect(auth.login("alice", "not hers")).rejects.toMatchObject({ code: "auth.method_away" });
		expect(auth.logged()).toContain("before TLS began");
	} finally {
		server.close();
	}
});

test("a server that agrees to TLS and then says nothing costs no more than the time for an answer", async () => {
	const yes = Buffer.from("300c02010278070a010004000400", "hex");
	const server = createServer((client) => {
		client.on("error", () => {});
		client.once("data", () => client.write(yes));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	try {
		const { port } = server.address() as AddressInfo;
		await add({ servers: [`ldap://127.0.0.1:${port}`], default_role: "viewer", timeout_ms: 300 });
		await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.method_away" });
	} finally {
		server.close();
	}
});

describe("references to other servers, and back to the one that gives them,", () => {
	let trap: Server;
	let followed = 0;
	beforeAll(async () => {
		trap = createServer((client) => {
			followed++;
			client.destroy();
		});
		await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
		const { port } = trap.address() as AddressInfo;
		const references = ["ou=elsewhere,ou=people", "ou=elsewhere,ou=groups", "ou=loop"].map((name) => {
			const dn = `${name},dc=example,dc=com`;
			const parent = dn.slice(dn.indexOf(",") + 1);
			const refs = [`${directory.url}/${parent}`, `${directory.url}/${dn}`, `ldap://127.0.0.1:${port}/${parent}`];
			const kinds = ["referral", "extensibleObject"];
			return [
				...[`dn: ${dn}`, "changetype: add", ...kinds.map((kind) => `objectClass: ${kind}`)],
				...[`ou: ${/ou=(\w+)/.exec(dn)?.[1]}`, ...refs.map((ref) => `ref: ${ref}`), ""],
			].join("\n");
		});
		await directory.change(references.join("\n"));
	});
	afterAll(() => trap?.close());

	test("beside people and groups are passed by", async () => {
		await add({ default_role: "viewer" });
		const pair = await auth.login("alice", "alice secret");
		expect(pair.user).toMatchObject({ username: "alice", login_method: "corp" });
		await expect(auth.login("nobody-of-here", "secret")).rejects.toMatchObject({ code: "auth.bad_credentials" });
		expect(followed).toBe(0);
	});

	test.each([
		["are the base of people", { user_base: "ou=loop,dc=example,dc=com" }],
		["lead to the base of people", { user_base: "ou=people,ou=loop,dc=example,dc=com" }],
		["are the base of groups", { group_base: "ou=loop,dc=example,dc=com" }],
	])("that %s are a fault of the configuration, which its test names", async (_, given) => {
		const { id } = await add({ default_role: "viewer", ...given });
		await expect(auth.login("alice", "alice secret")).rejects.toMatchObject({ code: "auth.method_away" });
		const { passed, steps } = await auth.api.testLoginMethod({ params: { id }, body: { username: "alice" } }, admin);
		expect(passed).toBe(false);
		expect(steps.at(-1)).toMatchObject({ outcome: "failed", detail: expect.stringMatching(/referral/i) });
		expect(followed).toBe(0);
	});
});

describe("the map from groups to roles", () => {
	test("a group whose name is the distinguished name of another has not its role", async () => {
		await add({ role_map: [{ group: "cn=operators,ou=groups,dc=example,dc=com", role: "operator" }] });
		await expect(auth.login("carol", "carol secret")).rejects.toMatchObject({ code: "auth.not_provisioned" });
	});

	test("a distinguished name is the same however it is written", async () => {
		await add({ role_map: [{ group: "CN=Core , OU=\\67roups, DC=example,DC=COM", role: "operator" }] });
		expect((await auth.login("alice", "alice secret")).user.role).toBe("operator");
	});
});

describe("who administers ways to sign in without being allowed everything", () => {
	let keeper: CallerContext;
	beforeAll(async () => {
		const viewer = await auth.api.getRole({ params: { name: "viewer" } }, admin);
		const permissions = [...viewer.permissions, "login_methods:*"];
		await auth.api.createRole({ body: { name: "doorkeeper", label: "Doorkeeper", permissions } }, admin);
		const password = "a password of some length";
		const user = { username: "keeper", role: "doorkeeper", password, must_change_password: false };
		await auth.api.createUser({ body: user }, admin);
		keeper = await auth.as(await auth.login("keeper", password));
	});
	const escalation = { code: "roles.escalation" };

	test("nobody changes a directory that hands out more than they hold themselves", async () => {
		const { id } = await add({ default_role: "admin" });
		for (const change of [{ enabled: true }, { name: "other" }, { config: configured({ default_role: "viewer" }) }]) {
			const call = { params: { id }, body: { kind: "ldap", ...change } as const };
			await expect(auth.api.updateLoginMethod(call, keeper), JSON.stringify(change)).rejects.toMatchObject(escalation);
		}
	});

	test("nobody says where those are asked for their password who hold more now", async () => {
		const { id } = await add({ nested_groups: "follow", role_map: [{ group: "operators", role: "operator" }] });
		expect((await auth.login("alice", "alice secret")).user.role).toBe("operator");
		const config = configured({ default_role: "viewer" });
		await auth.api.updateLoginMethod({ params: { id }, body: { kind: "ldap", config } }, admin);
		const servers = { ...config, servers: [directory.secure_url] };
		const change = { params: { id }, body: { kind: "ldap", secret: "finder secret", config: servers } as const };
		await expect(auth.api.updateLoginMethod(change, keeper)).rejects.toMatchObject(escalation);
		expect((await auth.login("alice", "alice secret")).user.role).toBe("viewer");
		await auth.api.updateLoginMethod(change, keeper);
	});

	test("nobody puts a directory before or behind one that hands out more", async () => {
		const small = await add({ default_role: "viewer" }, "small");
		const another = await add({ default_role: "viewer" }, "another");
		const great = await add({ default_role: "admin" }, "great");
		const order = (...ids: string[]) => auth.api.orderLoginMethods({ body: { ids } }, keeper);
		await expect(order(great.id, small.id, another.id)).rejects.toMatchObject(escalation);
		await expect(order(small.id, great.id, another.id)).rejects.toMatchObject(escalation);
		const ordered = await order(another.id, small.id, great.id);
		expect(ordered.map(({ name }) => name)).toEqual(["another", "small", "great"]);
	});
});

describe("a way to sign in that asks another directory now", () => {
	async function moved(given: Partial<LdapConfig>, after: Partial<LdapConfig>) {
		const { id } = await add({ default_role: "viewer", ...given });
		const pair = await auth.login("alice", "alice secret");
		const config = configured({ default_role: "viewer", ...given, ...after });
		const body = { kind: "ldap", secret: "finder secret", config } as const;
		await auth.api.updateLoginMethod({ params: { id }, body }, admin);
		return pair;
	}

	test("ends the sessions, and knows people again by ids that no two entries have", async () => {
		const pair = await moved({}, { servers: [directory.secure_url] });
		await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		expect((await auth.login("alice", "alice secret")).user.id).toBe(pair.user.id);
	});

	test("keeps the sessions where one of the servers stays", async () => {
		const pair = await moved({}, { servers: [directory.secure_url, directory.url] });
		expect((await auth.as(pair)).actor?.name).toBe("alice");
	});

	test("takes nobody for who had the same name in another part, where names are all that people are known by", async () => {
		const attributes = { username: "uid", display_name: "cn", email: "mail", id: "uid" };
		const pair = await moved({ attributes }, { user_base: "ou=guests,dc=example,dc=com" });
		await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		await expect(auth.login("alice", "guest secret")).rejects.toMatchObject({
			code: "auth.not_provisioned",
			message: expect.stringContaining("another person"),
		});
	});
});
