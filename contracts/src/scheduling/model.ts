import { z } from "zod";
import { Selection } from "../devices/model.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { CursorQuery, PageQuery, QueryBoolean, QueryList, sortBy } from "../kernel/page.ts";

/** Text for people on one line: no control characters, which PostgreSQL (NUL) and terminals do not take well. */
const Line = z.string().regex(/^[^\p{Cc}]*$/u, "Control characters are not allowed");
const Name = Line.trim().min(1).max(200);

/** `HH:MM`, as the clock on the wall of the schedule's time zone shows it. */
export const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "A time of day such as 02:30");
/** Date and time as the clock on the wall shows them, to the minute. */
export const WallTime = z
	.string()
	.regex(/^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d$/, "Date and time such as 2026-12-24T02:30")
	.refine((wall) => isCalendarDay(wall.slice(0, 10)), "There is no such day");
export const Weekday = z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
export type Weekday = z.infer<typeof Weekday>;

function isCalendarDay(day: string): boolean {
	const at = Date.parse(`${day}T00:00Z`);
	return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

function unique<T extends string | number>(values: T[]): T[] {
	return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}

const times = z.array(TimeOfDay).min(1).max(48).transform(unique);

const DailyTiming = z.object({ type: z.literal("daily"), times });
const WeeklyTiming = z.object({
	type: z.literal("weekly"),
	days: z
		.array(Weekday)
		.min(1)
		.max(7)
		.transform((days) => Weekday.options.filter((day) => days.includes(day))),
	times,
});

/** Which day of a month. A month without it (the 31st, a fifth Friday) is left out; `last_day` is in every one. */
export const DayOfMonth = z.discriminatedUnion("type", [
	z.object({ type: z.literal("days"), days: z.array(z.int().min(1).max(31)).min(1).max(31).transform(unique) }),
	z.object({ type: z.literal("last_day") }),
	z.object({ type: z.literal("nth_weekday"), nth: z.int().min(1).max(5), weekday: Weekday }),
	z.object({ type: z.literal("last_weekday"), weekday: Weekday }),
]);
export type DayOfMonth = z.infer<typeof DayOfMonth>;

const MonthlyTiming = z.object({
	type: z.literal("monthly"),
	on: DayOfMonth,
	/** January is 1; every month unless told. */
	months: z.array(z.int().min(1).max(12)).min(1).max(12).transform(unique).optional(),
	times,
});
const CronTiming = z.object({
	type: z.literal("cron"),
	/** Five fields: minute, hour, day of month, month, day of week. */
	expression: z.string().trim().min(1).max(100),
});

/** A rule of the calendar: it follows the clock on the wall. */
export const CalendarTiming = z.discriminatedUnion("type", [DailyTiming, WeeklyTiming, MonthlyTiming, CronTiming]);
export type CalendarTiming = z.infer<typeof CalendarTiming>;

/** When a schedule comes due. All but `interval` follow the clock on the wall of its time zone. */
export const Timing = z.discriminatedUnion("type", [
	z.object({ type: z.literal("once"), at: WallTime }),
	/** Elapsed time from `start_at`, else from when the schedule was made; whatever clocks do. */
	z.object({ type: z.literal("interval"), every_minutes: z.int().min(1).max(525_600) }),
	DailyTiming,
	WeeklyTiming,
	MonthlyTiming,
	CronTiming,
]);
export type Timing = z.infer<typeof Timing>;

/** IANA name. */
export const TimeZone = z.string().min(1).max(64);

/**
 * A time that the change to summer time leaves out: `run_after` runs at the first moment after the gap, `skip` leaves it out that day. A time that
 * the change back brings twice: `first` runs the first time only, `both` each time.
 */
export const SkippedHour = z.enum(["run_after", "skip"]);
export const RepeatedHour = z.enum(["first", "both"]);

const rule = {
	timing: Timing,
	time_zone: TimeZone.default("UTC"),
	skipped_hour: SkippedHour.default("run_after"),
	repeated_hour: RepeatedHour.default("first"),
	/** Nothing comes due before. */
	start_at: Timestamp.nullable().default(null),
	/** Nothing comes due after. */
	end_at: Timestamp.nullable().default(null),
	/** The schedule ends after so many runs; what is skipped when it comes due is not counted. */
	max_runs: z.int().min(1).max(1_000_000).nullable().default(null),
};
const inOrder = (given: { start_at: string | null; end_at: string | null }) =>
	given.start_at === null || given.end_at === null || Date.parse(given.start_at) <= Date.parse(given.end_at);
const inOrderMessage = { message: "Ends before it starts", path: ["end_at"] };

export const ScheduleRule = z.object(rule).refine(inOrder, inOrderMessage);
export type ScheduleRule = z.output<typeof ScheduleRule>;

/** The run before has not ended yet: `skip` leaves this one out, `queue` starts it afterwards (one at most waits), `run_anyway` starts it. */
export const OverlapPolicy = z.enum(["skip", "queue", "run_anyway"]);
/** Runs that came due while NetConductor was down: one for all of them, each (the newest `missed_limit`), or none. */
export const MissedPolicy = z.enum(["run_once", "run_all", "skip"]);
/** A run that changes devices comes due while a calendar holds changes back: it starts when that ends, or is left out. */
export const HoldPolicy = z.enum(["wait", "skip"]);

/** Kind of run, as `services/scheduling/src/kinds` registers them. */
export const ScheduleKindName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

export const ScheduleInput = z
	.object({
		name: Name,
		description: Line.max(2000).default(""),
		kind: ScheduleKindName,
		/** What the kind takes; for most `{ select }`, the devices. */
		params: z.record(z.string(), z.unknown()),
		...rule,
		/** Each run starts up to so many seconds later: always the same for one occurrence, different from one to the next. */
		jitter_s: z.int().min(0).max(86_400).default(0),
		overlap: OverlapPolicy.default("skip"),
		missed: MissedPolicy.default("run_once"),
		missed_limit: z.int().min(1).max(100).default(10),
		held: HoldPolicy.default("wait"),
		paused: z.boolean().default(false),
	})
	.refine(inOrder, inOrderMessage);
export type ScheduleInput = z.input<typeof ScheduleInput>;

/** `refused`: its last run was not allowed to start; it goes on trying when due. `ended`: nothing comes due any more. */
export const ScheduleState = z.enum(["active", "paused", "ended", "refused"]);
export type ScheduleState = z.infer<typeof ScheduleState>;

/**
 * `due`: about to start. `waiting`: held by a calendar or by the run before. `skipped`: left out, by policy. `refused`: its owner may not do this
 * (any more). The others are the run's.
 */
export const OccurrenceStatus = z.enum([
	"due",
	"waiting",
	"running",
	"succeeded",
	"partial",
	"failed",
	"cancelled",
	"needs_attention",
	"skipped",
	"refused",
]);
export type OccurrenceStatus = z.infer<typeof OccurrenceStatus>;

/** One time that a schedule came due, or was run by hand. */
export const Occurrence = z
	.object({
		id: Id,
		schedule_id: Id,
		schedule_name: z.string(),
		kind: ScheduleKindName,
		trigger: z.enum(["time", "by_hand"]),
		/** Whose permissions it runs with. */
		run_as: z.string(),
		due_at: Timestamp,
		status: OccurrenceStatus,
		/** Why it waits, was skipped or refused, or failed to start; else what is worth knowing. */
		reason: z.string().nullable(),
		/** Name of the calendar that held it back, the last of several. */
		held_by: z.string().nullable(),
		/** Who broke the glass: its run was carried out without its approval, or although a calendar held it back. */
		bypassed_by: z.string().nullable(),
		run_id: Id.nullable(),
		started_at: Timestamp.nullable(),
		finished_at: Timestamp.nullable(),
	})
	.meta({ id: "ScheduleOccurrence" });
export type Occurrence = z.infer<typeof Occurrence>;

/** A time at which a schedule comes due. */
export const NextRun = z
	.object({
		at: Timestamp,
		/** The same on the clock of the schedule's time zone, with its offset: `2026-03-29T03:00+02:00`. */
		local: z.string(),
		/**
		 * `after_gap`: its own time does not exist that day. `first_of_two`, `second_of_two`: the clock shows this time twice that day.
		 */
		note: z.enum(["after_gap", "first_of_two", "second_of_two"]).nullable(),
	})
	.meta({ id: "NextRun" });
export type NextRun = z.infer<typeof NextRun>;

export const Schedule = z
	.object({
		id: Id,
		name: z.string(),
		description: z.string(),
		kind: ScheduleKindName,
		changes_devices: z.boolean(),
		params: z.record(z.string(), z.unknown()),
		timing: Timing,
		time_zone: z.string(),
		skipped_hour: SkippedHour,
		repeated_hour: RepeatedHour,
		start_at: Timestamp.nullable(),
		end_at: Timestamp.nullable(),
		max_runs: z.int().nullable(),
		jitter_s: z.int(),
		overlap: OverlapPolicy,
		missed: MissedPolicy,
		missed_limit: z.int(),
		held: HoldPolicy,
		paused: z.boolean(),
		state: ScheduleState,
		/** Who saved it last: it runs with their permissions and for the devices that their role covers, looked at again each time. */
		owner: z.string(),
		/** Why it was refused. */
		problem: z.string().nullable(),
		/** How often it ran, as `max_runs` counts. */
		runs: z.int(),
		next_due_at: Timestamp.nullable(),
		last: z
			.object({ due_at: Timestamp, status: OccurrenceStatus, run_id: Id.nullable(), reason: z.string().nullable() })
			.nullable(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "Schedule" });
export type Schedule = z.infer<typeof Schedule>;

export const ListSchedules = PageQuery.extend({
	kind: QueryList(ScheduleKindName).optional(),
	state: QueryList(ScheduleState).optional(),
	owner: z.string().max(200).optional(),
	sort: sortBy(["name", "kind", "next_due_at", "last_due_at", "created_at"], "name"),
});

export const ListOccurrences = CursorQuery.extend({
	status: QueryList(OccurrenceStatus).optional(),
	from: Timestamp.optional(),
	to: Timestamp.optional(),
});

/** What can be scheduled. */
export const ScheduleKind = z
	.object({
		kind: ScheduleKindName,
		label: z.string(),
		changes_devices: z.boolean(),
		/** It takes to schedule it, and its owner to hold when it is due. */
		permission: z.string(),
		/** JSON Schema of `params`. */
		params_schema: z.record(z.string(), z.unknown()),
	})
	.meta({ id: "ScheduleKind" });
export type ScheduleKind = z.infer<typeof ScheduleKind>;

/** A stretch of the calendar's own time that is there once. */
const OneRange = z.object({ from: WallTime, to: WallTime }).refine(({ from, to }) => from < to, {
	message: "Ends before it starts",
	path: ["to"],
});
/** One that comes again and again: it starts when the rule says and takes so long. */
const Recurrence = z.object({ timing: CalendarTiming, duration_minutes: z.int().min(1).max(44_640) });

/**
 * `freeze`: nothing changes while it lasts. `window`: devices that have one are changed only inside one. Both hold back what changes devices,
 * whoever starts it, never what only reads.
 */
export const CalendarKind = z.enum(["freeze", "window"]);
export const CalendarInput = z.object({
	name: Name,
	description: Line.max(2000).default(""),
	kind: CalendarKind,
	enabled: z.boolean().default(true),
	time_zone: TimeZone.default("UTC"),
	ranges: z.array(OneRange).max(200).default([]),
	recurring: z.array(Recurrence).max(20).default([]),
	/** Devices of these groups; all devices where it is null. */
	groups: z.array(Line.min(1).max(100)).min(1).max(100).nullable().default(null),
});
export type CalendarInput = z.input<typeof CalendarInput>;

export const ScheduleCalendar = z
	.object({
		id: Id,
		name: z.string(),
		description: z.string(),
		kind: CalendarKind,
		enabled: z.boolean(),
		time_zone: z.string(),
		ranges: z.array(OneRange),
		recurring: z.array(Recurrence),
		groups: z.array(z.string()).nullable(),
		/** Whether it lasts at this moment. */
		active: z.boolean(),
		/** The one that lasts, and those that come next; at most ten. */
		next_periods: z.array(z.object({ from: Timestamp, to: Timestamp })),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "ScheduleCalendar" });
export type ScheduleCalendar = z.infer<typeof ScheduleCalendar>;

/** What holds changes of some devices back at a moment. */
export const CalendarHold = z
	.object({
		calendar: z.object({ id: Id, name: z.string(), kind: CalendarKind }),
		/** For people, without a full stop: `Changes are frozen (Year end)`. */
		why: z.string(),
		/** When they may be changed; null where that is not in sight. */
		until: Timestamp.nullable(),
	})
	.meta({ id: "CalendarHold" });
export type CalendarHold = z.infer<typeof CalendarHold>;

/** A change that somebody is about to start, as a schedule of it would name it. */
export const HoldQuestion = z.object({
	kind: ScheduleKindName,
	params: z.record(z.string(), z.unknown()),
	/** Devices in place of those that it is for. */
	select: Selection.optional(),
	/** Now unless told. */
	at: Timestamp.optional(),
});

export const ListCalendars = PageQuery.extend({
	kind: QueryList(CalendarKind).optional(),
	enabled: QueryBoolean.optional(),
	sort: sortBy(["name", "created_at"], "name"),
});

export const AgendaQuery = z.object({
	from: Timestamp,
	to: Timestamp,
	/** IANA name: where a day begins and ends. */
	time_zone: TimeZone.default("UTC"),
	schedule_id: Id.optional(),
});
/** What came due and what will, by day and schedule. */
export const Agenda = z
	.object({
		items: z.array(
			z.object({
				day: z.iso.date(),
				schedule_id: Id,
				schedule_name: z.string(),
				kind: ScheduleKindName,
				changes_devices: z.boolean(),
				count: z.int(),
				/** The first 48 of them. `planned` is still to come. */
				runs: z.array(
					z.object({
						at: Timestamp,
						status: z.union([OccurrenceStatus, z.literal("planned")]),
						run_id: Id.nullable(),
					}),
				),
			}),
		),
		/** When calendars hold changes back (freeze) or let them pass (window). */
		periods: z.array(
			z.object({ calendar_id: Id, calendar_name: z.string(), kind: CalendarKind, from: Timestamp, to: Timestamp }),
		),
		/** There is more than this answer holds: ask for less time or one schedule. */
		truncated: z.boolean(),
	})
	.meta({ id: "ScheduleAgenda" });
export type Agenda = z.infer<typeof Agenda>;

export const ConflictQuery = z.object({
	/** Runs this close to each other count. */
	within_minutes: z.coerce.number().int().min(0).max(1440).default(30),
	/** How far ahead is looked. */
	days: z.coerce.number().int().min(1).max(31).default(7),
	schedule_id: Id.optional(),
});
const scheduleRef = z.object({ id: Id, name: z.string(), kind: ScheduleKindName, at: Timestamp });
/** `same_devices`: two schedules touch the same devices at nearly the same time. `held`: a run comes due while a calendar holds it back. */
export const Conflict = z
	.discriminatedUnion("type", [
		z.object({
			type: z.literal("same_devices"),
			schedule: scheduleRef,
			other: scheduleRef,
			devices: z.int(),
			/** At most five. */
			device_names: z.array(z.string()),
		}),
		z.object({
			type: z.literal("held"),
			schedule: scheduleRef,
			calendar: z.object({ id: Id, name: z.string(), kind: CalendarKind }),
			/** When it may start; null where no end is in sight. */
			until: Timestamp.nullable(),
		}),
	])
	.meta({ id: "ScheduleConflict" });
export type Conflict = z.infer<typeof Conflict>;
