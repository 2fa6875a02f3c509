import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { hasCode } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import type { Vault } from "@netconductor/runtime/vault";
import { eq } from "drizzle-orm";
import { providerTokenContext } from "../oidc/sign-in.ts";
import { endSessions } from "../sessions/session-store.ts";
import { sessions } from "../tables.ts";
import { isActiveAdmin, type UserRow } from "../users/user.ts";
import { lockActiveAdmins, writeUser } from "../users/user-store.ts";
import type { ExternalIdentity } from "./identity.ts";
import type { MethodKinds } from "./method-kinds.ts";
import { type MethodRow, readMethodByName } from "./method-store.ts";
import { realmOf } from "./realm.ts";
import { takeIn } from "./take-in.ts";
import { describeFailure } from "./test-steps.ts";

const times = {
	/** What was said of somebody is believed this long. */
	believed_ms: 5 * 60_000,
	/** And this long where nobody can be asked: a directory that is away must not lock everybody out at once, nor let anybody stay for ever. */
	longest_ms: 12 * 3_600_000,
};

interface Needs {
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
 * Asks where somebody signs in whether they are still there, unless that was said minutes ago, and takes over their role as it is there now.
 * False: nothing is open to them any more, and their sessions have ended. Who is kept here, or cannot be asked about, is there.
 */
export async function isStillThere(needs: Needs, user: UserRow, session?: OpenSession): Promise<boolean> {
	if (user.login_method === null) return true;
	const { db, clock, log } = needs;
	const age_ms = clock.now().getTime() - new Date(user.confirmed_at ?? 0).getTime();
	if (age_ms >= 0 && age_ms < times.believed_ms) return true;
	const method = await readMethodByName(db.orm, user.login_method);
	if (method === undefined || !method.enabled) return false;
	if (user.external_realm !== null && user.external_realm !== realmOf(method)) {
		await letGo(needs, user);
		return false;
	}
	try {
		const asked = await ask(needs, method, user, session);
		if (asked === "nobody to ask") return true;
		if (asked !== "gone") {
			await db.transaction((tx) => takeIn(tx, needs, method, asked));
			return true;
		}
	} catch (error) {
		if (hasCode(error, "auth.method_away")) {
			log.warn({ method: method.name, why: describeFailure(error.cause) }, "nobody says whether a user is still there");
			return age_ms < times.longest_ms;
		}
		if (!hasCode(error, "auth.not_provisioned")) throw error;
	}
	await letGo(needs, user);
	return false;
}

async function ask(
	{ db, vault, methods }: Needs,
	method: MethodRow,
	user: UserRow,
	session: OpenSession | undefined,
): Promise<ExternalIdentity | "gone" | "nobody to ask"> {
	const external_id = user.external_id ?? "";
	if (method.kind === "ldap") {
		const directory = await methods.directory(method);
		return directory.finds ? ((await directory.find(external_id)) ?? "gone") : "nobody to ask";
	}
	if (session === undefined || session.provider_token === null) return "nobody to ask";
	const context = providerTokenContext(session.id);
	const provider = await methods.provider(method);
	const confirmed = await provider.confirm(await vault.openText(session.provider_token, context), external_id);
	if (confirmed === undefined) return "gone";
	const provider_token = await vault.seal(confirmed.refresh_token, context);
	await db.orm.update(sessions).set({ provider_token }).where(eq(sessions.id, session.id));
	return confirmed.identity;
}

/** Ends what is open to somebody who is gone. The last administrator stays, so that somebody can put a wrong configuration right. */
async function letGo({ db, outbox, ephemeral, clock, log }: Needs, user: UserRow): Promise<void> {
	await db.transaction(async (tx) => {
		const admins = await lockActiveAdmins(tx);
		const last = isActiveAdmin(user) && !admins.some((id) => id !== user.id);
		if (!last) await writeUser(tx, user.id, { absent_since: clock.now().toISOString() });
		await endSessions(tx, { outbox, ephemeral, clock }, { user_id: user.id }, "gone_elsewhere");
		await outbox.publish(tx, "user.changed.v1", { user_id: user.id, username: user.username, change: "updated" });
	});
	log.info({ user: user.username, method: user.login_method }, "a user is not there any more where they sign in");
}
