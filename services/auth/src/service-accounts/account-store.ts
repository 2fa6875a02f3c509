import type { ListServiceAccounts, ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, ilike, isNull, or, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import type { Grants } from "../roles/grants.ts";
import { roles, serviceAccounts, users } from "../tables.ts";
import { barred } from "../users/user.ts";
import { isNameTaken, lockName } from "../users/user-store.ts";

export type ServiceAccountRow = typeof serviceAccounts.$inferSelect;

/** Tokens that work at `now`. For a select from several tables. */
const working = (now: Date) => sql<number>`(select count(*)::int from service_account_tokens t
	where t.service_account_id = ${serviceAccounts.id} and t.expires_at > ${now.toISOString()})`;

function shown(now: Date) {
	return {
		account: serviceAccounts,
		owner: { id: users.id, username: users.username },
		barred,
		tokens: working(now),
	};
}

function select(orm: Orm, now: Date) {
	return orm
		.select(shown(now))
		.from(serviceAccounts)
		.leftJoin(users, eq(users.id, serviceAccounts.owner_id))
		.$dynamic();
}

type Found = Awaited<ReturnType<typeof select>>[number];

function toServiceAccount({ account, owner, barred: gone, tokens }: Found): ServiceAccount {
	const { owner_id: _, ...rest } = account;
	return { ...rest, owner: owner && { ...owner, active: !gone }, tokens };
}

/** An account as the API shows it. @throws service_accounts.not_found */
export async function describeAccount(orm: Orm, id: string, now: Date): Promise<ServiceAccount> {
	const [found] = await select(orm, now).where(eq(serviceAccounts.id, id));
	return found === undefined ? missing(id) : toServiceAccount(found);
}

export async function listAccounts(
	orm: Orm,
	query: z.output<typeof ListServiceAccounts>,
	now: Date,
): Promise<Page<ServiceAccount>> {
	const conditions: (SQL | undefined)[] = [];
	if (query.role !== undefined) conditions.push(eq(serviceAccounts.role, query.role));
	if (query.disabled !== undefined) conditions.push(eq(serviceAccounts.disabled, query.disabled));
	if (query.owner_id !== undefined) conditions.push(eq(serviceAccounts.owner_id, query.owner_id));
	if (query.ownerless !== undefined) {
		const ownerless = or(isNull(users.id), barred);
		conditions.push(query.ownerless ? ownerless : sql`not (${ownerless})`);
	}
	if (query.q) {
		const pattern = `%${query.q.replace(/[\\%_]/g, "\\$&")}%`;
		conditions.push(or(ilike(serviceAccounts.name, pattern), ilike(serviceAccounts.description, pattern)));
	}
	const where = and(...conditions);
	const window = pageWindow(query, {
		columns: {
			name: sql`lower(${serviceAccounts.name})`,
			role: serviceAccounts.role,
			last_used_at: serviceAccounts.last_used_at,
			created_at: serviceAccounts.created_at,
		},
		id: serviceAccounts.id,
		fallback: "name",
	});
	const rows = await select(orm, now)
		.where(where)
		.orderBy(...window.order_by)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm
		.select({ n: count() })
		.from(serviceAccounts)
		.leftJoin(users, eq(users.id, serviceAccounts.owner_id))
		.where(where);
	return toPage(query, rows.map(toServiceAccount), total?.n ?? 0);
}

/** The account with what its role grants, locked until the transaction ends. @throws service_accounts.not_found */
export async function getAccountForChange(
	orm: Orm,
	id: string,
): Promise<{ account: ServiceAccountRow; grants: Grants }> {
	const [found] = await orm
		.select({
			account: serviceAccounts,
			grants: { permissions: roles.permissions, device_groups: roles.device_groups },
		})
		.from(serviceAccounts)
		.innerJoin(roles, eq(roles.name, serviceAccounts.role))
		.where(eq(serviceAccounts.id, id))
		.for("update", { of: serviceAccounts });
	return found ?? missing(id);
}

function missing(id: string): never {
	throw failed("service_accounts.not_found", { message: `There is no service account ${id}.`, details: { id } });
}

/** @throws service_accounts.name_taken — by another account, or by a user: nobody can pass for somebody else in the audit trail */
export async function insertAccount(tx: Tx, account: ServiceAccountRow): Promise<void> {
	await lockName(tx, account.name);
	if (await isNameTaken(tx, account.name)) {
		throw failed("service_accounts.name_taken", {
			message: `There is a user or service account ${account.name} already (capital letters make no difference).`,
			details: { name: account.name },
		});
	}
	await tx.insert(serviceAccounts).values(account);
}

export async function writeAccount(tx: Tx, id: string, change: Partial<ServiceAccountRow>): Promise<void> {
	await tx.update(serviceAccounts).set(change).where(eq(serviceAccounts.id, id));
}

export async function removeAccount(tx: Tx, id: string): Promise<void> {
	await tx.delete(serviceAccounts).where(eq(serviceAccounts.id, id));
}

/** @throws service_accounts.no_owner — there is no such user, or they are active no more */
export async function requireOwner(tx: Tx, owner_id: string | undefined): Promise<string> {
	const [owner] =
		owner_id === undefined
			? []
			: await tx.select({ id: users.id, barred }).from(users).where(eq(users.id, owner_id)).for("share", { of: users });
	if (owner !== undefined && !owner.barred) return owner.id;
	throw failed("service_accounts.no_owner", {
		message:
			owner_id === undefined
				? "Say which user owns it: whom to ask about it."
				: "The owner has to be a user who is there and active: somebody who can be asked about it.",
		errors: [{ path: "body.owner_id", message: "no active user" }],
	});
}
