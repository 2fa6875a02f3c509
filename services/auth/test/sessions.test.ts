import { accessTopic } from "@netconductor/contracts/auth/access";
import { createPostgresEphemeral, type Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
let auth: AuthHost;
let admin: CallerContext;
let ephemeral: Ephemeral;
/** What other processes are told to forget. */
const told: unknown[] = [];

beforeAll(async () => {
	auth = await startAuthHost("auth_sessions", { admin_password: adminPassword });
	admin = await auth.as(await auth.login("admin", adminPassword));
	const { rows } = await auth.db.pool.query<{ name: string }>("select current_database() as name");
	const url = new URL(String(auth.db.pool.options.connectionString));
	url.pathname = `/${rows[0]?.name}`;
	ephemeral = createPostgresEphemeral({ url: url.href, log: createLog({ level: "silent" }) });
	await ephemeral.subscribe(accessTopic, (change) => told.push(change));
});
afterAll(async () => {
	await ephemeral?.close();
	await auth?.stop();
});

async function addUser(username: string, role = "viewer") {
	return auth.api.createUser({ body: { username, password, role, must_change_password: false } }, admin);
}

const mine = async (caller: CallerContext) => (await auth.api.listMySessions({ query: {} }, caller)).items;

test("one's own open sessions tell when, from where, how and with what program, and which of them asks", async () => {
	await addUser("vera");
	const here = await auth.as(await auth.login("vera", password, "10.1.2.3"));
	const from = anonymousFrom("2001:db8:1:2:3:4:5:6");
	await auth.api.login(
		{ body: { username: "vera", password } },
		{ actor: { ...from.actor, user_agent: "netconductor/1.0 (linux)" } },
	);
	const sessions = await mine(here);
	expect(sessions).toHaveLength(2);
	expect(sessions.find(({ current }) => current)).toMatchObject({
		id: here.actor.session_id,
		network: "10.1.2.3",
		login_method: null,
		user_agent: null,
	});
	expect(sessions.find(({ current }) => !current)).toMatchObject({
		network: "2001:db8:1:2::/64",
		user_agent: "netconductor/1.0 (linux)",
	});
	for (const { created_at, refreshed_at, expires_at } of sessions) {
		expect(refreshed_at >= created_at && expires_at > refreshed_at).toBe(true);
	}
	expect(await auth.api.listMySessions({ query: { page_size: 1, page: 2 } }, here)).toMatchObject({
		total: 2,
		items: [{ user_id: here.actor.id }],
	});
});

test("a session that was revoked is over at once, and whoever remembers it is told", async () => {
	await addUser("rita");
	const pair = await auth.login("rita", password);
	const lost = await auth.login("rita", password);
	const [keeping, gone] = [await auth.as(pair), await auth.as(lost)];
	const id = gone.actor.session_id ?? "";
	await auth.api.revokeMySession({ params: { id } }, keeping);
	await expect(auth.as(lost)).rejects.toMatchObject({ code: "auth.session_ended" });
	const refresh = auth.api.refresh({ body: { refresh_token: lost.refresh_token } }, anonymousFrom());
	await expect(refresh).rejects.toMatchObject({ code: "auth.session_ended" });
	expect((await mine(keeping)).map((session) => session.id)).toEqual([keeping.actor.session_id]);
	await expect.poll(() => told).toContainEqual({ user_id: keeping.actor.id, session_id: id });
	const again = auth.api.revokeMySession({ params: { id } }, keeping);
	await expect(again).rejects.toMatchObject({ code: "sessions.not_found" });
});

test("all other sessions end together, and this one goes on", async () => {
	await addUser("otto");
	const others = [await auth.login("otto", password), await auth.login("otto", password)];
	const here = await auth.login("otto", password);
	expect(await auth.api.revokeOtherSessions({}, await auth.as(here))).toEqual({ revoked: 2 });
	for (const other of others) await expect(auth.as(other)).rejects.toMatchObject({ code: "auth.session_ended" });
	expect((await auth.as(here)).actor.name).toBe("otto");
});

test("nobody ends a session of somebody else by way of their own, nor of somebody who holds more", async () => {
	const victim = await addUser("vic", "manager");
	await addUser("thief", "viewer");
	const theirs = await auth.as(await auth.login("vic", password));
	const thief = await auth.as(await auth.login("thief", password));
	const session_id = theirs.actor.session_id ?? "";
	for (const id of [session_id, newId()]) {
		const attempt = auth.api.revokeMySession({ params: { id } }, thief);
		await expect(attempt).rejects.toMatchObject({ code: "sessions.not_found" });
	}
	const params = { id: victim.id, session_id };
	await expect(auth.api.listUserSessions({ params, query: {} }, thief)).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	await expect(auth.api.revokeUserSession({ params }, thief)).rejects.toMatchObject({ code: "auth.forbidden" });

	const grants = ["users:*", "devices:read"];
	await auth.api.createRole({ body: { name: "keepers", label: "Keepers", permissions: grants } }, admin);
	await addUser("keeper", "keepers");
	const keeper = await auth.as(await auth.login("keeper", password));
	expect((await auth.api.listUserSessions({ params, query: {} }, keeper)).items).toMatchObject([
		{ id: session_id, current: false },
	]);
	await expect(auth.api.revokeUserSession({ params }, keeper)).rejects.toMatchObject({ code: "roles.escalation" });
	const mixed = auth.api.revokeUserSession({ params: { id: thief.actor.id, session_id } }, admin);
	await expect(mixed).rejects.toMatchObject({ code: "sessions.not_found" });
	expect(await mine(theirs)).toHaveLength(1);
	await auth.api.revokeUserSession({ params }, admin);
	await expect(mine(theirs)).resolves.toEqual([]);
});

test("an API token sees its owner's sessions and ends none of them", async () => {
	await addUser("toni", "operator");
	const toni = await auth.as(await auth.login("toni", password));
	const { token } = await auth.api.createToken({ body: { name: "script", permissions: ["devices:read"] } }, toni);
	const script = await auth.asToken(token);
	expect(await mine(script)).toMatchObject([{ id: toni.actor.session_id, current: false }]);
	const id = toni.actor.session_id ?? "";
	await expect(auth.api.revokeMySession({ params: { id } }, script)).rejects.toMatchObject({ code: "auth.forbidden" });
	await expect(auth.api.revokeOtherSessions({}, script)).rejects.toMatchObject({ code: "auth.forbidden" });
});

test("whatever takes something away from somebody says so to those who remember them", async () => {
	const user = await addUser("ugo", "operator");
	const ugo = await auth.as(await auth.login("ugo", password));
	const { api_token } = await auth.api.createToken({ body: { name: "s", permissions: ["devices:read"] } }, ugo);
	const hears = async (change: () => Promise<unknown>, expected: object) => {
		told.length = 0;
		await change();
		await expect.poll(() => told).toContainEqual(expected);
	};
	const params = { id: user.id };
	await hears(() => auth.api.revokeMyToken({ params: { id: api_token.id } }, ugo), {
		user_id: user.id,
		session_id: api_token.id,
	});
	await hears(() => auth.api.updateUser({ params, body: { role: "viewer" } }, admin), { user_id: user.id });
	await hears(() => auth.api.setUserPassword({ params, body: { password: `${password}!` } }, admin), {
		user_id: user.id,
	});
	await hears(() => auth.api.updateUser({ params, body: { disabled: true } }, admin), { user_id: user.id });
	await hears(() => auth.api.deleteUser({ params }, admin), { user_id: user.id });
	await auth.api.createRole({ body: { name: "narrow", label: "N", permissions: ["devices:read"] } }, admin);
	await hears(() => auth.api.updateRole({ params: { name: "narrow" }, body: { permissions: [] } }, admin), {});
});
