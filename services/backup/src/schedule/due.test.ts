import fc from "fast-check";
import { expect, test } from "vitest";
import { checkTiming, nextRuns, type Timing } from "./due.ts";

const daily = (cron: string, time_zone: string): Timing => ({ cron, interval_minutes: null, time_zone });
const iso = (dates: Date[]) => dates.map((date) => date.toISOString());

test("a time that summer time skips runs after the gap, and one that occurs twice runs once", () => {
	const zurich = daily("30 2 * * *", "Europe/Zurich");
	expect(iso(nextRuns(zurich, new Date("2026-03-28T12:00:00Z"), 2))).toEqual([
		"2026-03-29T01:00:00.000Z",
		"2026-03-30T00:30:00.000Z",
	]);
	expect(iso(nextRuns(zurich, new Date("2026-10-24T12:00:00Z"), 2))).toEqual([
		"2026-10-25T00:30:00.000Z",
		"2026-10-26T01:30:00.000Z",
	]);
	const newYork = daily("30 1 * * *", "America/New_York");
	expect(iso(nextRuns(newYork, new Date("2026-11-01T00:00:00Z"), 2))).toEqual([
		"2026-11-01T05:30:00.000Z",
		"2026-11-02T06:30:00.000Z",
	]);
});

const zones = ["Europe/Zurich", "America/New_York", "UTC", "Australia/Lord_Howe"] as const;
const instants = fc.date({ min: new Date("2024-01-01Z"), max: new Date("2030-01-01Z"), noInvalidDate: true });

test("a daily cron runs once on every calendar day of its zone, always later than asked, in order", () => {
	fc.assert(
		fc.property(
			instants,
			fc.constantFrom(...zones),
			fc.integer({ min: 0, max: 23 }),
			fc.integer({ min: 0, max: 59 }),
			(from, time_zone, hour, minute) => {
				const runs = nextRuns(daily(`${minute} ${hour} * * *`, time_zone), from, 10);
				expect(runs).toHaveLength(10);
				const day = new Intl.DateTimeFormat("en-CA", { timeZone: time_zone, dateStyle: "short" });
				let before = from;
				for (const run of runs) {
					expect(run.getTime()).toBeGreaterThan(before.getTime());
					before = run;
				}
				expect(new Set(runs.map((run) => day.format(run))).size).toBe(10);
			},
		),
		{ numRuns: 200 },
	);
});

test("moving on from each run gives the same series as asking for all at once", () => {
	fc.assert(
		fc.property(
			instants,
			fc.constantFrom(...zones),
			fc.constantFrom("*/7 * * * *", "0 */3 * * *", "15 2 * * 0", "0 0 1 * *"),
			(from, zone, cron) => {
				const timing = daily(cron, zone);
				const series: Date[] = [];
				for (let at = from; series.length < 6; at = series.at(-1) as Date) series.push(...nextRuns(timing, at, 1));
				expect(iso(series)).toEqual(iso(nextRuns(timing, from, 6)));
			},
		),
		{ numRuns: 100 },
	);
});

test("an interval keeps its distance from where it began, however late it is asked", () => {
	fc.assert(
		fc.property(
			instants,
			fc.integer({ min: 1, max: 525_600 }),
			fc.integer({ min: 0, max: 10 ** 9 }),
			(anchor, minutes, late) => {
				const timing = { cron: null, interval_minutes: minutes, time_zone: "Europe/Zurich" };
				const from = new Date(anchor.getTime() + late);
				const [next] = nextRuns(timing, from, 1, anchor);
				const step = minutes * 60_000;
				expect(next).toBeDefined();
				const distance = (next as Date).getTime() - from.getTime();
				expect(distance).toBeGreaterThan(0);
				expect(distance).toBeLessThanOrEqual(step);
				expect(((next as Date).getTime() - anchor.getTime()) % step).toBe(0);
			},
		),
	);
});

test("a timing that cannot be followed is refused with the reason", () => {
	const now = new Date("2026-01-01Z");
	for (const cron of ["* * * *", "0 0 31 2 *", "61 * * * *", "0 0 * * * *", "? * * * *", "@daily", "", "a b c d e"]) {
		expect(() => checkTiming(daily(cron, "UTC"), now), cron).toThrow(
			expect.objectContaining({ code: "backup_schedule.bad_cron" }),
		);
	}
	for (const zone of ["Mars/Olympus", "+02:00", ""]) {
		const refused = expect.objectContaining({ code: "backup_schedule.bad_time_zone" });
		expect(() => checkTiming(daily("0 2 * * *", zone), now), zone).toThrow(refused);
	}
	expect(() => checkTiming(daily("0 0 29 2 *", "Europe/Zurich"), now)).not.toThrow();
});
