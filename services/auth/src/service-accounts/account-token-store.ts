import type { ListTokens } from "@netconductor/contracts/auth/model";
import type { ServiceAccountToken } from "@netconductor/contracts/auth/service-accounts";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Database, Orm, Tx } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, ilike, isNull, lt, or, type SQL } from "drizzle-orm";
import type { z } from "zod";
import { roles, serviceAccounts, serviceAccountTokens as tokens, users } from "../tables.ts";

export type AccountTokenRow = typeof tokens.$inferSelect;

const minute_ms = 60_000;

/** A token as the API shows it; of a secret that was replaced only while it goes on. */
export function toAccountToken(row: AccountTokenRow, issued_by: string | null, now: Date): ServiceAccountToken {
	const { id, service_account_id, name, prefix, permissions, expires_at, last_used_at, rotated_at, created_at } = row;
	const { replaced_prefix, replaced_expires_at, replaced_last_used_at } = row;
	const replaced =
		replaced_prefix !== null && replaced_expires_at !== null && new Date(replaced_expires_at) > now
			? { prefix: replaced_prefix, expires_at: replaced_expires_at, last_used_at: replaced_last_used_at }
			: null;
	return {
		id,
		service_account_id,
		name,
		prefix,
		permissions,
		expires_at,
		last_used_at,
		issued_by,
		replaced,
		rotated_at,
		created_at,
	};
}

export async function listAccountTokens(
	orm: Orm,
	service_account_id: string,
	query: z.output<typeof ListTokens>,
	now: Date,
): Promise<Page<ServiceAccountToken>> {
	const pattern = `%${(query.q ?? "").replace(/[\\%_]/g, "\\$&")}%`;
	const where = and(
		eq(tokens.service_account_id, service_account_id),
		query.q ? ilike(tokens.name, pattern) : undefined,
	);
	const window = pageWindow(query, {
		columns: {
			name: tokens.name,
			created_at: tokens.created_at,
			last_used_at: tokens.last_used_at,
			expires_at: tokens.expires_at,
		},
		id: tokens.id,
		fallback: "-created_at",
	});
	const rows = await orm
		.select({ token: tokens, issued_by: users.username })
		.from(tokens)
		.leftJoin(users, eq(users.id, tokens.issued_by))
		.where(where)
		.orderBy(...window.order_by)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm.select({ n: count() }).from(tokens).where(where);
	return toPage(
		query,
		rows.map((row) => toAccountToken(row.token, row.issued_by, now)),
		total?.n ?? 0,
	);
}

export async function insertAccountToken(tx: Tx, row: AccountTokenRow): Promise<void> {
	await tx.insert(tokens).values(row);
}

/** The token, locked until the transaction ends. @throws tokens.not_found */
export async function getAccountTokenForChange(tx: Tx, account_id: string, id: string): Promise<AccountTokenRow> {
	const [row] = await tx.select().from(tokens).where(ofAccount(account_id, id)).for("update");
	return row ?? missing(id);
}

export async function writeAccountToken(tx: Tx, id: string, change: Partial<AccountTokenRow>): Promise<void> {
	await tx.update(tokens).set(change).where(eq(tokens.id, id));
}

/** @throws tokens.not_found */
export async function removeAccountToken(orm: Orm, account_id: string, id: string): Promise<AccountTokenRow> {
	const [removed] = await orm.delete(tokens).where(ofAccount(account_id, id)).returning();
	return removed ?? missing(id);
}

function ofAccount(account_id: string, id: string) {
	return and(eq(tokens.id, id), eq(tokens.service_account_id, account_id));
}

function missing(id: string): never {
	throw failed("tokens.not_found", { message: `The service account has no API token ${id}.`, details: { id } });
}

const inUse = {
	id: tokens.id,
	name: tokens.name,
	hash: tokens.hash,
	permissions: tokens.permissions,
	expires_at: tokens.expires_at,
	last_used_at: tokens.last_used_at,
	replaced_expires_at: tokens.replaced_expires_at,
	replaced_last_used_at: tokens.replaced_last_used_at,
	account: { id: serviceAccounts.id, name: serviceAccounts.name, role: serviceAccounts.role },
	disabled: serviceAccounts.disabled,
	account_used_at: serviceAccounts.last_used_at,
	role_permissions: roles.permissions,
	device_groups: roles.device_groups,
};

/** A token with its account and what the account's role grants now. */
export type AccountTokenUse = NonNullable<Awaited<ReturnType<typeof findAccountTokenById>>>;

export function findAccountTokenByHash(orm: Orm, hash: string): Promise<AccountTokenUse | undefined> {
	return find(orm, or(eq(tokens.hash, hash), eq(tokens.replaced_hash, hash)));
}

export function findAccountTokenById(orm: Orm, id: string) {
	return find(orm, eq(tokens.id, id));
}

async function find(orm: Orm, where: SQL | undefined) {
	const [found] = await orm
		.select(inUse)
		.from(tokens)
		.innerJoin(serviceAccounts, eq(serviceAccounts.id, tokens.service_account_id))
		.innerJoin(roles, eq(roles.name, serviceAccounts.role))
		.where(where);
	return found;
}

/**
 * Notes when a token and its account were used last, to the minute: a busy one must not write at each request.
 * @param by the secret that was shown: the one that works, or the one that it replaced
 */
export async function noteAccountTokenUse(
	{ orm }: Database,
	token: AccountTokenUse,
	by: "secret" | "replaced",
	now: Date,
): Promise<void> {
	const used_at = now.toISOString();
	const minute_ago = new Date(now.getTime() - minute_ms).toISOString();
	const isOld = (at: string | null) => at === null || at <= minute_ago;
	const column = by === "secret" ? tokens.last_used_at : tokens.replaced_last_used_at;
	if (isOld(by === "secret" ? token.last_used_at : token.replaced_last_used_at)) {
		await orm
			.update(tokens)
			.set(by === "secret" ? { last_used_at: used_at } : { replaced_last_used_at: used_at })
			.where(and(eq(tokens.id, token.id), or(isNull(column), lt(column, minute_ago))));
	}
	if (isOld(token.account_used_at)) {
		const { last_used_at } = serviceAccounts;
		await orm
			.update(serviceAccounts)
			.set({ last_used_at: used_at })
			.where(and(eq(serviceAccounts.id, token.account.id), or(isNull(last_used_at), lt(last_used_at, minute_ago))));
	}
}
