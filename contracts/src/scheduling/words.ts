import type { DayOfMonth, Timing, Weekday } from "./model.ts";

export const weekdayNames: Readonly<Record<Weekday, string>> = {
	mon: "Monday",
	tue: "Tuesday",
	wed: "Wednesday",
	thu: "Thursday",
	fri: "Friday",
	sat: "Saturday",
	sun: "Sunday",
};
export const nthNames = ["first", "second", "third", "fourth", "fifth"] as const;
export const monthNames = [
	"January",
	"February",
	"March",
	"April",
	"May",
	"June",
	"July",
	"August",
	"September",
	"October",
	"November",
	"December",
] as const;

/** A rule in words: `every Monday and Friday at 02:30`. */
export function timingWords(timing: Timing): string {
	switch (timing.type) {
		case "once":
			return `once, ${timing.at.replace("T", " at ")}`;
		case "interval":
			return `every ${intervalWords(timing.every_minutes)}`;
		case "daily":
			return `every day at ${list(timing.times)}`;
		case "weekly":
			return `every ${timing.days.length === 7 ? "day" : list(timing.days.map((day) => weekdayNames[day]))} at ${list(timing.times)}`;
		case "monthly":
			return `${dayWords(timing.on)} of ${timing.months === undefined ? "every month" : list(timing.months.map((month) => monthNames[month - 1] ?? ""))} at ${list(timing.times)}`;
		case "cron":
			return `cron ${timing.expression}`;
	}
}

function intervalWords(minutes: number): string {
	const [amount, unit] =
		minutes % 1440 === 0 ? [minutes / 1440, "day"] : minutes % 60 === 0 ? [minutes / 60, "hour"] : [minutes, "minute"];
	return amount === 1 ? unit : `${amount} ${unit}s`;
}

function dayWords(on: DayOfMonth): string {
	switch (on.type) {
		case "days":
			return `day ${list(on.days.map(String))}`;
		case "last_day":
			return "the last day";
		case "nth_weekday":
			return `the ${nthNames[on.nth - 1]} ${weekdayNames[on.weekday]}`;
		case "last_weekday":
			return `the last ${weekdayNames[on.weekday]}`;
	}
}

function list(words: readonly string[]): string {
	return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
