import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Orm, type Tx } from "@netconductor/runtime/db/database";
import { and, eq, isNull, ne, type SQL, sql } from "drizzle-orm";
import { newSecret, secretHash } from "../secrets.ts";
import { passkeyAttempts, refreshTokens, roles, sessions, signInChallenges, users } from "../tables.ts";
import { barred, type UserRow } from "../users/user.ts";
import { announceAccess } from "./announce-access.ts";

export type SessionRow = typeof sessions.$inferSelect;

/** Why a session ended before its time; goes into `session.revoked.v1`. */
type EndReason =
	| "logout"
	| "revoked"
	| "method_disabled"
	| "method_changed"
	| "gone_elsewhere"
	| "ended_elsewhere"
	| "refresh_reused"
	| "password_changed"
	| "password_set"
	| "second_factor_removed"
	| "user_disabled"
	| "user_deleted";

export async function insertSession(tx: Tx, session: typeof sessions.$inferInsert): Promise<void> {
	await tx.insert(sessions).values(session);
}

/**
 * Notes that somebody signed in who proved who they are. Undefined when they may not any more: disabled, deleted or given another password since
 * that was looked at.
 */
export async function noteSignIn(tx: Tx, user: UserRow, now: string): Promise<UserRow | undefined> {
	const [current] = await tx
		.update(users)
		.set({ last_login_at: now })
		.where(
			and(
				eq(users.id, user.id),
				eq(users.disabled, false),
				sql`${users.password_hash} is not distinct from ${user.password_hash}`,
			),
		)
		.returning();
	return current;
}

/**
 * Locks somebody who gave the right password but is not signed in yet, until the transaction ends. False when they may not any more: see
 * `noteSignIn`.
 */
export async function lockSignIn(tx: Tx, user: UserRow): Promise<boolean> {
	const found = await tx
		.select({ id: users.id })
		.from(users)
		.where(
			and(
				eq(users.id, user.id),
				eq(users.disabled, false),
				sql`${users.password_hash} is not distinct from ${user.password_hash}`,
			),
		)
		.for("update");
	return found.length > 0;
}

/** Whether a user signed in from a network before. */
export async function isFamiliar(orm: Orm, user_id: string, network: string): Promise<boolean> {
	const [session] = await orm
		.select({ id: sessions.id })
		.from(sessions)
		.where(and(eq(sessions.user_id, user_id), eq(sessions.network, network)))
		.limit(1);
	return session !== undefined;
}

/** A new refresh token of a session. Only its hash is kept. */
export async function issueRefreshToken(tx: Tx, session_id: string, now: string, expires_at: string): Promise<string> {
	const token = newSecret("ncr_");
	await tx.insert(refreshTokens).values({ hash: secretHash(token), session_id, created_at: now, expires_at });
	return token;
}

export interface EndingNeeds {
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

/**
 * Ends sessions that match and are still open. With the commit every process that remembers the user, or holds connections of theirs, is told to ask
 * again: also where no session was open, for API tokens depend on the user as well.
 */
export async function endSessions(
	tx: Tx,
	{ outbox, ephemeral, clock }: EndingNeeds,
	which: { user_id: string; only?: string; except?: string },
	reason: EndReason,
): Promise<number> {
	const conditions: SQL[] = [eq(sessions.user_id, which.user_id), isNull(sessions.ended_at)];
	if (which.only !== undefined) conditions.push(eq(sessions.id, which.only));
	if (which.except !== undefined) conditions.push(ne(sessions.id, which.except));
	const ended = await tx
		.update(sessions)
		.set({ ended_at: clock.now().toISOString(), ended_reason: reason, provider_token: null })
		.where(and(...conditions))
		.returning({ id: sessions.id });
	for (const { id } of ended) {
		await outbox.publish(tx, "session.revoked.v1", { session_id: id, user_id: which.user_id, reason });
	}
	// A sign-in or a passkey that is half done goes on from what was true before.
	if (which.only === undefined) {
		await tx.delete(signInChallenges).where(eq(signInChallenges.user_id, which.user_id));
		await tx.delete(passkeyAttempts).where(eq(passkeyAttempts.user_id, which.user_id));
	}
	afterCommit(tx, () => {
		announceAccess(ephemeral, { user_id: which.user_id, session_id: which.only });
		if (ended.length > 0) announceChange(ephemeral, "sessions");
	});
	return ended.length;
}

/** Takes a session's refresh tokens away. */
export async function forgetRefreshTokens(tx: Tx, session_id: string): Promise<void> {
	await tx.delete(refreshTokens).where(eq(refreshTokens.session_id, session_id));
}

/** The session that a refresh token belongs to, with its user, and when the token was used. */
export async function findSessionOf(
	orm: Orm,
	hash: string,
): Promise<{ session: SessionRow; user: UserRow; used_at: string | null } | undefined> {
	const [found] = await orm
		.select({ session: sessions, user: users, used_at: refreshTokens.used_at })
		.from(refreshTokens)
		.innerJoin(sessions, eq(sessions.id, refreshTokens.session_id))
		.innerJoin(users, eq(users.id, sessions.user_id))
		.where(eq(refreshTokens.hash, hash));
	return found;
}

/** The session that a refresh token belongs to, locked until the transaction ends: one refresh at a time per session. */
export async function lockSessionOf(tx: Tx, hash: string): Promise<{ session: SessionRow; user: UserRow } | undefined> {
	const [token] = await tx
		.select({ session_id: refreshTokens.session_id })
		.from(refreshTokens)
		.where(eq(refreshTokens.hash, hash));
	if (token === undefined) return undefined;
	const [found] = await tx
		.select({ session: sessions, user: users })
		.from(sessions)
		.innerJoin(users, eq(users.id, sessions.user_id))
		.where(eq(sessions.id, token.session_id))
		.for("update", { of: sessions });
	return found;
}

/** Uses a refresh token up. `reused` when that was done before, `gone` when there is none any more. */
export async function useRefreshToken(tx: Tx, hash: string, now: string): Promise<"used" | "reused" | "gone"> {
	const [used] = await tx
		.update(refreshTokens)
		.set({ used_at: now })
		.where(and(eq(refreshTokens.hash, hash), isNull(refreshTokens.used_at)))
		.returning({ hash: refreshTokens.hash });
	if (used !== undefined) return "used";
	const [known] = await tx.select({ hash: refreshTokens.hash }).from(refreshTokens).where(eq(refreshTokens.hash, hash));
	return known === undefined ? "gone" : "reused";
}

export async function prolongSession(tx: Tx, id: string, now: string, expires_at: string): Promise<void> {
	await tx.update(sessions).set({ refreshed_at: now, expires_at }).where(eq(sessions.id, id));
}

/** Whether the settings ask a second factor of a user who has none. For a select from several tables. */
const lacksSecondFactor = sql<boolean>`(${users.login_method} is null
	and exists (select from settings s where (s.value->>'require_second_factor')::boolean)
	and not exists (select from second_factors f where f.user_id = ${users.id} and f.confirmed_at is not null)
	and not exists (select from passkeys p where p.user_id = ${users.id}))`;

/** The session with its user and what their role grants now: by primary keys only, for it is asked at every request. */
export async function findSession(orm: Orm, id: string, user_id: string) {
	const [found] = await orm
		.select({
			user: { id: users.id, username: users.username, role: users.role, disabled: barred },
			must_change_password: users.must_change_password,
			must_add_second_factor: lacksSecondFactor,
			permissions: roles.permissions,
			device_groups: roles.device_groups,
			expires_at: sessions.expires_at,
			ended_at: sessions.ended_at,
		})
		.from(sessions)
		.innerJoin(users, eq(users.id, sessions.user_id))
		.innerJoin(roles, eq(roles.name, users.role))
		.where(and(eq(sessions.id, id), eq(sessions.user_id, user_id)));
	return found;
}
