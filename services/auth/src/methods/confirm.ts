import type { LoginMethod, MethodKind } from "@netconductor/contracts/auth/login-methods";
import { Settings } from "@netconductor/contracts/auth/model";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { hasCode } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import type { Vault } from "@netconductor/runtime/vault";
import { and, eq, isNull } from "drizzle-orm";
import { providerTokenContext } from "../oidc/sign-in.ts";
import { endSessions } from "../sessions/session-store.ts";
import { sessions } from "../tables.ts";
import type { UserRow } from "../users/user.ts";
import { writeUser } from "../users/user-store.ts";
import type { ExternalIdentity } from "./identity.ts";
import type { MethodKinds } from "./method-kinds.ts";
import { type MethodRow, readMethodByName } from "./method-store.ts";
import { realmOf } from "./realm.ts";
import { takeIn } from "./take-in.ts";
import { describeFailure } from "./test-steps.ts";

const times = {
	/** What was said of somebody is believed this long. */
	believed_ms: 5 * 60_000,
	/** And this long where whoever says it does not answer: a directory that is away must not lock everybody out at once, nor let anybody stay for ever. */
	away_ms: 12 * 3_600_000,
	/** And sessions this long where nobody can be asked: then they have to sign in again. */
	unasked_ms: 7 * 86_400_000,
};
const unaskedTokens = Settings.shape.token_unconfirmed_hours.parse(undefined);

export interface ConfirmNeeds {
	db: Database;
	vault: Vault;
	methods: MethodKinds;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	log: Log;
}

/** A session at the provider, where there is one. */
interface OpenSession {
	id: string;
	provider_token: string | null;
}

/**
 * Whether what was said of somebody is too old for their API tokens, which nobody has to refresh: see `Settings` for where nobody can be asked. A
 * provider is asked while a session there lasts (confirm-owners.ts).
 */
export function isLongUnconfirmed(
	{
		confirmed_at,
		login_method: by,
		token_unconfirmed_hours,
	}: {
		confirmed_at: string | null;
		/** How they sign in; null: here. */
		login_method: { kind: MethodKind; config: LoginMethod["config"] } | null;
		/** Null: as it is unless told. */
		token_unconfirmed_hours: number | null;
	},
	now: Date,
): boolean {
	if (by === null) return false;
	const can_ask = "bind" in by.config && by.config.bind === "service";
	const longest_ms = can_ask ? times.away_ms : (token_unconfirmed_hours ?? unaskedTokens) * 3_600_000;
	return ageOf(confirmed_at, now) >= longest_ms;
}

function ageOf(confirmed_at: string | null, now: Date): number {
	return now.getTime() - new Date(confirmed_at ?? 0).getTime();
}

/**
 * Asks where somebody signs in whether they are still there, unless that was said minutes ago, and takes over their role as it is there now.
 * False: nothing is open to them any more, or not by this session. Who is kept here, or cannot be asked about for a while, is there.
 */
export async function isStillThere(needs: ConfirmNeeds, user: UserRow, session: OpenSession): Promise<boolean> {
	if (user.login_method === null) return true;
	const { db, clock } = needs;
	const method = await readMethodByName(db.orm, user.login_method);
	if (method === undefined || !method.enabled) return false;
	const age_ms = ageOf(user.confirmed_at, clock.now());
	if (age_ms >= 0 && age_ms < times.believed_ms) return true;
	switch (await askAbout(needs, method, user, session)) {
		case "there":
			return true;
		case "away":
			return age_ms < times.away_ms;
		case "nobody to ask":
			return age_ms < times.unasked_ms;
		case "gone":
		case "method disabled":
			return false;
		case "session over":
			await db.transaction((tx) => endSessions(tx, needs, { user_id: user.id, only: session.id }, "ended_elsewhere"));
			return false;
	}
}

export type Said = "there" | "gone" | "away" | "nobody to ask" | "session over" | "method disabled";

/** What whoever knows somebody says of them now. Whoever is gone loses what is open to them; whoever is there gets today's role. */
export async function askAbout(
	needs: ConfirmNeeds,
	method: MethodRow,
	user: UserRow,
	session?: OpenSession,
): Promise<Said> {
	try {
		const asked = await ask(needs, method, user, session);
		if (asked === "nobody to ask" || asked === "session over") return asked;
		if (asked !== "gone") {
			const taken = await needs.db.transaction((tx) => takeIn(tx, needs, method, asked));
			return taken === undefined ? "method disabled" : "there";
		}
	} catch (error) {
		if (hasCode(error, "auth.method_away")) {
			needs.log.warn(
				{ method: method.name, why: describeFailure(error.cause) },
				"nobody says whether a user is still there",
			);
			return "away";
		}
		if (!hasCode(error, "auth.not_provisioned")) throw error;
	}
	await letGo(needs, user);
	return "gone";
}

async function ask(
	{ db, vault, methods }: ConfirmNeeds,
	method: MethodRow,
	user: UserRow,
	session: OpenSession | undefined,
): Promise<ExternalIdentity | "gone" | "nobody to ask" | "session over"> {
	const external_id = user.external_id ?? "";
	// The same id in another realm is somebody else.
	if (user.external_realm !== null && user.external_realm !== realmOf(method)) return "gone";
	if (method.kind === "ldap") {
		const directory = await methods.directory(method);
		return directory.finds ? ((await directory.find(external_id)) ?? "gone") : "nobody to ask";
	}
	if (session === undefined || session.provider_token === null) return "nobody to ask";
	const context = providerTokenContext(session.id);
	const provider = await methods.provider(method);
	const confirmed = await provider.confirm(await vault.openText(session.provider_token, context), external_id);
	// The token may have expired, or the session there have ended: that says nothing of the person, nor of their other sessions.
	if (confirmed === undefined) return "session over";
	const provider_token = await vault.seal(confirmed.refresh_token, context);
	await db.orm
		.update(sessions)
		.set({ provider_token })
		.where(and(eq(sessions.id, session.id), isNull(sessions.ended_at)));
	return confirmed.identity;
}

/** Ends what is open to somebody who is gone, API tokens too, also where they are the last administrator: signing in again opens it. */
async function letGo({ db, outbox, ephemeral, clock, log }: ConfirmNeeds, user: UserRow): Promise<void> {
	await db.transaction(async (tx) => {
		await writeUser(tx, user.id, { absent_since: clock.now().toISOString() });
		await endSessions(tx, { outbox, ephemeral, clock }, { user_id: user.id }, "gone_elsewhere");
		await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "updated" });
	});
	log.info({ user: user.username, method: user.login_method }, "a user is not there any more where they sign in");
}
