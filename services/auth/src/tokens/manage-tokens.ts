import { apiTokenPrefix } from "@netconductor/contracts/auth/access-token";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Operation } from "../operation.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { newSecret, secretHash } from "../secrets.ts";
import { announceAccess } from "../sessions/announce-access.ts";
import { getUser } from "../users/user-store.ts";
import { type ApiTokenRow, insertToken, listTokens, removeToken } from "./token-store.ts";

interface Needs {
	db: Database;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

/** How much of a token is kept and shown, to recognise it by. */
export const shownLength = apiTokenPrefix.length + 8;
const day_ms = 86_400_000;

export function listMyTokens({ db }: Needs): Operation<"listMyTokens"> {
	return ({ query, actor }) => listTokens(db.orm, idOfPerson(actor), query);
}

/** A token cannot make another one: it would outlive its own expiry. */
export function createToken({ db, clock }: Needs): Operation<"createToken"> {
	return async ({ body, actor, note }) => {
		if (actor.kind !== "user") {
			throw failed("auth.forbidden", {
				message: "Sign in with a password to make an API token; a token cannot make another.",
			});
		}
		const { permissions } = body;
		refuseEscalation(
			actor,
			{ permissions, device_groups: actor.device_groups ?? null },
			`make the API token ${body.name}`,
		);
		const owner = await getUser(db.orm, actor.id);
		const token = newSecret(apiTokenPrefix);
		const now = clock.now();
		const row: ApiTokenRow = {
			id: newId(),
			user_id: owner.id,
			name: body.name,
			prefix: token.slice(0, shownLength),
			hash: secretHash(token),
			permissions: [...new Set(body.permissions)].sort(),
			expires_at: new Date(now.getTime() + body.expires_in_days * day_ms).toISOString(),
			last_used_at: null,
			created_at: now.toISOString(),
		};
		await insertToken(db.orm, row);
		note({ ...about(row), after: visible(row) });
		const { hash: _, ...api_token } = row;
		return { token, api_token: { ...api_token, username: owner.username } };
	};
}

export function revokeMyToken({ db, ephemeral }: Needs): Operation<"revokeMyToken"> {
	return async ({ params, actor, note }) => {
		const removed = await removeToken(db.orm, idOfPerson(actor), params.id);
		announceAccess(ephemeral, { user_id: removed.user_id, session_id: removed.id });
		note({ ...about(removed), before: visible(removed) });
		return undefined;
	};
}

export function listUserTokens({ db }: Needs): Operation<"listUserTokens"> {
	return async ({ params, query }) => {
		await getUser(db.orm, params.id);
		return listTokens(db.orm, params.id, query);
	};
}

export function revokeUserToken({ db, ephemeral }: Needs): Operation<"revokeUserToken"> {
	return async ({ params, note }) => {
		const removed = await removeToken(db.orm, params.id, params.token_id);
		announceAccess(ephemeral, { user_id: removed.user_id, session_id: removed.id });
		note({ ...about(removed), before: visible(removed) });
		return undefined;
	};
}

/** The user behind an actor. @throws auth.forbidden — one of our own services, which has no account */
export function idOfPerson(actor: Actor): string {
	if (actor.kind === "user" || actor.kind === "token") return actor.id;
	throw failed("auth.forbidden", { message: `${actor.name} is not a user` });
}

function about(token: ApiTokenRow) {
	return { resource_type: "api_token", resource_id: token.id, resource_name: token.name };
}

function visible({ user_id, prefix, permissions, expires_at }: ApiTokenRow) {
	return { user_id, prefix, permissions, expires_at };
}
