import { type User, Username } from "@netconductor/contracts/auth/model";
import { failed } from "@netconductor/runtime/errors";
import { sql } from "drizzle-orm";
import { users } from "../tables.ts";

/** The preset role that always has at least one active user. */
export const adminRole = "admin";

export type UserRow = typeof users.$inferSelect;

/** A user as the API shows them: without the password's hash, and what they are known by elsewhere. */
export function toUser({
	password_hash: _,
	external_id: _id,
	external_realm: _realm,
	confirmed_at: _at,
	...user
}: UserRow): User {
	return user;
}

/** What only users have whose password is kept elsewhere. */
export const localOnly = {
	login_method: null,
	external_id: null,
	external_realm: null,
	confirmed_at: null,
	absent_since: null,
} as const;

/**
 * Keeps from changing here what is kept elsewhere.
 * @throws users.external
 */
export function refuseExternal(user: Pick<UserRow, "username" | "login_method">, what: string): void {
	if (user.login_method === null) return;
	throw failed("users.external", {
		message: `${user.username} signs in by ${user.login_method}: ${what} there.`,
		details: { login_method: user.login_method },
	});
}

/** What names are compared by; undefined for what cannot be a user name, which then is nobody's. */
export function usernameKey(typed: string): string | undefined {
	return Username.safeParse(typed).success ? typed.toLowerCase() : undefined;
}

/** Whether nothing is open to a user: disabled here, gone from where they sign in, or signing in by what is disabled. */
export const barred = sql<boolean>`(${users.disabled} or ${users.absent_since} is not null
	or exists (select from login_methods m where m.name = ${users.login_method} and not m.enabled))`;

/** The same of a row, but for the way they sign in by. */
export function isBarred(user: Pick<UserRow, "disabled" | "absent_since">): boolean {
	return user.disabled || user.absent_since !== null;
}

/** Whether a user is one of those of whom at least one must remain. */
export function isActiveAdmin(user: Pick<UserRow, "role" | "disabled" | "absent_since">): boolean {
	return user.role === adminRole && !isBarred(user);
}
