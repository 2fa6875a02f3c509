import type { BackupSchedule } from "@netconductor/contracts/backup/model";
import { Selection } from "@netconductor/contracts/devices/model";
import type { Orm } from "@netconductor/runtime/db/database";
import { eq, type InferSelectModel } from "drizzle-orm";
import type { z } from "zod";
import { schedule } from "../tables.ts";
import { nextRuns } from "./due.ts";

export type ScheduleRow = InferSelectModel<typeof schedule>;

/** How many of the next runs are told. */
export const runsShown = 10;

/** The one row. */
export const scheduleId = 1;

/** Makes the row, switched off, where there is none. */
export async function ensureSchedule(orm: Orm, now: Date): Promise<void> {
	await orm
		.insert(schedule)
		.values({
			id: scheduleId,
			enabled: false,
			cron: "0 2 * * *",
			time_zone: "UTC",
			include: { all: true },
			// Not at the first start itself, where there is nothing to clean up.
			maintenance_due_at: new Date(now.getTime() + 3_600_000).toISOString(),
		})
		.onConflictDoNothing();
}

export async function readSchedule(orm: Orm): Promise<ScheduleRow> {
	const [row] = await orm.select().from(schedule).where(eq(schedule.id, scheduleId));
	if (row === undefined) throw new TypeError("the schedule has no row");
	return row;
}

/** When it runs next; shown also while it is switched off, as what switching it on would bring. */
export function toSchedule(row: ScheduleRow, now: Date): z.output<typeof BackupSchedule> {
	const anchor = row.due_at === null ? now : new Date(row.due_at);
	const upcoming = row.enabled && row.due_at !== null && anchor > now ? [anchor] : [];
	const from = upcoming[0] ?? now;
	return {
		enabled: row.enabled,
		cron: row.cron,
		interval_minutes: row.interval_minutes,
		time_zone: row.time_zone,
		include: Selection.parse(row.include),
		exclude: row.exclude === null ? null : Selection.parse(row.exclude),
		keep_days: row.keep_days,
		keep_versions: row.keep_versions,
		last_run_at: row.last_run_at,
		last_run_id: row.last_run_id,
		last_error: row.last_error,
		next_runs: [...upcoming, ...nextRuns(row, from, runsShown - upcoming.length, anchor)].map((at) => at.toISOString()),
		updated_at: row.updated_at,
	};
}
