import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Vault } from "@netconductor/runtime/vault";
import { networkOf } from "../address.ts";
import { type PasskeyProofNeeds, readPasskeyProof } from "../passkeys/passkey-proof.ts";
import type { Passwords } from "../passwords/hashing.ts";
import { sessionOf } from "../sessions/session-operations.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { refuseExternal, type UserRow } from "../users/user.ts";
import { getUser } from "../users/user-store.ts";
import { readCode, wrongCode } from "./codes.ts";

/** What telling an owner takes. */
export interface ProofNeeds extends PasskeyProofNeeds {
	vault: Vault;
	passwords: Passwords;
	throttle: LoginThrottle;
}

/**
 * The signed-in user, who has shown that it is still they who sit there: a stolen access token must neither take their second factor away
 * nor give them one that they do not have. A code is used up, and so is the attempt that a passkey answered to.
 * @throws auth.forbidden, auth.bad_credentials, auth.wrong_code, auth.passkey_refused, auth.passkey_copied, auth.throttled, users.external,
 *   passkeys.unavailable
 */
export async function provenOwner(needs: ProofNeeds, actor: Actor, proof: OwnerProof): Promise<UserRow> {
	const { db, passwords, throttle } = needs;
	const user = await ownerOf(db, actor);
	const session_id = sessionOf(actor.kind, actor.session_id);
	const network = networkOf(actor.ip);
	const attempt = { session_id, network };
	await throttle.begin(attempt);
	if (proof.password !== undefined) {
		if (!(await passwords.verify(proof.password, user.password_hash ?? undefined))) {
			throw failed("auth.bad_credentials", { message: "The password is wrong." });
		}
	} else if (proof.passkey !== undefined) {
		const used = await readPasskeyProof(needs, { user, session_id, given: proof.passkey });
		await db.transaction((tx) => used(tx, network));
	} else {
		const useCode = await readCode(needs, user.id, proof.code ?? "");
		if (!(await db.transaction(useCode))) throw wrongCode();
	}
	await throttle.succeeded(attempt);
	return user;
}

/** @throws auth.forbidden — signed in with an API token; users.external — they sign in elsewhere */
export async function ownerOf(db: Database, actor: Actor): Promise<UserRow> {
	if (actor.kind !== "user") {
		throw failed("auth.forbidden", { message: "Only who signed in with a password can do this; a token cannot." });
	}
	const user = await getUser(db.orm, actor.id);
	refuseExternal(user, "set up a second factor");
	return user;
}
