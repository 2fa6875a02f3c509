import type { AfterRestore } from "@netconductor/runtime/host/service";
import type { Kinds } from "./load-kinds.ts";

/**
 * What schedules must not do by themselves once they were restored from a backup of the system: what they knew to be due is as old as the
 * backup, and what changes devices may have been started since, or have been thought better of.
 */
export function afterRestore(kinds: Kinds): readonly AfterRestore[] {
	const reading = [...kinds.values()]
		.filter(({ changes_devices }) => !changes_devices)
		.map(({ kind }) => literal(kind));
	// Of a kind that is no longer there: the careful answer.
	const changing = reading.length === 0 ? "true" : `kind not in (${reading.join(", ")})`;
	return [
		{
			statement: `update occurrences set status = 'skipped', work = null, try_at = null, claimed_until = null, finished_at = now(),
				reason = 'It had not begun when the backup was made from which NetConductor was restored.'
			where status in ('due', 'waiting')`,
			tell: (rows) => `${counted(rows, "start", "starts")} that waited in schedules: left out.`,
		},
		{
			statement: `with held as materialized (
				select id, kind, owner_name, gen_random_uuid() as occurrence_id, now()::timestamptz(3) as at
				from schedules where not paused and next_due_at is not null and ${changing}
			), noted as (
				insert into occurrences (id, schedule_id, trigger, kind, run_as, due_at, status, reason, finished_at, created_at)
				select occurrence_id, id, 'time', kind, owner_name, at, 'skipped',
					'Paused: NetConductor was restored from a backup. Look whether this change still holds, then resume the schedule.', at, at
				from held
			)
			update schedules s set paused = true, next_due_at = null, last_due_at = held.at, last_occurrence_id = held.occurrence_id, updated_at = held.at
			from held where held.id = s.id`,
			tell: (rows) =>
				`${counted(rows, "schedule", "schedules")} of changes: paused. Look at each, then resume it (netconductor schedules resume NAME).`,
		},
	];
}

function literal(kind: string): string {
	return `'${kind.replaceAll("'", "''")}'`;
}

function counted(count: number, one: string, many: string): string {
	return `${count} ${count === 1 ? one : many}`;
}
