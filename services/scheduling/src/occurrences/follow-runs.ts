import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit, type Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { eq, sql } from "drizzle-orm";
import { occurrences } from "../tables.ts";
import { outcomeOf } from "./start-occurrence.ts";

/** Keeps the history in step with the runs, also with one that a person decides on later, or for which somebody broke the glass; and lets go on what waited for a run's end. */
export function followRuns({ onChange }: { onChange(schedule_id: string): void }): Consumers {
	async function noteBypass(tx: Tx, run_id: string, bypassed_by: string): Promise<void> {
		const [marked] = await tx
			.update(occurrences)
			.set({ bypassed_by })
			.where(eq(occurrences.run_id, run_id))
			.returning({ schedule_id: occurrences.schedule_id });
		if (marked !== undefined) afterCommit(tx, () => onChange(marked.schedule_id));
	}

	return {
		async "approval.decided.v1"({ run_id, status, decided_by }, { tx }) {
			if (status === "bypassed") await noteBypass(tx, run_id, decided_by.join(", "));
		},

		async "run.glass_broken.v1"({ run_id, by }, { tx }) {
			await noteBypass(tx, run_id, by.name);
		},

		"run.finished.v1": {
			async many(events, tx) {
				// The last word of a run counts.
				const outcomes = new Map(
					events.flatMap(({ payload: { run_id, status, finished_at } }) => {
						const outcome = outcomeOf(status);
						return outcome === undefined ? [] : [[run_id, { run_id, outcome, finished_at }] as const];
					}),
				);
				if (outcomes.size === 0) return;
				const ended = sql`jsonb_to_recordset(${jsonbText([...outcomes.values()])}::jsonb) as ended (run_id uuid, outcome text, finished_at timestamptz)`;
				const { rows } = await tx.execute<{ schedule_id: string; finished_at: string }>(
					sql`update occurrences o set status = ended.outcome, finished_at = ended.finished_at
						from ${ended} where o.run_id = ended.run_id returning o.schedule_id, o.finished_at`,
				);
				if (rows.length === 0) return;
				await tx.execute(
					sql`update occurrences o set try_at = ended.at
						from (select schedule_id, max(finished_at) as at from jsonb_to_recordset(${jsonbText(rows)}::jsonb)
							as given (schedule_id uuid, finished_at timestamptz) group by schedule_id) ended
						where o.schedule_id = ended.schedule_id and o.status = 'waiting'`,
				);
				const ids = new Set(rows.map(({ schedule_id }) => schedule_id));
				afterCommit(tx, () => {
					for (const id of ids) onChange(id);
				});
			},
		},
	};
}
