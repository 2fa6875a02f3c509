import { asksForCode } from "@netconductor/contracts/auth/second-factor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import { eq, sql } from "drizzle-orm";
import { networkOf } from "../address.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { ExternalIdentity } from "../methods/identity.ts";
import type { MethodKinds } from "../methods/method-kinds.ts";
import { type MethodOf, readDirectories } from "../methods/method-store.ts";
import { takeIn } from "../methods/take-in.ts";
import { describeFailure } from "../methods/test-steps.ts";
import type { Operation } from "../operation.ts";
import type { RelyingParty } from "../passkeys/relying-party.ts";
import type { Passwords } from "../passwords/hashing.ts";
import { issueChallenge } from "../second-factor/challenges.ts";
import { hasSecondFactor } from "../second-factor/factor-store.ts";
import { users } from "../tables.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { type UserRow, usernameKey } from "../users/user.ts";
import { openSession } from "./open-session.ts";
import { lockSignIn, noteSignIn } from "./session-store.ts";
import { createTokenPair } from "./token-pair.ts";

interface Needs {
	db: Database;
	passwords: Passwords;
	methods: MethodKinds;
	throttle: LoginThrottle;
	keys: SigningKeys;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	log: Log;
	party: RelyingParty | undefined;
}

/**
 * Signs a user in with a password, wherever it is kept; who has a second factor is asked for it as well. An unknown name, a wrong password
 * and a disabled user are not told apart by the answer.
 * A name that is a user's here is only ever asked where that user's password is kept: no directory learns a local password, and none can
 * take over a local user.
 */
export function login(needs: Needs): Operation<"login"> {
	const { db, throttle, clock } = needs;
	return async ({ body, actor, note }) => {
		const network = networkOf(actor.ip);
		const key = usernameKey(body.username);
		const { user, familiar } = await findAccount(db, key ?? "", network);
		if (user !== undefined) note({ resource_type: "user", resource_id: user.id, resource_name: user.username });
		// What can be nobody's name shares one count: it may be a password, typed into the wrong field.
		const attempt = { username: key ?? "", network, familiar };
		await throttle.begin(attempt);
		const recognised = await recognise(needs, user, body);
		if (recognised === undefined || user?.disabled) throw badCredentials();

		const now = clock.now().toISOString();
		const opened = await db.transaction(async (tx) => {
			if (recognised.kind === "here" && (await hasSecondFactor(tx, recognised.user.id))) {
				if (!(await lockSignIn(tx, recognised.user))) throw badCredentials();
				return issueChallenge(tx, needs, recognised.user.id);
			}
			const taken =
				recognised.kind === "here" ? recognised.user : await takeIn(tx, needs, recognised.method, recognised.identity);
			const current = taken && (await noteSignIn(tx, taken, now));
			if (current === undefined) throw badCredentials();
			return openSession(tx, needs, current, { network, user_agent: actor.user_agent ?? null });
		});
		if (asksForCode(opened)) {
			// The account's attempts go on counting: who knows the password alone gets no more of them.
			await throttle.recognised(attempt);
			note({ after: { second_factor: "asked for" } });
			return opened;
		}
		await throttle.succeeded(attempt);
		note({
			resource_type: "user",
			resource_id: opened.user.id,
			resource_name: opened.user.username,
			actor: { kind: "user", id: opened.user.id, name: opened.user.username },
		});
		return createTokenPair(needs.keys, opened);
	};
}

type Recognised =
	| { kind: "here"; user: UserRow }
	| { kind: "elsewhere"; method: MethodOf<"ldap">; identity: ExternalIdentity };

/**
 * Whose password it is; undefined when it is nobody's.
 * @throws auth.method_away — nobody was recognised, and a directory could not be asked
 */
async function recognise(
	{ db, passwords, methods, log }: Needs,
	user: UserRow | undefined,
	{ username, password }: { username: string; password: string },
): Promise<Recognised | undefined> {
	if (user !== undefined && user.login_method === null) {
		return (await passwords.verify(password, user.password_hash ?? undefined)) ? { kind: "here", user } : undefined;
	}
	// Whoever is not kept here takes as long as a local user does, at least.
	await passwords.verify(password, undefined);
	// What could never be taken in is asked of nobody: it may be a password, or meant for a directory's search.
	if (usernameKey(username) === undefined) return undefined;
	const all = await readDirectories(db.orm);
	const asked = user === undefined ? all : all.filter(({ name }) => name === user.login_method);
	let away: unknown;
	for (const method of asked) {
		try {
			const identity = await (await methods.directory(method)).signIn(username, password);
			if (identity === "refused") return undefined;
			if (identity !== "unknown") return { kind: "elsewhere", method, identity };
		} catch (error) {
			if (!isAppError(error) || error.code !== "auth.method_away") throw error;
			log.warn(
				{ method: method.name, why: describeFailure(error.cause) },
				"a directory could not be asked for a password",
			);
			away ??= error;
		}
	}
	if (away !== undefined) throw away;
	return undefined;
}

/** Whose name it is, and whether they signed in from this network before. One statement, whether the name is known or not. */
export async function findAccount(
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
