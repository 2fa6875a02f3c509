import { accessTopic } from "@netconductor/contracts/auth/access";
import type { NewServiceAccountToken } from "@netconductor/contracts/auth/service-accounts";
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
const hour_ms = 3_600_000;
const day_ms = 24 * hour_ms;
let auth: AuthHost;
let admin: CallerContext;
beforeAll(async () => {
	auth = await startAuthHost("auth_service_accounts", { admin_password: adminPassword });
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(() => auth?.stop());

async function addUser(username: string, role: string) {
	const user = await auth.api.createUser({ body: { username, password, role, must_change_password: false } }, admin);
	return { ...user, caller: await auth.as(await auth.login(username, password)) };
}

async function addRole(name: string, permissions: string[]) {
	return auth.api.createRole({ body: { name, label: name, permissions } }, admin);
}

const add = (name: string, role = "operator", as = admin, owner_id?: string) =>
	auth.api.createServiceAccount({ body: { name, role, description: `What ${name} is for`, owner_id } }, as);

const issue = (id: string, body: Partial<z.input<typeof NewServiceAccountToken>> = {}, as = admin) =>
	auth.api.createServiceAccountToken({ params: { id }, body: { name: "ci", ...body } }, as);

async function outcomeOf(token: string): Promise<string> {
	try {
		await auth.asToken(token);
		return "works";
	} catch (error) {
		return (error as { code: string }).code;
	}
}

test("a service account acts by its tokens, as what it is, and does what both its token and its role permit", async () => {
	const account = await add("deployer");
	expect(account).toMatchObject({ owner: { username: "admin", active: true }, tokens: 0, last_used_at: null });
	const { token, api_token } = await issue(account.id, { permissions: ["devices:read", "backups:run"] });
	expect(token).toMatch(/^nc_[\w-]{43}$/);
	expect(token.startsWith(api_token.prefix)).toBe(true);
	expect(api_token).toMatchObject({ issued_by: "admin", replaced: null });
	const { actor } = await auth.asToken(token);
	expect(actor).toEqual({
		kind: "service_account",
		id: account.id,
		name: "deployer/ci",
		role: "operator",
		permissions: expect.arrayContaining(["devices:read", "backups:run"]),
		session_id: api_token.id,
	});
	expect(actor.permissions).toHaveLength(2);
	expect(await auth.api.getMe({}, { actor })).toMatchObject({
		user: null,
		service_account: { id: account.id, name: "deployer", role: "operator" },
		permissions: actor.permissions,
	});
	const shown = await auth.api.getServiceAccount({ params: { id: account.id } }, admin);
	expect(shown).toMatchObject({ tokens: 1, last_used_at: expect.any(String) });
});

test("a secret is stored as a hash, and only the answer that made it ever holds it", async () => {
	const { id } = await add("hashed");
	const { token } = await issue(id);
	const tables = await auth.db.query<{ row: string }>("select t::text as row from service_account_tokens t");
	const listed = JSON.stringify(await auth.api.listServiceAccountTokens({ params: { id }, query: {} }, admin));
	const recorded = JSON.stringify(await auth.published("audit.operation_recorded.v1"));
	for (const text of [JSON.stringify(tables), listed, recorded, auth.logged()]) expect(text).not.toContain(token);
	expect(recorded).toContain("createServiceAccountToken");
});

test("a role that is narrowed narrows the tokens that were made before, and one that is widened widens none", async () => {
	await addRole("narrowing", ["devices:*", "backups:run"]);
	const { id } = await add("narrow", "narrowing");
	const { token } = await issue(id);
	const may = async () => (await auth.asToken(token)).actor.permissions.toSorted();
	expect(await may()).toEqual(["backups:run", "devices:*"]);
	const change = (permissions: string[]) =>
		auth.api.updateRole({ params: { name: "narrowing" }, body: { permissions } }, admin);
	await change(["devices:read"]);
	expect(await may()).toEqual(["devices:read"]);
	await change(["*"]);
	expect(await may()).toEqual(["backups:run", "devices:*"]);
	await auth.api.updateServiceAccount({ params: { id }, body: { role: "viewer" } }, admin);
	expect(await may()).toEqual(["devices:read"]);
});

test("a token cannot be given what the account's role does not grant, nor go on without an end", async () => {
	const { id } = await add("bounded", "viewer");
	await expect(issue(id, { permissions: ["*"] })).rejects.toMatchObject({ code: "service_accounts.beyond_role" });
	await expect(issue(id, { permissions: ["devices:write"] })).rejects.toMatchObject({
		code: "service_accounts.beyond_role",
	});
	for (const expires_in_days of [0, 366, 1e9, null as never]) {
		await expect(issue(id, { expires_in_days })).rejects.toMatchObject({ kind: "invalid" });
	}
	const { token } = await issue(id, { expires_in_days: 1 });
	await auth.clock.advance(day_ms);
	expect(await outcomeOf(token)).toBe("auth.unauthenticated");
});

describe("disabling and deleting", () => {
	test("take effect with the commit, and are told to every process", async () => {
		const account = await add("switched");
		const { token } = await issue(account.id);
		const heard: unknown[] = [];
		const log = createLog({ level: "silent" });
		const ephemeral = createPostgresEphemeral({ url: auth.db.pool.options.connectionString ?? "", log });
		// What earlier tests changed may still be on its way.
		await ephemeral.subscribe(accessTopic, (change) => {
			if ((change as { user_id?: string }).user_id === account.id) heard.push(change);
		});
		await auth.api.updateServiceAccount({ params: { id: account.id }, body: { disabled: true } }, admin);
		expect(await outcomeOf(token)).toBe("auth.unauthenticated");
		await auth.api.updateServiceAccount({ params: { id: account.id }, body: { disabled: false } }, admin);
		expect(await outcomeOf(token)).toBe("works");
		await auth.api.deleteServiceAccount({ params: { id: account.id } }, admin);
		expect(await outcomeOf(token)).toBe("auth.unauthenticated");
		await expect.poll(() => heard).toEqual(Array(3).fill({ user_id: account.id }));
		await ephemeral.close();
	});

	test("end what a ticket would open, too", async () => {
		const account = await add("watcher");
		const caller = await auth.asToken((await issue(account.id)).token);
		const first = await auth.api.createWsTicket({}, caller);
		const redeem = (ticket: string) => auth.api.redeemWsTicket({ body: { ticket } }, admin);
		expect((await redeem(first.ticket)).actor).toMatchObject({ kind: "service_account", id: account.id });
		const second = await auth.api.createWsTicket({}, caller);
		await auth.api.updateServiceAccount({ params: { id: account.id }, body: { disabled: true } }, admin);
		await expect(redeem(second.ticket)).rejects.toMatchObject({ code: "auth.ticket_invalid" });
	});
});

describe("rotating a token", () => {
	const rotate = (id: string, token_id: string, overlap_hours: number, expires_in_days = 90) =>
		auth.api.rotateServiceAccountToken({ params: { id, token_id }, body: { overlap_hours, expires_in_days } }, admin);

	test("keeps the token and lets the old secret go on for the overlap, and tells whether it is still used", async () => {
		const { id } = await add("rotated");
		const old = await issue(id);
		const made = await rotate(id, old.api_token.id, 24);
		expect(made.api_token).toMatchObject({ id: old.api_token.id, name: "ci", replaced: { last_used_at: null } });
		for (const token of [old.token, made.token]) {
			expect((await auth.asToken(token)).actor.session_id).toBe(old.api_token.id);
		}
		const [listed] = (await auth.api.listServiceAccountTokens({ params: { id }, query: {} }, admin)).items;
		expect(listed?.replaced).toMatchObject({ prefix: old.api_token.prefix, last_used_at: expect.any(String) });
		await auth.clock.advance(24 * hour_ms);
		expect(await outcomeOf(old.token)).toBe("auth.unauthenticated");
		expect(await outcomeOf(made.token)).toBe("works");
		const [later] = (await auth.api.listServiceAccountTokens({ params: { id }, query: {} }, admin)).items;
		expect(later?.replaced).toBeNull();
	});

	test("never prolongs the old secret, and without an overlap ends it at once", async () => {
		const { id } = await add("short");
		const old = await issue(id, { expires_in_days: 1 });
		const made = await rotate(id, old.api_token.id, 168);
		expect(made.api_token.replaced?.expires_at).toBe(old.api_token.expires_at);
		const last = await rotate(id, old.api_token.id, 0);
		expect(last.api_token.replaced).toBeNull();
		for (const token of [old.token, made.token]) expect(await outcomeOf(token)).toBe("auth.unauthenticated");
		expect(await outcomeOf(last.token)).toBe("works");
	});

	test("ends a secret before the old one", async () => {
		const { id } = await add("twice");
		const first = await issue(id);
		const second = await rotate(id, first.api_token.id, 100);
		const third = await rotate(id, first.api_token.id, 100);
		expect(await Promise.all([first, second, third].map(({ token }) => outcomeOf(token)))).toEqual([
			"auth.unauthenticated",
			"works",
			"works",
		]);
	});

	test("leaves nothing of either secret once the token is revoked", async () => {
		const { id } = await add("revoked");
		const old = await issue(id);
		const made = await rotate(id, old.api_token.id, 24);
		await auth.api.revokeServiceAccountToken({ params: { id, token_id: old.api_token.id } }, admin);
		for (const token of [old.token, made.token]) expect(await outcomeOf(token)).toBe("auth.unauthenticated");
	});
});

describe("escalation", () => {
	let keeper: Awaited<ReturnType<typeof addUser>>;
	beforeAll(async () => {
		await addRole("account_keeper", ["service_accounts:*", "devices:read"]);
		keeper = await addUser("account-keeper", "account_keeper");
	});
	const denied = { code: "roles.escalation" };

	test("nobody makes, changes or deletes an account, or makes a token for one, with more than they hold", async () => {
		await addRole("just_reading", ["devices:read"]);
		const { caller } = keeper;
		await expect(add("mule", "admin", caller)).rejects.toMatchObject(denied);
		await expect(add("mule", "operator", caller)).rejects.toMatchObject(denied);
		const strong = await add("strong", "admin");
		const { api_token } = await issue(strong.id);
		const params = { id: strong.id };
		await expect(issue(strong.id, { permissions: ["devices:read"] }, caller)).rejects.toMatchObject(denied);
		const rotated = { params: { ...params, token_id: api_token.id }, body: {} };
		await expect(auth.api.rotateServiceAccountToken(rotated, caller)).rejects.toMatchObject(denied);
		const disabled = auth.api.updateServiceAccount({ params, body: { disabled: true } }, caller);
		await expect(disabled).rejects.toMatchObject(denied);
		await expect(auth.api.deleteServiceAccount({ params }, caller)).rejects.toMatchObject(denied);

		const weak = await add("weak", "just_reading", caller);
		const widen = { params: { id: weak.id }, body: { role: "operator" } };
		await expect(auth.api.updateServiceAccount(widen, caller)).rejects.toMatchObject(denied);
		await expect(issue(weak.id, {}, caller)).resolves.toMatchObject({ api_token: { permissions: ["devices:read"] } });
		// Taking a secret away that leaked is nobody's gain.
		await auth.api.revokeServiceAccountToken({ params: { id: strong.id, token_id: api_token.id } }, caller);
	});

	test("whose role is limited to device groups manages no accounts, and an account is limited as its role is", async () => {
		const { caller } = keeper;
		const limited = { ...caller, actor: { ...caller.actor, device_groups: [newId()] } };
		await addRole("somewhere", ["devices:read"]);
		await expect(add("escaped", "somewhere", limited)).rejects.toMatchObject({ code: "auth.out_of_scope" });
		const { token } = await issue((await add("local", "somewhere")).id);
		const group = newId();
		await auth.db.query("update roles set device_groups = array[$1::uuid] where name = 'somewhere'", [group]);
		expect((await auth.asToken(token)).actor.device_groups).toEqual([group]);
	});

	test("no token makes, or renews, a token of an account", async () => {
		const { id } = await add("selfish", "admin");
		const made = await issue(id);
		const robot = await auth.asToken(made.token);
		await expect(issue(id, {}, robot)).rejects.toMatchObject({ code: "auth.forbidden" });
		const rotation = { params: { id, token_id: made.api_token.id }, body: {} };
		await expect(auth.api.rotateServiceAccountToken(rotation, robot)).rejects.toMatchObject({ code: "auth.forbidden" });
		const own = await auth.api.createToken({ body: { name: "t", permissions: ["*"] } }, admin);
		await expect(issue(id, {}, await auth.asToken(own.token))).rejects.toMatchObject({ code: "auth.forbidden" });
	});
});

describe("what only people do", () => {
	let robot: CallerContext;
	let id: string;
	beforeAll(async () => {
		({ id } = await add("robot", "admin"));
		robot = await auth.asToken((await issue(id)).token);
	});

	test("a service account does not sign in, whatever is given as its password", async () => {
		const { token } = await issue(id, { name: "second" });
		for (const guess of ["", token, password, "null"]) {
			await expect(
				auth.api.login({ body: { username: "robot", password: guess || " " } }, anonymousFrom()),
			).rejects.toMatchObject({ code: "auth.bad_credentials" });
			await auth.clock.advance(hour_ms);
		}
	});

	test("it has no password that could be set, no second factor, no session and no tokens of a user", async () => {
		const params = { id };
		const body = { password };
		await expect(auth.api.setUserPassword({ params, body }, admin)).rejects.toMatchObject({ code: "users.not_found" });
		await expect(auth.api.getUser({ params }, admin)).rejects.toMatchObject({ code: "users.not_found" });
		await expect(auth.api.updateUser({ params, body: { role: "admin" } }, admin)).rejects.toMatchObject({
			code: "users.not_found",
		});
		const change = { body: { current_password: password, new_password: "another of some length" } };
		for (const ask of [
			() => auth.api.changePassword(change, robot),
			() => auth.api.logout({}, robot),
			() => auth.api.listMySessions({ query: {} }, robot),
			() => auth.api.createToken({ body: { name: "x", permissions: ["*"] } }, robot),
			() => auth.api.listMyTokens({ query: {} }, robot),
			() => auth.api.beginSecondFactor({ body: { password } }, robot),
			() => auth.api.listViews({ query: {} }, robot),
		]) {
			await expect(ask()).rejects.toMatchObject({ code: "auth.forbidden" });
		}
		const session = { kind: "session" as const, user_id: id, session_id: robot.actor.session_id ?? "" };
		await expect(auth.api.resolveActor({ body: session }, admin)).rejects.toMatchObject({ code: "auth.session_ended" });
	});

	test("asking everybody for a second factor asks none of it", async () => {
		await auth.api.updateSettings({ body: { require_second_factor: true } }, admin);
		const { api_token } = await issue(id, { name: "third" });
		const resolved = await auth.api.resolveActor({ body: { kind: "api_token_id", token_id: api_token.id } }, admin);
		expect(resolved).toMatchObject({ must_add_second_factor: false, must_change_password: false });
		await auth.api.updateSettings({ body: { require_second_factor: false } }, admin);
	});

	test("it is no user to whoever asks for users: those who hold a permission, or may approve", async () => {
		const { users } = await auth.api.listHolders({ body: { permission: "approvals:decide" } }, admin);
		expect(users.map((user) => user.username)).not.toContain("robot");
		const described = await auth.api.describeUsers({ body: { user_ids: [id], usernames: ["robot"] } }, admin);
		expect(described.users).toEqual([]);
	});

	test("it is not the last administrator, and keeps nobody from being it", async () => {
		const { items } = await auth.api.listUsers({ query: { role: "admin" } }, admin);
		expect(items.map(({ username }) => username)).toEqual(["admin"]);
		const own = { params: { id: admin.actor.id } };
		await expect(auth.api.updateUser({ ...own, body: { disabled: true } }, robot)).rejects.toMatchObject({
			code: "users.last_admin",
		});
		await expect(auth.api.deleteUser(own, robot)).rejects.toMatchObject({ code: "users.last_admin" });
	});
});

describe("names", () => {
	test("no user and service account share one, whatever its capital letters", async () => {
		await add("Backup-Bot");
		const taken = auth.api.createUser({ body: { username: "backup-bot", role: "viewer", password } }, admin);
		await expect(taken).rejects.toMatchObject({ code: "users.name_taken" });
		await addUser("carla", "viewer");
		await expect(add("CARLA")).rejects.toMatchObject({ code: "service_accounts.name_taken" });
		await expect(add("backup-BOT")).rejects.toMatchObject({ code: "service_accounts.name_taken" });
	});

	test("nor when both are made at once", async () => {
		const user = { username: "both", role: "viewer", password, must_change_password: false };
		const made = await Promise.allSettled([auth.api.createUser({ body: user }, admin), add("both"), add("BOTH")]);
		expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	});
});

describe("the owner", () => {
	test("has to be there and active, is shown, and gives no right to it", async () => {
		const owner = await addUser("owner-of-it", "viewer");
		const account = await add("owned", "viewer", admin, owner.id);
		expect(account.owner).toEqual({ id: owner.id, username: "owner-of-it", active: true });
		await expect(add("nobodys", "viewer", admin, newId())).rejects.toMatchObject({ code: "service_accounts.no_owner" });
		const robot = await auth.asToken((await issue((await add("parent", "admin")).id)).token);
		await expect(add("orphan", "viewer", robot)).rejects.toMatchObject({ code: "service_accounts.no_owner" });
	});

	test("who is disabled or deleted leaves the account going on, and listed as without one", async () => {
		const owner = await addUser("leaver", "viewer");
		const { id } = await add("left-behind", "viewer", admin, owner.id);
		const { token } = await issue(id);
		const ownerless = async () =>
			(await auth.api.listServiceAccounts({ query: { ownerless: "true" } }, admin)).items.map(({ name }) => name);
		expect(await ownerless()).not.toContain("left-behind");
		await auth.api.updateUser({ params: { id: owner.id }, body: { disabled: true } }, admin);
		expect(await ownerless()).toContain("left-behind");
		await expect(add("late", "viewer", admin, owner.id)).rejects.toMatchObject({ code: "service_accounts.no_owner" });
		const shown = () => auth.api.getServiceAccount({ params: { id } }, admin);
		expect((await shown()).owner).toMatchObject({ username: "leaver", active: false });
		// What is no change of the owner goes on as well.
		await auth.api.updateServiceAccount({ params: { id }, body: { owner_id: owner.id, description: "x" } }, admin);
		await auth.api.deleteUser({ params: { id: owner.id } }, admin);
		expect((await shown()).owner).toBeNull();
		expect(await ownerless()).toContain("left-behind");
		expect(await outcomeOf(token)).toBe("works");
		await auth.api.updateServiceAccount({ params: { id }, body: { owner_id: admin.actor.id } }, admin);
		expect(await ownerless()).not.toContain("left-behind");
	});

	test("and whoever saw a secret are told to who must know who could act as it, also after it was revoked", async () => {
		const owner = await addUser("behind-owner", "viewer");
		const issuer = await addUser("behind-issuer", "admin");
		const { id } = await add("fronted", "viewer", admin, owner.id);
		const { api_token } = await issue(id, { expires_in_days: 1 }, issuer.caller);
		const behind = async () =>
			(await auth.api.describeServiceAccount({ body: { service_account_id: id } }, admin)).user_ids.toSorted();
		expect(await behind()).toEqual([owner.id, issuer.id].toSorted());
		await auth.api.revokeServiceAccountToken({ params: { id, token_id: api_token.id } }, admin);
		expect(await behind()).toEqual([owner.id, issuer.id].toSorted());
		await auth.clock.advance(31 * day_ms + hour_ms);
		expect(await behind()).toEqual([owner.id]);
		for (const service_account_id of [newId(), "service:tasks", "'; drop table users"]) {
			const nobody = await auth.api.describeServiceAccount({ body: { service_account_id } }, admin);
			expect(nobody.user_ids).toEqual([]);
		}
	});
});

test("service accounts are found, ordered and paged", async () => {
	await addRole("listed_role", ["devices:read"]);
	for (const name of ["list-c", "list-a", "list-b"]) await add(name, "listed_role");
	const query = { role: "listed_role", page_size: 2, sort: "-name" as const };
	const page = await auth.api.listServiceAccounts({ query }, admin);
	expect(page.items.map(({ name }) => name)).toEqual(["list-c", "list-b"]);
	expect(page.total).toBe(3);
	const found = await auth.api.listServiceAccounts({ query: { q: "WHAT LIST-A is" } }, admin);
	expect(found.items.map(({ name }) => name)).toEqual(["list-a"]);
	expect((await auth.api.listServiceAccounts({ query: { q: "%" } }, admin)).items).toEqual([]);
	await expect(auth.api.deleteRole({ params: { name: "listed_role" } }, admin)).rejects.toMatchObject({
		code: "roles.in_use",
	});
});
