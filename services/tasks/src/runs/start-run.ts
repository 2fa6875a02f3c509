import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Plan } from "@netconductor/contracts/tasks/model";
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
import type { RunStore } from "./run-store.ts";

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
}

/**
 * Accepts a plan: run, operations and event in one transaction, so that a run that was answered is driven to its end whatever dies next. The same key answers the run that is there.
 * @throws runs.unknown_step
 * @throws runs.bad_plan — a step's parameters are not valid, or two steps have one name
 */
export function startRun({ db, outbox, store, onStarted, steps, vault, clock }: StartRunNeeds) {
	return async ({ idempotency_key, plan, started_by, retry_of }: RunRequest): Promise<{ run_id: string }> => {
		const known = await store.idByKey(db, idempotency_key);
		if (known !== undefined) return { run_id: known };
		checkSteps(plan, steps);
		const operations = operationsOf(plan);
		const inputs = await sealInputs(vault, plan.targets);
		const id = newId();
		return db.transaction(async (tx) => {
			const run = {
				id,
				idempotency_key,
				plan,
				started_by,
				retry_of: retry_of ?? null,
				traceparent: currentTraceparent(),
				created_at: clock.now(),
			};
			const ids = operations.map(() => newId());
			if (!(await store.insert(tx, run, operations, ids, inputs))) {
				// Another request with this key committed since we looked.
				return { run_id: (await store.idByKey(tx, idempotency_key)) as string };
			}
			await outbox.publish(tx, "run.started.v1", {
				run_id: id,
				kind: plan.kind,
				subject: plan.subject ?? null,
				title: plan.title,
				total: operations.length,
				started_by: started_by.name,
				retry_of: retry_of ?? null,
			});
			afterCommit(tx, () => onStarted(id));
			return { run_id: id };
		});
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
