import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit } from "@netconductor/runtime/db/database";
import { and, eq, inArray } from "drizzle-orm";
import { occurrences } from "../tables.ts";
import { outcomeOf } from "./start-occurrence.ts";

/** Keeps the history in step with the runs, also with one that a person decides on later; and lets go on what waited for a run's end. */
export function followRuns({ onChange }: { onChange(schedule_id: string): void }): Consumers {
	return {
		async "run.finished.v1"({ run_id, status, finished_at }, { tx }) {
			const outcome = outcomeOf(status);
			if (outcome === undefined) return;
			const ended = await tx
				.update(occurrences)
				.set({ status: outcome, finished_at })
				.where(eq(occurrences.run_id, run_id))
				.returning({ schedule_id: occurrences.schedule_id });
			if (ended.length === 0) return;
			const ids = ended.map(({ schedule_id }) => schedule_id);
			await tx
				.update(occurrences)
				.set({ try_at: finished_at })
				.where(and(inArray(occurrences.schedule_id, ids), eq(occurrences.status, "waiting")));
			afterCommit(tx, () => {
				for (const id of ids) onChange(id);
			});
		},
	};
}
