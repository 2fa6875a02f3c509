import type { CalendarTiming, DayOfMonth, Timing, Weekday } from "@netconductor/contracts/scheduling/model";

/** A rule as a form holds it: every way to tell it side by side, so that changing one's mind loses nothing. */
export const timingStart = {
	when: "daily" as Timing["type"],
	/** "02:30, 14:30". */
	times: "02:00",
	days: ["mon", "tue", "wed", "thu", "fri"] as string[],
	month_day: "days" as DayOfMonth["type"],
	/** "1, 15". */
	month_days: "1",
	nth: "1",
	weekday: "sun" as Weekday,
	months: [] as string[],
	cron: "0 2 * * *",
	every_minutes: 1440 as number | string,
	once_at: "",
};
export type TimingValues = typeof timingStart;

const words = (text: string) => text.split(/[\s,;]+/).filter(Boolean);
/** "2:30" is meant as "02:30". */
const timesOf = (text: string) => words(text).map((time) => time.padStart(5, "0"));

/** What was filled in, as the API takes it; what is wrong with it is the contract's to say. */
export function timingOf(values: TimingValues): Timing {
	if (values.when === "once") return { type: "once", at: values.once_at };
	if (values.when === "interval") return { type: "interval", every_minutes: Number(values.every_minutes) };
	return calendarTimingOf({ ...values, when: values.when });
}

export function calendarTimingOf(values: TimingValues & { when: CalendarTiming["type"] }): CalendarTiming {
	const times = timesOf(values.times);
	switch (values.when) {
		case "daily":
			return { type: "daily", times };
		case "weekly":
			return { type: "weekly", days: values.days as Weekday[], times };
		case "monthly":
			return {
				type: "monthly",
				on: dayOf(values),
				...(values.months.length > 0 && { months: values.months.map(Number) }),
				times,
			};
		case "cron":
			return { type: "cron", expression: values.cron.trim() };
	}
}

function dayOf({ month_day, month_days, nth, weekday }: TimingValues): DayOfMonth {
	switch (month_day) {
		case "days":
			return { type: "days", days: words(month_days).map(Number) };
		case "last_day":
			return { type: "last_day" };
		case "nth_weekday":
			return { type: "nth_weekday", nth: Number(nth), weekday };
		case "last_weekday":
			return { type: "last_weekday", weekday };
	}
}

/** The values that stand for a rule. */
export function valuesOfTiming(timing: Timing): TimingValues {
	const values = { ...timingStart, when: timing.type };
	switch (timing.type) {
		case "once":
			return { ...values, once_at: timing.at };
		case "interval":
			return { ...values, every_minutes: timing.every_minutes };
		case "cron":
			return { ...values, cron: timing.expression };
		case "daily":
			return { ...values, times: timing.times.join(", ") };
		case "weekly":
			return { ...values, times: timing.times.join(", "), days: timing.days };
		case "monthly": {
			const { on, months = [] } = timing;
			return {
				...values,
				times: timing.times.join(", "),
				months: months.map(String),
				month_day: on.type,
				...(on.type === "days" && { month_days: on.days.join(", ") }),
				...(on.type === "nth_weekday" && { nth: String(on.nth) }),
				...("weekday" in on && { weekday: on.weekday }),
			};
		}
	}
}
