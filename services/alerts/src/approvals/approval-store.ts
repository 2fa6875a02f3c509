import type { Approval, ApprovalState, ApprovalSummary } from "@netconductor/contracts/alerts/approvals";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { type AppError, failed } from "@netconductor/runtime/errors";
import { asc, eq, getTableColumns } from "drizzle-orm";
import { approvals, delegations, votes } from "../tables.ts";
import type { Ballot } from "./ballot.ts";

/** What decides for whom it exists may be long, and is read where it is asked. */
export type ApprovalRow = Omit<typeof approvals.$inferSelect, "search_text" | "cover_device_ids" | "cover_groups">;
export type VoteRow = typeof votes.$inferSelect;
export type DelegationRow = typeof delegations.$inferSelect;

/** An approval with everything that was said on it. */
export interface Case {
	approval: ApprovalRow;
	votes: VoteRow[];
	delegations: DelegationRow[];
}

const { search_text: _, cover_device_ids: __, cover_groups: ___, ...columns } = getTableColumns(approvals);
export const approvalColumns = columns;

/** @throws approvals.not_found */
export async function readCase(orm: Orm, id: string): Promise<Case> {
	const [approval] = await orm.select(approvalColumns).from(approvals).where(eq(approvals.id, id));
	return withVotes(orm, approval, id);
}

/** The same, locked until the transaction ends: whoever comes meanwhile waits and then sees what was decided. @throws approvals.not_found */
export async function lockCase(tx: Tx, id: string): Promise<Case> {
	const [approval] = await tx.select(approvalColumns).from(approvals).where(eq(approvals.id, id)).for("update");
	return withVotes(tx, approval, id);
}

async function withVotes(orm: Orm, approval: ApprovalRow | undefined, id: string): Promise<Case> {
	if (approval === undefined) throw notFound(id);
	const cast = await orm.select().from(votes).where(eq(votes.approval_id, id)).orderBy(asc(votes.at), asc(votes.id));
	const delegated = await orm
		.select()
		.from(delegations)
		.where(eq(delegations.approval_id, id))
		.orderBy(asc(delegations.at), asc(delegations.id));
	return { approval, votes: cast, delegations: delegated };
}

export function notFound(id: string): AppError {
	return failed("approvals.not_found", { message: `There is no approval ${id}.`, details: { approval_id: id } });
}

export async function writeApproval(tx: Tx, id: string, change: Partial<ApprovalRow>): Promise<void> {
	await tx.update(approvals).set(change).where(eq(approvals.id, id));
}

export function ballotOf({ approval, votes: cast, delegations: delegated }: Case): Ballot {
	return {
		stages: approval.stages,
		requester_ids: [approval.requested_by_id, ...approval.behind_requester],
		votes: cast,
		delegations: delegated.map(({ from_id, from_name, to_id, to_name, until }) => ({
			from: { id: from_id, name: from_name },
			to: { id: to_id, name: to_name },
			until,
		})),
	};
}

/** Everybody whose standing decides whether something that was said counts. */
export function idsIn({ votes: cast, delegations: delegated }: Case): string[] {
	return [
		...cast.flatMap(({ by_id, for_id }) => (for_id === null ? [by_id] : [by_id, for_id])),
		...delegated.flatMap(({ from_id, to_id }) => [from_id, to_id]),
	];
}

export function toSummary(row: ApprovalRow, mine_to_decide: boolean): ApprovalSummary {
	const { requested_by_id: id, requested_by_name: name, requested_by_kind: kind } = row;
	return {
		id: row.id,
		run_id: row.run_id,
		kind: row.kind,
		title: row.title,
		status: row.status,
		requested_by: { id, name, kind },
		reason: row.reason,
		plan_sha256: row.plan_sha256,
		device_count: row.device_count,
		risk_level: row.risk_level,
		risk_points: row.risk_points,
		approved: row.approved,
		needed: row.needed,
		not_before: row.not_before,
		not_after: row.not_after,
		expires_at: row.expires_at,
		created_at: row.created_at,
		decided_at: row.decided_at,
		decided_by: row.decided_by,
		decision_reason: row.decision_reason,
		mine_to_decide,
	};
}

export function toApproval(of: Case, approved: readonly number[], mine: Approval["mine"]): Approval {
	const { approval, votes: cast, delegations: delegated } = of;
	return {
		...toSummary(approval, approval.status === "waiting" && mine.can_decide),
		risk: approval.risk,
		policies: approval.policies,
		stages: approval.stages.map((stage, index) => {
			const count = approved[index] ?? 0;
			return { ...stage, approved: count, complete: count >= stage.needed };
		}),
		stage: approval.stage,
		votes: cast.map(({ id, stage, decision, by_id, by_name, for_id, for_name, via, reason, at, void_reason }) => ({
			id,
			stage,
			decision,
			by: { id: by_id, name: by_name },
			for: for_id === null ? null : { id: for_id, name: for_name ?? "" },
			via,
			reason,
			at,
			counts: void_reason === null,
			why_not: void_reason,
		})),
		delegations: delegated.map(({ id, from_id, from_name, to_id, to_name, until, reason, at }) => ({
			id,
			from: { id: from_id, name: from_name },
			to: { id: to_id, name: to_name },
			until,
			reason,
			at,
		})),
		mine,
		used_at: approval.used_at,
	};
}

export function toState(row: ApprovalRow): ApprovalState {
	return {
		approval_id: row.id,
		run_id: row.run_id,
		status: row.status,
		plan_sha256: row.plan_sha256,
		decided_by: row.decided_by,
		reason: row.decision_reason,
		not_before: row.not_before,
		not_after: row.not_after,
		expires_at: row.expires_at,
		decided_at: row.decided_at,
	};
}
