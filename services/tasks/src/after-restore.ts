import type { AfterRestore } from "@netconductor/runtime/host/service";

/**
 * Statements for this service's schema after it was restored from a backup of the system. Between the backup and its restore time has
 * passed in which changes went on that the backup knows nothing of: nobody's word but a person's may push them again.
 */
export const afterRestore: readonly AfterRestore[] = [
	{
		statement: `update runs set pause_requested_by = coalesce(pause_requested_by, 'restore from a backup')
	where finished_at is null and (kind = 'mop' or jsonb_path_exists(steps, '$[*].gate'))`,
		tell: (rows) =>
			`${rows === 1 ? "1 run of a change or procedure waits" : `${rows} runs of changes and procedures wait`} until a person resumes or cancels each.`,
	},
	// Whoever finds the lost worker's operations takes these for what they are: nobody knows whether they wrote.
	{
		statement: `update operations o set write_started_at = now() from runs r
	where r.id = o.run_id and o.status = 'running' and o.write_started_at is null
		and (r.kind = 'mop' or r.steps -> o.step_index::integer -> 'gate' is not null)`,
	},
	// A batch that had begun goes back before its gate: it begins again, with what is left of it, when a person resumes the run.
	{
		statement: `with held as (
		update operations o set ready = false from runs r
		where r.id = o.run_id and o.status = 'pending' and o.ready and r.finished_at is null
			and r.steps -> o.step_index::integer -> 'gate' is not null
		returning o.run_id, o.step_index
	), batches as (select run_id, step_index, count(*)::int as devices from held group by run_id, step_index)
	update runs r set gate = r.gate || jsonb_build_object(
		'batch', greatest((r.gate ->> 'batch')::int - 1, 0),
		'devices_begun', greatest((r.gate ->> 'devices_begun')::int - b.devices, 0))
	from batches b where b.run_id = r.id and (r.gate ->> 'step_index')::int = b.step_index`,
	},
];
