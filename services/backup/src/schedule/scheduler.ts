import type { devicesApi } from "@netconductor/contracts/devices/api";
import { Selection } from "@netconductor/contracts/devices/model";
import type { Client } from "@netconductor/contracts/kernel/client";
import { isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { newId } from "@netconductor/runtime/id";
import { storable } from "@netconductor/runtime/text/lines";
import { and, eq, sql } from "drizzle-orm";
import { type CleanupNeeds, cleanUp } from "../backups/cleanup.ts";
import { chooseTargets } from "../backups/plan.ts";
import { sweepContents } from "../backups/remove-backups.ts";
import { snapshotName } from "../backups/run-backup.ts";
import { sweepSearchTexts } from "../search/search-texts.ts";
import { resumeStarts, type StartNeeds, startSnapshot } from "../snapshots/start-snapshot.ts";
import type { Firing } from "../tables.ts";
import { schedule, snapshots } from "../tables.ts";
import { nextRuns } from "./due.ts";
import { readSchedule, type ScheduleRow, scheduleId } from "./schedule-store.ts";

export interface SchedulerNeeds extends StartNeeds, CleanupNeeds {
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listTargets">;
	/** Told when the schedule was acted on, and when backups were removed. */
	onChange?(what: "backup_schedule" | "backups"): void;
}

export interface Scheduler {
	/** Does what is due now; what fails is recorded in the schedule or the log. */
	tick(): Promise<void>;
	start(): void;
	/** Resolves when what is under way has ended. */
	stop(): Promise<void>;
}

const poll_ms = 5_000;
/** How long a firing belongs to the process that claimed it. */
const claim_ms = 120_000;
/** A firing that cannot be started is tried again for this long. */
const retry_ms = 15 * 60_000;
const day_ms = 24 * 3_600_000;

/**
 * Fires the backup schedule. What is due lies in the database and is claimed there under a row lock: two processes do not fire twice, and what was
 * missed while nobody ran is made up for once.
 */
export function createScheduler(needs: SchedulerNeeds): Scheduler {
	const { db, clock, log } = needs;
	const stopping = new AbortController();
	let running: Promise<void> | undefined;
	let resumed_at = Number.NEGATIVE_INFINITY;

	async function tick(): Promise<void> {
		const now = clock.now().getTime();
		// A start cut off by a crash shows after half a minute; looking more often finds no more.
		if (clock.elapsed_ms() - resumed_at >= 30_000) {
			await resumeStarts(needs);
			resumed_at = clock.elapsed_ms();
		}
		const row = await readSchedule(db.orm);
		if (row.firing !== null || (row.enabled && row.due_at !== null && Date.parse(row.due_at) <= now)) {
			const claimed = await claimFiring(needs);
			if (claimed !== undefined) await fire(needs, claimed);
			needs.onChange?.("backup_schedule");
		}
		if (Date.parse(row.maintenance_due_at) <= now) await maintain(needs, stopping.signal);
	}

	async function run(): Promise<void> {
		while (!stopping.signal.aborted) {
			try {
				await tick();
			} catch (err) {
				log.error({ err }, "the backup schedule could not be looked after; trying again");
			}
			await clock.sleep(poll_ms, stopping.signal).catch(() => {});
		}
	}

	return {
		tick,
		start() {
			running ??= run();
		},
		async stop() {
			stopping.abort();
			await running;
		},
	};
}

/** Takes what is due, moving the schedule on; or what another process claimed and did not finish. */
async function claimFiring({ db, clock }: SchedulerNeeds): Promise<{ row: ScheduleRow; firing: Firing } | undefined> {
	return db.transaction(async (tx) => {
		const [row] = await tx.select().from(schedule).where(eq(schedule.id, scheduleId)).for("update");
		if (row === undefined) return undefined;
		const now = clock.now();
		const claimed_until = new Date(now.getTime() + claim_ms).toISOString();
		const change = (set: Partial<ScheduleRow>) => tx.update(schedule).set(set).where(eq(schedule.id, scheduleId));
		if (row.firing !== null) {
			const left_ms = Date.parse(row.firing.claimed_until) - now.getTime();
			// Longer than claims are is one from before the clock was set back.
			if (left_ms > 0 && left_ms <= claim_ms) return undefined;
			const firing = { ...row.firing, claimed_until };
			await change({ firing });
			return { row, firing };
		}
		if (!row.enabled || row.due_at === null || Date.parse(row.due_at) > now.getTime()) return undefined;
		const due_at = nextRuns(row, now, 1, new Date(row.due_at))[0]?.toISOString() ?? null;
		const [last] =
			row.last_snapshot_id === null
				? []
				: await tx.select().from(snapshots).where(eq(snapshots.id, row.last_snapshot_id));
		if (last?.status === "running") {
			await change({
				due_at,
				last_error: `Skipped at ${row.due_at}: the scheduled backup before (${last.name}) has not ended yet.`,
			});
			return undefined;
		}
		const firing = { snapshot_id: newId(), due_at: row.due_at, claimed_until };
		await change({ due_at, firing, last_run_at: now.toISOString(), last_snapshot_id: firing.snapshot_id });
		return { row, firing };
	});
}

async function fire(needs: SchedulerNeeds, { row, firing }: { row: ScheduleRow; firing: Firing }): Promise<void> {
	const { db, clock, log } = needs;
	const settle = (set: Partial<ScheduleRow>) =>
		db.orm
			.update(schedule)
			.set(set)
			.where(and(eq(schedule.id, scheduleId), sql`${schedule.firing} ->> 'snapshot_id' = ${firing.snapshot_id}`));
	try {
		const run_id = await startScheduled(needs, row, firing);
		await settle({ firing: null, last_run_id: run_id, last_error: null });
	} catch (err) {
		if (!isAppError(err)) log.error({ err }, "a scheduled backup could not be started");
		const message = isAppError(err) ? storable(err.message) : "Something went wrong here; the log has the details.";
		const now = clock.now().getTime();
		const again = (!isAppError(err) || err.retryable) && now - Date.parse(firing.due_at) < retry_ms;
		// Its time starts when it was first tried: after a long pause it is due for long already.
		const firstTried = row.firing === null;
		if (again || (firstTried && isAppError(err) && err.retryable)) {
			const claimed_until = new Date(now + 30_000).toISOString();
			await settle({ firing: { ...firing, claimed_until }, last_error: `${message} It is tried again.` });
		} else await settle({ firing: null, last_error: message });
	}
}

async function startScheduled(needs: SchedulerNeeds, row: ScheduleRow, firing: Firing): Promise<string> {
	const caller = needs.ownAccount();
	const { targets } = await needs.devices.listTargets({ body: { select: Selection.parse(row.include) } }, caller);
	const excluded =
		row.exclude === null
			? []
			: (await needs.devices.listTargets({ body: { select: Selection.parse(row.exclude) } }, caller)).targets;
	// Nobody asks for a device by name here at this moment: also a named one is left out while it is disabled.
	const chosen = chooseTargets(targets, { all: true }, new Set(excluded.map(({ device_id }) => device_id)));
	const name = snapshotName("Scheduled backup", new Date(firing.due_at));
	const { run_id } = await startSnapshot(
		needs,
		{ id: firing.snapshot_id, name, started_by: "schedule", chosen },
		caller,
	);
	return run_id;
}

/** Once a day: what the retention gives up goes, and what earlier deletions left behind. */
async function maintain(needs: SchedulerNeeds, signal: AbortSignal): Promise<void> {
	const { db, clock, log } = needs;
	const now = clock.now().getTime();
	const at = (ms: number) => new Date(now + ms).toISOString();
	const claimed = await db.orm
		.update(schedule)
		.set({ maintenance_due_at: at(day_ms) })
		.where(and(eq(schedule.id, scheduleId), sql`${schedule.maintenance_due_at} <= ${at(0)}::timestamptz`))
		.returning();
	const [row] = claimed;
	if (row === undefined) return;
	try {
		const removed = await cleanUp(needs, row, { dry_run: false, signal });
		await sweepContents(db);
		await db.orm.execute(
			sql`delete from devices d where deleted_at is not null and not exists (select from backups b where b.device_id = d.device_id)`,
		);
		await sweepSearchTexts(needs);
		if (removed.backups > 0) needs.onChange?.("backups");
		if (removed.backups > 0) log.info(removed, "deleted backups beyond the retention");
	} catch (err) {
		log.error({ err }, "the daily clean-up of backups failed; trying again in an hour");
		await db.orm
			.update(schedule)
			.set({ maintenance_due_at: at(3_600_000) })
			.where(eq(schedule.id, scheduleId));
	}
}
