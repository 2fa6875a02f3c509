import { CalendarTiming, Timing } from "@netconductor/contracts/scheduling/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type WatchedClock, watchClock, watchedTimes } from "../../test/watched-clock.ts";
import { nextDue, nextRuns, type Rule } from "./due-times.ts";

function ruleOf(timing: Timing, time_zone: string, given: Partial<Rule> = {}): Rule {
	return {
		timing,
		time_zone,
		skipped_hour: "run_after",
		repeated_hour: "first",
		start_at: null,
		end_at: null,
		anchor: 0,
		...given,
	};
}
const daily = (...times: string[]): Timing => ({ type: "daily", times });
const at = (text: string) => Date.parse(text);
const seen = (rule: Rule, after: string, count: number) =>
	nextRuns(rule, at(after), count).map(({ at: instant, local, note }) =>
		[instant.slice(0, 16), local, ...(note === null ? [] : [note])].join(" "),
	);

/** Real changes of clocks, each as the zone's government made it. */
const zones = [
	// zone, rule's time, day before, what run_after gives, what is skipped instead
	["Europe/Zurich", "02:30", "2026-03-28T12:00Z", "2026-03-29T01:00 2026-03-29T03:00+02:00 after_gap"],
	["America/New_York", "02:15", "2026-03-07T12:00Z", "2026-03-08T07:00 2026-03-08T03:00-04:00 after_gap"],
	["Australia/Lord_Howe", "02:15", "2026-10-03T12:00Z", "2026-10-03T15:30 2026-10-04T02:30+11:00 after_gap"],
	["Africa/Casablanca", "02:30", "2025-04-05T12:00Z", "2025-04-06T02:00 2025-04-06T03:00+01:00 after_gap"],
	["Pacific/Chatham", "02:50", "2025-09-27T10:00Z", "2025-09-27T14:00 2025-09-28T03:45+13:45 after_gap"],
	["America/St_Johns", "02:30", "2026-03-07T12:00Z", "2026-03-08T05:30 2026-03-08T03:00-02:30 after_gap"],
	["America/Santiago", "00:30", "2025-09-06T12:00Z", "2025-09-07T04:00 2025-09-07T01:00-03:00 after_gap"],
	["Africa/Cairo", "00:10", "2025-04-24T12:00Z", "2025-04-24T22:00 2025-04-25T01:00+03:00 after_gap"],
	["Asia/Beirut", "00:30", "2026-03-28T12:00Z", "2026-03-28T22:00 2026-03-29T01:00+03:00 after_gap"],
	// A whole day that was never there: the clocks went from Thursday to Saturday.
	["Pacific/Apia", "08:00", "2011-12-30T00:00Z", "2011-12-30T10:00 2011-12-31T00:00+14:00 after_gap"],
] as const;

describe("a time that the clocks leave out", () => {
	test.each(zones)(
		"in %s, %s: runs at the first moment after the gap, or not that day",
		(zone, time, from, expected) => {
			expect(seen(ruleOf(daily(time), zone), from, 1)).toEqual([expected]);
			const [skipped] = nextRuns(ruleOf(daily(time), zone, { skipped_hour: "skip" }), at(from), 1);
			expect(skipped?.local.slice(11, 16)).toBe(time);
			expect(Date.parse(skipped?.at ?? "")).toBeGreaterThan(at(expected.slice(0, 16).concat("Z")));
		},
	);

	test("several of them, and one of the rule's own at the end of the gap, are one run", () => {
		const rule = ruleOf({ type: "cron", expression: "*/15 2,3 * * *" }, "Europe/Zurich");
		expect(seen(rule, "2026-03-29T00:59:00Z", 2)).toEqual([
			"2026-03-29T01:00 2026-03-29T03:00+02:00 after_gap",
			"2026-03-29T01:15 2026-03-29T03:15+02:00",
		]);
	});

	test("asked a millisecond before the gap's end, or from the run before, the answer is the same", () => {
		const rule = ruleOf(daily("02:30"), "Europe/Zurich");
		const gap = at("2026-03-29T01:00:00Z");
		expect(nextDue(rule, gap - 1, 1)).toEqual([gap]);
		expect(nextDue(rule, gap, 1)).toEqual([at("2026-03-30T00:30:00Z")]);
	});
});

describe("a time that the clocks bring twice", () => {
	const twice = [
		["Europe/Zurich", "02:30", "2026-10-24T12:00Z", "2026-10-25T00:30", "2026-10-25T01:30"],
		["America/New_York", "01:30", "2026-10-31T12:00Z", "2026-11-01T05:30", "2026-11-01T06:30"],
		["Australia/Lord_Howe", "01:45", "2026-04-04T10:00Z", "2026-04-04T14:45", "2026-04-04T15:15"],
		["Africa/Casablanca", "02:30", "2026-02-14T12:00Z", "2026-02-15T01:30", "2026-02-15T02:30"],
		["Pacific/Chatham", "03:00", "2026-04-04T10:00Z", "2026-04-04T13:15", "2026-04-04T14:15"],
		["America/St_Johns", "01:10", "2025-11-01T12:00Z", "2025-11-02T03:40", "2025-11-02T04:40"],
		["America/Santiago", "23:30", "2026-04-04T12:00Z", "2026-04-05T02:30", "2026-04-05T03:30"],
		["Africa/Cairo", "23:20", "2025-10-30T12:00Z", "2025-10-30T20:20", "2025-10-30T21:20"],
	] as const;
	test.each(twice)("in %s, %s: runs the first time, or both", (zone, time, from, first, second) => {
		const times = (repeated_hour: Rule["repeated_hour"]) =>
			nextRuns(ruleOf(daily(time), zone, { repeated_hour }), at(from), 2).map(
				({ at: instant, note }) => `${instant.slice(0, 16)} ${note}`,
			);
		expect(times("both")).toEqual([`${first} first_of_two`, `${second} second_of_two`]);
		const [one, next] = times("first");
		expect(one).toBe(`${first} first_of_two`);
		expect(next?.slice(0, 10)).not.toBe(second.slice(0, 10));
	});

	test("what runs once does so once, also where both are wanted", () => {
		const rule = ruleOf({ type: "once", at: "2026-10-25T02:30" }, "Europe/Zurich", { repeated_hour: "both" });
		expect(nextDue(rule, at("2026-01-01Z"), 5)).toEqual([at("2026-10-25T00:30:00Z")]);
		expect(nextDue(rule, at("2026-10-25T00:30:00Z"), 5)).toEqual([]);
	});
});

describe("any rule, by any clock, whatever is declared", () => {
	const names = [
		"Europe/Zurich",
		"America/New_York",
		"Australia/Lord_Howe",
		"Africa/Casablanca",
		"Pacific/Chatham",
		"America/St_Johns",
		"America/Santiago",
		"Africa/Cairo",
		"Pacific/Apia",
		"UTC",
	];
	const clocks = new Map<string, WatchedClock>();
	const clocksFor = (zone: string) => {
		const known =
			clocks.get(zone) ??
			watchClock(zone, [at("2011-09-01Z"), at("2012-02-15Z")], [at("2024-09-01Z"), at("2026-12-01Z")]);
		clocks.set(zone, known);
		return known;
	};
	const time = fc
		.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
		.map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
	const timesOfDay = fc.array(time, { minLength: 1, maxLength: 5 });
	const day = fc.constantFrom("mon", "tue", "wed", "thu", "fri", "sat", "sun");
	const timing = fc
		.oneof(
			fc.record({ type: fc.constant("daily"), times: timesOfDay }),
			fc.record({
				type: fc.constant("weekly"),
				days: fc.array(day, { minLength: 1, maxLength: 7 }),
				times: timesOfDay,
			}),
			fc.record({
				type: fc.constant("monthly"),
				on: fc.oneof(
					fc.record({
						type: fc.constant("days"),
						days: fc.array(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 4 }),
					}),
					fc.constant({ type: "last_day" }),
					fc.record({ type: fc.constant("nth_weekday"), nth: fc.integer({ min: 1, max: 5 }), weekday: day }),
					fc.record({ type: fc.constant("last_weekday"), weekday: day }),
				),
				times: timesOfDay,
			}),
			fc
				.constantFrom("*/20 * * * *", "15 */2 * * *", "30 2 * * 0", "5 0 1 * *", "45 1-3 * * 6,0")
				.map((expression) => ({ type: "cron", expression })),
		)
		.map((given) => CalendarTiming.parse(given));

	test("comes due when a clock on the wall, watched minute by minute, shows one of its times", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...names),
				timing,
				fc.constantFrom("run_after" as const, "skip" as const),
				fc.constantFrom("first" as const, "both" as const),
				fc.double({ min: 0, max: 1, noNaN: true }),
				fc.boolean(),
				(zone, given, skipped_hour, repeated_hour, where, nearChange) => {
					const watched = clocksFor(zone);
					const from = watched.pick(where, nearChange);
					const to = from + 3 * 86_400_000;
					const rule = ruleOf(given, zone, { skipped_hour, repeated_hour, end_at: new Date(to).toISOString() });
					const expected = watchedTimes(watched, given, { skipped_hour, repeated_hour }, from, to);
					expect(nextDue(rule, from, expected.length + 1)).toEqual(expected);
				},
			),
			{ numRuns: 150 },
		);
	});

	test("going on from each time gives the same series as asking for all at once", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...names),
				timing,
				fc.constantFrom("first" as const, "both" as const),
				fc.date({ min: new Date("2011-01-01Z"), max: new Date("2035-01-01Z"), noInvalidDate: true }),
				(zone, given, repeated_hour, from) => {
					const rule = ruleOf(given, zone, { repeated_hour });
					const series: number[] = [];
					for (let after = from.getTime(); series.length < 6; after = series.at(-1) ?? 0) {
						const next = nextDue(rule, after, 1);
						if (next.length === 0) break;
						series.push(...next);
					}
					expect(series).toEqual(nextDue(rule, from.getTime(), 6));
					expect(series.toSorted((a, b) => a - b)).toEqual(series);
				},
			),
			{ numRuns: 200 },
		);
	});
});

test("a day far away is found, with the policy of its own year", () => {
	const rule = ruleOf({ type: "once", at: "9998-07-01T12:00" }, "Europe/Zurich");
	expect(nextDue(rule, at("2026-01-01Z"), 2)).toEqual([at("9998-07-01T10:00:00Z")]);
});

test("an interval keeps its distance from where it began, however late it is asked", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 0, max: 2 ** 41 }),
			fc.integer({ min: 1, max: 525_600 }),
			fc.integer({ min: -(10 ** 9), max: 10 ** 9 }),
			(anchor, every_minutes, late) => {
				const [next = 0] = nextDue(ruleOf({ type: "interval", every_minutes }, "UTC", { anchor }), anchor + late, 1);
				expect(next).toBeGreaterThan(anchor + late);
				expect(next).toBeGreaterThanOrEqual(anchor);
				expect((next - anchor) % (every_minutes * 60_000)).toBe(0);
				expect(next - (anchor + late) <= every_minutes * 60_000 || next === anchor).toBe(true);
			},
		),
	);
});

test("nothing comes due before the start or after the end; both themselves may", () => {
	const rule = ruleOf(daily("12:00"), "UTC", { start_at: "2026-03-02T12:00:00Z", end_at: "2026-03-04T12:00:00Z" });
	expect(nextDue(rule, at("2026-01-01Z"), 9).map((due) => new Date(due).toISOString().slice(0, 10))).toEqual([
		"2026-03-02",
		"2026-03-03",
		"2026-03-04",
	]);
	const interval = ruleOf({ type: "interval", every_minutes: 60 }, "UTC", { start_at: "2026-03-02T12:30:00Z" });
	expect(seen(interval, "2026-01-01T00:00:00Z", 2)).toEqual([
		"2026-03-02T12:30 2026-03-02T12:30+00:00",
		"2026-03-02T13:30 2026-03-02T13:30+00:00",
	]);
});

test("the 29th of February, the fifth Friday and the last Sunday come when there is one", () => {
	const days = (on: object, months?: number[]) =>
		nextDue(ruleOf(Timing.parse({ type: "monthly", on, months, times: ["06:00"] }), "UTC"), at("2025-01-01Z"), 3).map(
			(due) => new Date(due).toISOString().slice(0, 10),
		);
	expect(days({ type: "days", days: [29] }, [2])).toEqual(["2028-02-29", "2032-02-29", "2036-02-29"]);
	expect(days({ type: "nth_weekday", nth: 5, weekday: "fri" })).toEqual(["2025-01-31", "2025-05-30", "2025-08-29"]);
	expect(days({ type: "last_weekday", weekday: "sun" })).toEqual(["2025-01-26", "2025-02-23", "2025-03-30"]);
	expect(days({ type: "last_day" })).toEqual(["2025-01-31", "2025-02-28", "2025-03-31"]);
	expect(days({ type: "days", days: [31] }, [2])).toEqual([]);
});
