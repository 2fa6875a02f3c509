import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit } from "@netconductor/runtime/db/database";
import { eq } from "drizzle-orm";
import { approvals } from "../tables.ts";
import { approvalColumns } from "./approval-store.ts";
import { end, isOpen, type SettleNeeds } from "./settle.ts";

/** A run that ended before it began to change anything, as by a cancel, needs no approval any more. */
export function followRuns(needs: Pick<SettleNeeds, "clock" | "outbox"> & { ephemeral: Ephemeral }): Consumers {
	return {
		async "run.finished.v1"({ run_id, status }, { tx }) {
			const asked = await tx.select(approvalColumns).from(approvals).where(eq(approvals.run_id, run_id)).for("update");
			const now = needs.clock.now();
			for (const approval of asked.filter(isOpen)) {
				await end(needs, tx, { approval, now }, "lapsed", `Its run has ended: ${status}.`, approval.decided_by);
				afterCommit(tx, () => announceChange(needs.ephemeral, "approvals", approval.id));
			}
		},
	};
}
