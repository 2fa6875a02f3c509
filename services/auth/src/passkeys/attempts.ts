import { createHmac } from "node:crypto";
import type { PasskeyRequest } from "@netconductor/contracts/auth/passkeys";
import type { Clock } from "@netconductor/runtime/clock";
import type { Orm } from "@netconductor/runtime/db/database";
import { and, eq, gt } from "drizzle-orm";
import { newSecret, secretHash } from "../secrets.ts";
import { passkeyAttempts } from "../tables.ts";
import { type PasskeyRow, toDescriptor } from "./passkey-store.ts";
import type { RelyingParty } from "./relying-party.ts";

/** Time for a browser to find the passkey and for its owner to touch a sensor. */
export const attempt_s = 300;

/** What a passkey is asked for. An answer for one is none for another. */
type PasskeyPurpose = "add" | "sign_in" | "second_factor" | "proof";

/** What begins with an attempt; a second factor goes with the challenge of its sign-in. */
type AttemptPurpose = Exclude<PasskeyPurpose, "second_factor">;

/**
 * What a passkey signs: follows from what only the browser that began holds, so that an answer is of use from no other, and nothing of it is
 * kept but a hash.
 */
export function challengeOf(attempt: string, purpose: PasskeyPurpose): string {
	return createHmac("sha256", attempt).update(`passkey ${purpose}`).digest("base64url");
}

/** What a browser is to ask for: one of these passkeys, or whichever somebody chooses. */
export function passkeyRequest(
	party: RelyingParty,
	{ attempt, purpose, of = [] }: { attempt: string; purpose: PasskeyPurpose; of?: readonly PasskeyRow[] },
): PasskeyRequest {
	return {
		challenge: challengeOf(attempt, purpose),
		rpId: party.id,
		timeout: attempt_s * 1000,
		userVerification: "required",
		allowCredentials: of.map(toDescriptor),
	};
}

/** Whose attempt it is: theirs who are signed in, within their session, or nobody's yet. */
interface Beginner {
	user_id: string | null;
	session_id: string | null;
}

export async function beginAttempt(
	orm: Orm,
	clock: Clock,
	purpose: AttemptPurpose,
	by: Beginner = { user_id: null, session_id: null },
): Promise<string> {
	const attempt = newSecret("ncp_");
	const expires_at = new Date(clock.now().getTime() + attempt_s * 1000).toISOString();
	await orm.insert(passkeyAttempts).values({ hash: secretHash(attempt), purpose, ...by, expires_at });
	return attempt;
}

/** Uses an attempt up, whatever comes of it. Undefined when it is none for this purpose, was used before, or is over. */
export async function takeAttempt(
	orm: Orm,
	clock: Clock,
	purpose: AttemptPurpose,
	attempt: string,
): Promise<Beginner | undefined> {
	const [taken] = await orm
		.delete(passkeyAttempts)
		.where(
			and(
				eq(passkeyAttempts.hash, secretHash(attempt)),
				eq(passkeyAttempts.purpose, purpose),
				gt(passkeyAttempts.expires_at, clock.now().toISOString()),
			),
		)
		.returning();
	return taken;
}
