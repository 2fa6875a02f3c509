import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { rowsOf } from "../rows.ts";
import { hasEnded } from "./run.ts";
import type { RunStore } from "./run-store.ts";

export interface PauseRunNeeds {
	db: Database;
	store: RunStore;
	onChange(run_id: string): void;
}

/**
 * Lets a run finish the batch, or a procedure the steps, that are under way and begin no other. Asking again changes nothing.
 * @throws runs.not_found
 * @throws runs.already_ended
 * @throws runs.cannot_pause — it has no batches
 */
export function pauseRun({ db, store, onChange }: PauseRunNeeds) {
	return async (run_id: string, by: Actor): Promise<Run> => {
		await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			assertGoesOn(run);
			if (run.kind !== "mop" && !run.steps.some(({ gate }) => gate !== undefined)) {
				throw failed("runs.cannot_pause", {
					message: `The run ${run.title} has no batches: it can be cancelled, and what it left begun again`,
					details: { run_id },
				});
			}
			await rowsOf(tx, "update runs set pause_requested_by = coalesce(pause_requested_by, $2) where id = $1", [
				run_id,
				by.name,
			]);
		});
		onChange(run_id);
		return store.get(run_id);
	};
}

/**
 * Lets a paused run go on, or takes back that it should pause; a procedure to its next step only, where that is asked.
 * @throws runs.not_found
 * @throws runs.already_ended
 * @throws runs.not_paused
 */
export function resumeRun({ db, store, onChange }: PauseRunNeeds) {
	return async (run_id: string, until: "end" | "next_step" = "end"): Promise<Run> => {
		await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			assertGoesOn(run);
			const stands = run.waiting_for?.kind === "resume" || run.waiting_for?.kind === "next_step";
			if (run.pause_requested_by === null && !stands) {
				throw failed("runs.not_paused", { message: `The run ${run.title} is not paused`, details: { run_id } });
			}
			await rowsOf(
				tx,
				`update runs set pause_requested_by = null, gate = case when gate is null or $2 then gate
					else gate || jsonb_build_object('resumed_after', gate -> 'batch') end
				where id = $1`,
				[run_id, run.waiting_for?.kind !== "resume"],
			);
			await rowsOf(
				tx,
				`update procedures set wake_at = now(), mode = case when $2 then 'step_by_step' else 'run' end, may_begin = begun + 1
				where run_id = $1 and ended is null`,
				[run_id, until === "next_step"],
			);
		});
		onChange(run_id);
		return store.get(run_id);
	};
}

function assertGoesOn({ id, title, status }: Awaited<ReturnType<RunStore["lock"]>>): void {
	if (!hasEnded(status)) return;
	throw failed("runs.already_ended", {
		message: `The run ${title} has ended already (${status})`,
		details: { run_id: id, status },
	});
}
