import type { PasskeyAnswer } from "@netconductor/contracts/auth/passkeys";
import type { Clock } from "@netconductor/runtime/clock";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import { isBarred, type UserRow } from "../users/user.ts";
import { findPasskey, notePasskeyUse, type PasskeyRow } from "./passkey-store.ts";
import type { RelyingParty } from "./relying-party.ts";
import { verifyAnswer } from "./verify.ts";

export interface AnswerNeeds {
	clock: Clock;
	log: Log;
}

/**
 * Notes in a transaction that a passkey was used, from that network.
 * @throws auth.passkey_copied
 */
export type UsePasskey = (tx: Tx, network: string) => Promise<void>;

/**
 * The passkey that answered, where it is this user's: which of theirs will do was said to the browser, so that a device need not tell whose it is,
 * but must not tell another.
 * @throws auth.passkey_refused
 */
export async function findOwnPasskey(
	orm: Orm,
	{ user, party, credential }: { user: UserRow; party: RelyingParty; credential: PasskeyAnswer },
): Promise<PasskeyRow> {
	const found = await findPasskey(orm, { credential_id: credential.id, domain: party.id });
	const { userHandle } = credential;
	if (found?.user.id !== user.id) throw passkeyRefused();
	if (typeof userHandle === "string" && userHandle !== found.handle) throw passkeyRefused();
	return found.passkey;
}

/**
 * That a passkey of somebody who may sign in has answered; what comes back notes its use.
 * @throws auth.passkey_refused
 */
export async function readAnswer(
	{ clock, log }: AnswerNeeds,
	given: { party: RelyingParty; user: UserRow; passkey: PasskeyRow; credential: PasskeyAnswer; challenge: string },
): Promise<UsePasskey> {
	const { party, user, passkey, credential, challenge } = given;
	const answer = await verifyAnswer(credential, passkey.public_key, { party, challenge });
	if (answer === undefined || isBarred(user) || user.login_method !== null) throw passkeyRefused();
	return async (tx, network) => {
		const at = clock.now().toISOString();
		if (await notePasskeyUse(tx, passkey.id, { ...answer, at, network })) return;
		log.warn({ user: user.username, passkey: passkey.id }, "a passkey counted backwards and was refused");
		throw failed("auth.passkey_copied", {
			message: `The passkey ${passkey.name} says that it was used less often than it was: somebody may have a copy. Show in another way that it is you, remove it and make a new one.`,
			details: { passkey_id: passkey.id },
		});
	};
}

export function passkeyRefused() {
	return failed("auth.passkey_refused", {
		message:
			"The passkey was not accepted: it is not known here, was answered too late, or its owner may not sign in. Try again, or in another way.",
	});
}
