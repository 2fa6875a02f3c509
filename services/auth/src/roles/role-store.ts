import type { ListRoles, Role } from "@netconductor/contracts/auth/model";
import { presetRoles } from "@netconductor/contracts/auth/permissions";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Orm } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { DatabaseQueryError, violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, ilike, or, sql } from "drizzle-orm";
import type { z } from "zod";
import { roles } from "../tables.ts";

export type RoleRow = typeof roles.$inferSelect;

/** The preset roles as this release declares them; custom roles stay as they are. */
export async function writePresetRoles(orm: Orm, now: string): Promise<void> {
	for (const [name, { label, description, permissions }] of Object.entries(presetRoles)) {
		const declared = { label, description, permissions: [...permissions], device_groups: null, preset: true };
		await orm
			.insert(roles)
			.values({ name, ...declared, created_at: now, updated_at: now })
			.onConflictDoUpdate({
				target: roles.name,
				set: { ...declared, updated_at: now },
				setWhere: sql`(${roles.label}, ${roles.description}, ${roles.permissions}, ${roles.preset})
					is distinct from (excluded.label, excluded.description, excluded.permissions, excluded.preset)`,
			});
	}
}

/** @throws roles.not_found */
export async function getRole(orm: Orm, name: string): Promise<RoleRow> {
	const [role] = await orm.select().from(roles).where(eq(roles.name, name));
	return role ?? missing(name);
}

/** The role, which cannot change nor go until the transaction ends. @throws roles.not_found */
export async function getRoleForGrant(orm: Orm, name: string): Promise<RoleRow> {
	const [role] = await orm.select().from(roles).where(eq(roles.name, name)).for("share");
	return role ?? missing(name);
}

/** The role, locked until the transaction ends. @throws roles.not_found */
export async function getRoleForChange(orm: Orm, name: string): Promise<RoleRow> {
	const [role] = await orm.select().from(roles).where(eq(roles.name, name)).for("update");
	return role ?? missing(name);
}

function missing(name: string): never {
	throw failed("roles.not_found", { message: `There is no role ${name}`, details: { name } });
}

/** @throws roles.name_taken */
export async function insertRole(orm: Orm, role: RoleRow): Promise<void> {
	try {
		await orm.insert(roles).values(role);
	} catch (error) {
		if (violatedUnique(error) === undefined) throw error;
		throw failed("roles.name_taken", {
			message: `There is a role ${role.name} already.`,
			details: { name: role.name },
		});
	}
}

export async function writeRole(orm: Orm, name: string, change: Partial<RoleRow>): Promise<void> {
	await orm.update(roles).set(change).where(eq(roles.name, name));
}

/** @throws roles.in_use */
export async function removeRole(orm: Orm, name: string): Promise<void> {
	try {
		await orm.delete(roles).where(eq(roles.name, name));
	} catch (error) {
		// The foreign keys decide, not a count that may be old by then.
		if (!(error instanceof DatabaseQueryError && error.sqlstate === "23503")) throw error;
		throw failed("roles.in_use", {
			message: `Users or service accounts hold the role ${name}. Give them another one first.`,
			details: { name },
		});
	}
}

// Names written out: Drizzle drops the table's from columns in the list of a select on one table.
const holders = sql<number>`(select count(*)::int from users u where u.role = roles.name)`;

/** A role as the API shows it. */
export async function describeRole(orm: Orm, name: string): Promise<Role> {
	const [found] = await orm.select({ role: roles, users: holders }).from(roles).where(eq(roles.name, name));
	return found === undefined ? missing(name) : { ...found.role, users: found.users };
}

export async function listRoles(orm: Orm, query: z.output<typeof ListRoles>): Promise<Page<Role>> {
	const pattern = `%${(query.q ?? "").replace(/[\\%_]/g, "\\$&")}%`;
	const where = query.q ? and(or(ilike(roles.name, pattern), ilike(roles.label, pattern))) : undefined;
	const window = pageWindow(query, {
		columns: { name: roles.name, label: roles.label, created_at: roles.created_at },
		id: roles.name,
		fallback: "name",
	});
	const rows = await orm
		.select({ role: roles, users: holders })
		.from(roles)
		.where(where)
		.orderBy(...window.order_by)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm.select({ n: count() }).from(roles).where(where);
	return toPage(
		query,
		rows.map((row) => ({ ...row.role, users: row.users })),
		total?.n ?? 0,
	);
}
