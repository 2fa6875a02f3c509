import type { PasskeyAnswer } from "@netconductor/contracts/auth/passkeys";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import { networkOf } from "../address.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { Operation } from "../operation.ts";
import { attemptChallenge, challengeOver, useChallenge } from "../second-factor/challenges.ts";
import { openSession } from "../sessions/open-session.ts";
import { isFamiliar, noteSignIn } from "../sessions/session-store.ts";
import { createTokenPair } from "../sessions/token-pair.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { isBarred, type UserRow } from "../users/user.ts";
import { getUser } from "../users/user-store.ts";
import { attempt_s, beginAttempt, challengeOf, passkeyRequest, takeAttempt } from "./attempts.ts";
import { findPasskey, notePasskeyUse, type PasskeyRow } from "./passkey-store.ts";
import { demandParty, type RelyingParty } from "./relying-party.ts";
import { verifyAnswer } from "./verify.ts";

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
		if ((await takeAttempt(db.orm, clock, "sign_in", held)) === undefined) throw refused();
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
		if (found === undefined || credential.userHandle !== found.handle) throw refused();
		const { user, passkey } = found;
		const used = await proven(needs, { party, user, passkey, credential, challenge: challengeOf(held, "sign_in") });
		const opened = await db.transaction(async (tx) => {
			const current = await noteSignIn(tx, user, clock.now().toISOString());
			if (current === undefined) throw refused();
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
		const found = await findPasskey(db.orm, { credential_id: credential.id, domain: party.id });
		const { userHandle } = credential;
		if (found?.user.id !== user.id) throw refused();
		// Which passkeys will do was said: a device need not tell whose it is, but must not tell another.
		if (typeof userHandle === "string" && userHandle !== found.handle) throw refused();
		const { passkey } = found;
		const used = await proven(needs, {
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

/**
 * That a passkey of somebody who may sign in has answered; what comes back notes its use.
 * @throws auth.passkey_refused, and in the transaction auth.passkey_copied
 */
async function proven(
	{ clock, log }: Needs,
	given: { party: RelyingParty; user: UserRow; passkey: PasskeyRow; credential: PasskeyAnswer; challenge: string },
): Promise<(tx: Tx, network: string) => Promise<void>> {
	const { party, user, passkey, credential, challenge } = given;
	const answer = await verifyAnswer(credential, passkey.public_key, { party, challenge });
	if (answer === undefined || isBarred(user) || user.login_method !== null) throw refused();
	return async (tx, network) => {
		const at = clock.now().toISOString();
		if (await notePasskeyUse(tx, passkey.id, { ...answer, at, network })) return;
		log.warn({ user: user.username, passkey: passkey.id }, "a passkey counted backwards and was refused");
		throw failed("auth.passkey_copied", {
			message: `The passkey ${passkey.name} says that it was used less often than it was: somebody may have a copy. Sign in another way, remove it and make a new one.`,
			details: { passkey_id: passkey.id },
		});
	};
}

function about(user: UserRow) {
	return { resource_type: "user", resource_id: user.id, resource_name: user.username };
}

function by(user: UserRow) {
	return { actor: { kind: "user" as const, id: user.id, name: user.username } };
}

function refused() {
	return failed("auth.passkey_refused", {
		message:
			"The passkey was not accepted: it is not known here, was answered too late, or its owner may not sign in. Try again, or sign in another way.",
	});
}
