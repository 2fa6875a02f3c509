import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { wakeProcedure } from "../procedures/wake.ts";
import { rowsOf } from "../rows.ts";
import type { GateDecision } from "./gate.ts";

/** Keeps with a run how the approval that it waits for was decided. The last decision counts: what was approved may lapse before it begins. */
export function followApprovals({ onDecided }: { onDecided(run_id: string): void }): Consumers {
	return {
		async "approval.decided.v1"({ approval_id, run_id, status, decided_by, reason, not_before, not_after }, { tx }) {
			const decision: GateDecision = { status, by: decided_by, reason, not_before, not_after };
			const rows = await rowsOf(
				tx,
				`update runs set gate = gate || jsonb_build_object('decision', $3::jsonb)
				where id = $1 and gate #>> '{approval,id}' = $2 and finished_at is null returning id`,
				[run_id, approval_id, jsonbText(decision)],
			);
			await wakeProcedure(tx, run_id);
			if (rows.length > 0) afterCommit(tx, () => onDecided(run_id));
		},
	};
}
