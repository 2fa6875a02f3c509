import { apiTokenPrefix } from "@netconductor/contracts/auth/access-token";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Operation } from "../operation.ts";
import { grantsBeyond } from "../roles/grants.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { newSecret, secretHash } from "../secrets.ts";
import { announceAccess } from "../sessions/announce-access.ts";
import { shownLength } from "../tokens/manage-tokens.ts";
import { describeAccount, getAccountForChange } from "./account-store.ts";
import {
	type AccountTokenRow,
	getAccountTokenForChange,
	insertAccountToken,
	listAccountTokens,
	removeAccountToken,
	toAccountToken,
	writeAccountToken,
} from "./account-token-store.ts";
import { rememberInsider } from "./insiders.ts";

interface Needs {
	db: Database;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

const hour_ms = 3_600_000;
const day_ms = 24 * hour_ms;

export function listServiceAccountTokens({ db, clock }: Needs): Operation<"listServiceAccountTokens"> {
	return async ({ params, query }) => {
		await describeAccount(db.orm, params.id, clock.now());
		return listAccountTokens(db.orm, params.id, query, clock.now());
	};
}

export function createServiceAccountToken({ db, clock }: Needs): Operation<"createServiceAccountToken"> {
	return async ({ params, body, actor, note }) => {
		refusePrograms(actor);
		const now = clock.now();
		const token = newSecret(apiTokenPrefix);
		const row = await db.transaction(async (tx) => {
			const { account, grants } = await getAccountForChange(tx, params.id);
			refuseEscalation(actor, grants, `make an API token for ${account.name}`);
			const permissions = body.permissions ?? [...grants.permissions];
			const beyond = grantsBeyond(grants.permissions, permissions);
			if (beyond.length > 0) {
				throw failed("service_accounts.beyond_role", {
					message: `The role ${account.role} of ${account.name} does not grant ${beyond.join(", ")}.`,
					details: { permissions: beyond },
					errors: [{ path: "body.permissions", message: `beyond the role ${account.role}` }],
				});
			}
			const made: AccountTokenRow = {
				id: newId(),
				service_account_id: account.id,
				name: body.name,
				prefix: token.slice(0, shownLength),
				hash: secretHash(token),
				permissions: [...new Set(permissions)].sort(),
				expires_at: new Date(now.getTime() + body.expires_in_days * day_ms).toISOString(),
				last_used_at: null,
				issued_by: actor.id,
				rotated_at: null,
				...nothingReplaced,
				created_at: now.toISOString(),
			};
			await insertAccountToken(tx, made);
			await rememberInsider(tx, { ...made, user_id: actor.id });
			note({ ...aboutToken(made, account.name), after: visible(made) });
			return made;
		});
		return { token, api_token: toAccountToken(row, actor.name, now) };
	};
}

/** The token stays the same one, so that what goes by its id (a schedule, a record) goes on. */
export function rotateServiceAccountToken({ db, ephemeral, clock }: Needs): Operation<"rotateServiceAccountToken"> {
	return async ({ params, body, actor, note }) => {
		refusePrograms(actor);
		const now = clock.now();
		const token = newSecret(apiTokenPrefix);
		const row = await db.transaction(async (tx) => {
			const { account, grants } = await getAccountForChange(tx, params.id);
			refuseEscalation(actor, grants, `rotate an API token of ${account.name}`);
			const before = await getAccountTokenForChange(tx, account.id, params.token_id);
			// A secret that is replaced never works longer than it would have.
			const ends_ms = Math.min(now.getTime() + body.overlap_hours * hour_ms, Date.parse(before.expires_at));
			const after: AccountTokenRow = {
				...before,
				prefix: token.slice(0, shownLength),
				hash: secretHash(token),
				expires_at: new Date(now.getTime() + body.expires_in_days * day_ms).toISOString(),
				issued_by: actor.id,
				rotated_at: now.toISOString(),
				...nothingReplaced,
				...(ends_ms > now.getTime() && {
					replaced_hash: before.hash,
					replaced_prefix: before.prefix,
					replaced_expires_at: new Date(ends_ms).toISOString(),
				}),
			};
			await writeAccountToken(tx, before.id, after);
			await rememberInsider(tx, { ...after, user_id: actor.id });
			// Whoever remembers a secret that ends now forgets it.
			afterCommit(tx, () => announceAccess(ephemeral, { user_id: account.id, session_id: before.id }));
			note({ ...aboutToken(after, account.name), before: visible(before), after: visible(after) });
			return after;
		});
		return { token, api_token: toAccountToken(row, actor.name, now) };
	};
}

export function revokeServiceAccountToken({ db, ephemeral }: Needs): Operation<"revokeServiceAccountToken"> {
	return async ({ params, note }) => {
		const removed = await removeAccountToken(db.orm, params.id, params.token_id);
		announceAccess(ephemeral, { user_id: removed.service_account_id, session_id: removed.id });
		note({ ...aboutToken(removed, undefined), before: visible(removed) });
		return undefined;
	};
}

const nothingReplaced = {
	replaced_hash: null,
	replaced_prefix: null,
	replaced_expires_at: null,
	replaced_last_used_at: null,
} as const;

/** A token that makes another would outlive its own end, and its revocation. */
function refusePrograms(actor: Actor): void {
	if (actor.kind === "user") return;
	throw failed("auth.forbidden", {
		message: "Sign in to make or rotate an API token of a service account; a token cannot make another.",
	});
}

function aboutToken(token: AccountTokenRow, account: string | undefined) {
	const resource_name = account === undefined ? token.name : `${account}/${token.name}`;
	return { resource_type: "api_token", resource_id: token.id, resource_name };
}

function visible({ service_account_id, prefix, permissions, expires_at, replaced_expires_at }: AccountTokenRow) {
	return { service_account_id, prefix, permissions, expires_at, replaced_expires_at };
}
