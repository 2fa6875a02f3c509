import type { AlertsOperation } from "../operation.ts";
import { toState } from "./approval-store.ts";
import type { DecideNeeds } from "./decide.ts";
import { change, end, isOpen, refresh, withSettled } from "./settle.ts";

export function getApprovalState(needs: DecideNeeds): AlertsOperation<"getApprovalState"> {
	return async ({ body }) => {
		const settled = await refresh(needs, body.approval_id);
		if (settled.became !== null) needs.onChange();
		return toState(settled.approval);
	};
}

export function startApproved(needs: DecideNeeds): AlertsOperation<"startApproved"> {
	return async ({ body }) => {
		const answer = await withSettled(needs, body.approval_id, [], async (tx, settled) => {
			const { approval, now } = settled;
			const say = (why_not: string | null, ask_again_at: string | null = null) => ({
				may_start: why_not === null,
				why_not,
				ask_again_at,
				state: toState(approval),
			});
			const sameForEver = approval.plan_sha256 === body.plan_sha256;
			if (approval.used_at !== null)
				return say(sameForEver ? null : "The run began under this approval with another plan.");
			if (approval.status === "waiting") return say("It waits for approval.");
			if (!isOpen(approval))
				return say(`It is ${approval.status}: ${approval.decision_reason ?? "no reason was given"}`);
			if (!sameForEver) {
				await end(needs, tx, settled, "lapsed", "The plan changed after it was approved.", approval.decided_by);
				return say("The plan is not the one that was approved.");
			}
			if (approval.not_before !== null && new Date(approval.not_before) > now) {
				return say(`It may begin at ${approval.not_before}.`, approval.not_before);
			}
			await change(tx, settled, { used_at: now.toISOString() });
			return say(null);
		});
		needs.onChange();
		return answer;
	};
}

export function lapseApproval(needs: DecideNeeds): AlertsOperation<"lapseApproval"> {
	return async ({ body }) => {
		const state = await withSettled(needs, body.approval_id, [], async (tx, settled) => {
			const { approval } = settled;
			if (isOpen(approval)) await end(needs, tx, settled, "lapsed", body.why.toWellFormed().replaceAll("\0", ""));
			return toState(approval);
		});
		needs.onChange();
		return state;
	};
}
