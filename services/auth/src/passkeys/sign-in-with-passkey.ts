import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { Log } from "@netconductor/runtime/log";
import { networkOf } from "../address.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { Operation } from "../operation.ts";
import { attemptChallenge, challengeOver, useChallenge } from "../second-factor/challenges.ts";
import { openSession } from "../sessions/open-session.ts";
import { isFamiliar, noteSignIn } from "../sessions/session-store.ts";
import { createTokenPair } from "../sessions/token-pair.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import type { UserRow } from "../users/user.ts";
import { getUser } from "../users/user-store.ts";
import { findOwnPasskey, passkeyRefused, readAnswer } from "./answer.ts";
import { attempt_s, beginAttempt, challengeOf, passkeyRequest, takeAttempt } from "./attempts.ts";
import { findPasskey } from "./passkey-store.ts";
import { demandParty, type RelyingParty } from "./relying-party.ts";

interface Needs {
	db: Database;
	throttle: LoginThrottle;
	keys: SigningKeys;
	clock: Clock;
	log: Log;
	party: RelyingParty | undefined;
}

/** Names nobody, and so tells nobody who has a passkey. */
export function beginPasskeySignIn({ db, clock, party: given }: Needs): Operation<"beginPasskeySignIn"> {
	return async () => {
		const party = demandParty(given);
		const attempt = await beginAttempt(db.orm, clock, "sign_in");
		return { attempt, options: passkeyRequest(party, { attempt, purpose: "sign_in" }), expires_in: attempt_s };
	};
}

/**
 * Signs in whose passkey answered: it is both factors at once, for the device has recognised them. What is unknown, somebody's who may not sign in,
 * or answered wrongly is not told apart by the answer.
 */
export function signInWithPasskey(needs: Needs): Operation<"signInWithPasskey"> {
	const { db, throttle, clock } = needs;
	return async ({ body: { attempt: held, credential }, actor, note }) => {
		const party = demandParty(needs.party);
		if ((await takeAttempt(db.orm, clock, "sign_in", held)) === undefined) throw passkeyRefused();
		const found = await findPasskey(db.orm, { credential_id: credential.id, domain: party.id });
		if (found !== undefined) note(about(found.user));
		const network = networkOf(actor.ip);
		const attempt = {
			// What is nobody's shares one count.
			username: found?.user.username.toLowerCase() ?? "",
			network,
			familiar: found !== undefined && (await isFamiliar(db.orm, found.user.id, network)),
		};
		await throttle.begin(attempt);
		// Who chose it without a name being said has to be told by the device as well (WebAuthn 3, 7.2 step 6).
		if (found === undefined || credential.userHandle !== found.handle) throw passkeyRefused();
		const { user, passkey } = found;
		const used = await readAnswer(needs, { party, user, passkey, credential, challenge: challengeOf(held, "sign_in") });
		const opened = await db.transaction(async (tx) => {
			const current = await noteSignIn(tx, user, clock.now().toISOString());
			if (current === undefined) throw passkeyRefused();
			await used(tx, network);
			return openSession(tx, needs, current, { network, user_agent: actor.user_agent ?? null });
		});
		await throttle.succeeded(attempt);
		note({ ...by(user), after: { signed_in_with: "passkey", passkey: passkey.name } });
		return createTokenPair(needs.keys, opened);
	};
}

/** The second half of a sign-in that began with the password. */
export function signInWithPasskeyAsWell(needs: Needs): Operation<"signInWithPasskeyAsWell"> {
	const { db, throttle, clock } = needs;
	return async ({ body: { challenge: held, credential }, actor, note }) => {
		const party = demandParty(needs.party);
		const challenge = await attemptChallenge(db.orm, clock, held);
		if (challenge === undefined) throw challengeOver();
		const user = await getUser(db.orm, challenge.user_id);
		note(about(user));
		const network = networkOf(actor.ip);
		const familiar = await isFamiliar(db.orm, user.id, network);
		const attempt = { username: user.username.toLowerCase(), network, familiar };
		await throttle.begin(attempt);
		const passkey = await findOwnPasskey(db.orm, { user, party, credential });
		const used = await readAnswer(needs, {
			party,
			user,
			passkey,
			credential,
			challenge: challengeOf(held, "second_factor"),
		});
		const opened = await db.transaction(async (tx) => {
			// The user first: whoever changes a password locks them before they end the challenges.
			const current = await noteSignIn(tx, user, clock.now().toISOString());
			if (current === undefined || !(await useChallenge(tx, challenge.hash))) throw challengeOver();
			await used(tx, network);
			const session = { id: challenge.session_id, provider_session: null, provider_token: null };
			return openSession(tx, needs, current, { network, user_agent: actor.user_agent ?? null }, session);
		});
		await throttle.succeeded(attempt);
		note({ ...by(user), after: { signed_in_with: "password and passkey", passkey: passkey.name } });
		return createTokenPair(needs.keys, opened);
	};
}

function about(user: UserRow) {
	return { resource_type: "user", resource_id: user.id, resource_name: user.username };
}

function by(user: UserRow) {
	return { actor: { kind: "user" as const, id: user.id, name: user.username } };
}
