import type { Schedule, ScheduleState } from "@netconductor/contracts/scheduling/model";
import { failed } from "@netconductor/runtime/errors";
import type { Kinds } from "../load-kinds.ts";
import type { occurrences, schedules } from "../tables.ts";
import type { Rule } from "../timing/due-times.ts";

export type ScheduleRow = typeof schedules.$inferSelect;
export type OccurrenceRow = typeof occurrences.$inferSelect;

/** When a schedule comes due. */
export function ruleOf(row: ScheduleRow): Rule {
	const { timing, time_zone, skipped_hour, repeated_hour, start_at, end_at } = row;
	return { timing, time_zone, skipped_hour, repeated_hour, start_at, end_at, anchor: Date.parse(row.anchor) };
}

export function stateOf({ paused, problem, next_due_at }: ScheduleRow): ScheduleState {
	if (paused) return "paused";
	if (next_due_at === null) return "ended";
	return problem === null ? "active" : "refused";
}

export type LastOccurrence = Pick<OccurrenceRow, "due_at" | "status" | "run_id" | "reason"> | null;

/** A schedule as the contract shows it. */
export function toSchedule(row: ScheduleRow, last: LastOccurrence, kinds: Kinds): Schedule {
	const { owner: _owner, owner_name, anchor: _anchor, last_due_at: _due, last_occurrence_id: _id, ...rest } = row;
	const { cover_device_ids: _devices, cover_groups: _groups, ...shown } = rest;
	return {
		...shown,
		// Of a kind that is no longer there: the careful answer.
		changes_devices: kinds.get(row.kind)?.changes_devices ?? true,
		state: stateOf(row),
		owner: owner_name,
		last,
	};
}

export function noSchedule(id: string): never {
	throw failed("schedules.not_found", { message: `There is no schedule ${id}`, details: { id } });
}
