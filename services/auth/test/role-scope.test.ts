import type { CallerContext } from "@netconductor/runtime/host/call";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuthHost, deviceGroups, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
const { berlin, munich } = deviceGroups;
let auth: AuthHost;
let admin: CallerContext;
beforeAll(async () => {
	auth = await startAuthHost("auth_role_scope", { admin_password: adminPassword });
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(() => auth.stop());

async function addRole(name: string, permissions: string[], device_groups: string[] | null, as = admin) {
	return auth.api.createRole({ body: { name, label: name, permissions, device_groups } }, as);
}

async function addUser(username: string, role: string, as = admin) {
	const user = await auth.api.createUser({ body: { username, password, role, must_change_password: false } }, as);
	return { ...user, pair: await auth.login(username, password) };
}

test("the groups of a role come with whoever holds it: sessions, API tokens, live views, and what is started for them later", async () => {
	const role = await addRole("berlin_only", ["devices:read"], [berlin.id]);
	expect(role.device_groups).toEqual([berlin.id]);
	const { id, pair } = await addUser("bea", "berlin_only");
	const caller = await auth.as(pair);
	expect(caller.actor.device_groups).toEqual([berlin.id]);
	expect((await auth.api.getMe({}, caller)).device_groups).toEqual([berlin.id]);
	const made = await auth.api.createToken({ body: { name: "script", permissions: ["devices:read"] } }, caller);
	expect((await auth.asToken(made.token)).actor.device_groups).toEqual([berlin.id]);
	const { ticket } = await auth.api.createWsTicket({}, caller);
	const redeemed = await auth.api.redeemWsTicket({ body: { ticket } }, admin);
	expect(redeemed.actor.device_groups).toEqual([berlin.id]);
	const { users } = await auth.api.describeUsers({ body: { user_ids: [id] } }, admin);
	expect(users[0]?.device_groups).toEqual([berlin.id]);
});

test("who covers every device carries no groups, and a role whose list is empty covers none", async () => {
	expect(admin.actor).not.toHaveProperty("device_groups");
	expect((await auth.api.getMe({}, admin)).device_groups).toBeNull();
	await addRole("nowhere", ["devices:read"], []);
	const { pair } = await addUser("nora", "nowhere");
	expect((await auth.as(pair)).actor.device_groups).toEqual([]);
});

test("other groups hold from the next request on, without signing in again", async () => {
	await addRole("moving", ["devices:read"], null);
	const { pair } = await addUser("mo", "moving");
	expect((await auth.as(pair)).actor).not.toHaveProperty("device_groups");
	await auth.api.updateRole({ params: { name: "moving" }, body: { device_groups: [munich.id] } }, admin);
	expect((await auth.as(pair)).actor.device_groups).toEqual([munich.id]);
	await auth.api.updateRole({ params: { name: "moving" }, body: { label: "Moved" } }, admin);
	expect((await auth.as(pair)).actor.device_groups).toEqual([munich.id]);
	await auth.api.updateRole({ params: { name: "moving" }, body: { device_groups: null } }, admin);
	expect((await auth.as(pair)).actor).not.toHaveProperty("device_groups");
});

test("a role takes only groups that there are, and keeps one that was deleted since", async () => {
	const unknown = "01900000-0000-7000-8000-00000000dead";
	await expect(addRole("slip", ["devices:read"], [unknown])).rejects.toMatchObject({
		code: "device_groups.not_found",
	});
	await addRole("survivor", ["devices:read"], [berlin.id]);
	const body = { device_groups: [berlin.id, unknown] };
	await expect(auth.api.updateRole({ params: { name: "survivor" }, body }, admin)).rejects.toMatchObject({
		code: "device_groups.not_found",
	});
	await auth.db.query("update roles set device_groups = $1 where name = 'survivor'", [[unknown]]);
	const kept = await auth.api.updateRole(
		{ params: { name: "survivor" }, body: { label: "Still here", device_groups: [unknown] } },
		admin,
	);
	expect(kept.device_groups).toEqual([unknown]);
});

test("who is limited to groups makes, gives and manages nothing wider", async () => {
	await addRole("local_chief", ["users:*", "roles:*", "devices:read"], [berlin.id]);
	await addRole("wide", ["devices:read"], null);
	await addRole("elsewhere", ["devices:read"], [munich.id]);
	await addRole("same_place", ["devices:read"], [berlin.id]);
	const chief = await auth.as((await addUser("chief", "local_chief")).pair);
	const wide = await addUser("wide-user", "wide");
	const within = await addUser("within", "same_place", chief);
	const beyond: [string, () => Promise<unknown>][] = [
		["make one for every device", () => addRole("grab", ["devices:read"], null, chief)],
		["make one for another group", () => addRole("grab", ["devices:read"], [berlin.id, munich.id], chief)],
		["give a wider one to somebody new", () => addUser("pawn", "wide", chief)],
		["give one of another place", () => addUser("pawn", "elsewhere", chief)],
		[
			"give a wider one to somebody there",
			() => auth.api.updateUser({ params: { id: within.id }, body: { role: "wide" } }, chief),
		],
		[
			"widen a role",
			() => auth.api.updateRole({ params: { name: "same_place" }, body: { device_groups: null } }, chief),
		],
		[
			"narrow a wider one",
			() => auth.api.updateRole({ params: { name: "wide" }, body: { device_groups: [berlin.id] } }, chief),
		],
		["delete a wider one", () => auth.api.deleteRole({ params: { name: "elsewhere" } }, chief)],
		[
			"rename somebody wider",
			() => auth.api.updateUser({ params: { id: wide.id }, body: { display_name: "x" } }, chief),
		],
		[
			"set the password of somebody wider",
			() => auth.api.setUserPassword({ params: { id: wide.id }, body: { password: "another long password" } }, chief),
		],
		["delete somebody wider", () => auth.api.deleteUser({ params: { id: wide.id } }, chief)],
	];
	for (const [what, attempt] of beyond) {
		await expect(attempt(), what).rejects.toMatchObject({ code: "roles.escalation" });
	}
	await addRole("under_me", ["devices:read"], [berlin.id], chief);
	await addRole("nothing_at_all", ["devices:read"], [], chief);
	await auth.api.deleteUser({ params: { id: within.id } }, chief);
});

test("nobody who is limited to groups counts among those who hold a permission for all; asked for, they are told with their limits", async () => {
	await addRole("voter_here", ["approvals:decide"], [berlin.id]);
	await addRole("voter_everywhere", ["approvals:decide"], null);
	await addUser("vera", "voter_here");
	await addUser("vic", "voter_everywhere");
	const { users } = await auth.api.listHolders({ body: { permission: "approvals:decide" } }, admin);
	const names = users.map(({ username }) => username);
	expect(names).toContain("vic");
	expect(names).not.toContain("vera");
	const all = await auth.api.listHolders({ body: { permission: "approvals:decide", limited: true } }, admin);
	const limits = new Map(all.users.map(({ username, device_groups }) => [username, device_groups]));
	expect([limits.get("vic"), limits.get("vera")]).toEqual([null, [berlin.id]]);
});
