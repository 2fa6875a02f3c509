import type { SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import type { Clock } from "@netconductor/runtime/clock";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { and, eq, gt, lt, sql } from "drizzle-orm";
import { newSecret, secretHash } from "../secrets.ts";
import { signInChallenges } from "../tables.ts";

const lifetime_s = 300;
/** Codes that may be tried on one challenge; after that the password is asked for anew. */
const most_attempts = 5;

/** What who gave the right password is answered with, and shows again with a code. Only its hash is kept. */
export async function issueChallenge(tx: Tx, clock: Clock, user_id: string): Promise<SecondFactorAsked> {
	const challenge = newSecret("ncc_");
	await tx.insert(signInChallenges).values({
		hash: secretHash(challenge),
		user_id,
		session_id: newId(),
		attempts: 0,
		expires_at: new Date(clock.now().getTime() + lifetime_s * 1000).toISOString(),
	});
	return { second_factor: { challenge, kinds: ["totp", "recovery_code"], expires_in: lifetime_s } };
}

/** Whose challenge it is. Counts an attempt at it before it is made. Undefined when the challenge is over. */
export async function attemptChallenge(
	orm: Orm,
	clock: Clock,
	challenge: string,
): Promise<{ hash: string; user_id: string; session_id: string } | undefined> {
	const [counted] = await orm
		.update(signInChallenges)
		.set({ attempts: sql`${signInChallenges.attempts} + 1` })
		.where(
			and(
				eq(signInChallenges.hash, secretHash(challenge)),
				lt(signInChallenges.attempts, most_attempts),
				gt(signInChallenges.expires_at, clock.now().toISOString()),
			),
		)
		.returning();
	return counted;
}

/** Uses a challenge up. False when that was done before, or somebody ended it. */
export async function useChallenge(tx: Tx, hash: string): Promise<boolean> {
	const used = await tx.delete(signInChallenges).where(eq(signInChallenges.hash, hash)).returning();
	return used.length > 0;
}
