import type { CalendarTiming, ScheduleRule } from "@netconductor/contracts/scheduling/model";
import { failed } from "@netconductor/runtime/errors";
import { isTimeZone } from "@netconductor/runtime/time-zone";
import { nextDue } from "./due-times.ts";
import { cron, firstWall } from "./first-wall.ts";

/**
 * Refuses a rule that cannot be followed, or that never comes due after `now`.
 * @throws schedules.bad_time_zone, schedules.bad_cron, schedules.bad_timing
 */
export function checkRule(rule: ScheduleRule, now: Date): void {
	checkTimeZone(rule.time_zone, "body.time_zone");
	if (rule.timing.type === "cron") checkCron(rule.timing.expression, "body.timing.expression", now);
	if (nextDue({ ...rule, anchor: now.getTime() }, now.getTime(), 1).length > 0) return;
	throw failed("schedules.bad_timing", {
		message:
			rule.timing.type === "once"
				? `${rule.timing.at.replace("T", " ")} in ${rule.time_zone} is past, outside start and end, or skipped by a change of the clocks: the schedule would never run.`
				: "The schedule never comes due: no day fits the rule, or it ends before.",
		errors: [{ path: "body.timing", message: "never comes due" }],
	});
}

/** The same for one of a calendar's rules. */
export function checkCalendarTiming(timing: CalendarTiming, path: string, now: Date): void {
	if (timing.type === "cron") checkCron(timing.expression, `${path}.expression`, now);
	if (firstWall(timing, now.getTime()) !== undefined) return;
	throw failed("schedules.bad_timing", {
		message: "No day fits the rule.",
		errors: [{ path, message: "no day fits the rule" }],
	});
}

/** @throws schedules.bad_time_zone — for the field at `path` */
export function checkTimeZone(time_zone: string, path: string): void {
	if (isTimeZone(time_zone)) return;
	throw failed("schedules.bad_time_zone", {
		message: `There is no time zone "${time_zone}". Give an IANA name such as Europe/Zurich or UTC.`,
		errors: [{ path, message: "not an IANA time zone" }],
	});
}

function checkCron(expression: string, path: string, now: Date): void {
	const bad = (why: string) =>
		failed("schedules.bad_cron", {
			message: `"${expression}" is not a cron expression: ${why}. It has five fields: minute, hour, day of month, month, day of week.`,
			errors: [{ path, message: why }],
		});
	if (expression.trim().split(/\s+/).length !== 5) throw bad("it must have five fields");
	// `?` means "now" to the library, which would change with every restart.
	if (expression.includes("?")) throw bad("? is not supported");
	let next: Date | null;
	try {
		next = cron(expression).nextRun(now);
	} catch (error) {
		throw bad(error instanceof Error ? error.message : String(error));
	}
	if (next === null) throw bad("it never comes due");
}
