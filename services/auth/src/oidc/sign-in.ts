import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Log } from "@netconductor/runtime/log";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";
import { eq } from "drizzle-orm";
import { networkOf } from "../address.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { MethodKinds } from "../methods/method-kinds.ts";
import { type MethodOf, readMethod, readMethodByName } from "../methods/method-store.ts";
import { takeIn } from "../methods/take-in.ts";
import { describeFailure } from "../methods/test-steps.ts";
import type { Operation } from "../operation.ts";
import { newSecret, secretHash } from "../secrets.ts";
import { openSession } from "../sessions/open-session.ts";
import { noteSignIn } from "../sessions/session-store.ts";
import { createTokenPair } from "../sessions/token-pair.ts";
import { oidcAttempts } from "../tables.ts";
import { attemptSecrets } from "./attempt.ts";

/** The column that key rotation seals anew. */
export const sealedProviderTokens: SealedColumn = { table: "sessions", column: "provider_token" };

/** Time to sign in at the provider. */
const lifetime_ms = 10 * 60_000;

interface Needs {
	db: Database;
	vault: Vault;
	methods: MethodKinds;
	keys: SigningKeys;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	log: Log;
}

/** Nothing of the attempt is kept but the hash of what the browser holds: another browser cannot finish it. */
export function beginOidc({ db, methods, clock, log }: Needs): Operation<"beginOidc"> {
	return async ({ params }) => {
		const method = await readMethodByName(db.orm, params.name);
		if (method?.kind !== "oidc" || !method.enabled) {
			throw failed("login_methods.not_found", { message: `There is no single sign-on named ${params.name}.` });
		}
		const attempt = newSecret("nco_");
		const provider = await methods.provider(method);
		const authorization_url = await tellingWhy(log, method.name, provider.authorizationUrl(attemptSecrets(attempt)));
		const expires_at = new Date(clock.now().getTime() + lifetime_ms).toISOString();
		await db.orm.insert(oidcAttempts).values({ hash: secretHash(attempt), login_method_id: method.id, expires_at });
		return { authorization_url, attempt };
	};
}

/** Signs in whoever the provider recognised. Each attempt is good once, whatever comes of it. */
export function finishOidc(needs: Needs): Operation<"finishOidc"> {
	const { db, vault, methods, keys, clock, log } = needs;
	return async ({ body, actor, note }) => {
		const [attempt] = await db.orm
			.delete(oidcAttempts)
			.where(eq(oidcAttempts.hash, secretHash(body.attempt)))
			.returning();
		if (attempt === undefined || new Date(attempt.expires_at) <= clock.now()) throw attemptGone();
		const method = (await readMethod(db.orm, attempt.login_method_id)) as MethodOf<"oidc">;
		if (!method.enabled) throw attemptGone();
		const provider = await methods.provider(method);
		const { identity, session, refresh_token } = await tellingWhy(
			log,
			method.name,
			provider.signIn(body.query, attemptSecrets(body.attempt)),
		);
		const id = newId();
		const sealed = refresh_token === undefined ? null : await vault.seal(refresh_token, providerTokenContext(id));
		const now = clock.now().toISOString();
		const opened = await db.transaction(async (tx) => {
			const user = await takeIn(tx, needs, method, identity);
			if (user === undefined) throw attemptGone();
			const current = await noteSignIn(tx, user, now);
			if (current === undefined) {
				throw failed("auth.provider_refused", { message: `${user.username} may not sign in here.` });
			}
			const provider_session = session === undefined ? null : providerSession(method.id, session);
			const from = { network: networkOf(actor.ip), user_agent: actor.user_agent ?? null };
			return openSession(tx, needs, current, from, { id, provider_session, provider_token: sealed });
		});
		note({
			resource_type: "user",
			resource_id: opened.user.id,
			resource_name: opened.user.username,
			actor: { kind: "user", id: opened.user.id, name: opened.user.username },
		});
		return createTokenPair(keys, opened);
	};
}

export function providerTokenContext(session_id: string): string {
	return sealedContext("sessions", "provider_token", session_id);
}

/** What is kept of a session at a provider: what one calls its sessions may be what another does. */
export function providerSession(method_id: string, session: string): string {
	return `${method_id}:${session}`;
}

/** What a provider says that went wrong is for who administers this installation, not for a stranger at the door. */
export async function tellingWhy<T>(log: Log, method: string, work: Promise<T>, what = "sign-in"): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (isAppError(error))
			log.warn({ method, why: describeFailure(error.cause) }, `a ${what} at an identity provider failed`);
		throw error;
	}
}

function attemptGone() {
	return failed("auth.provider_refused", {
		message:
			"This attempt to sign in is over: it took too long, or was finished before. Begin again at the sign-in page.",
	});
}
