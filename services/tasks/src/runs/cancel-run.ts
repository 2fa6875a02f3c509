import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { OperationStore } from "../operations/operation-store.ts";
import { wakeProcedure } from "../procedures/wake.ts";
import { cancelTopic } from "../progress.ts";
import { rowsOf } from "../rows.ts";
import { hasEnded } from "./run.ts";
import type { RunStore } from "./run-store.ts";

export interface CancelRunNeeds {
	db: Database;
	store: RunStore;
	operations: OperationStore;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
	onChange(run_id: string): void;
}

/**
 * Cancels a run, and those that its steps began: what has not begun never does, workers close the sessions of the rest within a second. Asking
 * again changes nothing; the first who asked stays noted.
 * @throws runs.not_found
 * @throws runs.already_ended
 */
export function cancelRun({ db, store, operations, ephemeral, clock, onChange }: CancelRunNeeds) {
	async function cancel(run_id: string, by: Actor): Promise<Run> {
		const begun = await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (hasEnded(run.status)) {
				throw failed("runs.already_ended", {
					message: `The run ${run.title} has ended already (${run.status})`,
					details: { run_id, status: run.status },
				});
			}
			const now = clock.now();
			await rowsOf(
				tx,
				"update runs set cancel_requested_at = $2, cancel_requested_by = $3 where id = $1 and cancel_requested_at is null",
				[run_id, now, by.name],
			);
			await operations.cancelPending(tx, run_id, now);
			await wakeProcedure(tx, run_id);
			return runsBegunBy(tx, run_id);
		});
		// Workers look for themselves, too; this is only sooner.
		await ephemeral.publish(cancelTopic, { run_id }).catch(() => {});
		onChange(run_id);
		for (const id of begun) {
			await cancel(id, by).catch((error: unknown) => {
				if (!hasCode(error, "runs.already_ended")) throw error;
			});
		}
		return store.get(run_id);
	}
	return cancel;
}

/** Runs that steps of a procedure began and wait for: they were for its sake. */
async function runsBegunBy(tx: Tx, run_id: string): Promise<string[]> {
	const rows = await rowsOf<{ id: string }>(
		tx,
		`select r.id from run_steps s join runs r on r.id = s.waits_for_run
		where s.run_id = $1 and s.status in ('running', 'waiting') and r.finished_at is null`,
		[run_id],
	);
	return rows.map(({ id }) => id);
}
