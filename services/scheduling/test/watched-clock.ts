// A second way to the same answer, for tests: watches the clock of a zone minute by minute, as Intl shows it, and notes when it shows a time of the rule.
import { type CalendarTiming, Weekday } from "@netconductor/contracts/scheduling/model";
import { Cron } from "croner";

const minute_ms = 60_000;
const day_ms = 86_400_000;

/** The clock of a zone in some stretches of time: where it changes, and what it shows. */
export interface WatchedClock {
	/** What it is ahead of UTC, in milliseconds. */
	offset(at: number): number;
	/** An instant of the watched time, on a whole minute; `near` a change of the clock where there is one. */
	pick(where: number, near: boolean): number;
}

/** Reads the zone's offsets of `[from, to)` from Intl: each day's, and by halving, where it differs from the day before. */
export function watchClock(time_zone: string, ...spans: (readonly [from: number, to: number])[]): WatchedClock {
	const format = new Intl.DateTimeFormat("en-US", { timeZone: time_zone, timeZoneName: "longOffset" });
	const read = (at: number) => {
		const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
		const [, sign, hours = "0", minutes = "0"] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name) ?? [];
		return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minute_ms;
	};
	const changes: { at: number; offset: number }[] = [];
	for (const [from, to] of spans) {
		changes.push({ at: from, offset: read(from) });
		for (let day = from; day < to; day += day_ms) {
			if (read(day) === read(day + day_ms)) continue;
			let [before, after] = [day, day + day_ms];
			while (after - before > minute_ms) {
				const middle = before + Math.floor((after - before) / 2 / minute_ms) * minute_ms;
				if (read(middle) === read(day)) before = middle;
				else after = middle;
			}
			changes.push({ at: after, offset: read(after) });
		}
	}
	const begins = new Set(spans.map(([from]) => from));
	const real = changes.filter(({ at }) => !begins.has(at));
	return {
		offset: (at) => changes.findLast((change) => change.at <= at)?.offset ?? Number.NaN,
		pick(where, near) {
			const change = real[Math.floor(where * real.length)];
			if (near && change !== undefined) return change.at - 2 * day_ms + Math.floor(where * 997) * minute_ms;
			const [from, to] = spans[Math.floor(where * 7919) % spans.length] as [number, number];
			return from + 2 * day_ms + Math.floor((where * (to - from - 10 * day_ms)) / minute_ms) * minute_ms;
		},
	};
}

/** The instants of `(from, to]` at which the rule is due by what is declared. */
export function watchedTimes(
	clock: WatchedClock,
	timing: CalendarTiming,
	policy: { skipped_hour: "run_after" | "skip"; repeated_hour: "first" | "both" },
	from: number,
	to: number,
): number[] {
	const matches = matcherOf(timing);
	const found: number[] = [];
	// Begins early, so that it has seen what is shown a second time.
	let latest = Number.NEGATIVE_INFINITY;
	let before = Number.NaN;
	for (let at = from - 30 * 60 * minute_ms; at <= to; at += minute_ms) {
		const wall = at + clock.offset(at);
		let due = matches(wall) && (policy.repeated_hour === "both" || wall > latest);
		if (policy.skipped_hour === "run_after" && wall - before > minute_ms) {
			for (let left = before + minute_ms; left < wall; left += minute_ms) due ||= matches(left);
		}
		if (due && at > from) found.push(at);
		latest = Math.max(latest, wall);
		before = wall;
	}
	return found;
}

/** Whether a clock that shows this shows a time of the rule. */
function matcherOf(timing: CalendarTiming): (wall: number) => boolean {
	if (timing.type === "cron") {
		const cron = new Cron(timing.expression, { mode: "5-part", timezone: "UTC", paused: true });
		return (wall) => cron.match(new Date(wall));
	}
	const minutes = new Set(timing.times.map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))));
	return (wall) => {
		if (!minutes.has((wall % day_ms) / minute_ms)) return false;
		const shown = new Date(wall);
		const weekday = Weekday.options[(shown.getUTCDay() + 6) % 7] as Weekday;
		if (timing.type === "daily") return true;
		if (timing.type === "weekly") return timing.days.includes(weekday);
		const { on } = timing;
		const date = shown.getUTCDate();
		const lastDay = new Date(Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1, 0)).getUTCDate();
		switch (on.type) {
			case "days":
				return on.days.includes(date);
			case "last_day":
				return date === lastDay;
			case "nth_weekday":
				return weekday === on.weekday && Math.ceil(date / 7) === on.nth;
			case "last_weekday":
				return weekday === on.weekday && date + 7 > lastDay;
		}
	};
}
