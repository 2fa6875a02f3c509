import { failed } from "@netconductor/runtime/errors";
import { isTimeZone } from "@netconductor/runtime/time-zone";
import { Cron } from "croner";

/** When something runs by itself: cron in a time zone, or every so many minutes. */
export interface Timing {
	cron: string | null;
	interval_minutes: number | null;
	/** IANA name. */
	time_zone: string;
}

/**
 * The next `count` times after `from`. Cron follows the wall clock of its zone: a time that the change to summer time skips runs at the first moment
 * after the gap, and one that occurs twice runs once. Intervals follow elapsed time from `anchor`, whatever the clocks do.
 */
export function nextRuns(timing: Timing, from: Date, count: number, anchor: Date = from): Date[] {
	if (timing.cron !== null) return compile(timing.cron, timing.time_zone).nextRuns(count, from);
	const step_ms = (timing.interval_minutes ?? 0) * 60_000;
	if (step_ms <= 0) return [];
	const passed = Math.max(0, Math.floor((from.getTime() - anchor.getTime()) / step_ms));
	return Array.from({ length: count }, (_, index) => new Date(anchor.getTime() + (passed + 1 + index) * step_ms));
}

/**
 * Refuses a timing that cannot be followed.
 * @throws backup_schedule.bad_time_zone, backup_schedule.bad_cron
 */
export function checkTiming({ cron, time_zone }: Timing, now: Date): void {
	checkTimeZone(time_zone, "body.time_zone");
	if (cron === null) return;
	const bad = (why: string) =>
		failed("backup_schedule.bad_cron", {
			message: `"${cron}" is not a cron expression: ${why}. It has five fields: minute, hour, day of month, month, day of week.`,
			errors: [{ path: "body.cron", message: why }],
		});
	if (cron.trim().split(/\s+/).length !== 5) throw bad("it must have five fields");
	// `?` means "now" to the library, which would change with every restart.
	if (cron.includes("?")) throw bad("? is not supported");
	let next: Date[];
	try {
		next = compile(cron, time_zone).nextRuns(1, now);
	} catch (error) {
		throw bad(error instanceof Error ? error.message : String(error));
	}
	if (next.length === 0) throw bad("it never comes due");
}

/** @throws backup_schedule.bad_time_zone — for the field at `path` */
export function checkTimeZone(time_zone: string, path: string): void {
	if (isTimeZone(time_zone)) return;
	throw failed("backup_schedule.bad_time_zone", {
		message: `There is no time zone "${time_zone}". Give an IANA name such as Europe/Zurich or UTC.`,
		errors: [{ path, message: "not an IANA time zone" }],
	});
}

function compile(cron: string, time_zone: string): Cron {
	return new Cron(cron.trim(), { mode: "5-part", timezone: time_zone, paused: true });
}
