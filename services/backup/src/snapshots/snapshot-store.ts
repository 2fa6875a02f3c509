import type { Snapshot } from "@netconductor/contracts/backup/model";
import type { Orm } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { eq, getTableColumns, type InferSelectModel, sql } from "drizzle-orm";
import { snapshots } from "../tables.ts";

export const snapshotColumns = (() => {
	const { pending: _, ...columns } = getTableColumns(snapshots);
	return columns;
})();

export type SnapshotRow = Pick<InferSelectModel<typeof snapshots>, keyof typeof snapshotColumns>;

export function toSnapshot(row: SnapshotRow): Snapshot {
	return row;
}

/** @throws snapshots.not_found */
export async function findSnapshot(orm: Orm, id: string): Promise<SnapshotRow> {
	const [row] = await orm.select(snapshotColumns).from(snapshots).where(eq(snapshots.id, id));
	if (row === undefined) throw failed("snapshots.not_found", { message: `There is no snapshot ${id}` });
	return row;
}

/** Backups of a snapshot as they stand now. A device that was tried again counts once, by its best attempt. */
export interface SnapshotCounts {
	succeeded: number;
	changed: number;
	size_bytes: number;
}

export async function countBackups(orm: Orm, snapshot_id: string): Promise<SnapshotCounts> {
	const { rows } = await orm.execute<{ succeeded: string; changed: string; size_bytes: string }>(sql`
		select count(distinct device_id) as succeeded,
			count(distinct device_id) filter (where changed) as changed,
			coalesce(sum(size_bytes), 0) as size_bytes
		from backups where snapshot_id = ${snapshot_id} and status = 'succeeded'`);
	const [row] = rows;
	return {
		succeeded: Number(row?.succeeded ?? 0),
		changed: Number(row?.changed ?? 0),
		size_bytes: Number(row?.size_bytes ?? 0),
	};
}

/** Status of a snapshot whose run has ended. */
export function endedStatus(succeeded: number, devices: number): "complete" | "partial" | "failed" {
	if (succeeded >= devices) return "complete";
	return succeeded === 0 ? "failed" : "partial";
}
