import type { ApprovalStatus, DecidedStatus } from "@netconductor/contracts/alerts/approvals";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { eq } from "drizzle-orm";
import { votes } from "../tables.ts";
import { type ApprovalRow, ballotOf, type Case, idsIn, lockCase, readCase, writeApproval } from "./approval-store.ts";
import { type People, type Tally, tally, type Voter } from "./ballot.ts";
import { type PeopleNeeds, peopleOf } from "./people.ts";

export interface SettleNeeds extends PeopleNeeds {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}

/** An approval that is locked, with its votes judged by what the voters are at this moment. */
export interface Settled extends Case {
	people: People;
	tally: Tally;
	now: Date;
	/** Statuses it took on while it was brought up to date. */
	became: DecidedStatus | null;
}

/**
 * Locks an approval, brings it up to date with the time and with those who voted, and has `work` go on from there in the same transaction. Whether
 * somebody may still approve is asked before the transaction; should a vote come in between, it is asked again.
 * @param also people that `work` wants to know besides those who had a word in it
 * @throws approvals.not_found, service.unavailable
 */
export async function withSettled<T>(
	needs: SettleNeeds,
	id: string,
	also: readonly string[],
	work: (tx: Tx, settled: Settled) => Promise<T>,
): Promise<T> {
	let seen = await readCase(needs.db.orm, id);
	for (;;) {
		const known = new Set([...idsIn(seen), ...also]);
		// Where nothing changes any more, nobody needs to be asked: a run that began goes on while auth is away.
		const people = isOpen(seen.approval) ? await peopleOf(needs, id, known) : new Map<string, Voter>();
		const done = await needs.db.transaction(async (tx) => {
			const found = await lockCase(tx, id);
			if (idsIn(found).some((one) => !known.has(one))) return { again: found };
			return { result: await work(tx, await settle(needs, tx, found, people)) };
		});
		if (done.again === undefined) return done.result as T;
		seen = done.again;
	}
}

/** Only brings it up to date. */
export function refresh(needs: SettleNeeds, id: string): Promise<Settled> {
	return withSettled(needs, id, [], async (_, settled) => settled);
}

async function settle(needs: SettleNeeds, tx: Tx, found: Case, people: People): Promise<Settled> {
	const now = needs.clock.now();
	const { approval } = found;
	const judged = tally(ballotOf(found), people);
	const settled: Settled = { ...found, people, tally: judged, now, became: null };
	if (!isOpen(approval)) return settled;
	for (const [index, vote] of found.votes.entries()) {
		const void_reason = judged.voids[index] ?? null;
		if (vote.void_reason === void_reason) continue;
		await tx.update(votes).set({ void_reason }).where(eq(votes.id, vote.id));
		vote.void_reason = void_reason;
	}
	const over = whyOver(settled);
	if (over !== undefined) {
		await end(needs, tx, settled, over.status, over.why);
		settled.became = over.status;
	} else if (approval.status === "waiting") await openStage(tx, settled, judged);
	if (approval.recheck_at !== null) await change(tx, settled, { recheck_at: null });
	return settled;
}

/** Whether anything may still change it: nobody decided, or its run has not begun yet. */
export function isOpen(approval: Pick<ApprovalRow, "status" | "used_at">): boolean {
	if (approval.status === "waiting") return true;
	return (approval.status === "approved" || approval.status === "bypassed") && approval.used_at === null;
}

function whyOver({
	approval,
	votes: cast,
	tally: judged,
	now,
}: Settled): { status: DecidedStatus; why: string } | undefined {
	if (approval.not_after !== null && new Date(approval.not_after) <= now) {
		return { status: "lapsed", why: "The window in which the run could begin is over." };
	}
	if (approval.status === "waiting" && new Date(approval.expires_at) <= now) {
		return { status: "expired", why: "Nobody decided in time." };
	}
	const lost = cast.filter(({ decision, void_reason }) => decision !== "reject" && void_reason !== null);
	const why = `What was approved counts no more: ${[...new Set(lost.map(({ void_reason }) => void_reason))].join("; ")}.`;
	if (approval.status === "approved" && judged.stage !== null) return { status: "lapsed", why };
	if (approval.status === "bypassed" && lost.some(({ decision }) => decision === "bypass")) {
		return { status: "lapsed", why };
	}
	return undefined;
}

/** Writes which stage is open, and for whom. */
export async function openStage(tx: Tx, settled: Settled, { stage, approved }: Tally): Promise<void> {
	const { approval } = settled;
	const open = stage === null ? undefined : approval.stages[stage];
	await change(tx, settled, {
		stage,
		approved: approved.reduce((sum, count, index) => sum + Math.min(count, approval.stages[index]?.needed ?? 0), 0),
		open_to_all: open !== undefined && open.users.length === 0 && open.roles.length === 0,
		open_users: open?.users.map(({ id }) => id) ?? [],
		open_roles: open?.roles ?? [],
	});
}

/** Decides an approval, and says so once the transaction is committed. */
export async function end(
	{ outbox }: Pick<SettleNeeds, "outbox">,
	tx: Tx,
	settled: Pick<Settled, "approval" | "now">,
	status: DecidedStatus,
	reason: string,
	decided_by: readonly string[] = [],
): Promise<void> {
	const { approval, now } = settled;
	const decided_at = now.toISOString();
	await change(tx, settled, {
		status,
		stage: null,
		open_to_all: false,
		open_users: [],
		open_roles: [],
		decided_at,
		decided_by: [...decided_by],
		decision_reason: reason === "" ? null : reason,
	});
	await outbox.publish(tx, "approval.decided.v1", {
		approval_id: approval.id,
		run_id: approval.run_id,
		status: status satisfies ApprovalStatus,
		plan_sha256: approval.plan_sha256,
		decided_by: [...decided_by],
		reason: reason === "" ? null : reason,
		not_before: approval.not_before,
		not_after: approval.not_after,
		decided_at,
	});
}

/** Writes a change and keeps the row at hand in step with it. */
export async function change(
	tx: Tx,
	{ approval }: Pick<Settled, "approval">,
	set: Partial<ApprovalRow>,
): Promise<void> {
	await writeApproval(tx, approval.id, set);
	Object.assign(approval, set);
}
