import type { ListUsers, User } from "@netconductor/contracts/auth/model";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { and, asc, count, eq, ilike, or, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import type { Grants } from "../roles/grants.ts";
import { roles, users } from "../tables.ts";
import { adminRole, barred, toUser, type UserRow } from "./user.ts";

/** @throws users.not_found */
export async function getUser(orm: Orm, id: string): Promise<UserRow> {
	const [user] = await orm.select().from(users).where(eq(users.id, id));
	return user ?? missing(id);
}

/** The user with what their role grants, locked until the transaction ends. @throws users.not_found */
export async function getUserForChange(orm: Orm, id: string): Promise<{ user: UserRow; grants: Grants }> {
	const [found] = await orm
		.select({ user: users, grants: { permissions: roles.permissions, device_groups: roles.device_groups } })
		.from(users)
		.innerJoin(roles, eq(roles.name, users.role))
		.where(eq(users.id, id))
		.for("update", { of: users });
	return found ?? missing(id);
}

function missing(id: string): never {
	throw failed("users.not_found", { message: `There is no user ${id}`, details: { id } });
}

/**
 * Holds a name until the transaction ends, against whoever else gives it: users and service accounts are in two tables, and no name is in both. Comes
 * after every other lock.
 */
export async function lockName(orm: Orm, name: string): Promise<void> {
	await orm.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`auth.name ${name.toLowerCase()}`}, 0))`);
}

/** Whether a user or a service account has a name, whatever its capital letters. */
export async function isNameTaken(orm: Orm, name: string): Promise<boolean> {
	const { rows } = await orm.execute(
		sql`select from users where lower(username) = ${name.toLowerCase()}
			union all select from service_accounts where lower(name) = ${name.toLowerCase()}`,
	);
	return rows.length > 0;
}

/** @throws users.name_taken */
export async function insertUser(tx: Tx, user: UserRow): Promise<void> {
	await lockName(tx, user.username);
	const taken = failed("users.name_taken", {
		message: `There is a user or service account ${user.username} already (capital letters make no difference).`,
		details: { username: user.username },
	});
	if (await isNameTaken(tx, user.username)) throw taken;
	try {
		await tx.insert(users).values(user);
	} catch (error) {
		if (violatedUnique(error) !== "users_username_key") throw error;
		throw taken;
	}
}

export async function writeUser(orm: Orm, id: string, change: Partial<UserRow>): Promise<UserRow> {
	const [user] = await orm.update(users).set(change).where(eq(users.id, id)).returning();
	return user ?? missing(id);
}

export async function removeUser(orm: Orm, id: string): Promise<void> {
	await orm.delete(users).where(eq(users.id, id));
}

/**
 * Locks every active administrator until the transaction ends, and answers their ids. Two who demote each other at the same moment: the second
 * waits here and then finds the first no longer among them. Comes before any other lock on users, and in one order, so that nobody waits in a circle.
 */
export async function lockActiveAdmins(orm: Orm): Promise<string[]> {
	// By itself, so that what is read after sees what whoever held it wrote, which may be no row of users: a way to sign in that was disabled.
	await orm.execute(sql`select pg_advisory_xact_lock(hashtextextended('auth.active_admins', 0))`);
	const admins = await orm
		.select({ id: users.id })
		.from(users)
		.where(and(eq(users.role, adminRole), eq(barred, false)))
		.orderBy(asc(users.id))
		.for("update");
	return admins.map(({ id }) => id);
}

export async function listUsers(orm: Orm, query: z.output<typeof ListUsers>): Promise<Page<User>> {
	const conditions: (SQL | undefined)[] = [];
	if (query.role !== undefined) conditions.push(eq(users.role, query.role));
	if (query.disabled !== undefined) conditions.push(eq(users.disabled, query.disabled));
	if (query.q) {
		const pattern = `%${query.q.replace(/[\\%_]/g, "\\$&")}%`;
		conditions.push(
			or(ilike(users.username, pattern), ilike(users.display_name, pattern), ilike(users.email, pattern)),
		);
	}
	const where = and(...conditions);
	const window = pageWindow(query, {
		columns: {
			username: sql`lower(${users.username})`,
			role: users.role,
			last_login_at: users.last_login_at,
			created_at: users.created_at,
		},
		id: users.id,
		fallback: "username",
	});
	const rows = await orm
		.select()
		.from(users)
		.where(where)
		.orderBy(...window.order_by)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm.select({ n: count() }).from(users).where(where);
	return toPage(query, rows.map(toUser), total?.n ?? 0);
}
