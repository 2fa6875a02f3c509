import { type Actor, isByApiToken } from "@netconductor/contracts/kernel/actor";
import type { ScheduleInput } from "@netconductor/contracts/scheduling/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { and, count, eq, inArray, type SQL } from "drizzle-orm";
import type { z } from "zod";
import type { HoldNeeds } from "../calendars/hold.ts";
import type { Kinds } from "../load-kinds.ts";
import { workOf } from "../occurrences/claim-due.ts";
import type { Operation } from "../operation.ts";
import { type Owner, occurrences, schedules } from "../tables.ts";
import { checkRule } from "../timing/check-rule.ts";
import { nextDue } from "../timing/due-times.ts";
import { checkParams, coverOf, kindOf, requirePermission } from "./check-schedule.ts";
import { readSchedule, toOccurrence } from "./read-schedules.ts";
import { noSchedule, ruleOf, type ScheduleRow } from "./schedule.ts";
import type { ScheduleScope } from "./schedule-scope.ts";

export interface ManageNeeds extends HoldNeeds {
	db: Database;
	clock: Clock;
	kinds: Kinds;
	scope: ScheduleScope;
	max_schedules: number;
}

export function createSchedule(needs: ManageNeeds): Operation<"createSchedule"> {
	return async (call) => {
		const { db, clock, kinds } = needs;
		const now = clock.now();
		const kind = kindOf(kinds, call.body.kind);
		requirePermission(call.actor, kind);
		checkRule(call.body, now);
		const params = await checkParams(needs, kind, call.body.params, call);
		const cover = await coverOf(needs, kind, params, call);
		const at = now.toISOString();
		const owner = ownerOf(call.actor);
		const row: ScheduleRow = {
			...call.body,
			...cover,
			params,
			id: newId(),
			owner,
			owner_name: owner.name,
			problem: null,
			runs: 0,
			anchor: at,
			next_due_at: null,
			last_due_at: null,
			last_occurrence_id: null,
			created_at: at,
			updated_at: at,
		};
		row.next_due_at = nextOf(row, now);
		await namedOnce(row.name, () =>
			db.transaction(async (tx) => {
				const [there] = await tx.select({ n: count() }).from(schedules);
				if ((there?.n ?? 0) >= needs.max_schedules) {
					throw failed("schedules.too_many", {
						message: `There are ${there?.n} schedules already. Delete some, or raise NETCONDUCTOR_SCHEDULING_MAX_SCHEDULES.`,
					});
				}
				await tx.insert(schedules).values(row);
			}),
		);
		call.note({ resource_type: "schedule", resource_id: row.id, resource_name: row.name, after: settingsOf(row) });
		return readSchedule(needs, row.id, call);
	};
}

/** Whoever saves it answers for what it does: it runs with their permissions from now on. */
export function updateSchedule(needs: ManageNeeds): Operation<"updateSchedule"> {
	return async (call) => {
		const { db, clock, kinds } = needs;
		const now = clock.now();
		const kind = kindOf(kinds, call.body.kind);
		requirePermission(call.actor, kind);
		const { id } = call.params;
		const still = await needs.scope.requireChange(id, call);
		const current = await readRow(db, id);
		// A rule that has ended may stay as it is while something else is changed.
		if (!sameRule(current, call.body)) checkRule(call.body, now);
		const params = await checkParams(needs, kind, call.body.params, call);
		const cover = await coverOf(needs, kind, params, call);
		const owner = ownerOf(call.actor);
		const [before, after] = await namedOnce(call.body.name, () =>
			db.transaction(async (tx) => {
				const before = await lockRow(tx, id, still);
				const sameTimes = sameRule(before, call.body) && before.paused === call.body.paused;
				const after: ScheduleRow = {
					...before,
					...call.body,
					...cover,
					params,
					owner,
					owner_name: owner.name,
					problem: null,
					updated_at: now.toISOString(),
				};
				if (!sameTimes) after.next_due_at = nextOf(after, now);
				await tx.update(schedules).set(after).where(eq(schedules.id, id));
				if (after.paused && !before.paused) await skipWaiting(tx, id, now);
				return [before, after] as const;
			}),
		);
		call.note({
			resource_type: "schedule",
			resource_id: id,
			resource_name: after.name,
			before: settingsOf(before),
			after: settingsOf(after),
		});
		return readSchedule(needs, id, call);
	};
}

export function deleteSchedule({ db, scope }: Pick<ManageNeeds, "db" | "scope">): Operation<"deleteSchedule"> {
	return async (call) => {
		const { id } = call.params;
		const still = await scope.requireChange(id, call);
		const before = await db.transaction(async (tx) => {
			const row = await lockRow(tx, id, still);
			await tx.delete(schedules).where(eq(schedules.id, id));
			return row;
		});
		call.note({ resource_type: "schedule", resource_id: id, resource_name: before.name, before: settingsOf(before) });
		return undefined;
	};
}

export function pauseSchedule(needs: ManageNeeds): Operation<"pauseSchedule"> {
	return async (call) => {
		const { id } = call.params;
		const { db, clock, scope } = needs;
		const now = clock.now();
		const still = await scope.requireChange(id, call);
		const row = await db.transaction(async (tx) => {
			const before = await lockRow(tx, id, still);
			await tx
				.update(schedules)
				.set({ paused: true, next_due_at: null, updated_at: now.toISOString() })
				.where(eq(schedules.id, id));
			await skipWaiting(tx, id, now);
			return before;
		});
		call.note({
			resource_type: "schedule",
			resource_id: id,
			resource_name: row.name,
			before: { paused: row.paused },
			after: { paused: true },
		});
		return readSchedule(needs, id, call);
	};
}

/** Who resumes it does not become its owner: what it does is as its owner left it. */
export function resumeSchedule(needs: ManageNeeds): Operation<"resumeSchedule"> {
	return async (call) => {
		const { id } = call.params;
		const { db, clock, kinds, scope } = needs;
		const now = clock.now();
		const still = await scope.requireChange(id, call);
		const row = await db.transaction(async (tx) => {
			const before = await lockRow(tx, id, still);
			requirePermission(call.actor, kindOf(kinds, before.kind));
			if (!before.paused) return before;
			const after = { ...before, paused: false };
			await tx
				.update(schedules)
				.set({ paused: false, next_due_at: nextOf(after, now), updated_at: now.toISOString() })
				.where(eq(schedules.id, id));
			return before;
		});
		call.note({
			resource_type: "schedule",
			resource_id: id,
			resource_name: row.name,
			before: { paused: row.paused },
			after: { paused: false },
		});
		return readSchedule(needs, id, call);
	};
}

export function runScheduleNow(needs: ManageNeeds): Operation<"runScheduleNow"> {
	return async (call) => {
		const { params, note, actor } = call;
		const { id } = params;
		const { db, clock, kinds, scope } = needs;
		const now = clock.now();
		// While it goes on, what comes due may be left out.
		const still = await scope.requireChange(id, call);
		const made = await db.transaction(async (tx) => {
			const row = await lockRow(tx, id, still);
			requirePermission(actor, kindOf(kinds, row.kind));
			const owner = ownerOf(actor);
			const [occurrence] = await tx
				.insert(occurrences)
				.values({
					id: newId(),
					schedule_id: id,
					trigger: "by_hand",
					kind: row.kind,
					run_as: owner.name,
					run_as_groups: actor.device_groups ?? null,
					due_at: now.toISOString(),
					status: "due",
					work: workOf(row, now, owner),
					try_at: now.toISOString(),
					created_at: now.toISOString(),
				})
				.onConflictDoNothing()
				.returning();
			if (occurrence === undefined) {
				throw failed("schedules.started_now", { message: `${row.name} was started by hand at this very moment.` });
			}
			await tx
				.update(schedules)
				.set({ last_due_at: occurrence.due_at, last_occurrence_id: occurrence.id })
				.where(eq(schedules.id, id));
			note({
				resource_type: "schedule",
				resource_id: id,
				resource_name: row.name,
				after: { occurrence_id: occurrence.id },
			});
			return toOccurrence(occurrence, row.name);
		});
		return made;
	};
}

async function readRow(db: Pick<Database, "orm">, id: string): Promise<ScheduleRow> {
	const [row] = await db.orm.select().from(schedules).where(eq(schedules.id, id));
	return row ?? noSchedule(id);
}

/** @throws schedules.not_found — there is none of which this holds (any more) */
async function lockRow(tx: Tx, id: string, holds: SQL | undefined): Promise<ScheduleRow> {
	const [row] = await tx
		.select()
		.from(schedules)
		.where(and(eq(schedules.id, id), holds))
		.for("update");
	return row ?? noSchedule(id);
}

/** What came due and has not begun is not to begin any more; what somebody started by hand is. */
async function skipWaiting(tx: Tx, schedule_id: string, now: Date): Promise<void> {
	await tx
		.update(occurrences)
		.set({
			status: "skipped",
			reason: "The schedule was paused before it began.",
			work: null,
			try_at: null,
			claimed_until: null,
			finished_at: now.toISOString(),
		})
		.where(
			and(
				eq(occurrences.schedule_id, schedule_id),
				eq(occurrences.trigger, "time"),
				inArray(occurrences.status, ["due", "waiting"]),
			),
		);
}

function nextOf(row: ScheduleRow, now: Date): string | null {
	if (row.paused || (row.max_runs !== null && row.runs >= row.max_runs)) return null;
	const [next] = nextDue(ruleOf(row), now.getTime(), 1);
	return next === undefined ? null : new Date(next).toISOString();
}

type RuleFields = Pick<
	z.output<typeof ScheduleInput>,
	"timing" | "time_zone" | "skipped_hour" | "repeated_hour" | "start_at" | "end_at" | "max_runs"
>;

function sameRule(one: RuleFields, other: RuleFields): boolean {
	const text = ({ timing, time_zone, skipped_hour, repeated_hour, start_at, end_at, max_runs }: RuleFields) =>
		JSON.stringify([
			Object.entries(timing).sort(([a], [b]) => (a < b ? -1 : 1)),
			[time_zone, skipped_hour, repeated_hour, max_runs],
			[start_at, end_at].map((at) => (at === null ? null : Date.parse(at))),
		]);
	return text(one) === text(other);
}

function ownerOf(actor: Actor): Owner {
	const { kind, id, name, session_id } = actor;
	// A session ends; the user is asked for by id. A token is what it was made with.
	return isByApiToken(actor) && session_id !== undefined ? { kind, id, name, session_id } : { kind, id, name };
}

/** What the audit record keeps of it. */
function settingsOf({
	runs: _runs,
	next_due_at: _next,
	last_due_at: _last,
	last_occurrence_id: _id,
	anchor: _anchor,
	owner: _owner,
	cover_device_ids: _devices,
	cover_groups: _groups,
	...row
}: ScheduleRow) {
	return row;
}

async function namedOnce<T>(name: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (violatedUnique(error) !== "schedules_name_key") throw error;
		throw failed("schedules.name_taken", {
			message: `There is a schedule "${name}" already (capital letters make no difference).`,
			errors: [{ path: "body.name", message: "taken" }],
		});
	}
}
