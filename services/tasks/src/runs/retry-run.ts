import { isOpenTo, whyNotOpen } from "@netconductor/contracts/auth/permissions";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import { type Plan, retriedWith, type TargetInput } from "@netconductor/contracts/tasks/model";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Vault } from "@netconductor/runtime/vault";
import type { z } from "zod";
import type { OperationStore } from "../operations/operation-store.ts";
import { rowsOf } from "../rows.ts";
import { openInput } from "./inputs.ts";
import { hasEnded, retriedStatuses } from "./run.ts";
import type { RunStore } from "./run-store.ts";
import type { startRun } from "./start-run.ts";

export interface RetryRunNeeds {
	db: Database;
	store: RunStore;
	operations: OperationStore;
	start: ReturnType<typeof startRun>;
	vault: Vault;
}

/**
 * Runs all steps again on the devices of which one failed, was cancelled or is unknown (a person asked for it). The new run belongs to no
 * snapshot: that is what one run collected, and a second one would change it afterwards. A stack hears of it.
 * @throws runs.not_found
 * @throws auth.forbidden — who retries may not start a run of its kind
 * @throws runs.is_a_procedure — it is restarted from a step
 * @throws runs.still_running
 * @throws runs.nothing_to_retry
 */
export function retryRun({ db, store, operations, start, vault }: RetryRunNeeds) {
	return async (run_id: string, by: Actor, request_id: string): Promise<{ run_id: string }> => {
		const run = await store.get(run_id);
		const permission = retriedWith[run.kind];
		if (permission !== null && !isOpenTo(by, permission)) {
			throw failed("auth.forbidden", {
				message: `Retrying this run does again what it did. It takes the permission ${permission}, ${whyNotOpen(by, permission)}.`,
				details: { permission },
			});
		}
		if (run.kind === "mop") {
			throw failed("runs.is_a_procedure", {
				message: `${run.title} is a procedure: restart it from one of its steps`,
				details: { run_id },
			});
		}
		if (!hasEnded(run.status)) {
			throw failed("runs.still_running", {
				message: `The run ${run.title} has not ended yet; cancel it or wait`,
				details: { run_id },
			});
		}
		const targets = await operations.devicesWith(run_id, retriedStatuses);
		if (targets.length === 0) {
			throw failed("runs.nothing_to_retry", {
				message: `Nothing in the run ${run.title} failed or was cancelled`,
				details: { run_id },
			});
		}
		const inputs = new Map<string, z.output<typeof TargetInput>>();
		for (const input of await store.inputsOf(
			run_id,
			targets.map(({ device_id }) => device_id),
		)) {
			inputs.set(input.device_id, await openInput(vault, input));
		}
		const [row] = await rowsOf<{ steps: Plan["steps"] }>(db, "select steps from runs where id = $1", [run_id]);
		const title = run.title.startsWith("Retry: ") ? run.title : `Retry: ${run.title}`.slice(0, 200);
		return start({
			// A request that is repeated by the network starts nothing twice; a person may retry as often as they like.
			idempotency_key: `retry/${run_id}/${request_id}`,
			plan: {
				kind: run.kind,
				title,
				// Somebody wants it now, whatever window it was started in before.
				steps: (row?.steps ?? []).map(({ gate, ...step }) =>
					gate === undefined ? step : { ...step, gate: { ...gate, not_after: null } },
				),
				targets: targets.map((target) => ({ ...target, input: inputs.get(target.device_id) })),
				skipped: [],
				...(run.subject?.type === "stack" && { subject: run.subject }),
			},
			started_by: by,
			retry_of: run_id,
		});
	};
}
