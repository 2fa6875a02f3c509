import type { Actor } from "@netconductor/contracts/kernel/actor";
import { Id } from "@netconductor/contracts/kernel/ids";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { isLongUnconfirmed } from "../methods/confirm.ts";
import type { Operation } from "../operation.ts";
import { commonGrants } from "../roles/grants.ts";
import { secretHash } from "../secrets.ts";
import { findAccountTokenByHash, findAccountTokenById } from "../service-accounts/account-token-store.ts";
import { actorOfAccount } from "../service-accounts/resolve-account.ts";
import { type ApiTokenUse, findTokenByHash, findTokenById, noteTokenUse } from "../tokens/token-store.ts";
import { sessionEnded } from "./refresh.ts";
import { findSession } from "./session-store.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

interface ResolvedActor {
	actor: Actor;
	must_change_password: boolean;
	must_add_second_factor: boolean;
}

/** Who is behind a session or an API token, and what they may do at this moment. */
export function resolveActor(needs: Needs): Operation<"resolveActor"> {
	return ({ body }) => {
		switch (body.kind) {
			case "session":
				return actorOfSession(needs, body.session_id, body.user_id);
			case "api_token":
				return actorOfSecret(needs, secretHash(body.token));
			case "api_token_id":
				return actorOfTokenId(needs, body.token_id);
		}
	};
}

/** @throws auth.session_ended */
export async function actorOfSession(
	{ db, clock }: Needs,
	session_id: string,
	user_id: string,
): Promise<ResolvedActor> {
	const found = Id.safeParse(session_id).success ? await findSession(db.orm, session_id, user_id) : undefined;
	if (found === undefined || found.ended_at !== null || found.user.disabled) throw sessionEnded();
	if (new Date(found.expires_at) <= clock.now()) throw sessionEnded();
	const { user, permissions, must_change_password, must_add_second_factor } = found;
	return {
		actor: {
			kind: "user",
			id: user.id,
			name: user.username,
			role: user.role,
			permissions,
			...limitOf(found),
			session_id,
		},
		must_change_password,
		must_add_second_factor,
	};
}

/** A user's, else a service account's. @throws auth.unauthenticated */
async function actorOfSecret(needs: Needs, hash: string): Promise<ResolvedActor> {
	const found = await findTokenByHash(needs.db.orm, hash);
	if (found !== undefined) return actorOfToken(needs, found);
	return owesNothing(await actorOfAccount(needs, await findAccountTokenByHash(needs.db.orm, hash), hash));
}

/** @throws auth.unauthenticated */
async function actorOfToken({ db, clock }: Needs, found: ApiTokenUse): Promise<ResolvedActor> {
	const now = clock.now();
	if (found.user.disabled || (found.expires_at !== null && new Date(found.expires_at) <= now)) {
		throw failed("auth.unauthenticated", { message: "The API token is unknown, revoked or expired." });
	}
	if (isLongUnconfirmed(found, now)) {
		throw failed("auth.unauthenticated", {
			message: `Nobody confirmed for a while that ${found.user.username} is still there. They have to sign in again before their API tokens work.`,
		});
	}
	await noteTokenUse(db.orm, found, now);
	const { user, must_change_password } = found;
	return {
		actor: {
			kind: "token",
			id: user.id,
			name: `${user.username}/${found.name}`,
			role: user.role,
			permissions: commonGrants(found.permissions, found.role_permissions),
			...limitOf(found),
			session_id: found.id,
		},
		must_change_password,
		// Programs have no phone; who makes a token had to add one before.
		must_add_second_factor: false,
	};
}

/** An actor says nothing of groups where the role covers every device. */
function limitOf({ device_groups }: { device_groups: string[] | null }): Pick<Actor, "device_groups"> {
	return device_groups === null ? {} : { device_groups };
}

/** @throws auth.unauthenticated */
export async function actorOfTokenId(needs: Needs, id: string): Promise<ResolvedActor> {
	const found = await findTokenById(needs.db.orm, id);
	if (found !== undefined) return actorOfToken(needs, found);
	return owesNothing(await actorOfAccount(needs, await findAccountTokenById(needs.db.orm, id)));
}

/** A program has no password to change and no second factor to add. */
function owesNothing(actor: Actor): ResolvedActor {
	return { actor, must_change_password: false, must_add_second_factor: false };
}
