import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { InitialPasswordFile } from "../first-start.ts";
import type { Operation } from "../operation.ts";
import type { Passwords } from "../passwords/hashing.ts";
import type { PasswordRules } from "../passwords/password-rules.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { getRoleForGrant } from "../roles/role-store.ts";
import { announceAccess } from "../sessions/announce-access.ts";
import { endSessions } from "../sessions/session-store.ts";
import { readSettings } from "../settings/settings-store.ts";
import { isActiveAdmin, localOnly, refuseExternal, toUser, type UserRow } from "./user.ts";
import {
	getUserForChange,
	getUser as getUserRow,
	insertUser,
	listUsers as listUserPage,
	lockActiveAdmins,
	removeUser,
	writeUser,
} from "./user-store.ts";

interface Needs {
	db: Database;
	passwords: Passwords;
	rules: PasswordRules;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	initialPassword: InitialPasswordFile;
}

export function listUsers({ db }: Needs): Operation<"listUsers"> {
	return ({ query }) => listUserPage(db.orm, query);
}

export function getUser({ db }: Needs): Operation<"getUser"> {
	return async ({ params }) => toUser(await getUserRow(db.orm, params.id));
}

export function createUser({ db, passwords, rules, outbox, clock }: Needs): Operation<"createUser"> {
	return async ({ body, actor, note }) => {
		const { password, ...given } = body;
		const { password_min_length } = await readSettings(db.orm);
		await rules.check(password, { username: body.username, min_length: password_min_length });
		const password_hash = await passwords.hash(password);
		const now = clock.now().toISOString();
		const user: UserRow = {
			...given,
			id: newId(),
			...localOnly,
			disabled: false,
			password_hash,
			last_login_at: null,
			created_at: now,
			updated_at: now,
		};
		await db.transaction(async (tx) => {
			const role = await getRoleForGrant(tx, body.role);
			refuseEscalation(actor, role, `give the role ${role.name}`);
			await insertUser(tx, user);
			await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "created" });
		});
		note({ ...about(user), after: visible(user) });
		return toUser(user);
	};
}

export function updateUser({ db, outbox, ephemeral, clock }: Needs): Operation<"updateUser"> {
	return async ({ params, body, actor, note }) => {
		const after = await db.transaction(async (tx) => {
			const admins = body.role !== undefined || body.disabled !== undefined ? await lockActiveAdmins(tx) : [];
			const { user: before, grants } = await getUserForChange(tx, params.id);
			refuseEscalation(actor, grants, `change ${before.username}`);
			if (body.role !== undefined && body.role !== before.role) {
				const role = await getRoleForGrant(tx, body.role);
				refuseEscalation(actor, role, `give the role ${role.name}`);
			}
			const changed = { ...before, ...body };
			if (isActiveAdmin(before) && !isActiveAdmin(changed)) refuseLastAdmin(admins, before);
			const written = await writeUser(tx, before.id, { ...body, updated_at: clock.now().toISOString() });
			if (written.disabled && !before.disabled) {
				await endSessions(tx, { outbox, ephemeral, clock }, { user_id: before.id }, "user_disabled");
			}
			if (written.role !== before.role) afterCommit(tx, () => announceAccess(ephemeral, { user_id: before.id }));
			await outbox.publish(tx, "user.changed.v1", {
				user_id: written.id,
				username: written.username,
				change: "updated",
			});
			note({ ...about(written), before: visible(before), after: visible(written) });
			return written;
		});
		return toUser(after);
	};
}

export function setUserPassword(needs: Needs): Operation<"setUserPassword"> {
	const { db, passwords, rules, outbox, ephemeral, clock, initialPassword } = needs;
	return async ({ params, body, actor, note }) => {
		const { username } = await getUserRow(db.orm, params.id);
		const { password_min_length } = await readSettings(db.orm);
		await rules.check(body.password, { username, min_length: password_min_length });
		const password_hash = await passwords.hash(body.password);
		await db.transaction(async (tx) => {
			const { user, grants } = await getUserForChange(tx, params.id);
			refuseEscalation(actor, grants, `set the password of ${user.username}`);
			refuseExternal(user, "set the password");
			note(about(user));
			await writeUser(tx, user.id, {
				password_hash,
				must_change_password: true,
				updated_at: clock.now().toISOString(),
			});
			await endSessions(tx, { outbox, ephemeral, clock }, { user_id: user.id }, "password_set");
		});
		await initialPassword.forget(username);
		return undefined;
	};
}

export function deleteUser({ db, outbox, ephemeral, clock }: Needs): Operation<"deleteUser"> {
	return async ({ params, actor, note }) => {
		await db.transaction(async (tx) => {
			const admins = await lockActiveAdmins(tx);
			const { user, grants } = await getUserForChange(tx, params.id);
			refuseEscalation(actor, grants, `delete ${user.username}`);
			if (isActiveAdmin(user)) refuseLastAdmin(admins, user);
			note({ ...about(user), before: visible(user) });
			// Before the sessions go with the user: whoever holds their connections must hear of it.
			await endSessions(tx, { outbox, ephemeral, clock }, { user_id: user.id }, "user_deleted");
			await removeUser(tx, user.id);
			await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "deleted" });
		});
		return undefined;
	};
}

/** @param admins the active ones, locked */
function refuseLastAdmin(admins: readonly string[], user: UserRow): void {
	if (admins.some((id) => id !== user.id)) return;
	throw failed("users.last_admin", {
		message: `${user.username} is the last active administrator. Make another user administrator first.`,
		details: { id: user.id },
	});
}

function about(user: UserRow) {
	return { resource_type: "user", resource_id: user.id, resource_name: user.username };
}

function visible({ display_name, email, role, disabled, must_change_password }: UserRow) {
	return { display_name, email, role, disabled, must_change_password };
}
