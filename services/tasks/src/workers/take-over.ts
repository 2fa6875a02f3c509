import type { Database } from "@netconductor/runtime/db/database";
import type { Engine } from "../engine/engine.ts";
import type { OperationStore } from "../operations/operation-store.ts";
import { rowsOf } from "../rows.ts";

export interface TakeOverNeeds {
	db: Database;
	engine: Engine;
	operations: OperationStore;
	onRunChanged(run_id: string): void;
}

/**
 * Gives what these workers had to others. They must be marked as lost or stopped before, so that they cannot take anything any more. One
 * at a time in the whole installation: between finding what a worker left and putting it back nobody else may do the same, or it would run twice.
 */
export async function takeOver(worker_ids: readonly string[], needs: TakeOverNeeds): Promise<void> {
	if (worker_ids.length === 0) return;
	const runs = await needs.db.transaction(async (tx) => {
		await rowsOf(tx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", [
			`netconductor.take_over.${needs.db.schema}`,
		]);
		const changed = await needs.operations.settleLost(tx, worker_ids);
		// On the engine's own connections. Whoever takes these up at once waits for our rows, and so for our commit.
		await needs.engine.handOver(worker_ids);
		return changed;
	});
	for (const run_id of runs) needs.onRunChanged(run_id);
}
