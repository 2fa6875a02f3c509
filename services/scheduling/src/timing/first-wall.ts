import type { CalendarTiming, DayOfMonth, Timing } from "@netconductor/contracts/scheduling/model";
import { Weekday } from "@netconductor/contracts/scheduling/model";
import { Cron } from "croner";

/** What a clock on the wall shows, in milliseconds as if it were UTC: it knows of no zone, every day of it has 24 hours. */
export type Wall = number;

export type WallTiming = CalendarTiming | Extract<Timing, { type: "once" }>;

const minute_ms = 60_000;
const day_ms = 86_400_000;
/** A 29th of February can be eight years away (1896, 1904; 2096, 2104). */
const mostMonths = 12 * 8 + 1;

/** The first time of the rule that is not before `from`; undefined when none comes any more. */
export function firstWall(timing: WallTiming, from: Wall): Wall | undefined {
	switch (timing.type) {
		case "once": {
			const at = Date.parse(`${timing.at}Z`);
			return at >= from ? at : undefined;
		}
		case "daily":
			return onDays(from, timing.times, () => true, 1);
		case "weekly":
			return onDays(from, timing.times, (day) => timing.days.includes(weekdayOf(day)), 7);
		case "monthly":
			return inMonths(from, timing);
		case "cron":
			// Croner answers times after the second it is given.
			return cron(timing.expression)
				.nextRun(new Date(from - 1))
				?.getTime();
	}
}

const compiled = new Map<string, Cron>();

/** Croner's reading of an expression on a clock without zones. @throws Error saying what is wrong with it */
export function cron(expression: string): Cron {
	const known = compiled.get(expression);
	if (known !== undefined) return known;
	const made = new Cron(expression, { mode: "5-part", timezone: "UTC", paused: true });
	if (compiled.size >= 10_000) compiled.clear();
	compiled.set(expression, made);
	return made;
}

/** The first of `times` on a day that `isDay` takes, today or on one of the `span` days after it. */
function onDays(from: Wall, times: readonly string[], isDay: (day: Wall) => boolean, span: number): Wall | undefined {
	const today = Math.floor(from / day_ms) * day_ms;
	for (let day = today; day <= today + span * day_ms; day += day_ms) {
		if (!isDay(day)) continue;
		const at = timeOn(day, times, from);
		if (at !== undefined) return at;
	}
	return undefined;
}

function inMonths(from: Wall, { on, months, times }: Extract<CalendarTiming, { type: "monthly" }>): Wall | undefined {
	const begin = new Date(from);
	const first = begin.getUTCFullYear() * 12 + begin.getUTCMonth();
	for (let month = first; month < first + mostMonths; month++) {
		const [year, index] = [Math.floor(month / 12), month % 12];
		if (months !== undefined && !months.includes(index + 1)) continue;
		for (const date of datesOf(year, index, on)) {
			const at = timeOn(Date.UTC(year, index, date), times, from);
			if (at !== undefined) return at;
		}
	}
	return undefined;
}

/** Days of a month in ascending order; none where the month does not have it. */
function datesOf(year: number, month: number, on: DayOfMonth): number[] {
	const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
	switch (on.type) {
		case "days":
			return on.days.filter((day) => day <= length);
		case "last_day":
			return [length];
		case "nth_weekday": {
			const date = firstOf(year, month, on.weekday) + (on.nth - 1) * 7;
			return date <= length ? [date] : [];
		}
		case "last_weekday": {
			const first = firstOf(year, month, on.weekday);
			return [first + Math.floor((length - first) / 7) * 7];
		}
	}
}

/** Date of a month's first such weekday. */
function firstOf(year: number, month: number, weekday: Weekday): number {
	const begins = Weekday.options.indexOf(weekdayOf(Date.UTC(year, month, 1)));
	return 1 + ((Weekday.options.indexOf(weekday) - begins + 7) % 7);
}

function weekdayOf(day: Wall): Weekday {
	// getUTCDay counts from Sunday.
	return Weekday.options[(new Date(day).getUTCDay() + 6) % 7] as Weekday;
}

function timeOn(day: Wall, times: readonly string[], from: Wall): Wall | undefined {
	for (const time of times) {
		const at = day + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * minute_ms;
		if (at >= from) return at;
	}
	return undefined;
}
