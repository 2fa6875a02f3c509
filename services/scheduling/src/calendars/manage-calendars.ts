import type { ScheduleCalendar } from "@netconductor/contracts/scheduling/model";
import { CalendarInput } from "@netconductor/contracts/scheduling/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { newId } from "@netconductor/runtime/id";
import { and, count, eq, inArray, isNotNull, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import type { Operation } from "../operation.ts";
import { calendars, occurrences } from "../tables.ts";
import { checkCalendarTiming, checkTimeZone } from "../timing/check-rule.ts";
import type { HoldNeeds } from "./hold.ts";
import { periodsOf } from "./periods.ts";

interface Needs extends Pick<HoldNeeds, "devices"> {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}

type CalendarRow = typeof calendars.$inferSelect;

const shownAhead_ms = 400 * 86_400_000;

function toCalendar(row: CalendarRow, now: number): ScheduleCalendar {
	const periods = periodsOf(row, now, now + shownAhead_ms, 10);
	return {
		...row,
		active: row.enabled && periods.some(({ from }) => from <= now),
		next_periods: periods.map(({ from, to }) => ({
			from: new Date(from).toISOString(),
			to: new Date(to).toISOString(),
		})),
	};
}

export function listCalendars({ db, clock }: Needs): Operation<"listCalendars"> {
	return async ({ query }) => {
		const conditions: (SQL | undefined)[] = [];
		if (query.q) {
			const words = `%${query.q.replace(/[\\%_]/g, "\\$&")}%`;
			conditions.push(sql`(${calendars.name} || ' ' || ${calendars.description}) ilike ${words}`);
		}
		if (query.kind !== undefined) conditions.push(inArray(calendars.kind, query.kind));
		if (query.enabled !== undefined) conditions.push(eq(calendars.enabled, query.enabled));
		const where = and(...conditions);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { name: sql`lower(${calendars.name})`, created_at: calendars.created_at },
			id: calendars.id,
			fallback: "name",
			unique: ["name"],
		});
		const [rows, counted] = await Promise.all([
			db.orm
				.select()
				.from(calendars)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.select({ total: count() }).from(calendars).where(where),
		]);
		const now = clock.now().getTime();
		return toPage(
			query,
			rows.map((row) => toCalendar(row, now)),
			counted[0]?.total ?? 0,
		);
	};
}

export function getCalendar({ db, clock }: Needs): Operation<"getCalendar"> {
	return async ({ params: { id } }) => {
		const [row] = await db.orm.select().from(calendars).where(eq(calendars.id, id));
		return row === undefined ? noCalendar(id) : toCalendar(row, clock.now().getTime());
	};
}

export function createCalendar(needs: Needs): Operation<"createCalendar"> {
	return async (call) => {
		const { db, clock } = needs;
		await check(needs, call.body, call);
		const at = clock.now().toISOString();
		const row = { ...call.body, id: newId(), created_at: at, updated_at: at };
		await namedOnce(row.name, () =>
			db.transaction(async (tx) => {
				await tx.insert(calendars).values(row);
				await tell(needs, tx, row.id);
			}),
		);
		call.note({ resource_type: "schedule_calendar", resource_id: row.id, resource_name: row.name, after: call.body });
		return toCalendar(row, clock.now().getTime());
	};
}

export function updateCalendar(needs: Needs): Operation<"updateCalendar"> {
	return async (call) => {
		const { db, clock } = needs;
		const { id } = call.params;
		await check(needs, call.body, call);
		const now = clock.now();
		const [before, after] = await namedOnce(call.body.name, () =>
			db.transaction(async (tx) => {
				const [before] = await tx.select().from(calendars).where(eq(calendars.id, id)).for("update");
				if (before === undefined) return noCalendar(id);
				const after = { ...before, ...call.body, updated_at: now.toISOString() };
				await tx.update(calendars).set(after).where(eq(calendars.id, id));
				await lookAgain(tx, now);
				await tell(needs, tx, id);
				return [before, after] as const;
			}),
		);
		const settings = (row: CalendarRow) => CalendarInput.parse(row);
		call.note({
			resource_type: "schedule_calendar",
			resource_id: id,
			resource_name: after.name,
			before: settings(before),
			after: settings(after),
		});
		return toCalendar(after, now.getTime());
	};
}

export function deleteCalendar(needs: Needs): Operation<"deleteCalendar"> {
	return async ({ params: { id }, note }) => {
		const { db, clock } = needs;
		const before = await db.transaction(async (tx) => {
			const [row] = await tx.delete(calendars).where(eq(calendars.id, id)).returning();
			if (row === undefined) return noCalendar(id);
			await lookAgain(tx, clock.now());
			await tell(needs, tx, id);
			return row;
		});
		note({
			resource_type: "schedule_calendar",
			resource_id: id,
			resource_name: before.name,
			before: CalendarInput.parse(before),
		});
		return undefined;
	};
}

/** What a calendar holds may go on now: it is tried again, and held again where it still must be. */
async function lookAgain(on: Pick<Database["orm"], "update">, now: Date): Promise<void> {
	await on
		.update(occurrences)
		.set({ try_at: now.toISOString() })
		.where(and(eq(occurrences.status, "waiting"), isNotNull(occurrences.try_at)));
}

/** Runs that a person started are held by whoever drives them. */
function tell({ outbox }: Needs, tx: Tx, calendar_id: string): Promise<string> {
	return outbox.publish(tx, "schedule_calendar.changed.v1", { calendar_id });
}

async function check(
	{ devices, clock }: Needs,
	body: z.output<typeof CalendarInput>,
	caller: CallerContext,
): Promise<void> {
	checkTimeZone(body.time_zone, "body.time_zone");
	for (const [index, { timing }] of body.recurring.entries()) {
		checkCalendarTiming(timing, `body.recurring.${index}.timing`, clock.now());
	}
	if (body.ranges.length === 0 && body.recurring.length === 0) {
		throw failed("schedule_calendars.empty", {
			message: "Give at least one range or one recurring time.",
			errors: [{ path: "body.ranges", message: "nothing is in it" }],
		});
	}
	if (body.groups !== null) await devices.listTargets({ body: { select: { groups: body.groups } } }, caller);
}

function noCalendar(id: string): never {
	throw failed("schedule_calendars.not_found", { message: `There is no calendar ${id}`, details: { id } });
}

async function namedOnce<T>(name: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (violatedUnique(error) !== "calendars_name_key") throw error;
		throw failed("schedule_calendars.name_taken", {
			message: `There is a calendar "${name}" already (capital letters make no difference).`,
			errors: [{ path: "body.name", message: "taken" }],
		});
	}
}
