import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit, type Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { wakeProcedure } from "../procedures/wake.ts";
import { rowsOf } from "../rows.ts";
import { type GateDecision, noGate } from "./gate.ts";

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
			if (status === "bypassed") await noteBrokenGlass(tx, { run_id, approval_id });
			await wakeProcedure(tx, run_id);
			if (rows.length > 0 || status === "bypassed") afterCommit(tx, () => onDecided(run_id));
		},
	};
}

/** What a step of a procedure asks for is the step's own; that nobody approved it is said of the run. One that changes nothing has no gate before. */
async function noteBrokenGlass(
	tx: Tx,
	{ run_id, approval_id }: { run_id: string; approval_id: string },
): Promise<void> {
	await rowsOf(
		tx,
		`update runs set gate = coalesce(gate, $3::jsonb) || jsonb_build_object('broken_glass', $2::text)
		where id = $1 and kind = 'mop' and gate #>> '{approval,id}' is distinct from $2`,
		[run_id, approval_id, jsonbText(noGate(new Date().toISOString()))],
	);
}
