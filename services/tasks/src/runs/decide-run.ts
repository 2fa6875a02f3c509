import { isOpenTo, whyNotOpen } from "@netconductor/contracts/auth/permissions";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { type Decision, type NewDecision, type RunKind, retriedWith } from "@netconductor/contracts/tasks/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database, type Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { failed } from "@netconductor/runtime/errors";
import type { z } from "zod";
import { rowsOf } from "../rows.ts";
import { hasEnded } from "./run.ts";
import { type RunStore, subjectOf } from "./run-store.ts";

export interface DecideNeeds {
	db: Database;
	outbox: Outbox;
	store: RunStore;
	clock: Clock;
	/** Called after a decision is there for good. */
	onDecided(run_id: string, operation_ids: readonly string[], runs_on: boolean): void;
}

export interface DecisionRequest extends z.output<typeof NewDecision> {
	run_id: string;
	/** All that are unknown when not given. */
	operation_id?: string;
}

/**
 * A person's word on operations of which nobody knows whether they changed the device. The run's row is locked meanwhile: of two who decide at
 * once the second finds it decided. A run that has nothing unknown any more ends anew as its counts say, and `run.finished` is told again; one in
 * which something is to run again is driven on. When its operations themselves ended stays as it was.
 * @throws runs.not_found
 * @throws runs.was_cancelled — `retry`, in a run that runs nothing any more
 * @throws runs.is_a_procedure — `retry`, of a procedure, which is restarted from a step
 * @throws auth.out_of_scope — the run would go on, and what it does is not open to their role
 * @throws runs.nothing_to_decide — no operation of the run is unknown
 * @throws operations.not_found
 * @throws operations.not_undecided — it is not unknown, or somebody decided before
 * @returns the operations that were decided; none when the same person repeats a decision
 */
export function decideRun({ db, outbox, store, clock, onDecided }: DecideNeeds) {
	return ({ run_id, operation_id, decision, reason }: DecisionRequest, by: Actor): Promise<string[]> =>
		db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (decision === "retry" && run.cancel_requested_by !== null) {
				throw failed("runs.was_cancelled", {
					message: `${run.cancel_requested_by} cancelled the run ${run.title}: nothing in it runs again. Retry it as a new run, or decide otherwise.`,
					details: { run_id },
				});
			}
			if (decision === "retry" && run.kind === "mop") {
				throw failed("runs.is_a_procedure", {
					message: `${run.title} is a procedure: restart it from the step, or after it`,
					details: { run_id },
				});
			}
			// A procedure has gone on, or ended, without it.
			const goesOn =
				run.kind !== "mop" && (decision === "verified" || decision === "retry") && run.cancel_requested_by === null;
			if (goesOn) assertOpen(run, by);
			const decided = await settle(tx, { run_id, operation_id, decision, reason }, by);
			if (decided.length === 0) {
				if (operation_id === undefined) throw nothingToDecide(run_id, run.title);
				await assertRepeated(tx, { run_id, operation_id, decision, reason }, by);
				return [];
			}
			if (goesOn) await restoreStepsAfter(tx, run_id, decided, decision);
			const runs_on = hasEnded(run.status) && (await endAnew(tx, run));
			const ids = decided.map(({ id }) => id);
			afterCommit(tx, () => onDecided(run_id, ids, runs_on));
			return ids;
		});

	async function settle(
		tx: Tx,
		{ run_id, operation_id, decision, reason }: DecisionRequest,
		by: Actor,
	): Promise<Decided[]> {
		return rowsOf<Decided>(
			tx,
			`update operations o set decision = $2, decision_reason = $3, decided_by = $4, decided_at = $5, ${settled[decision]}
			where o.run_id = $1 and o.status = 'unknown' and ($6::uuid is null or o.id = $6) returning o.id, o.device_id, o.step_index`,
			[
				run_id,
				decision,
				reason,
				by.name,
				clock.now(),
				operation_id ?? null,
				...(decision === "failed" ? [jsonbText(decidedFailed(by, reason))] : []),
			],
		);
	}

	/** Whether nothing unknown is left, and the run's end with it. Answers whether something is to run. */
	async function endAnew(tx: Tx, run: Awaited<ReturnType<RunStore["lock"]>>): Promise<boolean> {
		const { counts, status } = await store.outcome(tx, run);
		if (counts.pending + counts.running > 0) {
			await rowsOf(tx, "update runs set status = 'running', counts = $2, finished_at = null where id = $1", [
				run.id,
				JSON.stringify(counts),
			]);
			return true;
		}
		await rowsOf(tx, "update runs set status = $2, counts = $3 where id = $1", [
			run.id,
			status,
			JSON.stringify(counts),
		]);
		if (status !== run.status) {
			await outbox.publish(tx, "run.finished.v1", {
				run_id: run.id,
				kind: run.kind,
				subject: subjectOf(run),
				title: run.title,
				status,
				counts,
				finished_at: run.finished_at ?? clock.now().toISOString(),
			});
		}
		return false;
	}
}

/** Whose role is limited to some devices does not have a run go on that they could not start. */
function assertOpen({ kind, title }: { kind: RunKind; title: string }, by: Actor): void {
	const permission = retriedWith[kind];
	if (permission === null || by.device_groups === undefined || isOpenTo(by, permission)) return;
	throw failed("auth.out_of_scope", {
		message: `The run ${title} would go on. That takes the permission ${permission}, ${whyNotOpen(by, permission)}. It can be decided as failed or skipped.`,
	});
}

interface Decided {
	id: string;
	device_id: string;
	step_index: number;
	[column: string]: unknown;
}

/** What a decision makes of an operation. A new attempt begins with nothing of the old one but its count, which says whose result counts. */
const settled: Readonly<Record<Decision, string>> = {
	verified: "status = 'succeeded', error = null, outcome = null",
	skip: "status = 'skipped', skip_reason = $3, error = null, outcome = null",
	failed: "status = 'failed', error = $7, outcome = null",
	retry: `status = 'pending', ready = true, worker_id = null, result = null, error = null, outcome = null, write_started_at = null,
		started_at = null, finished_at = null, duration_ms = null, attempts_decided = attempts,
		turn = coalesce((select min(turn) from operations where status = 'pending' and ready), 0)`,
};

/** The steps after an operation on its device were left out because of it alone. They wait for it, or may begin. */
async function restoreStepsAfter(
	tx: Tx,
	run_id: string,
	decided: readonly Decided[],
	decision: Decision,
): Promise<void> {
	await rowsOf(
		tx,
		`update operations o set status = 'pending', skip_reason = null, finished_at = null, ready = $4 and not o.gated and o.step_index = d.step_index + 1
		from unnest($2::uuid[], $3::int[]) as d (device_id, step_index)
		where o.run_id = $1 and o.device_id = d.device_id and o.step_index > d.step_index and o.status = 'skipped'`,
		[
			run_id,
			decided.map(({ device_id }) => device_id),
			decided.map(({ step_index }) => step_index),
			decision === "verified",
		],
	);
}

/** @throws unless the same person decided the same before, as when an answer was lost on its way */
async function assertRepeated(
	tx: Tx,
	{ run_id, operation_id, decision, reason }: DecisionRequest,
	by: Actor,
): Promise<void> {
	const [found] = await rowsOf<Known>(
		tx,
		"select device_name, status, decision, decided_by, decision_reason from operations where id = $1 and run_id = $2",
		[operation_id, run_id],
	);
	if (found === undefined) {
		throw failed("operations.not_found", {
			message: `There is no operation ${operation_id} in the run ${run_id}`,
			details: { run_id, operation_id },
		});
	}
	const { device_name, status, decided_by } = found;
	if (found.decision === decision && decided_by === by.name && found.decision_reason === reason) return;
	throw failed("operations.not_undecided", {
		message:
			found.decision === null
				? `The operation on ${device_name} is ${status}: there is nothing to decide`
				: `${decided_by} has decided on the operation on ${device_name}: ${found.decision}. It is ${status} now.`,
		details: { run_id, operation_id, status, decision: found.decision, decided_by },
	});
}

interface Known {
	device_name: string;
	status: string;
	decision: Decision | null;
	decided_by: string | null;
	decision_reason: string | null;
	[column: string]: unknown;
}

function nothingToDecide(run_id: string, title: string) {
	return failed("runs.nothing_to_decide", {
		message: `Of no operation in the run ${title} it is unknown whether it changed its device`,
		details: { run_id },
	});
}

function decidedFailed(by: Actor, reason: string) {
	return {
		code: "operations.decided_failed",
		message: `${by.name} looked at the device and says that it failed: ${reason}`,
	};
}
