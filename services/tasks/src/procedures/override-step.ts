import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { OverrideStep, ProgramStep, RunStep } from "@netconductor/contracts/tasks/procedure";
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
import type { StepTypes } from "./registry.ts";
import { assertPermitted } from "./start-procedure.ts";
import { wakeProcedure } from "./wake.ts";

export interface OverrideStepNeeds {
	db: Database;
	store: RunStore;
	types: StepTypes;
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
 * @throws runs.not_permitted — what would be carried out on this word needs a permission that they do not hold
 */
export function overrideStep({ db, store, types, clock, onDecided }: OverrideStepNeeds) {
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
			assertWaits(step, action);
			await assertMayGoOn(tx, step, action, (steps) => assertPermitted(steps, by, types));
			const decision = { action, by: by.name, at: clock.now().toISOString(), reason };
			const status = action === "retry" ? "pending" : action === "succeed" ? "succeeded" : "failed";
			await rowsOf(
				tx,
				`update run_steps set status = $2, decision = $3, asks = false, state = null,
					started_at = case when $2 = 'pending' then now() else started_at end,
					finished_at = case when $2 = 'pending' then null else coalesce(finished_at, now()) end where id = $1`,
				[step_id, status, jsonbText(decision)],
			);
			if (action === "retry") await doAgain(tx, step, decision);
			await wakeProcedure(tx, run_id);
			afterCommit(tx, () => onDecided(run_id));
			const [after] = await tx.select(shownColumns).from(runSteps).where(eq(runSteps.id, step_id));
			if (after === undefined) throw new Error(`the step ${step_id} is gone`);
			return toRunStep(after);
		});
}

/** What failed in the step, on devices or in steps within it, is to be carried out again; what succeeded stays. */
async function doAgain(tx: Tx, { run_id, key, seq }: StepRow, decision: StepRow["decision"]): Promise<void> {
	const within = await rowsOf<{ seq: number }>(
		tx,
		// The word is on them, too: what they ask of others is asked for anew, not answered with what failed.
		`update run_steps set status = 'pending', asks = false, finished_at = null, decision = $3
		where run_id = $1 and starts_with(key, $2) and status = 'failed' returning seq`,
		[run_id, `${key}/`, jsonbText(decision)],
	);
	await rowsOf(
		tx,
		"update operations set status = 'pending', worker_id = null, finished_at = null where run_id = $1 and pass = any($2) and status in ('failed', 'cancelled')",
		[run_id, [seq, ...within.map((inner) => inner.seq)]],
	);
}

/** It failed and asks, or waits for nothing but a time: what else it waits for would go on without it. */
function assertWaits(
	{ id: step_id, path, type, status, asks, waits_for_run }: StepRow,
	action: z.output<typeof OverrideStep>["action"],
): void {
	if (asks) return;
	const waits = status === "waiting" && (action === "succeed" || action === "stop");
	const refuse = (message: string) => failed("runs.not_waiting", { message, details: { step_id, status } });
	if (type === "manual_approval") {
		throw refuse(`Step ${path} waits for an approval, which nobody's word stands in for`);
	}
	if (waits && waits_for_run !== null) {
		throw refuse(`Step ${path} waits for the end of the run ${waits_for_run}. Wait for it, too, or cancel that run.`);
	}
	if (!waits) throw refuse(`Step ${path} does not wait for this decision (${status})`);
}

/** What is carried out on a person's word is theirs to carry out: the step again, or what comes in its list from where it goes on. */
async function assertMayGoOn(
	tx: Tx,
	step: StepRow,
	action: z.output<typeof OverrideStep>["action"],
	assertPermitted: (steps: readonly ProgramStep[]) => void,
): Promise<void> {
	if (action === "stop" || action === "rollback") return;
	const [row] = await tx.select().from(procedures).where(eq(procedures.run_id, step.run_id));
	if (row === undefined) return;
	const goto = typeof action === "object" ? action.goto : undefined;
	const list = listOf([...row.shown.steps, ...row.shown.rollback], step.path) ?? [];
	const at = list.findIndex(({ path }) => path === step.path);
	if (action === "retry") return assertPermitted(list.slice(at, at + 1));
	const to = goto === undefined ? at + 1 : list.findIndex(({ id }) => id === goto);
	if (to < 0) {
		throw failed("runs.no_such_step", {
			message: `There is no step ${goto} in the list of ${step.path}; there are ${list.map(({ id }) => id).join(", ")}`,
			details: { goto },
		});
	}
	assertPermitted(list.slice(to));
	const rows = await tx.select().from(runSteps).where(eq(runSteps.run_id, step.run_id)).orderBy(asc(runSteps.seq));
	refuseLeftOut(row.shown, rows, step, goto);
}
