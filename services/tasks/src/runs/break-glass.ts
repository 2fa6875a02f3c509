import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { failed } from "@netconductor/runtime/errors";
import { wakeProcedure } from "../procedures/wake.ts";
import { rowsOf } from "../rows.ts";
import { type GateState, noGate } from "./gate.ts";
import { hasEnded } from "./run.ts";
import { type RunStore, subjectOf } from "./run-store.ts";

export interface BreakGlassNeeds {
	db: Database;
	outbox: Outbox;
	store: RunStore;
	clock: Clock;
	/** Called after it is there for good. */
	onBroken(run_id: string): void;
}

/**
 * Lets a run begin that a calendar holds back, and its further batches with it. It is marked as bypassed for good.
 * @throws auth.forbidden — a program: breaking the glass is a person's word
 * @throws runs.not_found
 * @throws runs.already_ended
 * @throws runs.not_held — it waits for something else, or for nothing
 */
export function breakGlass({ db, outbox, store, clock, onBroken }: BreakGlassNeeds) {
	return async (run_id: string, reason: string, by: Actor): Promise<Run> => {
		if (by.kind === "service_account") {
			throw failed("auth.forbidden", { message: `${by.name} is a service account: only people break the glass` });
		}
		await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (hasEnded(run.status)) {
				throw failed("runs.already_ended", {
					message: `The run ${run.title} has ended already (${run.status})`,
					details: { run_id, status: run.status },
				});
			}
			if (run.waiting_for?.kind !== "calendar" || run.gate?.hold_broken !== undefined) {
				throw failed("runs.not_held", {
					message:
						run.waiting_for?.kind === "approval"
							? `The run ${run.title} waits for an approval: break the glass there, which lets it through calendars, too`
							: `No calendar holds the run ${run.title} back`,
					details: { run_id },
				});
			}
			const { why } = run.waiting_for;
			const at = clock.now().toISOString();
			const hold_broken: GateState["hold_broken"] = { by: by.name, reason, why, at };
			await rowsOf(
				tx,
				"update runs set gate = coalesce(gate, $2::jsonb) || jsonb_build_object('hold_broken', $3::jsonb) where id = $1",
				[run_id, jsonbText(noGate(at)), jsonbText(hold_broken)],
			);
			await wakeProcedure(tx, run_id);
			await outbox.publish(tx, "run.glass_broken.v1", {
				run_id,
				kind: run.kind,
				subject: subjectOf(run),
				title: run.title,
				by: { id: by.id, name: by.name },
				reason,
				why,
				at,
			});
			afterCommit(tx, () => onBroken(run_id));
		});
		return store.get(run_id);
	};
}
