import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { RunStatus } from "@netconductor/contracts/tasks/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { hasCode, isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { storable } from "@netconductor/runtime/text/lines";
import { and, eq, getTableColumns, inArray, lt, or, sql } from "drizzle-orm";
import { type HoldNeeds, holdOf } from "../calendars/hold.ts";
import { isHeldBack } from "../kind.ts";
import type { Kinds } from "../load-kinds.ts";
import type { OccurrenceRow, ScheduleRow } from "../schedules/schedule.ts";
import { occurrences, schedules } from "../tables.ts";
import { type Lookups, lookUpOnce } from "./look-up-once.ts";
import type { NoteStarted } from "./note-started.ts";
import { type OwnerNeeds, withPermission } from "./owner.ts";

export interface StartNeeds extends HoldNeeds, OwnerNeeds {
	db: Database;
	clock: Clock;
	log: Log;
	kinds: Kinds;
	noteStarted: NoteStarted;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun">;
	ownAccount(): CallerContext;
	/** Told which schedule has news. */
	onChange(schedule_id: string): void;
}

/** How long an occurrence belongs to the process that took it up. */
const claim_ms = 60_000;
/** One that cannot be started is tried again for this long. */
const retry_ms = 15 * 60_000;

const open = inArray(occurrences.status, ["due", "waiting"]);

/** An occurrence that is to be started, with its schedule as it is now. */
export interface Taken {
	occurrence: OccurrenceRow;
	schedule: ScheduleRow;
}

/** Takes up to `limit` occurrences whose time has come; what another process has taken comes free when that does not finish. */
export async function takeToTry({ db, clock }: Pick<StartNeeds, "db" | "clock">, limit: number): Promise<Taken[]> {
	const now = clock.now();
	const at = (ms: number) => new Date(now.getTime() + ms).toISOString();
	return db.transaction(async (tx) => {
		const found = await tx
			.select({ id: occurrences.id })
			.from(occurrences)
			.where(
				and(
					sql`${occurrences.try_at} <= ${at(0)}::timestamptz`,
					// A claim longer than claims are is from before the clock was set back.
					sql`(${occurrences.claimed_until} is null or ${occurrences.claimed_until} <= ${at(0)}::timestamptz or ${occurrences.claimed_until} > ${at(claim_ms)}::timestamptz)`,
				),
			)
			.orderBy(occurrences.try_at)
			.limit(limit)
			.for("update", { skipLocked: true });
		if (found.length === 0) return [];
		return tx
			.update(occurrences)
			.set({
				claimed_until: at(claim_ms),
				first_tried_at: sql`coalesce(${occurrences.first_tried_at}, ${at(0)}::timestamptz)`,
			})
			.from(schedules)
			.where(
				and(
					eq(schedules.id, occurrences.schedule_id),
					inArray(
						occurrences.id,
						found.map(({ id }) => id),
					),
				),
			)
			.returning({ occurrence: getTableColumns(occurrences), schedule: getTableColumns(schedules) });
	});
}

/** Starts the runs of occurrences that were taken together, or notes why not (yet). Never throws: what fails is told in the history. */
export function startOccurrences(needs: StartNeeds, taken: readonly Taken[]): Promise<void>[] {
	const lookups = lookUpOnce(needs);
	return taken.map(({ occurrence, schedule }) => startOne(needs, occurrence, schedule, lookups));
}

async function startOne(
	needs: StartNeeds,
	taken: OccurrenceRow,
	schedule: ScheduleRow,
	lookups: Lookups,
): Promise<void> {
	const { log, onChange } = needs;
	try {
		if (taken.work !== null) await attempt(needs, taken, taken.work, schedule, lookups);
	} catch (err) {
		if (!isAppError(err)) log.error({ err, schedule_id: taken.schedule_id }, "a scheduled run could not be started");
		// Where the database is away, the claim runs out and somebody tries again.
		await noteFailure(needs, taken, err).catch((again: unknown) =>
			log.error({ err: again }, "and it could not be noted"),
		);
	}
	onChange(taken.schedule_id);
}

async function attempt(
	needs: StartNeeds,
	taken: OccurrenceRow,
	work: NonNullable<OccurrenceRow["work"]>,
	schedule: ScheduleRow,
	lookups: Lookups,
): Promise<void> {
	const { clock, kinds } = needs;
	const kind = kinds.get(work.kind);
	const now = clock.now();
	if (kind === undefined)
		return end(needs, taken, "failed", `Nothing of the kind ${work.kind} can be scheduled here any more.`);
	// One that is not waiting had nothing before it when it came due.
	if (
		taken.status === "waiting" &&
		taken.trigger === "time" &&
		schedule.overlap !== "run_anyway" &&
		(await isBehind(needs, taken))
	) {
		return wait(needs, taken, "Waits until the run before has ended.", new Date(now.getTime() + 30_000));
	}
	const acting = withPermission(await lookups.acting(work.owner), work.owner, kind.permission);
	if ("refused" in acting) return refuse(needs, taken, acting.refused);
	const caller = { ...needs.ownAccount(), actor: acting.actor };
	await noteLimits(needs, taken, acting.actor);
	const params = kind.params.safeParse(work.params);
	if (!params.success)
		return end(needs, taken, "failed", `What it is to do is not valid any more: ${params.error.issues[0]?.message}.`);
	const calendars = kind.changes_devices ? await lookups.calendars() : [];
	let not_after: string | null = null;
	if (calendars.length > 0 && (await isHeldBack(kind, params.data, needs.clients, caller))) {
		const select = (await kind.select?.(params.data, needs.clients, caller)) ?? { all: true };
		const held = await holdOf(needs, calendars, select, now.getTime(), caller);
		if (held.hold !== undefined) {
			const { hold } = held;
			const held_by = hold.calendar.name;
			if (schedule.held === "skip")
				return end(needs, taken, "skipped", `${hold.why}, and this schedule leaves such runs out.`, { held_by });
			// Looked at again at the latest in a day: what is far may change.
			const until = Math.min(hold.until ?? Number.POSITIVE_INFINITY, now.getTime() + 86_400_000);
			return wait(needs, taken, `${hold.why}.`, new Date(until), { held_by });
		}
		if (held.next !== undefined) not_after = new Date(held.next).toISOString();
	}
	const { run_id } = await kind.start(
		{ params: params.data, key: taken.id, title: work.title, not_after, caller },
		needs.clients,
	);
	await needs.noteStarted({
		id: taken.id,
		run_id,
		at: clock.now().toISOString(),
		healed: schedule.problem === null ? null : schedule.id,
	});
}

/** Before anything comes of it: what is told of it is of the devices that exist for who it runs as. */
async function noteLimits({ db }: StartNeeds, { id, run_as_groups }: OccurrenceRow, actor: Actor): Promise<void> {
	const now = actor.device_groups ?? null;
	if (JSON.stringify(now) === JSON.stringify(run_as_groups)) return;
	await db.orm.update(occurrences).set({ run_as_groups: now }).where(eq(occurrences.id, id));
}

/** Whether an earlier occurrence of the schedule has not ended. */
async function isBehind({ db }: StartNeeds, { schedule_id, id, due_at }: OccurrenceRow): Promise<boolean> {
	const [before] = await db.orm
		.select({ id: occurrences.id })
		.from(occurrences)
		.where(
			and(
				eq(occurrences.schedule_id, schedule_id),
				inArray(occurrences.status, ["due", "waiting", "running"]),
				or(lt(occurrences.due_at, due_at), and(eq(occurrences.due_at, due_at), lt(occurrences.id, id))),
			),
		)
		.limit(1);
	return before !== undefined;
}

const settled = { work: null, try_at: null, claimed_until: null };

async function end(
	{ db, clock }: StartNeeds,
	{ id, schedule_id }: OccurrenceRow,
	status: "failed" | "skipped",
	reason: string,
	more: { held_by?: string } = {},
) {
	const now = clock.now().toISOString();
	await db.orm
		.update(occurrences)
		.set({ ...settled, ...more, status, reason: storable(reason).slice(0, 2000), finished_at: now })
		.where(and(eq(occurrences.id, id), open));
	await wakeQueue(db, schedule_id, now);
}

async function refuse({ db, clock }: StartNeeds, { id, schedule_id }: OccurrenceRow, reason: string): Promise<void> {
	const now = clock.now().toISOString();
	await db.transaction(async (tx) => {
		await tx
			.update(occurrences)
			.set({ ...settled, status: "refused", reason, finished_at: now })
			.where(and(eq(occurrences.id, id), open));
		await tx.update(schedules).set({ problem: reason }).where(eq(schedules.id, schedule_id));
	});
	await wakeQueue(db, schedule_id, now);
}

async function wait(
	{ db }: StartNeeds,
	{ id }: OccurrenceRow,
	reason: string,
	until: Date,
	more: { held_by?: string } = {},
): Promise<void> {
	await db.orm
		.update(occurrences)
		.set({ ...more, status: "waiting", reason, try_at: until.toISOString(), claimed_until: null, first_tried_at: null })
		.where(and(eq(occurrences.id, id), open));
}

/** What waits for the run before may go on. */
export function wakeQueue(db: Pick<Database, "orm">, schedule_id: string, now: string) {
	return db.orm
		.update(occurrences)
		.set({ try_at: now })
		.where(and(eq(occurrences.schedule_id, schedule_id), eq(occurrences.status, "waiting")));
}

async function noteFailure(needs: StartNeeds, taken: OccurrenceRow, error: unknown): Promise<void> {
	const message = isAppError(error) ? error.message : "Something went wrong here; the log has the details.";
	const now = needs.clock.now().getTime();
	const since = taken.first_tried_at === null ? now : Date.parse(taken.first_tried_at);
	const again = (!isAppError(error) || error.retryable) && now - since < retry_ms;
	if (!again) return end(needs, taken, "failed", message);
	const pause = Math.min(60_000, 5_000 + (now - since) / 2);
	await needs.db.orm
		.update(occurrences)
		.set({
			reason: storable(`${message} It is tried again.`).slice(0, 2000),
			try_at: new Date(now + pause).toISOString(),
			claimed_until: null,
		})
		.where(and(eq(occurrences.id, taken.id), open));
}

/** What became of a run, in the history's words; undefined while it goes on. */
export function outcomeOf(status: RunStatus) {
	return status === "queued" || status === "running" || status === "waiting" ? undefined : status;
}

/** Asks what became of a run. @returns whether it has ended */
export async function askAfter(
	{ db, clock, tasks, ownAccount }: Pick<StartNeeds, "db" | "clock" | "tasks" | "ownAccount">,
	{ id, run_id, schedule_id }: { id: string; run_id: string; schedule_id: string },
): Promise<boolean> {
	const now = clock.now().toISOString();
	let ended: { status: NonNullable<ReturnType<typeof outcomeOf>>; finished_at: string; reason?: string } | undefined;
	try {
		const run = await tasks.getRun({ params: { id: run_id } }, ownAccount());
		const status = outcomeOf(run.status);
		if (status !== undefined) ended = { status, finished_at: run.finished_at ?? now };
	} catch (error) {
		if (!hasCode(error, "runs.not_found")) return false;
		ended = { status: "failed", finished_at: now, reason: "There is no such run any more: nobody knows how it ended." };
	}
	await db.orm
		.update(occurrences)
		.set({ looked_at: now, ...ended })
		.where(and(eq(occurrences.id, id), eq(occurrences.status, "running")));
	if (ended !== undefined) await wakeQueue(db, schedule_id, now);
	return ended !== undefined;
}
