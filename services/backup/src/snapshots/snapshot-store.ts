import type { Snapshot } from "@netconductor/contracts/backup/model";
import type { Orm } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, getTableColumns, type InferSelectModel, sql } from "drizzle-orm";
import { backups, snapshots } from "../tables.ts";

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
	if (row === undefined) throw snapshotNotFound(id);
	return row;
}

export function snapshotNotFound(id: string): Error {
	return failed("snapshots.not_found", { message: `There is no snapshot ${id}` });
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

/** Counts of a snapshot under way are those of this moment; of an ended one, those of its end. */
export async function countedNow(orm: Orm, row: SnapshotRow): Promise<SnapshotRow> {
	if (row.status !== "running") return row;
	const [failures] = await orm
		.select({ failed: count() })
		.from(backups)
		.where(and(eq(backups.snapshot_id, row.id), eq(backups.status, "failed")));
	return { ...row, ...(await countBackups(orm, row.id)), failed: failures?.failed ?? 0 };
}

/** Status of a snapshot whose run has ended. */
export function endedStatus(succeeded: number, devices: number): "complete" | "partial" | "failed" {
	if (succeeded >= devices) return "complete";
	return succeeded === 0 ? "failed" : "partial";
}
