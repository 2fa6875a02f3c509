import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { OverrideStep, RunStep } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database, type Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { failed } from "@netconductor/runtime/errors";
import { and, asc, eq } from "drizzle-orm";
import type { z } from "zod";
import { rowsOf } from "../rows.ts";
import { hasEnded } from "../runs/run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { procedures, runSteps } from "../tables.ts";
import { listOf, refuseLeftOut } from "./left-out-approvals.ts";
import { type StepRow, shownColumns } from "./procedure-store.ts";
import { notAProcedure, toRunStep } from "./read-procedure.ts";
import { wakeProcedure } from "./wake.ts";

export interface OverrideStepNeeds {
	db: Database;
	store: RunStore;
	clock: Clock;
	/** Called after a decision is there for good. */
	onDecided(run_id: string): void;
}

/**
 * A person's word on a step that waits for it: one that failed and asks, or one that waits for a time. The first word counts.
 * @throws runs.not_found, runs.not_a_procedure, runs.already_ended
 * @throws runs.no_such_step
 * @throws runs.not_waiting
 * @throws runs.approval_left_out
 */
export function overrideStep({ db, store, clock, onDecided }: OverrideStepNeeds) {
	return async (
		{ run_id, step_id }: { run_id: string; step_id: string },
		{ action, reason }: z.output<typeof OverrideStep>,
		by: Actor,
	): Promise<RunStep> =>
		db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (run.kind !== "mop") throw notAProcedure(run);
			if (hasEnded(run.status)) {
				throw failed("runs.already_ended", {
					message: `The run ${run.title} has ended already (${run.status}). Restart it from the step instead.`,
					details: { run_id, status: run.status },
				});
			}
			const [step] = await tx
				.select()
				.from(runSteps)
				.where(and(eq(runSteps.id, step_id), eq(runSteps.run_id, run_id)));
			if (step === undefined) {
				throw failed("runs.no_such_step", { message: `The run has no step ${step_id}`, details: { step_id } });
			}
			const waitsForTime = step.status === "waiting" && (action === "succeed" || action === "stop");
			const asksApproval = step.type === "manual_approval";
			if (!step.asks && (!waitsForTime || asksApproval)) {
				throw failed("runs.not_waiting", {
					message: asksApproval
						? `Step ${step.path} waits for an approval, which nobody's word stands in for`
						: `Step ${step.path} does not wait for this decision (${step.status})`,
					details: { step_id, status: step.status },
				});
			}
			if (typeof action === "object" || action === "succeed") await assertMayGoOn(tx, step, action);
			const decision = { action, by: by.name, at: clock.now().toISOString(), reason };
			const status = action === "retry" ? "pending" : action === "succeed" ? "succeeded" : "failed";
			await rowsOf(
				tx,
				`update run_steps set status = $2, decision = $3, asks = false, state = null,
					started_at = case when $2 = 'pending' then now() else started_at end,
					finished_at = case when $2 = 'pending' then null else coalesce(finished_at, now()) end where id = $1`,
				[step_id, status, jsonbText(decision)],
			);
			if (action === "retry") await doAgain(tx, step);
			await wakeProcedure(tx, run_id);
			afterCommit(tx, () => onDecided(run_id));
			const [after] = await tx.select(shownColumns).from(runSteps).where(eq(runSteps.id, step_id));
			if (after === undefined) throw new Error(`the step ${step_id} is gone`);
			return toRunStep(after);
		});
}

/** What failed in the step, on devices or in steps within it, is to be carried out again; what succeeded stays. */
async function doAgain(tx: Tx, { run_id, key, seq }: StepRow): Promise<void> {
	const within = await rowsOf<{ seq: number }>(
		tx,
		"update run_steps set status = 'pending', asks = false, finished_at = null where run_id = $1 and starts_with(key, $2) and status = 'failed' returning seq",
		[run_id, `${key}/`],
	);
	await rowsOf(
		tx,
		"update operations set status = 'pending', worker_id = null, finished_at = null where run_id = $1 and pass = any($2) and status in ('failed', 'cancelled')",
		[run_id, [seq, ...within.map((inner) => inner.seq)]],
	);
}

async function assertMayGoOn(tx: Tx, step: StepRow, action: "succeed" | { goto: string }): Promise<void> {
	const [row] = await tx.select().from(procedures).where(eq(procedures.run_id, step.run_id));
	if (row === undefined) return;
	const goto = typeof action === "object" ? action.goto : undefined;
	const list = listOf([...row.shown.steps, ...row.shown.rollback], step.path);
	if (goto !== undefined && !list?.some(({ id }) => id === goto)) {
		throw failed("runs.no_such_step", {
			message: `There is no step ${goto} in the list of ${step.path}${list === undefined ? "" : `; there are ${list.map(({ id }) => id).join(", ")}`}`,
			details: { goto },
		});
	}
	const rows = await tx.select().from(runSteps).where(eq(runSteps.run_id, step.run_id)).orderBy(asc(runSteps.seq));
	refuseLeftOut(row.shown, rows, step, goto);
}
