import { sql } from "drizzle-orm";
import type { Tx } from "../db/database.ts";

/** How soon a process that did not get its turn tries again, ms. */
export const turn_retry_ms = 100;

/**
 * Whether nobody else does work of this name until the transaction ends: several processes of a service take turns. A process that freezes with its turn
 * loses it, with its transaction, after a minute. What the work looks at must be read by a later statement: this one's view is older than its turn.
 */
export async function takeTurn(tx: Tx, name: string): Promise<boolean> {
	const { rows } = await tx.execute<{ mine: boolean }>(
		sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as mine, set_config('idle_in_transaction_session_timeout', '60s', true)`,
	);
	return rows[0]?.mine === true;
}
