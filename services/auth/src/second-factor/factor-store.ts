import type { SecondFactors } from "@netconductor/contracts/auth/second-factor";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { sealedContext } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";
import { and, asc, count, eq, isNotNull, isNull, lt, or } from "drizzle-orm";
import { listPasskeys, toPasskey } from "../passkeys/passkey-store.ts";
import { readSettings } from "../settings/settings-store.ts";
import { passkeys, recoveryCodes, secondFactors } from "../tables.ts";

type FactorRow = typeof secondFactors.$inferSelect;

/** The column that key rotation seals anew. */
export const sealedFactorSecrets: SealedColumn = { table: "second_factors", column: "secret" };

export function factorSecretContext(id: string): string {
	return sealedContext("second_factors", "secret", id);
}

/** Whether a password is not enough to sign in as a user: they have an app, or a passkey. */
export async function hasSecondFactor(orm: Orm, user_id: string): Promise<boolean> {
	if ((await findFactor(orm, user_id)) !== undefined) return true;
	const [passkey] = await orm.select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.user_id, user_id)).limit(1);
	return passkey !== undefined;
}

/** The app that a user has confirmed. */
export async function findFactor(orm: Orm, user_id: string): Promise<FactorRow | undefined> {
	const [factor] = await orm
		.select()
		.from(secondFactors)
		.where(and(eq(secondFactors.user_id, user_id), isNotNull(secondFactors.confirmed_at)));
	return factor;
}

/** A second factor that was begun since `since` and waits for its first code. */
export async function findUnconfirmed(
	orm: Orm,
	which: { id: string; user_id: string; since: string },
): Promise<FactorRow | undefined> {
	const [factor] = await orm
		.select()
		.from(secondFactors)
		.where(
			and(eq(secondFactors.id, which.id), eq(secondFactors.user_id, which.user_id), isNull(secondFactors.confirmed_at)),
		);
	return factor !== undefined && new Date(factor.created_at) >= new Date(which.since) ? factor : undefined;
}

/**
 * In the place of one that was never confirmed.
 * @throws second_factors.exists
 */
export async function insertFactor(orm: Orm, factor: FactorRow): Promise<void> {
	const written = await orm
		.insert(secondFactors)
		.values(factor)
		.onConflictDoUpdate({
			target: [secondFactors.user_id, secondFactors.kind],
			set: factor,
			setWhere: isNull(secondFactors.confirmed_at),
		})
		.returning({ id: secondFactors.id });
	if (written.length === 0) {
		throw failed("second_factors.exists", {
			message: "You sign in with codes of an app already. Remove that first.",
		});
	}
}

/** Notes that the code of a step was taken. False when it, or one after it, was taken before: each code is good once. */
export async function takeStep(tx: Tx, id: string, step: number, now: string): Promise<boolean> {
	const taken = await tx
		.update(secondFactors)
		.set({ last_step: step, last_used_at: now })
		.where(and(eq(secondFactors.id, id), or(isNull(secondFactors.last_step), lt(secondFactors.last_step, step))))
		.returning({ id: secondFactors.id });
	return taken.length > 0;
}

/** The first code was right. False when somebody else has confirmed or replaced it meanwhile. */
export async function confirmFactor(tx: Tx, id: string, step: number, now: string): Promise<boolean> {
	const confirmed = await tx
		.update(secondFactors)
		.set({ confirmed_at: now, last_step: step })
		.where(and(eq(secondFactors.id, id), isNull(secondFactors.confirmed_at)))
		.returning({ id: secondFactors.id });
	return confirmed.length > 0;
}

/** Removes a user's app. What stays is for `leaveFactors` to look at. */
export async function removeApp(tx: Tx, user_id: string): Promise<void> {
	await tx.delete(secondFactors).where(eq(secondFactors.user_id, user_id));
}

/**
 * After one of a user's own second factors was removed in this transaction, in which the user is locked: with the last one the recovery codes go.
 * @throws second_factors.required — it was the last, and the settings ask for one
 */
export async function leaveFactors(tx: Tx, user_id: string): Promise<void> {
	if (await hasSecondFactor(tx, user_id)) return;
	if ((await readSettings(tx)).require_second_factor) {
		throw failed("second_factors.required", {
			message:
				"This installation asks a second factor of its local users, and this is your last. Add another first, or ask an administrator to remove it.",
		});
	}
	await tx.delete(recoveryCodes).where(eq(recoveryCodes.user_id, user_id));
}

/** Removes every second factor of a user, passkeys and recovery codes included, and tells the kinds that there were. */
export async function removeFactors(tx: Tx, user_id: string): Promise<string[]> {
	const apps = await tx.delete(secondFactors).where(eq(secondFactors.user_id, user_id)).returning();
	const keys = await tx.delete(passkeys).where(eq(passkeys.user_id, user_id)).returning({ name: passkeys.name });
	await tx.delete(recoveryCodes).where(eq(recoveryCodes.user_id, user_id));
	const confirmed = apps.filter(({ confirmed_at }) => confirmed_at !== null);
	return [...confirmed.map(({ kind }) => kind), ...keys.map(({ name }) => `passkey ${name}`)];
}

/** What a user signs in with besides the password, without the secrets. */
export async function describeFactors(orm: Orm, user_id: string): Promise<SecondFactors> {
	const factors = await orm
		.select({
			id: secondFactors.id,
			kind: secondFactors.kind,
			created_at: secondFactors.created_at,
			last_used_at: secondFactors.last_used_at,
		})
		.from(secondFactors)
		.where(and(eq(secondFactors.user_id, user_id), isNotNull(secondFactors.confirmed_at)))
		.orderBy(asc(secondFactors.created_at));
	const [left] = await orm.select({ n: count() }).from(recoveryCodes).where(eq(recoveryCodes.user_id, user_id));
	const own = await listPasskeys(orm, user_id);
	return { factors, passkeys: own.map(toPasskey), recovery_codes_left: left?.n ?? 0 };
}
