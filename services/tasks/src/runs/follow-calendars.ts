import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit } from "@netconductor/runtime/db/database";
import { rowsOf } from "../rows.ts";

/** Has what calendars hold back asked again at once when one of them changes. What a change of groups lets go is asked for every minute. */
export function followCalendars({ onChanged }: { onChanged(run_id: string): void }): Consumers {
	return {
		async "schedule_calendar.changed.v1"(_, { tx }) {
			const held = await rowsOf<{ id: string }>(
				tx,
				`update runs set gate = gate - 'held' where finished_at is null and waiting_for ->> 'kind' = 'calendar' returning id`,
				[],
			);
			const ids = held.map(({ id }) => id);
			await rowsOf(tx, "update procedures set wake_at = now() where run_id = any($1::uuid[]) and ended is null", [ids]);
			afterCommit(tx, () => ids.forEach(onChanged));
		},
	};
}
