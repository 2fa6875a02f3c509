import type { Tx } from "@netconductor/runtime/db/database";
import { and, eq, inArray, isNull, ne, notInArray } from "drizzle-orm";
import { dnKey } from "../ldap/dn.ts";
import { type EndingNeeds, endSessions } from "../sessions/session-store.ts";
import { sessions, users } from "../tables.ts";
import { lockActiveAdmins } from "../users/user-store.ts";
import type { MethodRow } from "./method-store.ts";

/** Ids that no two entries have, whichever directory they are in (RFC 4530, [MS-ADTS] 3.1.1.1.4, 389 Directory Server, FreeIPA, eDirectory). */
const unique = new Set(["entryuuid", "objectguid", "nsuniqueid", "ipauniqueid", "guid"]);

/**
 * Within what the ids mean somebody that a method knows people by: `sub` is an issuer's own (OpenID Connect Core, 2), and so is a name that of one
 * part of a directory. The same id in another realm is another person.
 */
export function realmOf({ kind, config }: MethodRow): string {
	if (kind === "oidc") return config.issuer;
	const id = config.attributes.id.toLowerCase();
	return unique.has(id) ? id : `${id} under ${dnKey(config.user_base) ?? config.user_base}`;
}

/** Whether what people began before a change may go on after it: it was given to this client of this issuer, or by one of these servers. */
export function goesOn(before: MethodRow, after: MethodRow): boolean {
	if (realmOf(before) !== realmOf(after)) return false;
	if (before.kind === "oidc") return after.kind === "oidc" && before.config.client_id === after.config.client_id;
	return after.kind === "ldap" && before.config.servers.some((server) => after.config.servers.includes(server));
}

/**
 * Ends what people began by a method that asks somebody else now. Nothing is open to those of another realm until they are known there again, but
 * for the last administrators: somebody must be able to put a wrong configuration right.
 */
export async function partFrom(tx: Tx, needs: EndingNeeds, before: MethodRow, after: MethodRow): Promise<void> {
	const admins = await lockActiveAdmins(tx);
	const theirs = eq(users.login_method, after.name);
	// Who came in before realms were written down came in by what the method was until now.
	await tx
		.update(users)
		.set({ external_realm: realmOf(before) })
		.where(and(theirs, isNull(users.external_realm)));
	const affected = await tx.select({ id: users.id }).from(users).where(theirs);
	const ids = affected.map(({ id }) => id);
	await tx.update(sessions).set({ provider_token: null }).where(inArray(sessions.user_id, ids));
	for (const user_id of ids) await endSessions(tx, needs, { user_id }, "method_changed");
	const spared = admins.every((id) => ids.includes(id)) ? admins : [];
	await tx
		.update(users)
		.set({ absent_since: needs.clock.now().toISOString() })
		.where(
			and(theirs, isNull(users.absent_since), ne(users.external_realm, realmOf(after)), notInArray(users.id, spared)),
		);
}
