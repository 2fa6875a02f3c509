import { and, eq, isNull, lt, or, sql } from "drizzle-orm";
import { users } from "../tables.ts";
import type { UserRow } from "../users/user.ts";
import { askAbout, type ConfirmNeeds } from "./confirm.ts";
import { type MethodOf, readDirectories } from "./method-store.ts";

/** Asked about again when nobody said anything of them for this long. */
const due_after_ms = 3_600_000;
const most_at_once = 100;
/** Answers missed in one round, after which a directory is left alone until the next one. */
const most_misses = 3;

/**
 * Asks directories about those who have API tokens and whom nobody asked about for an hour: a token is never refreshed, and must not outlast its
 * owner. Identity providers are only asked by the sessions whose tokens they gave: two who use one at once would end it.
 */
export async function confirmTokenOwners(needs: ConfirmNeeds, stopping: AbortSignal): Promise<void> {
	const problems: unknown[] = [];
	for (const method of await readDirectories(needs.db.orm)) {
		if (method.config.bind === "direct") continue;
		try {
			await confirmOwnersOf(needs, method, stopping);
		} catch (error) {
			problems.push(error);
		}
	}
	if (problems.length > 0) throw problems[0];
}

async function confirmOwnersOf(needs: ConfirmNeeds, method: MethodOf<"ldap">, stopping: AbortSignal): Promise<void> {
	let misses = 0;
	for (const owner of await readDueOwners(needs, method.name)) {
		if (stopping.aborted || misses >= most_misses) return;
		if ((await askAbout(needs, method, owner)) === "away") misses++;
	}
}

/** In any order, so that one about whom a directory says nothing usable does not keep the others from being asked about. */
function readDueOwners({ db, clock }: ConfirmNeeds, method: string): Promise<UserRow[]> {
	const now = clock.now();
	const due = new Date(now.getTime() - due_after_ms).toISOString();
	// Names written out: Drizzle drops the table's from columns in a select on one table.
	const has_token = sql`exists (select from api_tokens t
		where t.user_id = users.id and (t.expires_at is null or t.expires_at > ${now.toISOString()}))`;
	return db.orm
		.select()
		.from(users)
		.where(
			and(
				eq(users.login_method, method),
				eq(users.disabled, false),
				isNull(users.absent_since),
				or(isNull(users.confirmed_at), lt(users.confirmed_at, due)),
				has_token,
			),
		)
		.orderBy(sql`random()`)
		.limit(most_at_once);
}
