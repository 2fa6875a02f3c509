import type { alertsApi } from "@netconductor/contracts/alerts/api";
import type { Approval } from "@netconductor/contracts/alerts/approvals";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Clock } from "@netconductor/runtime/clock";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { StepRow } from "./procedure-store.ts";

export interface CarriedApprovalNeeds {
	alerts: Pick<Client<typeof alertsApi, CallerContext>, "getApproval">;
	ownAccount(): CallerContext;
	clock: Clock;
}

/**
 * Keys of the approvals among these steps that a run begun anew has to ask for again: those that who begins it gave themselves, for nobody approves
 * what they asked for; those whose time is over; and those for which somebody broke the glass, which was for that run alone.
 * @throws service.unavailable
 */
export async function approvalsToAskAgain(
	{ alerts, ownAccount, clock }: CarriedApprovalNeeds,
	steps: readonly StepRow[],
	by: Actor,
): Promise<Set<string>> {
	const again = new Set<string>();
	for (const { key, type, status, result } of steps) {
		if (type !== "manual_approval" || status !== "succeeded") continue;
		const approval = await find(String(result?.approval_id));
		if (approval === undefined || !holds(approval, by, clock.now())) again.add(key);
	}
	return again;

	async function find(id: string): Promise<Approval | undefined> {
		try {
			return await alerts.getApproval({ params: { id } }, ownAccount());
		} catch (error) {
			if (hasCode(error, "approvals.not_found")) return undefined;
			throw error;
		}
	}
}

/** An API token stands for its owner: its actor has the owner's id. */
function holds({ status, votes, not_after, expires_at }: Approval, by: Actor, now: Date): boolean {
	const own = votes.some((vote) => vote.by.id === by.id || vote.for?.id === by.id);
	return status === "approved" && !own && now <= new Date(not_after ?? expires_at);
}

/**
 * The same steps with these approvals left out, so that the walk comes to them. What they stand in has not ended then.
 * @throws runs.approval_left_out — it stands in a step that counts as done although not all in it was: opened again, that would be carried out
 */
export function withoutApprovals(steps: readonly StepRow[], again: ReadonlySet<string>): StepRow[] {
	return steps.flatMap((step): StepRow[] => {
		if (again.has(step.key)) return [];
		const inner = [...again].find((key) => key.startsWith(`${step.key}/`));
		if (inner === undefined || step.status === "running") return [step];
		if (step.status === "succeeded" && step.decision === null) {
			return [{ ...step, status: "running", finished_at: null }];
		}
		throw failed("runs.approval_left_out", {
			message: `The approval ${inner} does not hold for a run begun anew: you gave it yourself, its time is over, or somebody broke the glass for it. It stands in ${step.path}, which did not go through: begin from there.`,
			details: { approval: inner, step: step.path },
		});
	});
}
