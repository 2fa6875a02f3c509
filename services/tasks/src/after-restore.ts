/**
 * Statements for this service's schema after it was restored from a backup of the system. Between the backup and its restore time has
 * passed in which changes went on that the backup knows nothing of: nobody's word but a person's may push them again.
 */
export const afterRestore: readonly string[] = [
	`update runs set pause_requested_by = coalesce(pause_requested_by, 'restore from a backup')
	where finished_at is null and (kind = 'mop' or jsonb_path_exists(steps, '$[*].gate'))`,
	// Whoever finds the lost worker's operations takes these for what they are: nobody knows whether they wrote.
	`update operations o set write_started_at = now() from runs r
	where r.id = o.run_id and o.status = 'running' and o.write_started_at is null
		and (r.kind = 'mop' or r.steps -> o.step_index::integer -> 'gate' is not null)`,
];
