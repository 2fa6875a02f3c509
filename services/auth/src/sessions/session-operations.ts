import { isByApiToken } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { and, eq } from "drizzle-orm";
import { networkOf } from "../address.ts";
import type { InitialPasswordFile } from "../first-start.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { Operation } from "../operation.ts";
import type { Passwords } from "../passwords/hashing.ts";
import type { PasswordRules } from "../passwords/password-rules.ts";
import { describeAccount } from "../service-accounts/account-store.ts";
import { readSettings } from "../settings/settings-store.ts";
import { users } from "../tables.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { idOfPerson } from "../tokens/manage-tokens.ts";
import { refuseExternal, toUser } from "../users/user.ts";
import { getUser } from "../users/user-store.ts";
import { sessionEnded } from "./refresh.ts";
import { actorOfSession, actorOfTokenId } from "./resolve-actor.ts";
import {
	type EndingNeeds,
	endSessions,
	forgetRefreshTokens,
	issueRefreshToken,
	prolongSession,
} from "./session-store.ts";
import { createTokenPair, idleEnd } from "./token-pair.ts";

/**
 * As it stands in the database: the edge remembers an actor for some seconds, and a page that asks because it was just told of a change
 * would keep the old permissions until the next one.
 */
export function getMe(needs: { db: Database; clock: Clock }): Operation<"getMe"> {
	return async ({ actor }) => {
		const { session_id = "" } = actor;
		const program = actor.kind === "service_account";
		const user = program ? null : toUser(await getUser(needs.db.orm, idOfPerson(actor)));
		const now = await (isByApiToken(actor)
			? actorOfTokenId(needs, session_id)
			: actorOfSession(needs, session_id, actor.id));
		const service_account = program
			? await describeAccount(needs.db.orm, actor.id, needs.clock.now()).then(({ id, name, role }) => ({
					id,
					name,
					role,
				}))
			: null;
		const { must_add_second_factor } = now;
		const { permissions, device_groups = null } = now.actor;
		return { user, service_account, permissions, must_add_second_factor, device_groups };
	};
}

export function logout({ db, ...ending }: EndingNeeds & { db: Database }): Operation<"logout"> {
	return async ({ actor, note }) => {
		const session_id = sessionOf(actor.kind, actor.session_id);
		note({ resource_type: "session", resource_id: session_id });
		await db.transaction((tx) => endSessions(tx, ending, { user_id: actor.id, only: session_id }, "logout"));
		return undefined;
	};
}

interface ChangePasswordNeeds {
	db: Database;
	passwords: Passwords;
	rules: PasswordRules;
	throttle: LoginThrottle;
	keys: SigningKeys;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	initialPassword: InitialPasswordFile;
}

/** The other sessions end; this one goes on with the tokens that are answered, and its old refresh token is void. */
export function changePassword(needs: ChangePasswordNeeds): Operation<"changePassword"> {
	const { db, passwords, rules, throttle, keys, outbox, ephemeral, clock, initialPassword } = needs;
	return async ({ body, actor, note }) => {
		const session_id = sessionOf(actor.kind, actor.session_id);
		const user = await getUser(db.orm, actor.id);
		note({ resource_type: "user", resource_id: user.id, resource_name: user.username });
		refuseExternal(user, "change the password");
		// A stolen access token must not be a way around the throttle of sign-ins.
		const attempt = { session_id, network: networkOf(actor.ip) };
		await throttle.begin(attempt);
		if (!(await passwords.verify(body.current_password, user.password_hash ?? undefined))) {
			throw failed("auth.bad_credentials", { message: "The current password is wrong." });
		}
		await throttle.succeeded(attempt);
		const settings = await readSettings(db.orm);
		await rules.check(body.new_password, { username: user.username, min_length: settings.password_min_length });
		if (body.new_password === body.current_password) {
			throw failed("auth.weak_password", { message: "The new password is the same as the current one." });
		}
		const password_hash = await passwords.hash(body.new_password);

		const now = clock.now();
		const expires_at = idleEnd(now, settings.session_idle_hours);
		const changed = await db.transaction(async (tx) => {
			const [after] = await tx
				.update(users)
				.set({ password_hash, must_change_password: false, updated_at: now.toISOString() })
				.where(and(eq(users.id, user.id), eq(users.disabled, false), eq(users.password_hash, user.password_hash ?? "")))
				.returning();
			// Somebody else changed it in the meantime, which ended this session too.
			if (after === undefined) throw sessionEnded();
			await endSessions(tx, { outbox, ephemeral, clock }, { user_id: user.id, except: session_id }, "password_changed");
			await prolongSession(tx, session_id, now.toISOString(), expires_at);
			await forgetRefreshTokens(tx, session_id);
			const refresh_token = await issueRefreshToken(tx, session_id, now.toISOString(), expires_at);
			return { user: after, session_id, refresh_token };
		});
		await initialPassword.forget(user.username);
		return createTokenPair(keys, { ...changed, lifetime_seconds: settings.access_token_seconds });
	};
}

/** @throws auth.forbidden — signed in with an API token, which has no session */
export function sessionOf(kind: string, session_id: string | undefined): string {
	if (kind === "user" && session_id !== undefined) return session_id;
	throw failed("auth.forbidden", { message: "Only who signed in with a password has a session and can do this." });
}
