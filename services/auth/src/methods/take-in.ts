import { Username } from "@netconductor/contracts/auth/model";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { announceAccess } from "../sessions/announce-access.ts";
import { users } from "../tables.ts";
import { isActiveAdmin, type UserRow } from "../users/user.ts";
import { insertUser, isNameTaken, lockActiveAdmins, lockName, writeUser } from "../users/user-store.ts";
import { type ExternalIdentity, roleFor } from "./identity.ts";
import { lockMethodForUse, type MethodRow } from "./method-store.ts";
import { realmOf } from "./realm.ts";

interface Needs {
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

/**
 * The user that somebody is who was recognised elsewhere: made at their first sign-in, and brought up to date at each one (name, address, and the
 * role, where their groups decide it). Somebody who has the name of another user is never taken for them. Undefined: the way they signed in by was
 * disabled since they were recognised; it cannot be any more until the transaction ends, which then ends their session.
 * @throws auth.not_provisioned — no group of theirs has a role; users are not made at the first sign-in; the name is somebody else's, or none
 */
export async function takeIn(
	tx: Tx,
	{ outbox, ephemeral, clock }: Needs,
	recognised_by: MethodRow,
	identity: ExternalIdentity,
): Promise<UserRow | undefined> {
	// Before any lock on users, as whoever disables it does.
	const method = await lockMethodForUse(tx, recognised_by.id);
	if (!method?.enabled) return undefined;
	const external_realm = realmOf(recognised_by);
	if (realmOf(method) !== external_realm) throw notProvisioned(`${method.name} asks somebody else since a moment ago`);
	const role = roleFor(method.config, identity.groups);
	if (role === undefined) throw notProvisioned(`no group of ${identity.username} has a role here`);
	const now = clock.now().toISOString();
	const fresh = {
		external_realm,
		display_name: plain(identity.display_name, 200),
		email: z.email().safeParse(identity.email).data ?? null,
		confirmed_at: now,
		absent_since: null,
	};
	const known = and(eq(users.login_method, method.name), eq(users.external_id, identity.external_id));
	const [found] = await tx.select({ role: users.role, realm: users.external_realm }).from(users).where(known);
	if (found !== undefined) {
		if (found.realm !== null && found.realm !== external_realm) {
			throw notProvisioned(
				`${method.name} asks somebody else than it did, so that another person was known by the same id before: they must be deleted first`,
			);
		}
		// Before the user's own lock, as everywhere.
		const admins = found.role === role ? [] : await lockActiveAdmins(tx);
		const [before] = await tx.select().from(users).where(known).for("update");
		if (before === undefined) throw notProvisioned(`${identity.username} was deleted a moment ago`);
		// The last administrator keeps the role: an installation that nobody can administer helps nobody.
		const last = isActiveAdmin(before) && role !== before.role && !admins.some((id) => id !== before.id);
		const decided = last ? before.role : role;
		const same =
			before.absent_since === null &&
			before.role === decided &&
			before.display_name === fresh.display_name &&
			before.email === fresh.email;
		if (same) return writeUser(tx, before.id, { confirmed_at: now, external_realm });
		const after = await writeUser(tx, before.id, { ...fresh, role: decided, updated_at: now });
		await outbox.publish(tx, "user.changed.v1", { user_id: after.id, username: after.username, change: "updated" });
		afterCommit(tx, () => announceAccess(ephemeral, { user_id: after.id }));
		return after;
	}
	if (!method.provision) throw notProvisioned(`${method.name} lets nobody in who was never here`);
	const username = Username.safeParse(identity.username);
	if (!username.success) throw notProvisioned("their name there cannot be a user name here");
	await lockName(tx, username.data);
	if (await isNameTaken(tx, username.data)) {
		throw notProvisioned(`the name ${username.data} is another user's, or a service account's`);
	}
	const user: UserRow = {
		...fresh,
		id: newId(),
		username: username.data,
		role,
		disabled: false,
		must_change_password: false,
		password_hash: null,
		login_method: method.name,
		external_id: identity.external_id,
		last_login_at: null,
		created_at: now,
		updated_at: now,
	};
	await insertUser(tx, user);
	await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "created" });
	return user;
}

function notProvisioned(why: string) {
	return failed("auth.not_provisioned", {
		message: `The sign-in was right, but ${why}. Ask whoever administers this installation.`,
	});
}

/** Text from elsewhere, as it may stand in a table: no control characters, not longer than `longest`. */
function plain(text: string, longest: number): string {
	return [...text.replaceAll(/\p{Cc}/gu, " ").trim()].slice(0, longest).join("");
}
