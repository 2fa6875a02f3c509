import type { Database } from "@netconductor/runtime/db/database";
import type { Engine } from "../engine/engine.ts";

/**
 * Deletes what the engine's library still knows of runs that ended before `ended_before`: results are in our own tables, and its tables would
 * grow for ever. Runs and operations stay. Answers how many runs.
 */
export async function pruneEngine(db: Database, engine: Engine, ended_before: Date): Promise<number> {
	const runs = await db.query<{ id: string }>(
		"select id from runs where finished_at < $1 and pruned_at is null order by finished_at limit 50",
		[ended_before],
	);
	for (const { id } of runs) {
		let after = "00000000-0000-0000-0000-000000000000";
		for (;;) {
			const operations = await db.query<{ id: string }>(
				"select id from operations where run_id = $1 and queued and id > $2 order by id limit 1000",
				[id, after],
			);
			if (operations.length === 0) break;
			await engine.forget(operations.map((operation) => operation.id));
			after = operations.at(-1)?.id ?? after;
		}
		await engine.forget([id]);
		await db.query("update runs set pruned_at = now() where id = $1", [id]);
	}
	return runs.length;
}
