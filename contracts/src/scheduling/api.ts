import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { defineApi, del, get, internal, type Operation, post, put } from "../kernel/operation.ts";
import { CursorPage, Page } from "../kernel/page.ts";
import {
	Agenda,
	AgendaQuery,
	CalendarHold,
	CalendarInput,
	Conflict,
	ConflictQuery,
	HoldQuestion,
	ListCalendars,
	ListOccurrences,
	ListSchedules,
	NextRun,
	Occurrence,
	Schedule,
	ScheduleCalendar,
	ScheduleInput,
	ScheduleKind,
	ScheduleRule,
} from "./model.ts";

const byId = z.object({ id: Id });
const refusals = [
	"schedules.name_taken",
	"schedules.unknown_kind",
	"schedules.bad_params",
	"schedules.bad_timing",
	"schedules.bad_cron",
	"schedules.bad_time_zone",
	"devices.not_found",
	"device_groups.not_found",
] as const;
const calendarRefusals = [
	"schedule_calendars.name_taken",
	"schedule_calendars.empty",
	"schedules.bad_cron",
	"schedules.bad_timing",
	"schedules.bad_time_zone",
	"device_groups.not_found",
] as const;
const MaybeHeld = z.object({ hold: CalendarHold.nullable() });
const NextRuns = z.object({ next_runs: z.array(NextRun) });

const schedules = {
	list: get("/api/schedules", {
		summary: "Schedules",
		query: ListSchedules,
		returns: Page(Schedule),
		permission: "schedules:read",
		scope: "devices",
	}),
	create: post("/api/schedules", {
		summary: "Add a schedule; its kind's own permission is needed too",
		body: ScheduleInput,
		returns: Schedule,
		status: 201,
		permission: "schedules:write",
		scope: "devices",
		max_body_bytes: 8 * 1024 * 1024,
		errors: [...refusals, "schedules.too_many"],
	}),
	get: get("/api/schedules/:id", {
		summary: "One schedule",
		params: byId,
		returns: Schedule,
		permission: "schedules:read",
		scope: "devices",
		errors: ["schedules.not_found"],
	}),
	update: put("/api/schedules/:id", {
		summary: "Change a schedule; it runs with the permissions of who does",
		description: "A change of anything but when it runs does not move its next run.",
		params: byId,
		body: ScheduleInput,
		returns: Schedule,
		permission: "schedules:write",
		scope: "devices",
		max_body_bytes: 8 * 1024 * 1024,
		errors: ["schedules.not_found", "auth.out_of_scope", ...refusals],
	}),
	delete: del("/api/schedules/:id", {
		summary: "Delete a schedule with its history; a run that goes on is not stopped",
		params: byId,
		permission: "schedules:write",
		scope: "devices",
		errors: ["schedules.not_found", "auth.out_of_scope"],
	}),
	pause: post("/api/schedules/:id/pause", {
		summary: "Pause a schedule: nothing comes due until it is resumed, what waits is skipped",
		params: byId,
		returns: Schedule,
		permission: "schedules:write",
		scope: "devices",
		errors: ["schedules.not_found", "auth.out_of_scope"],
	}),
	resume: post("/api/schedules/:id/resume", {
		summary: "Resume a paused schedule; what would have come due in between does not run",
		params: byId,
		returns: Schedule,
		permission: "schedules:write",
		scope: "devices",
		errors: ["schedules.not_found", "auth.out_of_scope"],
	}),
	runNow: post("/api/schedules/:id/run", {
		summary: "Run a schedule now, with one's own permissions; its times stay as they are",
		params: byId,
		returns: Occurrence,
		status: 202,
		permission: "schedules:run",
		scope: "devices",
		errors: ["schedules.not_found", "auth.out_of_scope", "schedules.started_now", "schedules.unknown_kind"],
	}),
	next: get("/api/schedules/:id/next", {
		summary: "When a schedule comes due next",
		params: byId,
		query: z.object({ count: z.coerce.number().int().min(1).max(100).default(10) }),
		returns: NextRuns,
		permission: "schedules:read",
		scope: "devices",
		errors: ["schedules.not_found"],
	}),
	history: get("/api/schedules/:id/history", {
		summary: "Each time a schedule came due, newest first",
		params: byId,
		query: ListOccurrences,
		returns: CursorPage(Occurrence),
		permission: "schedules:read",
		scope: "devices",
		errors: ["schedules.not_found"],
	}),
};

/** The same operation under the paths' other name. */
function alias<O extends Operation>(operation: O): O {
	return { ...operation, path: operation.path.replace("/api/schedules", "/api/scheduled-operations") };
}

export const schedulingApi = defineApi("scheduling", {
	listSchedules: schedules.list,
	createSchedule: schedules.create,
	listScheduleKinds: get("/api/schedules/kinds", {
		summary: "What can be scheduled",
		returns: z.object({ items: z.array(ScheduleKind) }),
		permission: "schedules:read",
		scope: "none",
	}),
	previewSchedule: post("/api/schedules/preview", {
		summary: "The next ten runs that a rule would bring; nothing is kept",
		body: ScheduleRule,
		returns: NextRuns,
		permission: "schedules:read",
		scope: "none",
		changes: false,
		errors: ["schedules.bad_timing", "schedules.bad_cron", "schedules.bad_time_zone"],
	}),
	getAgenda: get("/api/schedules/agenda", {
		summary: "What came due and what will between two moments, by day",
		query: AgendaQuery,
		returns: Agenda,
		permission: "schedules:read",
		errors: ["schedules.too_long", "schedules.bad_time_zone"],
	}),
	listConflicts: get("/api/schedules/conflicts", {
		summary:
			"Schedules whose next runs touch the same devices at nearly the same time, or come due while changes are held back",
		query: ConflictQuery,
		returns: z.object({
			items: z.array(Conflict),
			/** There are more than are listed, or more schedules than were looked at. */
			truncated: z.boolean(),
		}),
		permission: "schedules:read",
		timeout_ms: 60_000,
	}),
	previewHold: post("/api/schedules/hold", {
		summary: "What would hold a change back that somebody starts; null where nothing would, or it only reads",
		body: HoldQuestion,
		returns: MaybeHeld,
		permission: "schedules:read",
		changes: false,
		errors: ["schedules.unknown_kind", "schedules.bad_params", "devices.not_found", "device_groups.not_found"],
	}),
	listOccurrences: get("/api/schedules/history", {
		summary: "Each time any schedule came due, newest first",
		query: ListOccurrences,
		returns: CursorPage(Occurrence),
		permission: "schedules:read",
		scope: "devices",
	}),
	getSchedule: schedules.get,
	updateSchedule: schedules.update,
	deleteSchedule: schedules.delete,
	pauseSchedule: schedules.pause,
	resumeSchedule: schedules.resume,
	runScheduleNow: schedules.runNow,
	getNextRuns: schedules.next,
	getScheduleHistory: schedules.history,

	listScheduledOperations: alias(schedules.list),
	createScheduledOperation: alias(schedules.create),
	getScheduledOperation: alias(schedules.get),
	updateScheduledOperation: alias(schedules.update),
	deleteScheduledOperation: alias(schedules.delete),
	pauseScheduledOperation: alias(schedules.pause),
	resumeScheduledOperation: alias(schedules.resume),
	runScheduledOperationNow: alias(schedules.runNow),
	getNextScheduledOperations: alias(schedules.next),
	getScheduledOperationHistory: alias(schedules.history),

	listCalendars: get("/api/schedule-calendars", {
		summary: "Calendars that hold changes back: freezes and maintenance windows",
		query: ListCalendars,
		returns: Page(ScheduleCalendar),
		permission: "schedules:read",
	}),
	createCalendar: post("/api/schedule-calendars", {
		summary: "Add a freeze or a maintenance window",
		body: CalendarInput,
		returns: ScheduleCalendar,
		status: 201,
		permission: "schedules:write",
		errors: calendarRefusals,
	}),
	getCalendar: get("/api/schedule-calendars/:id", {
		summary: "One calendar",
		params: byId,
		returns: ScheduleCalendar,
		permission: "schedules:read",
		errors: ["schedule_calendars.not_found"],
	}),
	updateCalendar: put("/api/schedule-calendars/:id", {
		summary: "Change a calendar; what waits for it is looked at again at once",
		params: byId,
		body: CalendarInput,
		returns: ScheduleCalendar,
		permission: "schedules:write",
		errors: ["schedule_calendars.not_found", ...calendarRefusals],
	}),
	deleteCalendar: del("/api/schedule-calendars/:id", {
		summary: "Delete a calendar; what waits for it is looked at again at once",
		params: byId,
		permission: "schedules:write",
		errors: ["schedule_calendars.not_found"],
	}),

	/** By the rules that hold back what schedules start; devices that are gone count for freezes of all devices alone. */
	findHold: internal("/internal/scheduling/hold", {
		summary: "Whether calendars hold changes of these devices back",
		body: z.object({
			device_ids: z.array(Id).max(50_000),
			/** Now unless told. */
			at: Timestamp.optional(),
		}),
		returns: MaybeHeld,
		changes: false,
		max_body_bytes: 4 * 1024 * 1024,
	}),
});
