import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { Vault } from "@netconductor/runtime/vault";
import { networkOf } from "../address.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { Operation } from "../operation.ts";
import { openSession } from "../sessions/open-session.ts";
import { isFamiliar, noteSignIn } from "../sessions/session-store.ts";
import { createTokenPair } from "../sessions/token-pair.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { getUser } from "../users/user-store.ts";
import { attemptChallenge, challengeOver, useChallenge } from "./challenges.ts";
import { readCode, wrongCode } from "./codes.ts";

interface Needs {
	db: Database;
	vault: Vault;
	throttle: LoginThrottle;
	keys: SigningKeys;
	clock: Clock;
}

/** The second half of a sign-in. Codes are counted like passwords, and a challenge is over after a few wrong ones. */
export function signInWithCode(needs: Needs): Operation<"signInWithCode"> {
	const { db, throttle, clock } = needs;
	return async ({ body, actor, note }) => {
		const challenge = await attemptChallenge(db.orm, clock, body.challenge);
		if (challenge === undefined) throw challengeOver();
		const user = await getUser(db.orm, challenge.user_id);
		note({ resource_type: "user", resource_id: user.id, resource_name: user.username });
		const network = networkOf(actor.ip);
		const familiar = await isFamiliar(db.orm, user.id, network);
		const attempt = { username: user.username.toLowerCase(), network, familiar };
		await throttle.begin(attempt);
		const useCode = await readCode(needs, user.id, body.code);

		const now = clock.now().toISOString();
		const opened = await db.transaction(async (tx) => {
			// The user first: whoever changes a password locks them before they end the challenges.
			const current = await noteSignIn(tx, user, now);
			if (current === undefined || !(await useChallenge(tx, challenge.hash))) throw challengeOver();
			if (!(await useCode(tx))) throw wrongCode();
			const session = { id: challenge.session_id, provider_session: null, provider_token: null };
			return openSession(tx, needs, current, { network, user_agent: actor.user_agent ?? null }, session);
		});
		await throttle.succeeded(attempt);
		note({ actor: { kind: "user", id: user.id, name: user.username } });
		return createTokenPair(needs.keys, opened);
	};
}
