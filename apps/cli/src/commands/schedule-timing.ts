import { type CalendarTiming, type DayOfMonth, type Timing, Weekday } from "@netconductor/contracts/scheduling/model";
import type { Command } from "commander";
import { usageFailure } from "../failure.ts";
import { collected, wholeNumber } from "../query-options.ts";

export interface TimingOptions {
	once?: string;
	every?: number;
	daily?: boolean;
	weekly?: string;
	monthly?: string;
	cron?: string;
	time?: string[];
}

export function addTimingOptions(command: Command): Command {
	return command
		.option("--once <time>", "Once, by the clock of the time zone: 2026-12-24T02:30")
		.option("--every <minutes>", "Every so many minutes", wholeNumber(1, 525_600))
		.option("--daily", "Every day at --time")
		.option("--weekly <days>", "On these days at --time: mon,fri")
		.option("--monthly <day>", 'On this day of the month at --time: 1,15 or last or "2nd tue" or "last fri"')
		.option("--cron <expression>", 'Cron with five fields: "30 2 * * 1-5"')
		.option("--time <time>", "Time of day, 02:30; repeat it for several", collected);
}

/** The rule that the options tell; undefined where they tell none. @throws cli.usage */
export function timingOf(options: TimingOptions): Timing | undefined {
	const { once, every } = options;
	const others = [options.daily, options.weekly, options.monthly, options.cron].some((given) => given !== undefined);
	if ([once !== undefined, every !== undefined, others].filter(Boolean).length > 1) throw onlyOne();
	if (once !== undefined) return { type: "once", at: once.replace(" ", "T") };
	if (every !== undefined) return { type: "interval", every_minutes: every };
	return calendarTimingOf(options);
}

/** The same of a rule of the calendar alone. */
export function calendarTimingOf({ daily, weekly, monthly, cron, time }: TimingOptions): CalendarTiming | undefined {
	const given = [daily, weekly, monthly, cron].filter((option) => option !== undefined);
	if (given.length > 1) throw onlyOne();
	if (cron !== undefined) return { type: "cron", expression: cron };
	if (given.length === 0) return undefined;
	if (time === undefined) throw usageFailure("At what time? Give --time 02:30.");
	if (weekly !== undefined) return { type: "weekly", days: weekly.split(",").map(weekdayOf), times: time };
	if (monthly !== undefined) return { type: "monthly", on: dayOf(monthly), times: time };
	return { type: "daily", times: time };
}

function dayOf(text: string): DayOfMonth {
	if (text === "last") return { type: "last_day" };
	if (/^\d+(,\d+)*$/.test(text)) return { type: "days", days: text.split(",").map(Number) };
	const [, which = "", day = ""] = /^(last|\d)(?:st|nd|rd|th)?\s+(\w+)$/.exec(text) ?? [];
	if (which === "") throw usageFailure('A day of the month: 1,15 or last or "2nd tue" or "last fri".');
	const weekday = weekdayOf(day);
	return which === "last" ? { type: "last_weekday", weekday } : { type: "nth_weekday", nth: Number(which), weekday };
}

function weekdayOf(text: string): Weekday {
	const parsed = Weekday.safeParse(text.trim().toLowerCase().slice(0, 3));
	if (parsed.success) return parsed.data;
	throw usageFailure(`"${text}" is no weekday. They are ${Weekday.options.join(", ")}.`);
}

function onlyOne() {
	return usageFailure("Give one of --once, --every, --daily, --weekly, --monthly and --cron.");
}
