import { randomBytes } from "node:crypto";
import type { Passkey } from "@netconductor/contracts/auth/passkeys";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { and, asc, eq, or, sql } from "drizzle-orm";
import { passkeyOwners, passkeys, users } from "../tables.ts";
import type { UserRow } from "../users/user.ts";
import type { RelyingParty } from "./relying-party.ts";

export type PasskeyRow = typeof passkeys.$inferSelect;

/** What a passkey of a user is asked for by. */
type CredentialDescriptor = { type: "public-key"; id: string; transports: string[] };

/** Random, and the same for all of a user's passkeys: whoever finds a device learns from it neither id nor name. */
export async function handleOf(orm: Orm, user_id: string): Promise<string> {
	await orm
		.insert(passkeyOwners)
		.values({ user_id, handle: randomBytes(32).toString("base64url") })
		.onConflictDoNothing();
	const [owner] = await orm
		.select({ handle: passkeyOwners.handle })
		.from(passkeyOwners)
		.where(eq(passkeyOwners.user_id, user_id));
	return owner?.handle ?? "";
}

/** A user's passkeys, the oldest first. There are few. */
export function listPasskeys(orm: Orm, user_id: string): Promise<PasskeyRow[]> {
	return orm
		.select()
		.from(passkeys)
		.where(eq(passkeys.user_id, user_id))
		.orderBy(asc(passkeys.created_at), asc(passkeys.id));
}

/** Those of a user that a browser would give at this address. */
export async function listPasskeysFor(
	orm: Orm,
	user_id: string,
	party: RelyingParty | undefined,
): Promise<PasskeyRow[]> {
	return (await listPasskeys(orm, user_id)).filter(({ domain }) => domain === party?.id);
}

export function toPasskey(row: PasskeyRow): Passkey {
	const { id, name, created_at, last_used_at, last_used_from, synced, domain } = row;
	return { id, name, created_at, last_used_at, last_used_from, synced, domain };
}

export function toDescriptor({ credential_id, transports }: PasskeyRow): CredentialDescriptor {
	return { type: "public-key", id: credential_id, transports };
}

/** The passkey of this credential id for this domain, with whose it is. */
export async function findPasskey(
	orm: Orm,
	{ credential_id, domain }: { credential_id: string; domain: string },
): Promise<{ passkey: PasskeyRow; user: UserRow; handle: string } | undefined> {
	const [found] = await orm
		.select({ passkey: passkeys, user: users, handle: passkeyOwners.handle })
		.from(passkeys)
		.innerJoin(users, eq(users.id, passkeys.user_id))
		.innerJoin(passkeyOwners, eq(passkeyOwners.user_id, passkeys.user_id))
		.where(and(eq(passkeys.credential_id, credential_id), eq(passkeys.domain, domain)));
	return found;
}

/** @throws passkeys.exists — somebody has added it, for whom does not matter */
export async function insertPasskey(tx: Tx, passkey: PasskeyRow): Promise<void> {
	try {
		await tx.insert(passkeys).values(passkey);
	} catch (error) {
		if (violatedUnique(error) !== "passkeys_credential_key") throw error;
		throw failed("passkeys.exists", { message: "This passkey is known already. Make another one." });
	}
}

/** @throws passkeys.not_found */
export async function writePasskeyName(
	tx: Tx,
	{ id, user_id, name }: Pick<PasskeyRow, "id" | "user_id" | "name">,
): Promise<{ before: PasskeyRow; after: PasskeyRow }> {
	const mine = and(eq(passkeys.id, id), eq(passkeys.user_id, user_id));
	const [before] = await tx.select().from(passkeys).where(mine).for("update");
	const [after] = await tx.update(passkeys).set({ name }).where(mine).returning();
	if (before === undefined || after === undefined) throw noSuchPasskey();
	return { before, after };
}

/** @throws passkeys.not_found */
export async function deletePasskey(orm: Orm, id: string, user_id: string): Promise<PasskeyRow> {
	const [gone] = await orm
		.delete(passkeys)
		.where(and(eq(passkeys.id, id), eq(passkeys.user_id, user_id)))
		.returning();
	if (gone === undefined) throw noSuchPasskey();
	return gone;
}

/**
 * Notes that a passkey was used. False when its counter did not go on, which says that somebody has a copy of it (WebAuthn 3, 6.1.1); those that
 * are synced do not count, and say 0.
 */
export async function notePasskeyUse(
	tx: Tx,
	id: string,
	use: { sign_count: number; synced: boolean; at: string; network: string },
): Promise<boolean> {
	const counts = or(
		sql`${passkeys.sign_count} < ${use.sign_count}`,
		and(eq(passkeys.sign_count, 0), sql`${use.sign_count}::bigint = 0`),
	);
	const used = await tx
		.update(passkeys)
		.set({
			sign_count: use.sign_count,
			synced: use.synced,
			last_used_at: use.at,
			last_used_from: use.network,
		})
		.where(and(eq(passkeys.id, id), counts))
		.returning({ id: passkeys.id });
	return used.length > 0;
}

export function noSuchPasskey() {
	return failed("passkeys.not_found", { message: "You have no such passkey: it was removed." });
}
