import type { Agenda } from "@netconductor/contracts/scheduling/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { and, asc, eq, gte, isNotNull, lt } from "drizzle-orm";
import { periodsOf } from "../calendars/periods.ts";
import type { Kinds } from "../load-kinds.ts";
import type { Operation } from "../operation.ts";
import { ruleOf } from "../schedules/schedule.ts";
import { calendars, occurrences, schedules } from "../tables.ts";
import { checkTimeZone } from "../timing/check-rule.ts";
import { dueTimes } from "../timing/due-times.ts";
import { dayOf } from "../timing/stretch.ts";

interface Needs {
	db: Database;
	clock: Clock;
	kinds: Kinds;
}

const longest_ms = 45 * 86_400_000;
const mostSchedules = 500;
const mostPast = 5_000;
/** Times that are worked out for one answer, of one schedule and of all. */
const mostOfOne = 1_500;
const mostOfAll = 20_000;
const mostShown = 48;

type Item = Agenda["items"][number];

/** What came due from the history, what will from the rules, day by day in the zone that is asked for. */
export function getAgenda(needs: Needs): Operation<"getAgenda"> {
	return async ({ query }) => {
		checkTimeZone(query.time_zone, "query.time_zone");
		const [from, to] = [Date.parse(query.from), Date.parse(query.to)];
		if (to - from > longest_ms) {
			throw failed("schedules.too_long", {
				message: "Ask for at most 45 days at a time.",
				errors: [{ path: "query.to", message: "more than 45 days after `from`" }],
			});
		}
		const now = needs.clock.now().getTime();
		const collected = collect(query.time_zone, needs.kinds);
		const past = await addPast(needs.db, collected, { from, to, schedule_id: query.schedule_id });
		const planned = await addPlanned(needs.db, collected, {
			from: Math.max(from, now),
			to,
			schedule_id: query.schedule_id,
		});
		return {
			items: collected.items(),
			periods: await readPeriods(needs.db, from, to),
			truncated: past || planned,
		};
	};
}

type Collected = ReturnType<typeof collect>;
type Named = { id: string; name: string; kind: string };

/** Counts runs by day and schedule. */
function collect(time_zone: string, kinds: Kinds) {
	const byKey = new Map<string, Item>();
	let day = { from: 0, to: 0, name: "" };
	/** Times come in order: the day of one is mostly that of the one before. */
	const nameOfDay = (at: number) => {
		if (at >= day.from && at < day.to) return day.name;
		const name = dayOf(time_zone, at);
		const start = Temporal.PlainDate.from(name).toZonedDateTime(time_zone);
		day = { from: start.epochMilliseconds, to: start.add({ days: 1 }).epochMilliseconds, name };
		return name;
	};
	return {
		add(schedule: Named, at: number, run: Omit<Item["runs"][number], "at">): void {
			const name = nameOfDay(at);
			const key = `${name} ${schedule.id}`;
			const item: Item = byKey.get(key) ?? {
				day: name,
				schedule_id: schedule.id,
				schedule_name: schedule.name,
				kind: schedule.kind,
				changes_devices: kinds.get(schedule.kind)?.changes_devices ?? true,
				count: 0,
				runs: [],
			};
			item.count++;
			if (item.runs.length < mostShown) item.runs.push({ at: new Date(at).toISOString(), ...run });
			byKey.set(key, item);
		},
		items: () => [...byKey.values()].sort((a, b) => ((a.runs[0]?.at ?? "") < (b.runs[0]?.at ?? "") ? -1 : 1)),
	};
}

interface Span {
	from: number;
	to: number;
	schedule_id: string | undefined;
}

/** @returns whether there was more than could be added */
async function addPast({ orm }: Database, collected: Collected, { from, to, schedule_id }: Span): Promise<boolean> {
	const rows = await orm
		.select({
			id: schedules.id,
			name: schedules.name,
			kind: schedules.kind,
			due_at: occurrences.due_at,
			status: occurrences.status,
			run_id: occurrences.run_id,
		})
		.from(occurrences)
		.innerJoin(schedules, eq(schedules.id, occurrences.schedule_id))
		.where(
			and(
				gte(occurrences.due_at, new Date(from).toISOString()),
				lt(occurrences.due_at, new Date(to).toISOString()),
				schedule_id === undefined ? undefined : eq(occurrences.schedule_id, schedule_id),
			),
		)
		.orderBy(asc(occurrences.due_at), asc(occurrences.id))
		.limit(mostPast + 1);
	for (const { due_at, status, run_id, ...schedule } of rows.slice(0, mostPast)) {
		collected.add(schedule, Date.parse(due_at), { status, run_id });
	}
	return rows.length > mostPast;
}

async function addPlanned({ orm }: Database, collected: Collected, { from, to, schedule_id }: Span): Promise<boolean> {
	const rows = await orm
		.select()
		.from(schedules)
		.where(
			and(
				isNotNull(schedules.next_due_at),
				lt(schedules.next_due_at, new Date(to).toISOString()),
				schedule_id === undefined ? undefined : eq(schedules.id, schedule_id),
			),
		)
		.orderBy(asc(schedules.next_due_at), asc(schedules.id))
		.limit(mostSchedules + 1);
	let all = 0;
	let truncated = rows.length > mostSchedules;
	for (const row of rows.slice(0, mostSchedules)) {
		const begin = Math.max(from, Date.parse(row.next_due_at ?? "")) - 1;
		const left = row.max_runs === null ? mostOfOne : Math.min(mostOfOne, row.max_runs - row.runs);
		let own = 0;
		for (const { at } of dueTimes(ruleOf(row), begin)) {
			if (at >= to || own === left) break;
			if (all === mostOfAll) break;
			collected.add(row, at, { status: "planned", run_id: null });
			own++;
			all++;
		}
		truncated ||= own === mostOfOne || all === mostOfAll;
	}
	return truncated;
}

async function readPeriods({ orm }: Database, from: number, to: number): Promise<Agenda["periods"]> {
	const rows = await orm
		.select()
		.from(calendars)
		.where(eq(calendars.enabled, true))
		.orderBy(calendars.created_at)
		.limit(200);
	return rows.flatMap((row) =>
		periodsOf(row, from, to, 200).map((period) => ({
			calendar_id: row.id,
			calendar_name: row.name,
			kind: row.kind,
			from: new Date(period.from).toISOString(),
			to: new Date(period.to).toISOString(),
		})),
	);
}
