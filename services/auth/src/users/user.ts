import { type User, Username } from "@netconductor/contracts/auth/model";
import type { users } from "../tables.ts";

/** The preset role that always has at least one active user. */
export const adminRole = "admin";

export type UserRow = typeof users.$inferSelect;

/** A user as the API shows them: without the password's hash. */
export function toUser({ password_hash: _, ...user }: UserRow): User {
	return user;
}

/** What names are compared by; undefined for what cannot be a user name, which then is nobody's. */
export function usernameKey(typed: string): string | undefined {
	return Username.safeParse(typed).success ? typed.toLowerCase() : undefined;
}

/** Whether a user is one of those of whom at least one must remain. */
export function isActiveAdmin(user: Pick<UserRow, "role" | "disabled">): boolean {
	return user.role === adminRole && !user.disabled;
}
