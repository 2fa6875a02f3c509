import type { Database } from "@netconductor/runtime/db/database";

/** Another text after every commit that changed devices, groups, who is in them, or host keys; also where the tables were restored. */
export async function readInventoryState(db: Database): Promise<string> {
	const [row] = await db.query<{ state: string }>(
		"select coalesce(sum(changes), 0) || '/' || coalesce(max(tableoid::bigint), 0) as state from inventory_changes",
	);
	if (row === undefined) throw new TypeError("a sum has no row");
	return row.state;
}
