import type { SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import type { Clock } from "@netconductor/runtime/clock";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { and, eq, gt, lt, sql } from "drizzle-orm";
import { passkeyRequest } from "../passkeys/attempts.ts";
import { listPasskeysFor } from "../passkeys/passkey-store.ts";
import type { RelyingParty } from "../passkeys/relying-party.ts";
import { newSecret, secretHash } from "../secrets.ts";
import { signInChallenges } from "../tables.ts";
import { findFactor } from "./factor-store.ts";

const lifetime_s = 300;
type FactorKind = SecondFactorAsked["second_factor"]["kinds"][number];

/** Codes and passkeys that may be tried on one challenge; after that the password is asked for anew. */
const most_attempts = 5;

/**
 * What who gave the right password is answered with, and shows again with a code or a passkey. Only its hash is kept. Passkeys that were made for
 * another address of this installation are not asked for: no browser gives them here.
 */
export async function issueChallenge(
	tx: Tx,
	{ clock, party }: { clock: Clock; party: RelyingParty | undefined },
	user_id: string,
): Promise<SecondFactorAsked> {
	const challenge = newSecret("ncc_");
	await tx.insert(signInChallenges).values({
		hash: secretHash(challenge),
		user_id,
		session_id: newId(),
		attempts: 0,
		expires_at: new Date(clock.now().getTime() + lifetime_s * 1000).toISOString(),
	});
	const app = await findFactor(tx, user_id);
	const usable = await listPasskeysFor(tx, user_id, party);
	const code: FactorKind[] = app === undefined ? ["recovery_code"] : ["totp", "recovery_code"];
	if (party === undefined || usable.length === 0) {
		return { second_factor: { challenge, kinds: code, expires_in: lifetime_s } };
	}
	const passkey = passkeyRequest(party, { attempt: challenge, purpose: "second_factor", of: usable });
	return { second_factor: { challenge, kinds: ["passkey", ...code], passkey, expires_in: lifetime_s } };
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

export function challengeOver() {
	return failed("auth.challenge_over", {
		message:
			"This sign-in took too long, was finished before, or had too many wrong answers. Begin again with the password.",
	});
}
