import type { NextRun, ScheduleRule } from "@netconductor/contracts/scheduling/model";
import { firstWall, type Wall, type WallTiming } from "./first-wall.ts";
import { type Stretch, stretchAt, wallText } from "./stretch.ts";

/** When a schedule comes due: its rule, and for an interval where it is counted from. */
export interface Rule extends Omit<ScheduleRule, "max_runs"> {
	/** Where an interval without `start_at` is counted from, an instant in milliseconds. */
	anchor: number;
}

interface Due {
	/** An instant in milliseconds. */
	at: number;
	note: NextRun["note"];
}

/**
 * Every time that the rule comes due after an instant, in order, each once. Rules of the calendar follow the clock on the wall: what the declared policies
 * say happens where a change of the clocks leaves a time out or brings it twice. Intervals follow elapsed time.
 */
export function* dueTimes(rule: Rule, after: number): Generator<Due, void> {
	const begin = rule.start_at === null ? after : Math.max(after, Date.parse(rule.start_at) - 1);
	const end = rule.end_at === null ? Number.POSITIVE_INFINITY : Date.parse(rule.end_at);
	const { timing } = rule;
	const times =
		timing.type === "interval"
			? everySoOften(
					timing.every_minutes * 60_000,
					rule.start_at === null ? rule.anchor : Date.parse(rule.start_at),
					begin,
				)
			: onTheWall(
					timing,
					rule.time_zone,
					// What is done once is not done twice.
					{ skipped: rule.skipped_hour, repeated: timing.type === "once" ? "first" : rule.repeated_hour },
					// No way through every change of the clocks to a day in the year 9999.
					timing.type === "once" ? Math.max(begin, Date.parse(`${timing.at}Z`) - 2 * 86_400_000) : begin,
				);
	for (const due of times) {
		if (due.at > end) return;
		yield due;
	}
}

function* everySoOften(step: number, anchor: number, after: number): Generator<Due, void> {
	const passed = Math.max(0, Math.floor((after - anchor) / step) + 1);
	for (let at = anchor + passed * step; ; at += step) yield { at, note: null };
}

/**
 * Goes from one stretch of equal offset to the next. Within one, wall and instant differ by a constant, so nothing is left out and nothing comes twice; what is
 * special is only where two stretches meet.
 */
export function* onTheWall(
	timing: WallTiming,
	time_zone: string,
	policy: { skipped: ScheduleRule["skipped_hour"]; repeated: ScheduleRule["repeated_hour"] },
	after: number,
): Generator<Due, void> {
	// The first instant that may be answered.
	let from = after + 1;
	// Of the moment before it, so that what a gap has put off to exactly `from` is not missed.
	let stretch = stretchAt(time_zone, after);
	let empty = 0;
	// Two stretches without a time: a rule that has none now, nor one that the clocks bring a second time, has none ever.
	while (empty < 2) {
		const seen = stretch.start + stretch.offset_before;
		const { end, offset } = stretch;
		const ahead = Number.isFinite(end) ? stretchAt(time_zone, end) : undefined;
		const begin = from + offset;
		let wall = firstWall(timing, policy.repeated === "first" ? Math.max(begin, seen) : begin);
		empty = wall === undefined ? empty + 1 : 0;
		for (; wall !== undefined && wall - offset < end; wall = firstWall(timing, wall + 1)) {
			yield { at: wall - offset, note: noteOf(wall, stretch, ahead) };
		}
		if (ahead === undefined) return;
		from = end;
		if (policy.skipped === "run_after" && leavesOut(timing, stretch, ahead)) {
			// Comes at the first moment after the gap, where one of the rule's own times may come as well: once is enough.
			yield { at: end, note: "after_gap" };
			from = end + 1;
			empty = 0;
		}
		stretch = ahead;
	}
}

/** Whether one of the rule's times is among those that the change from one stretch to the next leaves out. */
function leavesOut(timing: WallTiming, { end, offset }: Stretch, ahead: Stretch): boolean {
	if (ahead.offset <= offset) return false;
	const wall = firstWall(timing, end + offset);
	return wall !== undefined && wall < end + ahead.offset;
}

function noteOf(wall: Wall, { start, offset_before, end }: Stretch, ahead: Stretch | undefined): Due["note"] {
	if (wall < start + offset_before) return "second_of_two";
	return ahead !== undefined && wall >= end + ahead.offset ? "first_of_two" : null;
}

/** The next `count` times after an instant; fewer where the rule ends. */
export function nextDue(rule: Rule, after: number, count: number): number[] {
	return dueTimes(rule, after)
		.take(count)
		.map(({ at }) => at)
		.toArray();
}

/** The same for people, with what a change of the clocks does to them. */
export function nextRuns(rule: Rule, after: number, count: number): NextRun[] {
	return dueTimes(rule, after)
		.take(count)
		.map(({ at, note }) => ({ at: new Date(at).toISOString(), local: wallText(rule.time_zone, at), note }))
		.toArray();
}
