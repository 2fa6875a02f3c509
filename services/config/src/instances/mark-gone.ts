import { type SQL, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";

/**
 * Notes in what deployments sent that services are gone since: what a person says of such a run later does not bring them back. One that repeats
 * the run sends them again.
 * @param gone query for `stack_id`, `device_id`, `service` and `since`; runs that were started later are not meant
 */
export async function markGone(tx: Statements, gone: SQL): Promise<void> {
	await tx.execute(sql`
		with gone as materialized (${gone})
		update sent_services t set services = (
			select jsonb_agg(case when exists (
					select from gone g where g.stack_id = t.stack_id and g.device_id = t.device_id and g.service = one ->> 'name'
						and r.started_at <= g.since)
				then one || '{"gone": true}' else one end order by place)
			from jsonb_array_elements(t.services) with ordinality as each (one, place))
		from stack_runs r
		where r.start_key = t.start_key and r.kind = 'deploy' and jsonb_array_length(t.services) > 0 and exists (
			select from gone g where g.stack_id = t.stack_id and g.device_id = t.device_id and r.started_at <= g.since)`);
}
