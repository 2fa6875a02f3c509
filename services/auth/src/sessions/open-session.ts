import type { Clock } from "@netconductor/runtime/clock";
import type { Tx } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { readSettings } from "../settings/settings-store.ts";
import type { UserRow } from "../users/user.ts";
import { insertSession, issueRefreshToken } from "./session-store.ts";
import { idleEnd } from "./token-pair.ts";

/** A session just begun, and what `createTokenPair` makes tokens of. */
export interface OpenedSession {
	user: UserRow;
	session_id: string;
	refresh_token: string;
	lifetime_seconds: number;
}

/** What a session has to do with a session elsewhere. */
interface Elsewhere {
	id: string;
	provider_session: string | null;
	/** Sealed for the session's id. */
	provider_token: string | null;
}

/** Opens a session for somebody who proved who they are, however they did: every way to sign in ends here. */
export async function openSession(
	tx: Tx,
	{ clock }: { clock: Clock },
	user: UserRow,
	from: { network: string; user_agent: string | null },
	elsewhere?: Elsewhere,
): Promise<OpenedSession> {
	const settings = await readSettings(tx);
	const now = clock.now();
	const expires_at = idleEnd(now, settings.session_idle_hours);
	const session_id = elsewhere?.id ?? newId();
	await insertSession(tx, {
		provider_session: null,
		provider_token: null,
		...elsewhere,
		id: session_id,
		user_id: user.id,
		...from,
		created_at: now.toISOString(),
		refreshed_at: now.toISOString(),
		expires_at,
	});
	const refresh_token = await issueRefreshToken(tx, session_id, now.toISOString(), expires_at);
	return { user, session_id, refresh_token, lifetime_seconds: settings.access_token_seconds };
}
