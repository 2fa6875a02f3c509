import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, sql } from "drizzle-orm";
import { networkOf } from "../address.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { Operation } from "../operation.ts";
import type { Passwords } from "../passwords.ts";
import { readSettings } from "../settings/settings-store.ts";
import { users } from "../tables.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { type UserRow, usernameKey } from "../users/user.ts";
import { insertSession, issueRefreshToken } from "./session-store.ts";
import { createTokenPair, idleEnd } from "./token-pair.ts";

interface Needs {
	db: Database;
	passwords: Passwords;
	throttle: LoginThrottle;
	keys: SigningKeys;
	clock: Clock;
}

/**
 * Signs a local user in. An unknown name, a wrong password and a disabled user are told apart neither by the answer nor by the time it takes.
 */
export function login({ db, passwords, throttle, keys, clock }: Needs): Operation<"login"> {
	return async ({ body, actor, note }) => {
		const network = networkOf(actor.ip);
		const key = usernameKey(body.username);
		const { user, familiar } = await findAccount(db, key ?? "", network);
		if (user !== undefined) note({ resource_type: "user", resource_id: user.id, resource_name: user.username });
		const attempt = { username: key ?? body.username, network, familiar };
		await throttle.begin(attempt);
		const fits = await passwords.verify(body.password, user?.password_hash);
		if (!fits || user === undefined || user.disabled) throw badCredentials();

		const now = clock.now();
		const settings = await readSettings(db.orm);
		const expires_at = idleEnd(now, settings.session_idle_hours);
		const opened = await db.transaction(async (tx) => {
			// Disabled, deleted or given another password since the password was looked at: then it does not fit any more.
			const [current] = await tx
				.update(users)
				.set({ last_login_at: now.toISOString() })
				.where(and(eq(users.id, user.id), eq(users.disabled, false), eq(users.password_hash, user.password_hash)))
				.returning();
			if (current === undefined) throw badCredentials();
			const session_id = await insertSession(tx, { user_id: user.id, network, now: now.toISOString(), expires_at });
			const refresh_token = await issueRefreshToken(tx, session_id, now.toISOString(), expires_at);
			return { user: current, session_id, refresh_token };
		});
		await throttle.succeeded(attempt);
		note({ actor: { kind: "user", id: user.id, name: user.username } });
		return createTokenPair(keys, { ...opened, lifetime_seconds: settings.access_token_seconds });
	};
}

/** One statement, whether the name is known or not. */
async function findAccount(
	db: Database,
	key: string,
	network: string,
): Promise<{ user: UserRow | undefined; familiar: boolean }> {
	// Names written out: Drizzle drops the table's from columns in the list of a select on one table.
	const familiar = sql<boolean>`exists (select from sessions s where s.user_id = users.id and s.network = ${network})`;
	const [found] = await db.orm
		.select({ user: users, familiar })
		.from(users)
		.where(eq(sql`lower(${users.username})`, key));
	return { user: found?.user, familiar: found?.familiar ?? false };
}

function badCredentials() {
	return failed("auth.bad_credentials", { message: "User name or password is wrong." });
}
