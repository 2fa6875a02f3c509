import type { Occurrence, Schedule } from "@netconductor/contracts/scheduling/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { cursorWindow, pageWindow, toCursorPage, toPage } from "@netconductor/runtime/db/paging";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { and, count, eq, getTableColumns, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Kinds } from "../load-kinds.ts";
import type { Operation } from "../operation.ts";
import { occurrences, schedules } from "../tables.ts";
import { checkRule } from "../timing/check-rule.ts";
import { nextRuns } from "../timing/due-times.ts";
import { noSchedule, type OccurrenceRow, ruleOf, toSchedule } from "./schedule.ts";
import type { Exists, ScheduleScope } from "./schedule-scope.ts";

export interface ReadNeeds {
	db: Pick<Database, "orm">;
	clock: Clock;
	kinds: Kinds;
	scope: ScheduleScope;
}

const withLast = {
	row: getTableColumns(schedules),
	last: {
		due_at: occurrences.due_at,
		status: occurrences.status,
		run_id: occurrences.run_id,
		reason: occurrences.reason,
	},
};

function selectSchedules(db: Pick<Database, "orm">, told: Exists) {
	return db.orm
		.select(withLast)
		.from(schedules)
		.leftJoin(occurrences, and(eq(occurrences.id, schedules.last_occurrence_id), told.occurrences));
}

/** As it is to who asks. @throws schedules.not_found */
export async function readSchedule(
	{ db, kinds, scope }: Pick<ReadNeeds, "db" | "kinds" | "scope">,
	id: string,
	call: CallerContext,
): Promise<Schedule> {
	const told = await scope.of(call);
	const [found] = await selectSchedules(db, told).where(and(eq(schedules.id, id), told.schedules));
	return found === undefined ? noSchedule(id) : toSchedule(found.row, found.last, kinds);
}

const state = sql`case when ${schedules.paused} then 'paused' when ${schedules.next_due_at} is null then 'ended'
	when ${schedules.problem} is not null then 'refused' else 'active' end`;

export function listSchedules({ db, kinds, scope }: ReadNeeds): Operation<"listSchedules"> {
	return async (call) => {
		const { query } = call;
		const told = await scope.of(call);
		const conditions: (SQL | undefined)[] = [told.schedules];
		if (query.q) {
			const words = `%${query.q.replace(/[\\%_]/g, "\\$&")}%`;
			conditions.push(sql`(${schedules.name} || ' ' || ${schedules.description}) ilike ${words}`);
		}
		if (query.kind !== undefined) conditions.push(inArray(schedules.kind, query.kind));
		if (query.state !== undefined) conditions.push(inArray(state, query.state));
		if (query.owner !== undefined) conditions.push(sql`lower(${schedules.owner_name}) = lower(${query.owner})`);
		const where = and(...conditions);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				name: sql`lower(${schedules.name})`,
				kind: schedules.kind,
				next_due_at: schedules.next_due_at,
				last_due_at: schedules.last_due_at,
				created_at: schedules.created_at,
			},
			id: schedules.id,
			fallback: "name",
			unique: ["name"],
		});
		const [rows, counted] = await Promise.all([
			selectSchedules(db, told)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.select({ total: count() }).from(schedules).where(where),
		]);
		return toPage(
			query,
			rows.map(({ row, last }) => toSchedule(row, last, kinds)),
			counted[0]?.total ?? 0,
		);
	};
}

export function getSchedule(needs: ReadNeeds): Operation<"getSchedule"> {
	return (call) => readSchedule(needs, call.params.id, call);
}

export function listScheduleKinds({ kinds }: ReadNeeds): Operation<"listScheduleKinds"> {
	return async () => ({
		items: [...kinds.values()].map(({ kind, label, changes_devices, permission, params }) => ({
			kind,
			label,
			changes_devices,
			permission,
			params_schema: z.toJSONSchema(params, { io: "input", unrepresentable: "any" }) as Record<string, unknown>,
		})),
	});
}

/** What a rule as it is typed would bring, refused for the same reasons as when it is saved. */
export function previewSchedule({ clock }: ReadNeeds): Operation<"previewSchedule"> {
	return async ({ body }) => {
		const now = clock.now();
		checkRule(body, now);
		const count = Math.min(10, body.max_runs ?? 10);
		return { next_runs: nextRuns({ ...body, anchor: now.getTime() }, now.getTime(), count) };
	};
}

/** Empty while it is paused, and when it has ended. */
export function getNextRuns({ db, clock, scope }: ReadNeeds): Operation<"getNextRuns"> {
	return async (call) => {
		const { params, query } = call;
		const { id } = params;
		const told = await scope.of(call);
		const [row] = await db.orm
			.select()
			.from(schedules)
			.where(and(eq(schedules.id, id), told.schedules));
		if (row === undefined) return noSchedule(id);
		if (row.next_due_at === null) return { next_runs: [] };
		const left = row.max_runs === null ? query.count : Math.min(query.count, row.max_runs - row.runs);
		const from = Math.max(clock.now().getTime(), Date.parse(row.next_due_at) - 1);
		return { next_runs: nextRuns(ruleOf(row), from, left) };
	};
}

const historyKey = [
	{ column: occurrences.due_at, schema: z.iso.datetime() },
	{ column: occurrences.id, schema: z.uuid() },
] as const;

/** The history of one schedule, or of all. */
export function listOccurrences({ db, scope }: ReadNeeds): Operation<"listOccurrences"> {
	return async (call) => readHistory(db, call.query, undefined, await scope.of(call));
}

export function getScheduleHistory({ db, scope }: ReadNeeds): Operation<"getScheduleHistory"> {
	return async (call) => {
		const { id } = call.params;
		const told = await scope.of(call);
		const [row] = await db.orm
			.select({ id: schedules.id })
			.from(schedules)
			.where(and(eq(schedules.id, id), told.schedules));
		if (row === undefined) return noSchedule(id);
		return readHistory(db, call.query, id, told);
	};
}

async function readHistory(
	db: Pick<Database, "orm">,
	query: { cursor?: string; limit: number; status?: OccurrenceRow["status"][]; from?: string; to?: string },
	schedule_id: string | undefined,
	told: Exists,
) {
	const { where, order_by, limit } = cursorWindow(query, { key: historyKey, direction: "descending" });
	const rows = await db.orm
		.select({ row: getTableColumns(occurrences), name: schedules.name })
		.from(occurrences)
		.innerJoin(schedules, eq(schedules.id, occurrences.schedule_id))
		.where(
			and(
				where,
				told.schedules,
				told.occurrences,
				schedule_id === undefined ? undefined : eq(occurrences.schedule_id, schedule_id),
				query.status === undefined ? undefined : inArray(occurrences.status, query.status),
				query.from === undefined ? undefined : gte(occurrences.due_at, query.from),
				query.to === undefined ? undefined : lt(occurrences.due_at, query.to),
			),
		)
		.orderBy(...order_by)
		.limit(limit);
	return toCursorPage(
		rows.map(({ row, name }) => toOccurrence(row, name)),
		query.limit,
		({ due_at, id }) => [due_at, id],
	);
}

export function toOccurrence(row: OccurrenceRow, schedule_name: string): Occurrence {
	const { id, schedule_id, kind, trigger, run_as, due_at, status, run_id, started_at, finished_at } = row;
	const { reason, held_by, bypassed_by } = row;
	return {
		id,
		schedule_id,
		schedule_name,
		kind,
		trigger,
		run_as,
		due_at,
		status,
		reason,
		held_by,
		bypassed_by,
		run_id,
		started_at,
		finished_at,
	};
}
