import { defineErrors } from "../kernel/errors.ts";

export const schedulingErrors = defineErrors({
	"schedules.not_found": { kind: "not_found", title: "There is no such schedule" },
	"schedules.name_taken": { kind: "conflict", title: "There is a schedule of this name already" },
	"schedules.unknown_kind": { kind: "invalid", title: "Nothing of this kind can be scheduled" },
	"schedules.bad_params": { kind: "invalid", title: "What the run is to do is not valid" },
	"schedules.bad_timing": { kind: "invalid", title: "The schedule never comes due" },
	"schedules.bad_cron": { kind: "invalid", title: "The cron expression is not valid" },
	"schedules.bad_time_zone": { kind: "invalid", title: "There is no such time zone" },
	"schedules.too_long": { kind: "invalid", title: "So much time does not fit into one answer" },
	"schedules.too_many": { kind: "conflict", title: "There are as many schedules as there can be" },
	"schedules.started_now": { kind: "conflict", title: "The schedule was started by hand a moment ago" },
	"schedule_calendars.not_found": { kind: "not_found", title: "There is no such calendar" },
	"schedule_calendars.name_taken": { kind: "conflict", title: "There is a calendar of this name already" },
	"schedule_calendars.empty": { kind: "invalid", title: "The calendar has no time in it" },
});
