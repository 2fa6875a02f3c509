import type { CalendarInput } from "@netconductor/contracts/scheduling/model";
import type { z } from "zod";
import { onTheWall } from "../timing/due-times.ts";

/** The times of a calendar. */
export type CalendarTimes = Pick<z.output<typeof CalendarInput>, "time_zone" | "ranges" | "recurring">;

/** From an instant to the first that no longer belongs to it, in milliseconds. */
export interface Period {
	from: number;
	to: number;
}

/** What follows on what is looked at without end: a rule of every minute is one period. */
const mostJoined = 2_000;

/**
 * The periods of a calendar that touch `[from, to)`, in order, those that meet joined; at most `limit`. A range's clock time that the clocks bring twice
 * begins with the first and ends with the second; one that they leave out begins before and ends after the gap.
 */
export function periodsOf(calendar: CalendarTimes, from: number, to: number, limit = 1_000): Period[] {
	const found: Period[] = calendar.ranges.map((range) => ({
		from: instantOf(calendar.time_zone, range.from, "earlier"),
		to: instantOf(calendar.time_zone, range.to, "later"),
	}));
	for (const { timing, duration_minutes } of calendar.recurring) {
		const length = duration_minutes * 60_000;
		let made = 0;
		let apart = 0;
		let end = Number.NEGATIVE_INFINITY;
		for (const { at } of onTheWall(
			timing,
			calendar.time_zone,
			{ skipped: "run_after", repeated: "first" },
			from - length,
		)) {
			if (at > end) apart++;
			if (at >= to || made++ >= mostJoined || apart > limit) break;
			end = at + length;
			found.push({ from: at, to: at + length });
		}
	}
	const joined: Period[] = [];
	for (const period of found.sort((a, b) => a.from - b.from)) {
		if (period.to <= from || period.from >= to) continue;
		const last = joined.at(-1);
		if (last !== undefined && period.from <= last.to) last.to = Math.max(last.to, period.to);
		else if (joined.length < limit) joined.push({ ...period });
		else break;
	}
	return joined;
}

function instantOf(time_zone: string, wall: string, disambiguation: "earlier" | "later"): number {
	return Temporal.PlainDateTime.from(wall).toZonedDateTime(time_zone, { disambiguation }).epochMilliseconds;
}
