import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Plan } from "@netconductor/contracts/tasks/model";
import { createBatch } from "@netconductor/runtime/batch";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { currentTraceparent } from "@netconductor/runtime/telemetry";
import type { Vault } from "@netconductor/runtime/vault";
import type { StepRegistry } from "../steps/step.ts";
import { sealInputs } from "./inputs.ts";
import { operationsOf } from "./run.ts";
import type { RunStore, WholeRun } from "./run-store.ts";

export interface StartRunNeeds {
	db: Database;
	outbox: Outbox;
	store: RunStore;
	/** Called after the run is there for good. */
	onStarted(run_id: string): void;
	steps: StepRegistry;
	vault: Vault;
	clock: Clock;
}

export interface RunRequest {
	idempotency_key: string;
	plan: Plan;
	started_by: Actor;
	retry_of?: string;
	/** Chosen for this key alone. */
	run_id?: string | undefined;
}

/** Runs that are accepted in one transaction. */
const mostAtOnce = 50;

/**
 * Accepts a plan: run, operations and event in one transaction, so that a run that was answered is driven to its end whatever dies next. The same key answers the run that is there.
 * Plans that come at nearly one moment share the transaction.
 * @throws runs.unknown_step
 * @throws runs.bad_plan — a step's parameters are not valid, or two steps have one name
 */
export function startRun({ db, outbox, store, onStarted, steps, vault, clock }: StartRunNeeds) {
	const accept = createBatch<WholeRun, { run_id: string }>({
		max: mostAtOnce,
		perform: (given) =>
			db.transaction(async (tx) => {
				// Asked for twice at one moment, a run whose id was chosen is here twice.
				const all = [...new Map(given.map((whole) => [whole.run.id, whole])).values()];
				const written = await store.insertAll(tx, all);
				const begun = all.flatMap(({ run, operations }) =>
					written.has(run.id) ? [{ run, total: operations.length }] : [],
				);
				await outbox.publishAll(
					tx,
					"run.started.v1",
					begun.map(({ run: { id, plan, started_by, retry_of }, total }) => ({
						run_id: id,
						kind: plan.kind,
						subject: plan.subject ?? null,
						title: plan.title,
						total,
						started_by: started_by.name,
						retry_of,
					})),
					begun.map(({ run }) => run.traceparent),
				);
				afterCommit(tx, () => {
					for (const { run } of begun) onStarted(run.id);
				});
				const answers: { run_id: string }[] = [];
				for (const { run } of given) {
					// Where it was not written, a run with this key is there.
					const run_id = written.has(run.id) ? run.id : await store.idByKey(tx, run.idempotency_key);
					answers.push({ run_id: run_id as string });
				}
				return answers;
			}),
	});

	return async ({ idempotency_key, plan, started_by, retry_of, run_id }: RunRequest): Promise<{ run_id: string }> => {
		try {
			checkSteps(plan, steps);
		} catch (error) {
			// What was right when it was accepted stays so.
			const known = await store.idByKey(db, idempotency_key);
			if (known !== undefined) return { run_id: known };
			throw error;
		}
		const operations = operationsOf(plan);
		const inputs = await sealInputs(vault, plan.targets);
		const run = {
			id: run_id ?? newId(),
			idempotency_key,
			plan,
			started_by,
			retry_of: retry_of ?? null,
			traceparent: currentTraceparent(),
			created_at: clock.now(),
		};
		return accept({ run, operations, ids: operations.map(() => newId()), inputs });
	};
}

function checkSteps(plan: Plan, steps: StepRegistry): void {
	const names = new Set<string>();
	for (const [index, { id, type, params }] of plan.steps.entries()) {
		const step = steps.get(type);
		const path = `body.plan.steps.${index}`;
		if (step === undefined) {
			throw failed("runs.unknown_step", {
				message: `There is no step type ${type}; there are ${[...steps.keys()].join(", ")}`,
				errors: [{ path: `${path}.type`, message: "no such step type" }],
			});
		}
		const parsed = step.params.safeParse(params);
		if (!parsed.success) {
			throw failed("runs.bad_plan", {
				message: `The parameters of step ${id} (${type}) are not valid`,
				errors: parsed.error.issues.map((issue) => ({
					path: [`${path}.params`, ...issue.path.map(String)].join("."),
					message: issue.message,
				})),
			});
		}
		if (names.has(id)) {
			throw failed("runs.bad_plan", {
				message: `Two steps are named ${id}`,
				errors: [{ path: `${path}.id`, message: "not unique" }],
			});
		}
		names.add(id);
	}
}
