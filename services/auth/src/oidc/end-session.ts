import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import { and, eq, isNull, or } from "drizzle-orm";
import type { MethodKinds } from "../methods/method-kinds.ts";
import { type MethodOf, readMethodByName } from "../methods/method-store.ts";
import { realmOf } from "../methods/realm.ts";
import type { Operation } from "../operation.ts";
import { secretHash } from "../secrets.ts";
import { endSessions } from "../sessions/session-store.ts";
import { logoutTokens, sessions, users } from "../tables.ts";
import { refused, type SignedOut } from "./logout-token.ts";
import { providerSession, tellingWhy } from "./sign-in.ts";

interface Needs {
	db: Database;
	methods: MethodKinds;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	log: Log;
}

/** Ends what a provider says has ended there. It is told the same when nothing was open. */
export function endOidcSession(needs: Needs): Operation<"endOidcSession"> {
	const { db, methods, log } = needs;
	return async ({ params, body, note }) => {
		const method = await readMethodByName(db.orm, params.name);
		if (method?.kind !== "oidc" || !method.enabled) {
			throw failed("login_methods.not_found", { message: `There is no single sign-on named ${params.name}.` });
		}
		const provider = await methods.provider(method);
		const signed_out = await tellingWhy(log, method.name, provider.readLogout(body.logout_token), "sign-out");
		const ended = await db.transaction(async (tx) => {
			const { token_id, expires_at } = signed_out;
			const hash = secretHash(JSON.stringify([method.config.issuer, token_id]));
			const used = await tx.insert(logoutTokens).values({ hash, expires_at }).onConflictDoNothing().returning();
			if (used.length === 0) throw refused("it was used before");
			const open = await openSessions(tx, method, signed_out);
			for (const { id, user_id } of open) await endSessions(tx, needs, { user_id, only: id }, "ended_elsewhere");
			return open;
		});
		note({
			resource_type: "login_method",
			resource_id: method.id,
			resource_name: method.name,
			after: { ended_sessions: ended.map(({ id }) => id) },
		});
		return undefined;
	};
}

/** Those that are meant. Where the provider never said what it calls somebody's session, each of theirs may be the one. */
function openSessions(
	tx: Tx,
	method: MethodOf<"oidc">,
	{ subject, session }: SignedOut,
): Promise<{ id: string; user_id: string }[]> {
	const theirs =
		subject === undefined
			? undefined
			: and(
					eq(users.login_method, method.name),
					eq(users.external_id, subject),
					or(isNull(users.external_realm), eq(users.external_realm, realmOf(method))),
				);
	const named = session === undefined ? undefined : eq(sessions.provider_session, providerSession(method.id, session));
	const meant = named === undefined || subject === undefined ? named : or(named, isNull(sessions.provider_session));
	return tx
		.select({ id: sessions.id, user_id: sessions.user_id })
		.from(sessions)
		.innerJoin(users, eq(users.id, sessions.user_id))
		.where(and(isNull(sessions.ended_at), theirs, meant));
}
