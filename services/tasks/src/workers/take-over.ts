import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Database } from "@netconductor/runtime/db/database";
import type { OperationStore } from "../operations/operation-store.ts";
import { workTopic } from "../progress.ts";
import { rowsOf } from "../rows.ts";

export interface TakeOverNeeds {
	db: Database;
	operations: OperationStore;
	ephemeral: Pick<Ephemeral, "publish">;
	onRunChanged(run_id: string): void;
}

/** Gives what these workers had to others. They must be marked as lost or stopped before, so that they cannot take anything any more. */
export async function takeOver(worker_ids: readonly string[], needs: TakeOverNeeds): Promise<void> {
	if (worker_ids.length === 0) return;
	const runs = await needs.db.transaction(async (tx) => {
		const settled = await needs.operations.settleLost(tx, worker_ids);
		const conducted = await rowsOf<{ run_id: string }>(
			tx,
			"update procedures set worker_id = null, wake_at = now() where worker_id = any($1) returning run_id",
			[worker_ids],
		);
		return [...new Set([...settled, ...conducted.map(({ run_id }) => run_id)])];
	});
	for (const run_id of runs) needs.onRunChanged(run_id);
	if (runs.length > 0) await needs.ephemeral.publish(workTopic, {}).catch(() => {});
}
