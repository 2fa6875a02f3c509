import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Vault } from "@netconductor/runtime/vault";
import { networkOf } from "../address.ts";
import type { Passwords } from "../passwords/hashing.ts";
import { sessionOf } from "../sessions/session-operations.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { refuseExternal, type UserRow } from "../users/user.ts";
import { getUser } from "../users/user-store.ts";
import { readCode, wrongCode } from "./codes.ts";

interface Needs {
	db: Database;
	vault: Vault;
	passwords: Passwords;
	throttle: LoginThrottle;
	clock: Clock;
}

/**
 * The signed-in user, who has shown that it is still they who sit there: a stolen access token must neither take their second factor away
 * nor give them one that they do not have. A code is used up.
 * @throws auth.forbidden, auth.bad_credentials, auth.wrong_code, auth.throttled, users.external
 */
export async function provenOwner(needs: Needs, actor: Actor, proof: OwnerProof): Promise<UserRow> {
	const { db, passwords, throttle } = needs;
	const user = await ownerOf(db, actor);
	const attempt = { session_id: sessionOf(actor.kind, actor.session_id), network: networkOf(actor.ip) };
	await throttle.begin(attempt);
	if (proof.password !== undefined) {
		if (!(await passwords.verify(proof.password, user.password_hash ?? undefined))) {
			throw failed("auth.bad_credentials", { message: "The password is wrong." });
		}
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
