import type { ApiToken, ListTokens } from "@netconductor/contracts/auth/model";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Orm } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, ilike, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import { apiTokens, loginMethods, roles, users } from "../tables.ts";
import { barred } from "../users/user.ts";

export type ApiTokenRow = typeof apiTokens.$inferSelect;

const shown = {
	id: apiTokens.id,
	name: apiTokens.name,
	user_id: apiTokens.user_id,
	username: users.username,
	prefix: apiTokens.prefix,
	permissions: apiTokens.permissions,
	expires_at: apiTokens.expires_at,
	last_used_at: apiTokens.last_used_at,
	created_at: apiTokens.created_at,
};

const inUse = {
	id: apiTokens.id,
	name: apiTokens.name,
	permissions: apiTokens.permissions,
	expires_at: apiTokens.expires_at,
	last_used_at: apiTokens.last_used_at,
	user: { id: users.id, username: users.username, role: users.role, disabled: barred },
	must_change_password: users.must_change_password,
	role_permissions: roles.permissions,
	device_groups: roles.device_groups,
	confirmed_at: users.confirmed_at,
	login_method: { kind: loginMethods.kind, config: loginMethods.config },
	token_unconfirmed_hours: sql<number | null>`(select (s.value->>'token_unconfirmed_hours')::int from settings s)`,
};

/** An API token with its owner and what their role grants now. */
export type ApiTokenUse = NonNullable<Awaited<ReturnType<typeof findTokenByHash>>>;

export async function findTokenByHash(orm: Orm, hash: string) {
	const [found] = await findTokens(orm, eq(apiTokens.hash, hash));
	return found;
}

export async function findTokenById(orm: Orm, id: string): Promise<ApiTokenUse | undefined> {
	const [found] = await findTokens(orm, eq(apiTokens.id, id));
	return found;
}

function findTokens(orm: Orm, where: SQL) {
	return orm
		.select(inUse)
		.from(apiTokens)
		.innerJoin(users, eq(users.id, apiTokens.user_id))
		.innerJoin(roles, eq(roles.name, users.role))
		.leftJoin(loginMethods, eq(loginMethods.name, users.login_method))
		.where(where);
}

/** Notes when a token was used last, to the minute: a busy token must not write at each request. */
export async function noteTokenUse(orm: Orm, token: ApiTokenUse, now: Date): Promise<void> {
	const minuteAgo = new Date(now.getTime() - 60_000).toISOString();
	if (token.last_used_at !== null && token.last_used_at > minuteAgo) return;
	await orm
		.update(apiTokens)
		.set({ last_used_at: now.toISOString() })
		.where(and(eq(apiTokens.id, token.id), or(isNull(apiTokens.last_used_at), lt(apiTokens.last_used_at, minuteAgo))));
}

export async function insertToken(orm: Orm, token: ApiTokenRow): Promise<void> {
	await orm.insert(apiTokens).values(token);
}

/** Revokes one token of a user at once. @throws tokens.not_found */
export async function removeToken(orm: Orm, user_id: string, id: string): Promise<ApiTokenRow> {
	const [removed] = await orm
		.delete(apiTokens)
		.where(and(eq(apiTokens.id, id), eq(apiTokens.user_id, user_id)))
		.returning();
	if (removed !== undefined) return removed;
	throw failed("tokens.not_found", { message: `The user has no API token ${id}`, details: { id } });
}

export async function listTokens(
	orm: Orm,
	user_id: string,
	query: z.output<typeof ListTokens>,
): Promise<Page<ApiToken>> {
	const pattern = `%${(query.q ?? "").replace(/[\\%_]/g, "\\$&")}%`;
	const where = and(eq(apiTokens.user_id, user_id), query.q ? ilike(apiTokens.name, pattern) : undefined);
	const window = pageWindow(query, {
		columns: {
			name: apiTokens.name,
			created_at: apiTokens.created_at,
			last_used_at: apiTokens.last_used_at,
			expires_at: apiTokens.expires_at,
		},
		id: apiTokens.id,
		fallback: "-created_at",
	});
	const items = await orm
		.select(shown)
		.from(apiTokens)
		.innerJoin(users, eq(users.id, apiTokens.user_id))
		.where(where)
		.orderBy(...window.order_by)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm.select({ n: count() }).from(apiTokens).where(where);
	return toPage(query, items, total?.n ?? 0);
}
