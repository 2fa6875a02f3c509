import { authApi } from "@netconductor/contracts/auth/api";
import { presetRoles } from "@netconductor/contracts/auth/permissions";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuthHost, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
let auth: AuthHost;
let admin: CallerContext;
beforeAll(async () => {
	auth = await startAuthHost("auth_grants", { admin_password: adminPassword });
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(() => auth.stop());

async function addUser(username: string, role: string) {
	const user = await auth.api.createUser({ body: { username, password, role, must_change_password: false } }, admin);
	const caller = async () => auth.as(await auth.login(username, password));
	return { ...user, caller };
}

async function addRole(name: string, permissions: string[], as = admin) {
	return auth.api.createRole({ body: { name, label: name, permissions } }, as);
}

test("every installation has the preset roles, which nobody can change or delete", async () => {
	for (const [name, { permissions }] of Object.entries(presetRoles)) {
		const role = await auth.api.getRole({ params: { name } }, admin);
		expect(role).toMatchObject({ preset: true, permissions });
		const change = auth.api.updateRole({ params: { name }, body: { label: "x" } }, admin);
		await expect(change).rejects.toMatchObject({ code: "roles.preset" });
		await expect(auth.api.deleteRole({ params: { name } }, admin)).rejects.toMatchObject({ code: "roles.preset" });
	}
});

test("who asks what they may do is told what holds now, whatever the edge remembers of them", async () => {
	const user = await addUser("fresh", "operator");
	const remembered = await user.caller();
	const made = await auth.api.createToken(
		{ body: { name: "script", permissions: ["runs:cancel", "runs:read"] } },
		remembered,
	);
	const script = await auth.asToken(made.token);
	await auth.api.updateUser({ params: { id: user.id }, body: { role: "viewer" } }, admin);
	expect(remembered.actor.permissions).toContain("runs:cancel");
	expect((await auth.api.getMe({}, remembered)).permissions).not.toContain("runs:cancel");
	expect((await auth.api.getMe({}, script)).permissions).toEqual(["runs:read"]);
	await auth.api.updateUser({ params: { id: user.id }, body: { disabled: true } }, admin);
	await expect(auth.api.getMe({}, remembered)).rejects.toMatchObject({ code: "auth.session_ended" });
});

test("what a role grants holds from the next request on, without signing in again", async () => {
	await addRole("night_shift", ["devices:read"]);
	const user = await addUser("night", "night_shift");
	const pair = await auth.login("night", password);
	expect((await auth.as(pair)).actor.permissions).toEqual(["devices:read"]);
	await auth.api.updateRole({ params: { name: "night_shift" }, body: { permissions: ["backups:run"] } }, admin);
	expect((await auth.as(pair)).actor.permissions).toEqual(["backups:run"]);
	await auth.api.updateUser({ params: { id: user.id }, body: { role: "viewer" } }, admin);
	expect((await auth.as(pair)).actor.role).toBe("viewer");
});

test("a change of some fields leaves the others", async () => {
	const before = await auth.api.createRole(
		{ body: { name: "kept", label: "Kept", description: "why", permissions: ["devices:read"] } },
		admin,
	);
	const after = await auth.api.updateRole({ params: { name: "kept" }, body: { label: "Renamed" } }, admin);
	expect(after).toMatchObject({ label: "Renamed", description: before.description, permissions: before.permissions });
	await auth.api.updateSettings({ body: { login_banner: "Authorised staff only" } }, admin);
	const settings = await auth.api.updateSettings({ body: { session_idle_hours: 8 } }, admin);
	expect(settings).toMatchObject({ login_banner: "Authorised staff only", session_idle_hours: 8 });
});

test("nobody hands out, manages or takes over more than they hold", async () => {
	await addRole("user_keeper", ["users:*", "roles:*", "tokens:*", "devices:read"]);
	const keeper = await (await addUser("keeper", "user_keeper")).caller();
	const boss = await addUser("boss", "manager");
	const helper = await addUser("helper", "user_keeper");
	const [{ id: adminId } = { id: "" }] = (await auth.api.listUsers({ query: { q: "admin" } }, admin)).items;
	const denied = { code: "roles.escalation" };
	const user = { username: "mule", password, role: "admin" };

	await expect(addRole("too_much", ["devices:*"], keeper)).rejects.toMatchObject(denied);
	await expect(addRole("everything", ["*"], keeper)).rejects.toMatchObject(denied);
	await expect(addRole("all_reading", ["*:read"], keeper)).rejects.toMatchObject(denied);
	await expect(auth.api.createUser({ body: user }, keeper)).rejects.toMatchObject(denied);
	const update = (id: string, body: object) => auth.api.updateUser({ params: { id }, body }, keeper);
	await expect(update(boss.id, { display_name: "x" })).rejects.toMatchObject(denied);
	await expect(update(helper.id, { role: "operator" })).rejects.toMatchObject(denied);
	await expect(update(keeper.actor.id, { role: "admin" })).rejects.toMatchObject(denied);
	const takeover = auth.api.setUserPassword({ params: { id: adminId }, body: { password } }, keeper);
	await expect(takeover).rejects.toMatchObject(denied);
	await expect(auth.api.deleteUser({ params: { id: adminId } }, keeper)).rejects.toMatchObject(denied);
	const widen = { params: { name: "user_keeper" }, body: { permissions: ["users:*", "backups:reveal"] } };
	await expect(auth.api.updateRole(widen, keeper)).rejects.toMatchObject(denied);
	const token = { body: { name: "more", permissions: ["users:read", "keys:rotate"] } };
	await expect(auth.api.createToken(token, keeper)).rejects.toMatchObject(denied);

	await expect(addRole("reader", ["devices:read", "users:read"], keeper)).resolves.toBeDefined();
	await expect(update(helper.id, { role: "reader" })).resolves.toMatchObject({ role: "reader" });
});

test("an API token does what both it and its owner may, at the time of use", async () => {
	await addRole("robot_owner", ["devices:*", "backups:run"]);
	const owner = await addUser("owner", "robot_owner");
	const caller = await owner.caller();
	const { token, api_token } = await auth.api.createToken(
		{ body: { name: "robot", permissions: ["devices:read", "backups:run"] } },
		caller,
	);
	expect(token).toMatch(/^nc_[\w-]{43}$/);
	expect(token.startsWith(api_token.prefix)).toBe(true);
	const { actor } = await auth.asToken(token);
	expect(actor).toMatchObject({ kind: "token", id: owner.id, name: "owner/robot", session_id: api_token.id });
	expect(actor.permissions.toSorted()).toEqual(["backups:run", "devices:read"]);

	await auth.api.updateRole({ params: { name: "robot_owner" }, body: { permissions: ["*:read"] } }, admin);
	const now = (await auth.asToken(token)).actor;
	expect(isPermitted(now, "devices:read")).toBe(true);
	expect(isPermitted(now, "backups:run")).toBe(false);
	expect(isPermitted(now, "users:read")).toBe(false);

	// It cannot prolong its own life, nor act on a session it does not have.
	const another = auth.api.createToken({ body: { name: "again", permissions: ["devices:read"] } }, { actor });
	await expect(another).rejects.toMatchObject({ code: "auth.forbidden" });
	await expect(auth.api.logout({}, { actor })).rejects.toMatchObject({ code: "auth.forbidden" });
	expect((await auth.api.getMe({}, { actor })).user?.username).toBe("owner");
	await auth.clock.advance(90 * 86_400_000);
	await expect(auth.asToken(token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
	admin = await auth.as(await auth.login("admin", adminPassword));
});

test("a revoked API token is void at once, and one user cannot revoke another's as their own", async () => {
	const caller = await (await addUser("revoker", "operator")).caller();
	const make = () => auth.api.createToken({ body: { name: "t", permissions: ["devices:read"] } }, caller);
	const [mine, taken] = [await make(), await make()];
	const foreign = auth.api.revokeMyToken({ params: { id: mine.api_token.id } }, admin);
	await expect(foreign).rejects.toMatchObject({ code: "tokens.not_found" });
	await auth.api.revokeMyToken({ params: { id: mine.api_token.id } }, caller);
	await expect(auth.asToken(mine.token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
	const params = { id: caller.actor.id, token_id: taken.api_token.id };
	expect((await auth.api.listUserTokens({ params: { id: caller.actor.id } }, admin)).total).toBe(1);
	await auth.api.revokeUserToken({ params }, admin);
	await expect(auth.asToken(taken.token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
});

test("the last use of an API token is noted to the minute, not at each request", async () => {
	const caller = await (await addUser("busy", "operator")).caller();
	const { token } = await auth.api.createToken({ body: { name: "t", permissions: ["devices:read"] } }, caller);
	const lastUse = async () => (await auth.api.listMyTokens({}, caller)).items[0]?.last_used_at;
	expect(await lastUse()).toBeNull();
	await auth.asToken(token);
	const first = await lastUse();
	await auth.clock.advance(30_000);
	await auth.asToken(token);
	expect(await lastUse()).toBe(first);
	await auth.clock.advance(31_000);
	await auth.asToken(token);
	expect(await lastUse()).toBe(auth.clock.now().toISOString());
});

test.each(["", "nc_", "nc_' or true --", "nc_\0", "x".repeat(1_000)])("no token passes for one (%#)", async (token) => {
	await expect(auth.asToken(token)).rejects.toMatchObject({
		code: expect.stringMatching(/^(auth\.unauthenticated|request\.invalid)$/),
	});
});

test.each(["", "' or true --", "00000000-0000-0000-0000-000000000000"])(
	"%j is nobody's session",
	async (session_id) => {
		const body = { kind: "session", session_id, user_id: admin.actor.id } as const;
		await expect(auth.api.resolveActor({ body }, admin)).rejects.toMatchObject({ code: "auth.session_ended" });
	},
);

test("the last active administrator stays, also when two remove each other at the same moment", async () => {
	const { api } = auth;
	const removals: Record<string, (id: string) => Promise<unknown>> = {
		demote: (id) => api.updateUser({ params: { id }, body: { role: "viewer" } }, admin),
		disable: (id) => api.updateUser({ params: { id }, body: { disabled: true } }, admin),
		delete: (id) => api.deleteUser({ params: { id } }, admin),
	};
	let survivor = admin.actor.id;
	for (const [how, remove] of Object.entries(removals)) {
		await expect(remove(survivor), how).rejects.toMatchObject({ code: "users.last_admin" });
		for (let round = 0; round < 5; round++) {
			const rival = await addUser(`rival-${how}-${round}`, "admin");
			const results = await Promise.allSettled([remove(survivor), remove(rival.id)]);
			const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
			expect(refused, how).toEqual(["users.last_admin"]);
			if (results[0]?.status === "fulfilled") survivor = rival.id;
			const left = await api.listUsers({ query: { role: "admin", disabled: "false" } }, admin);
			expect(left.items.map(({ id }) => id)).toEqual([survivor]);
		}
	}
	// For the tests that follow.
	await addUser("admin-again", "admin");
	admin = await auth.as(await auth.login("admin-again", password));
});

test("one user, also with the same name in other letters, is added once", async () => {
	const body = { username: "twin", password, role: "viewer" };
	const names = ["twin", "TWIN", "Twin", "tWin"];
	const results = await Promise.allSettled(
		names.map((username) => auth.api.createUser({ body: { ...body, username } }, admin)),
	);
	const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
	expect(refused).toEqual(Array(3).fill("users.name_taken"));
	const lost = auth.api.createUser({ body: { ...body, username: "lost", role: "no_such_role" } }, admin);
	await expect(lost).rejects.toMatchObject({ code: "roles.not_found" });
	const weak = auth.api.createUser({ body: { ...body, username: "weak", password: "abababababab" } }, admin);
	await expect(weak).rejects.toMatchObject({ code: "auth.weak_password" });
});

test("a role that somebody holds stays; a user who goes takes everything of theirs along", async () => {
	await addRole("temps", ["devices:read"]);
	const user = await addUser("temp", "temps");
	const caller = await user.caller();
	const { token } = await auth.api.createToken({ body: { name: "t", permissions: ["devices:read"] } }, caller);
	const params = { name: "temps" };
	await expect(auth.api.deleteRole({ params }, admin)).rejects.toMatchObject({ code: "roles.in_use" });
	expect((await auth.api.getRole({ params }, admin)).users).toBe(1);
	await auth.api.deleteUser({ params: { id: user.id } }, admin);
	await expect(auth.asToken(token)).rejects.toMatchObject({ code: "auth.unauthenticated" });
	await auth.api.deleteRole({ params }, admin);
	await expect(auth.api.getRole({ params }, admin)).rejects.toMatchObject({ code: "roles.not_found" });
	const events = await auth.published("session.revoked.v1");
	expect(events).toContainEqual({ session_id: caller.actor.session_id, user_id: user.id, reason: "user_deleted" });
});

test("a password set by another is for one sign-in, and ends the user's sessions", async () => {
	const user = await addUser("forgetful", "operator");
	const pair = await auth.login("forgetful", password);
	const one_time = "one time password";
	await auth.api.setUserPassword({ params: { id: user.id }, body: { password: one_time } }, admin);
	await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
	await expect(auth.login("forgetful", password)).rejects.toMatchObject({ code: "auth.bad_credentials" });
	expect((await auth.login("forgetful", one_time)).user.must_change_password).toBe(true);
});

test("lists are paged, sorted, filtered and searched without taking wildcards for themselves", async () => {
	await addUser("list.one", "auditor");
	await addUser("list.two", "auditor");
	const list = async (query: object) => {
		const page = await auth.api.listUsers({ query }, admin);
		return { total: page.total, names: page.items.map(({ username }) => username) };
	};
	expect(await list({ role: "auditor", sort: "-username", page_size: 1 })).toEqual({ total: 2, names: ["list.two"] });
	expect(await list({ role: "auditor", page: 2, page_size: 1 })).toEqual({ total: 2, names: ["list.two"] });
	expect((await list({ q: "LIST." })).total).toBe(2);
	for (const q of ["%", "_", "\\", "'", "l%t"]) expect((await list({ q })).total, q).toBe(0);
	const roles = await auth.api.listRoles({ query: { q: "audit" } }, admin);
	expect(roles.items).toMatchObject([{ name: "auditor", users: 2 }]);
});

test("sorting by what a list does not have is refused, not guessed", async () => {
	for (const operation of [auth.api.listUsers, auth.api.listRoles, auth.api.listMyTokens] as const) {
		const query = { sort: "password_hash" } as never;
		await expect(operation({ query }, admin)).rejects.toMatchObject({ code: "request.invalid" });
	}
});

test("without the permission nothing of users, roles and settings is seen or changed", async () => {
	const nobody: CallerContext = { actor: { ...admin.actor, permissions: [] } };
	const guarded = Object.entries(authApi.operations).filter(([, operation]) => "permission" in operation);
	expect(guarded.length).toBeGreaterThan(15);
	for (const [name] of guarded) {
		const { id } = admin.actor;
		const input = { params: { id, token_id: id, session_id: id, name: "viewer" }, query: {}, body: {} };
		const call = auth.api[name as "getSettings"] as (input: unknown, context: CallerContext) => Promise<unknown>;
		await expect(call(input, nobody), name).rejects.toMatchObject({ code: "auth.forbidden" });
	}
});

test("other services learn who somebody is and what they may do now, and who holds a permission", async () => {
	await addRole("change_board", ["approvals:*"]);
	const chair = await addUser("chair", "change_board");
	const member = await addUser("member", "operator");
	await addUser("onlooker", "viewer");
	const nobody = "01900000-0000-7000-8000-00000000dead";
	const describe = async (user_ids: string[], usernames: string[] = []) =>
		(await auth.api.describeUsers({ body: { user_ids, usernames } }, admin)).users;
	expect(await describe([chair.id, nobody, "service:tasks", "'; drop table users"])).toMatchObject([
		{ id: chair.id, username: "chair", role: "change_board", disabled: false, permissions: ["approvals:*"] },
	]);
	expect((await describe([], ["MEMBER", "%"])).map(({ id }) => id)).toEqual([member.id]);

	const holders = async (body: Parameters<typeof auth.api.listHolders>[0]["body"]) => {
		const { users, total } = await auth.api.listHolders({ body }, admin);
		return { names: users.map(({ username }) => username), total };
	};
	const all = await holders({ permission: "approvals:decide" });
	expect(all.names).toEqual(expect.arrayContaining(["chair", "member"]));
	expect(all.names).not.toContain("onlooker");
	expect(await holders({ permission: "approvals:decide", limit: 1 })).toMatchObject({ total: all.total });
	expect(await holders({ permission: "approvals:bypass", among: { user_ids: [], roles: ["change_board"] } })).toEqual({
		names: ["chair"],
		total: 1,
	});
	await auth.api.updateUser({ params: { id: chair.id }, body: { disabled: true } }, admin);
	expect((await holders({ permission: "approvals:bypass" })).names).not.toContain("chair");
	expect(await describe([chair.id])).toMatchObject([{ disabled: true }]);
});
