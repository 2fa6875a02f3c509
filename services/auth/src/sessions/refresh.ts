import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import type { Vault } from "@netconductor/runtime/vault";
import type { SigningKeys } from "../keys/signing-keys.ts";
import { isStillThere } from "../methods/confirm.ts";
import type { MethodKinds } from "../methods/method-kinds.ts";
import type { Operation } from "../operation.ts";
import { secretHash } from "../secrets.ts";
import { readSettings } from "../settings/settings-store.ts";
import { isBarred, type UserRow } from "../users/user.ts";
import {
	endSessions,
	findSessionOf,
	issueRefreshToken,
	lockSessionOf,
	prolongSession,
	type SessionRow,
	useRefreshToken,
} from "./session-store.ts";
import { createTokenPair, idleEnd } from "./token-pair.ts";

interface Needs {
	db: Database;
	vault: Vault;
	methods: MethodKinds;
	log: Log;
	keys: SigningKeys;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

/**
 * Exchanges a refresh token for a new pair. A token that was exchanged before ends the session (RFC 9700, 4.14.2): of two who hold it one is a thief.
 * There is no time of grace, in which the thief would go unseen; a client must not send two refreshes at once.
 */
export function refresh(needs: Needs): Operation<"refresh"> {
	const { db, keys, outbox, ephemeral, clock } = needs;
	return async ({ body }) => {
		const hash = secretHash(body.refresh_token);
		const settings = await readSettings(db.orm);
		const found = await findSessionOf(db.orm, hash);
		if (found === undefined || isOver(found, clock.now())) throw sessionEnded();
		// Asked outside of the transaction: it may take seconds. What became of them in between is looked at again inside. Not asked for who shows a
		// token that was used: they may be a thief, and the session ends in any case.
		if (found.used_at === null && !(await isStillThere(needs, found.user, found.session))) throw sessionEnded();
		const outcome = await db.transaction(async (tx) => {
			const found = await lockSessionOf(tx, hash);
			const now = clock.now();
			if (found === undefined || isOver(found, now)) return "ended";
			const { session, user } = found;
			const use = await useRefreshToken(tx, hash, now.toISOString());
			if (use === "gone") return "ended";
			if (use === "reused") {
				// Returned, not thrown: the end of the session must be committed.
				await endSessions(tx, { outbox, ephemeral, clock }, { user_id: user.id, only: session.id }, "refresh_reused");
				return "reused";
			}
			const expires_at = idleEnd(now, settings.session_idle_hours);
			await prolongSession(tx, session.id, now.toISOString(), expires_at);
			const refresh_token = await issueRefreshToken(tx, session.id, now.toISOString(), expires_at);
			return { user, session_id: session.id, refresh_token };
		});
		if (outcome === "ended") throw sessionEnded();
		if (outcome === "reused") {
			throw failed("auth.refresh_reused", {
				message:
					"This refresh token was used before, so somebody else may hold it. The session was ended; sign in again.",
			});
		}
		return createTokenPair(keys, { ...outcome, lifetime_seconds: settings.access_token_seconds });
	};
}

function isOver({ session, user }: { session: SessionRow; user: UserRow }, now: Date): boolean {
	return session.ended_at !== null || new Date(session.expires_at) <= now || isBarred(user);
}

export function sessionEnded() {
	return failed("auth.session_ended", { message: "The session has ended. Sign in again." });
}
