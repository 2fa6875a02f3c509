import type { Backup } from "@netconductor/contracts/backup/model";
import { getTableColumns, type InferSelectModel } from "drizzle-orm";
import { backups } from "../tables.ts";

/** Columns that make a backup on the wire; the stored bytes are not read for a list. */
export const backupColumns = (() => {
	const {
		operation_id: _,
		content_id: __,
		version_id: ___,
		raw_delta: ____,
		raw_delta_against: _____,
		...columns
	} = getTableColumns(backups);
	return columns;
})();

export type BackupRow = Pick<InferSelectModel<typeof backups>, keyof typeof backupColumns>;

export function toBackup(row: BackupRow): Backup {
	return row;
}
