import { and, desc, eq, gt, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import { endSessions } from "../sessions/session-store.ts";
import { sessions, users } from "../tables.ts";
import type { UserRow } from "../users/user.ts";
import { askAbout, type ConfirmNeeds, type Said } from "./confirm.ts";
import { type MethodRow, readDirectories, readProviders } from "./method-store.ts";

/** Asked about again when nobody said anything of them for this long. */
const due_after_ms = 3_600_000;
const most_at_once = 100;
/** Answers missed in one round, after which a directory is left alone until the next one. */
const most_misses = 3;

/**
 * Asks directories and identity providers about those who have API tokens and whom nobody asked about for an hour: a token is never refreshed, and
 * must not outlast its owner. A provider is asked with what it gave an open session of theirs.
 */
export async function confirmTokenOwners(needs: ConfirmNeeds, stopping: AbortSignal): Promise<void> {
	const problems: unknown[] = [];
	for (const method of [...(await readDirectories(needs.db.orm)), ...(await readProviders(needs.db.orm))]) {
		if (method.kind === "ldap" && method.config.bind === "direct") continue;
		try {
			await confirmOwnersOf(needs, method, stopping);
		} catch (error) {
			problems.push(error);
		}
	}
	if (problems.length > 0) throw problems[0];
}

async function confirmOwnersOf(needs: ConfirmNeeds, method: MethodRow, stopping: AbortSignal): Promise<void> {
	let misses = 0;
	for (const owner of await readDueOwners(needs, method)) {
		if (stopping.aborted || misses >= most_misses) return;
		const said =
			method.kind === "ldap" ? await askAbout(needs, method, owner) : await askProvider(needs, method, owner);
		if (said === "away") misses++;
	}
}

/**
 * Asks with the refresh token of the session that was used last. It is taken out of the session before and put back after: two who use one at once
 * would end it (RFC 9700, 4.14.2). Should this process die meanwhile, that session can be asked with no more, which only makes tokens rest sooner.
 */
async function askProvider(needs: ConfirmNeeds, method: MethodRow, owner: UserRow): Promise<Said | undefined> {
	const { db, clock } = needs;
	const [open] = await db.orm
		.select({ id: sessions.id, provider_token: sessions.provider_token })
		.from(sessions)
		.where(
			and(
				eq(sessions.user_id, owner.id),
				isNull(sessions.ended_at),
				isNotNull(sessions.provider_token),
				gt(sessions.expires_at, clock.now().toISOString()),
			),
		)
		.orderBy(desc(sessions.refreshed_at))
		.limit(1);
	if (open === undefined || open.provider_token === null) return undefined;
	const held = and(eq(sessions.id, open.id), eq(sessions.provider_token, open.provider_token));
	const taken = await db.orm.update(sessions).set({ provider_token: null }).where(held).returning({ id: sessions.id });
	if (taken.length === 0) return undefined;
	const said = await askAbout(needs, method, owner, open).catch(async (error: unknown) => {
		await putBack(needs, open);
		throw error;
	});
	if (said === "away") await putBack(needs, open);
	if (said === "session over") {
		await db.transaction((tx) => endSessions(tx, needs, { user_id: owner.id, only: open.id }, "ended_elsewhere"));
	}
	return said;
}

/** Unless the session ended, or has another by now. */
async function putBack(
	{ db }: ConfirmNeeds,
	{ id, provider_token }: { id: string; provider_token: string | null },
): Promise<void> {
	await db.orm
		.update(sessions)
		.set({ provider_token })
		.where(and(eq(sessions.id, id), isNull(sessions.ended_at), isNull(sessions.provider_token)));
}

/** In any order, so that one about whom a directory says nothing usable does not keep the others from being asked about. */
function readDueOwners({ db, clock }: ConfirmNeeds, method: MethodRow): Promise<UserRow[]> {
	const now = clock.now();
	const due = new Date(now.getTime() - due_after_ms).toISOString();
	// Names written out: Drizzle drops the table's from columns in a select on one table.
	const has_token = sql`exists (select from api_tokens t
		where t.user_id = users.id and (t.expires_at is null or t.expires_at > ${now.toISOString()}))`;
	const askable = sql`exists (select from sessions s
		where s.user_id = users.id and s.ended_at is null and s.provider_token is not null and s.expires_at > ${now.toISOString()})`;
	return db.orm
		.select()
		.from(users)
		.where(
			and(
				eq(users.login_method, method.name),
				eq(users.disabled, false),
				isNull(users.absent_since),
				or(isNull(users.confirmed_at), lt(users.confirmed_at, due)),
				has_token,
				method.kind === "oidc" ? askable : undefined,
			),
		)
		.orderBy(sql`random()`)
		.limit(most_at_once);
}
