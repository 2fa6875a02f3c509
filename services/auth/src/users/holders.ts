import type { Holder } from "@netconductor/contracts/auth/model";
import { covers } from "@netconductor/contracts/kernel/actor";
import { Id } from "@netconductor/contracts/kernel/ids";
import type { Database } from "@netconductor/runtime/db/database";
import { and, asc, count, eq, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import type { Operation } from "../operation.ts";
import { roles, users } from "../tables.ts";
import { barred } from "./user.ts";

interface Needs {
	db: Database;
}

const shown = {
	id: users.id,
	username: users.username,
	display_name: users.display_name,
	role: users.role,
	disabled: barred,
	permissions: roles.permissions,
	device_groups: roles.device_groups,
};

/** Ids that are none (services have names for theirs) are nobody's, and do not fail. */
export function describeUsers({ db }: Needs): Operation<"describeUsers"> {
	return async ({ body }) => {
		const ids = body.user_ids.filter((id) => Id.safeParse(id).success);
		const names = body.usernames.map((name) => name.toLowerCase());
		const found: Holder[] = await db.orm
			.select(shown)
			.from(users)
			.innerJoin(roles, eq(roles.name, users.role))
			.where(
				or(
					sql`${users.id} = any(${sql.param(ids)}::uuid[])`,
					sql`lower(${users.username}) = any(${sql.param(names)}::text[])`,
				),
			);
		return { users: found };
	};
}

export function listHolders({ db }: Needs): Operation<"listHolders"> {
	return async ({ body }) => {
		// There are few roles, and what a wildcard covers is decided in one place.
		const granted = await db.orm
			.select({ name: roles.name, permissions: roles.permissions })
			.from(roles)
			.where(body.limited ? undefined : isNull(roles.device_groups));
		const names = granted
			.filter(({ permissions }) => permissions.some((held) => covers(held, body.permission)))
			.map(({ name }) => name);
		const conditions: (SQL | undefined)[] = [eq(barred, false), inArray(users.role, names)];
		if (body.among !== undefined) {
			conditions.push(
				or(
					sql`${users.id} = any(${sql.param(body.among.user_ids)}::uuid[])`,
					sql`${users.role} = any(${sql.param(body.among.roles)}::text[])`,
				),
			);
		}
		const where = and(...conditions);
		const found = await db.orm
			.select(shown)
			.from(users)
			.innerJoin(roles, eq(roles.name, users.role))
			.where(where)
			.orderBy(asc(sql`lower(${users.username})`))
			.limit(body.limit);
		const [total] = await db.orm.select({ n: count() }).from(users).where(where);
		return { users: found, total: total?.n ?? 0 };
	};
}
