import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import type { RestartRun } from "@netconductor/contracts/tasks/procedure";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Vault } from "@netconductor/runtime/vault";
import { asc, eq } from "drizzle-orm";
import type { z } from "zod";
import { hasEnded } from "../runs/run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { procedures, runSteps } from "../tables.ts";
import { approvalsToAskAgain, type CarriedApprovalNeeds, withoutApprovals } from "./carried-approvals.ts";
import { refuseLeftOut } from "./left-out-approvals.ts";
import type { StepRow } from "./procedure-store.ts";
import { takeBackPath } from "./program.ts";
import { notAProcedure } from "./read-procedure.ts";
import { openProcedure, type startProcedure } from "./start-procedure.ts";

export interface RestartRunNeeds extends CarriedApprovalNeeds {
	db: Database;
	store: RunStore;
	vault: Vault;
	start: ReturnType<typeof startProcedure>;
}

/**
 * Begins a procedure anew as a new run, with the definition and the values of the old one: from one of its steps or after it, with what the steps
 * before had come to; or to take back what it changed. Approvals that do not hold for who begins it are asked for again.
 * @throws runs.not_found, runs.not_a_procedure
 * @throws runs.still_running
 * @throws runs.no_such_step
 * @throws runs.approval_left_out
 * @throws runs.not_permitted
 */
export function restartRun({ db, store, vault, start, ...needs }: RestartRunNeeds) {
	return async (
		run_id: string,
		wanted: z.output<typeof RestartRun>,
		by: Actor,
		request_id: string,
	): Promise<{ run_id: string }> => {
		const run = await store.get(run_id);
		const [row] = await db.orm.select().from(procedures).where(eq(procedures.run_id, run_id));
		if (row === undefined) throw notAProcedure(run);
		if (!hasEnded(run.status)) {
			throw failed("runs.still_running", {
				message: `The run ${run.title} has not ended yet; cancel it or wait`,
				details: { run_id },
			});
		}
		if (!isPermitted(by, "mops:execute")) {
			throw failed("runs.not_permitted", {
				message: "Restarting a procedure takes the permission mops:execute, too",
				details: { permission: "mops:execute" },
			});
		}
		const { what, mode, reason } = wanted;
		const steps = await db.orm.select().from(runSteps).where(eq(runSteps.run_id, run_id)).orderBy(asc(runSteps.seq));
		const from = what === "rollback" ? undefined : stepOf(steps, wanted.step, run.title);
		const procedure = await openProcedure(vault, run_id, row.sealed);
		if (from !== undefined && what === "after_step") refuseLeftOut(procedure, steps, from);
		const decision = { action: "succeed" as const, by: by.name, at: needs.clock.now().toISOString(), reason };
		const carried = from === undefined ? [] : carriedOver(steps, from, what === "after_step" ? decision : undefined);
		const kept =
			from === undefined
				? carriedBack(steps)
				: withoutApprovals(carried, await approvalsToAskAgain(needs, carried, by));
		return start({
			idempotency_key: `restart/${run_id}/${request_id}`,
			// Somebody wants it now, whatever window it was started in before.
			procedure: { ...procedure, mode, reason, not_after: null },
			started_by: by,
			from: {
				restarted: { run_id, what, path: from?.path ?? null },
				async carry(tx: Tx, new_id: string) {
					const rows = kept.map((step) => ({
						...step,
						id: newId(),
						run_id: new_id,
						carried_from: step.carried_from ?? run_id,
					}));
					for (let at = 0; at < rows.length; at += 500) await tx.insert(runSteps).values(rows.slice(at, at + 500));
					return kept.at(-1)?.seq ?? 0;
				},
			},
		});
	};
}

/** The step with this key, or the last time of the step with this path. */
function stepOf(steps: readonly StepRow[], wanted: string | undefined, title: string): StepRow {
	const main = steps.filter(({ phase }) => phase === "main");
	const found = main.find(({ key }) => key === wanted) ?? main.findLast(({ path }) => path === wanted);
	if (found !== undefined) return found;
	throw failed("runs.no_such_step", {
		message:
			wanted === undefined
				? "Name the step from which, or after which, the procedure begins"
				: `In ${title} no step ${wanted} has begun. It can begin from: ${[...new Set(main.map(({ path }) => path))].slice(0, 20).join(", ") || "none"}`,
		details: { step: wanted ?? null },
	});
}

/** What a run that takes another one back has of it: what its steps saved, for those that are for after that. */
export function carriedBack(steps: readonly StepRow[]): StepRow[] {
	return steps.flatMap((step) => (step.phase === "main" ? [{ ...step, asks: false }] : []));
}

/** What stays done when a run begins anew from a step. With `done` that step itself counts as done. */
export function carriedOver(
	steps: readonly StepRow[],
	from: StepRow,
	done: StepRow["decision"] | undefined,
): StepRow[] {
	const types = new Map(steps.map(({ key, type }) => [key, type]));
	return steps.flatMap((step): StepRow[] => {
		if (step.phase !== "main" || step.path === takeBackPath) return [];
		if (step.key === from.key) {
			if (done === undefined) return [];
			return [
				step.status === "succeeded" ? step : { ...step, status: "succeeded", asks: false, error: null, decision: done },
			];
		}
		// What stands in the step itself is done with it, or again with it.
		if (step.key.startsWith(`${from.key}/`)) return done === undefined ? [] : [settled(step)];
		// What the step stands in goes on.
		if (from.key.startsWith(`${step.key}/`))
			return [{ ...step, status: "running", asks: false, error: null, finished_at: null }];
		if (step.seq > from.seq && !isBeside(step.key, from.key, types)) return [];
		return step.status === "succeeded" ||
			step.status === "skipped" ||
			step.status === "failed" ||
			step.status === "unknown"
			? [{ ...step, asks: false }]
			: [];
	});
}

function settled(step: StepRow): StepRow {
	return step.status === "succeeded" || step.status === "skipped" ? step : { ...step, status: "skipped", asks: false };
}

/** Whether two steps stand in different branches of one `parallel`. */
function isBeside(one: string, other: string, types: ReadonlyMap<string, string>): boolean {
	const [left, right] = [one.split("/"), other.split("/")];
	const at = left.findIndex((part, index) => part !== right[index]);
	return at > 0 && types.get(left.slice(0, at).join("/")) === "parallel";
}
