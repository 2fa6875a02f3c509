import type { Database, Tx } from "@netconductor/runtime/db/database";
import { rowsOf } from "../rows.ts";

/** Has a procedure that waits taken up again: something that it may wait for has happened. Of any other run nothing comes of it. */
export async function wakeProcedure(on: Database | Tx, run_id: string): Promise<void> {
	await rowsOf(on, "update procedures set wake_at = now() where run_id = $1 and ended is null", [run_id]);
}

/** The same for procedures of which a step waits for the end of a run. */
export async function wakeWaitingFor(on: Database | Tx, run_id: string): Promise<void> {
	await rowsOf(
		on,
		`update procedures set wake_at = now()
		where run_id in (select run_id from run_steps where waits_for_run = $1 and status = 'waiting') and ended is null`,
		[run_id],
	);
}
