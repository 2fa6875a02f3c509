import type { GivenPasskey } from "@netconductor/contracts/auth/passkeys";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { UserRow } from "../users/user.ts";
import { type AnswerNeeds, findOwnPasskey, passkeyRefused, readAnswer, type UsePasskey } from "./answer.ts";
import { challengeOf, takeAttempt } from "./attempts.ts";
import { demandParty, type RelyingParty } from "./relying-party.ts";

export interface PasskeyProofNeeds extends AnswerNeeds {
	db: Database;
	clock: Clock;
	party: RelyingParty | undefined;
}

/**
 * Reads what a passkey answered to show that its owner sits there: one of this user's, asked for within this session, for this and nothing else. The
 * attempt is used up whatever comes of it.
 * @throws auth.passkey_refused, passkeys.unavailable
 */
export async function readPasskeyProof(
	needs: PasskeyProofNeeds,
	{ user, session_id, given }: { user: UserRow; session_id: string; given: GivenPasskey },
): Promise<UsePasskey> {
	const { db, clock } = needs;
	const { attempt, credential } = given;
	const party = demandParty(needs.party);
	const begun = await takeAttempt(db.orm, clock, "proof", attempt);
	if (begun === undefined || begun.user_id !== user.id || begun.session_id !== session_id) throw passkeyRefused();
	const passkey = await findOwnPasskey(db.orm, { user, party, credential });
	return readAnswer(needs, { party, user, passkey, credential, challenge: challengeOf(attempt, "proof") });
}
