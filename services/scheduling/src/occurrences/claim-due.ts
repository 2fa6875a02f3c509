import type { OccurrenceStatus } from "@netconductor/contracts/scheduling/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { and, asc, inArray, lte, sql } from "drizzle-orm";
import type { ScheduleRow } from "../schedules/schedule.ts";
import { occurrences, schedules, type Work } from "../tables.ts";
import { jitterOf } from "../timing/jitter.ts";
import { type DuePlan, planDue } from "./plan-due.ts";

const batch = 100;

/**
 * Turns schedules that have come due into occurrences and moves them on, in one transaction: whoever dies, either both have happened or neither.
 * Several processes share the work; what one has locked the others pass over.
 * @returns ids of the schedules that moved
 */
export async function claimDue({ db, clock }: { db: Database; clock: Clock }): Promise<string[]> {
	const now = clock.now();
	return db.transaction(async (tx) => {
		const due = await tx
			.select()
			.from(schedules)
			.where(lte(schedules.next_due_at, now.toISOString()))
			.orderBy(asc(schedules.next_due_at), asc(schedules.id))
			.limit(batch)
			.for("update", { skipLocked: true });
		await moveOn(tx, due, now);
		return due.map(({ id }) => id);
	});
}

/** In a few statements for all of them: what is due at one moment starts close to it, however many there are. */
async function moveOn(tx: Tx, due: readonly ScheduleRow[], now: Date): Promise<void> {
	if (due.length === 0) return;
	const ids = due.map(({ id }) => id);
	const open = await tx
		.select({ schedule_id: occurrences.schedule_id, status: occurrences.status })
		.from(occurrences)
		.where(and(inArray(occurrences.schedule_id, ids), inArray(occurrences.status, ["due", "waiting", "running"])));
	const openOf = Map.groupBy(open, ({ schedule_id }) => schedule_id);
	const plans = due.map((row) => ({ row, plan: planDue(row, now.getTime()) }));
	const made = plans.flatMap(({ row, plan }) => [
		...plan.skipped.map((left) => skippedRow(row, left, now)),
		...runRows(row, plan, openOf.get(row.id) ?? [], now),
	]);
	// A time that has an occurrence already was acted on before the clock was set back.
	const inserted =
		made.length === 0 ? [] : await tx.insert(occurrences).values(made).onConflictDoNothing().returning(shown);
	const insertedOf = Map.groupBy(inserted, ({ schedule_id }) => schedule_id);
	const moved = plans.map(({ row, plan }) => {
		const own = insertedOf.get(row.id) ?? [];
		const newest = own.toSorted((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at)).at(-1);
		return {
			id: row.id,
			next_due_at: plan.next === undefined ? null : new Date(plan.next).toISOString(),
			runs: row.runs + own.filter(({ status }) => status !== "skipped").length,
			last_due_at: newest?.due_at ?? row.last_due_at,
			last_occurrence_id: newest?.id ?? row.last_occurrence_id,
		};
	});
	await tx.execute(sql`
		update schedules set next_due_at = moved.next_due_at, runs = moved.runs, last_due_at = moved.last_due_at,
			last_occurrence_id = moved.last_occurrence_id
		from jsonb_to_recordset(${JSON.stringify(moved)}::jsonb)
			as moved (id uuid, next_due_at timestamptz, runs int, last_due_at timestamptz, last_occurrence_id uuid)
		where schedules.id = moved.id`);
}

const shown = {
	id: occurrences.id,
	schedule_id: occurrences.schedule_id,
	due_at: occurrences.due_at,
	status: occurrences.status,
};

function runRows(row: ScheduleRow, { run }: DuePlan, open: { status: OccurrenceStatus }[], now: Date) {
	let busy = open.length > 0;
	let queued = open.some(({ status }) => status !== "running");
	return run.map(({ due_at, made_up, note }) => {
		const given = { due_at, reason: note };
		if (!busy || row.overlap === "run_anyway") {
			busy = queued = true;
			return { ...newRow(row, given, now), status: "due" as const };
		}
		// What is made up for comes one after the other, or one of them alone would run.
		if (made_up || (row.overlap === "queue" && !queued)) {
			queued = true;
			return { ...newRow(row, given, now), status: "waiting" as const };
		}
		const reason =
			row.overlap === "queue"
				? "The run before has not ended yet, and one waits for it already."
				: "The run before has not ended yet.";
		return skippedRow(row, { due_at, reason }, now);
	});
}

function newRow(row: ScheduleRow, { due_at, reason }: { due_at: number; reason: string | null }, now: Date) {
	return {
		id: newId(),
		schedule_id: row.id,
		trigger: "time" as const,
		kind: row.kind,
		run_as: row.owner_name,
		run_as_groups: row.cover_groups,
		due_at: new Date(due_at).toISOString(),
		reason,
		work: workOf(row, new Date(due_at)),
		try_at: new Date(due_at + jitterOf(row.id, due_at, row.jitter_s)).toISOString(),
		created_at: now.toISOString(),
	};
}

function skippedRow(row: ScheduleRow, given: { due_at: number; reason: string }, now: Date) {
	return {
		...newRow(row, given, now),
		status: "skipped" as const,
		work: null,
		try_at: null,
		finished_at: now.toISOString(),
	};
}

/** What is to be done, kept with the occurrence until it is. */
export function workOf({ kind, params, owner, name }: ScheduleRow, at: Date, by = owner): Work {
	return {
		kind,
		params,
		owner: by,
		title: `${name}, ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`.slice(-200),
	};
}
