import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { Handler } from "@netconductor/runtime/host/service";
import { eq } from "drizzle-orm";
import { schedule } from "../tables.ts";
import { checkTiming, nextRuns } from "./due.ts";
import { readSchedule, runsShown, type ScheduleRow, scheduleId, toSchedule } from "./schedule-store.ts";

type Operations = (typeof backupApi)["operations"];
interface Needs {
	db: Database;
	clock: Clock;
}

export function getBackupSchedule({ db, clock }: Needs): Handler<Operations["getBackupSchedule"]> {
	return async () => toSchedule(await readSchedule(db.orm), clock.now());
}

/** What a schedule as it is typed would do, refused for the same reasons as when it is set. */
export function previewBackupSchedule({ clock }: Pick<Needs, "clock">): Handler<Operations["previewBackupSchedule"]> {
	return async ({ body }) => {
		const now = clock.now();
		checkTiming(body, now);
		return { next_runs: nextRuns(body, now, runsShown).map((at) => at.toISOString()) };
	};
}

/** A change of anything but the timing does not move the next run. */
export function putBackupSchedule({ db, clock }: Needs): Handler<Operations["putBackupSchedule"]> {
	return async ({ body, note }) => {
		const now = clock.now();
		checkTiming(body, now);
		const after = await db.transaction(async (tx) => {
			const [before] = await tx.select().from(schedule).where(eq(schedule.id, scheduleId)).for("update");
			if (before === undefined) throw new TypeError("the schedule has no row");
			const sameTiming =
				before.enabled &&
				before.cron === body.cron &&
				before.interval_minutes === body.interval_minutes &&
				before.time_zone === body.time_zone;
			const next = sameTiming ? before.due_at : (nextRuns(body, now, 1)[0]?.toISOString() ?? null);
			const due_at = body.enabled ? next : null;
			await tx
				.update(schedule)
				.set({ ...body, due_at, updated_at: now.toISOString() })
				.where(eq(schedule.id, scheduleId));
			note({ resource_type: "backup_schedule", before: settingsOf(before), after: body });
			return readSchedule(tx);
		});
		return toSchedule(after, now);
	};
}

function settingsOf(row: ScheduleRow) {
	const { enabled, cron, interval_minutes, time_zone, include, exclude, keep_days, keep_versions } = row;
	return { enabled, cron, interval_minutes, time_zone, include, exclude, keep_days, keep_versions };
}
