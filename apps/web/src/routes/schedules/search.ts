import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import { OccurrenceStatus, ScheduleKindName, ScheduleState } from "@netconductor/contracts/scheduling/model";
import { z } from "zod";
import { listOf, listSearch } from "../../ui/table/list-search.ts";

export const SchedulesSearch = listSearch(schedulingApi.operations.listSchedules.query.shape.sort, {
	tab: z.enum(["list", "month", "day", "history", "calendars", "conflicts"]),
	kind: listOf(ScheduleKindName),
	state: listOf(ScheduleState),
	/** Of the history. */
	status: listOf(OccurrenceStatus),
	month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
	day: z.iso.date(),
});
export type SchedulesSearch = z.output<typeof SchedulesSearch>;
