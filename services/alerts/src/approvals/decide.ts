import type { Approval } from "@netconductor/contracts/alerts/approvals";
import { isOpenTo } from "@netconductor/contracts/auth/permissions";
import { type Actor, isPerson } from "@netconductor/contracts/kernel/actor";
import type { Tx } from "@netconductor/runtime/db/database";
import { type AppError, failed, isAppError } from "@netconductor/runtime/errors";
import type { ChangeNote } from "@netconductor/runtime/host/call";
import { newId } from "@netconductor/runtime/id";
import type { AlertsOperation } from "../operation.ts";
import { delegations, votes } from "../tables.ts";
import { ballotOf, toApproval, type VoteRow } from "./approval-store.ts";
import { type Standing, standingOf, tally } from "./ballot.ts";
import { bypass_permission, decide_permission } from "./people.ts";
import { change, end, isOpen, openStage, type Settled, type SettleNeeds, withSettled } from "./settle.ts";

export interface DecideNeeds extends SettleNeeds {
	/** Something is due earlier than before. */
	onChange(): void;
}

/** Everybody who has a word in an approval is asked for at once. */
const most_delegations = 100;

/** A refusal that must not undo what bringing the approval up to date wrote (that it expired): it is thrown after the commit. */
type Outcome = { refused: AppError } | { approval: Approval };

interface Given {
	id: string;
	plan_sha256: string;
	actor: Actor;
	note(change: ChangeNote): void;
}

export function approve(needs: DecideNeeds): AlertsOperation<"approve"> {
	return ({ params, body, actor, note }) =>
		decide(needs, { id: params.id, plan_sha256: body.plan_sha256, actor, note }, async (tx, settled) => {
			const standing = mayDecide(settled, actor);
			await narrowWindow(tx, settled, body);
			await cast(tx, settled, actor, "approve", body.reason, standing);
			const judged = tally(ballotOf(settled), settled.people);
			await openStage(tx, settled, judged);
			if (judged.stage !== null) return;
			const voters = settled.votes.filter(
				({ decision, void_reason }) => decision === "approve" && void_reason === null,
			);
			const reasons = voters.flatMap(({ by_name, reason }) => (reason === "" ? [] : [`${by_name}: ${reason}`]));
			const decided_by = voters.map(({ by_name }) => by_name);
			await end(needs, tx, settled, "approved", reasons.join("\n"), decided_by);
		});
}

export function reject(needs: DecideNeeds): AlertsOperation<"reject"> {
	return ({ params, body, actor, note }) =>
		decide(needs, { id: params.id, plan_sha256: body.plan_sha256, actor, note }, async (tx, settled) => {
			const vote = await cast(tx, settled, actor, "reject", body.reason, mayDecide(settled, actor));
			await end(needs, tx, settled, "rejected", body.reason, [vote.by_name]);
		});
}

/** Whoever asked may break the glass too: that is what it is for. It is no approval, and never looks like one. */
export function bypass(needs: DecideNeeds): AlertsOperation<"bypass"> {
	return ({ params, body, actor, note }) =>
		decide(needs, { id: params.id, plan_sha256: body.plan_sha256, actor, note }, async (tx, settled) => {
			const person = settled.people.get(actor.id);
			if (!isPerson(actor) || person === undefined || person.disabled || !person.may_bypass) {
				throw failed("approvals.not_an_approver", { message: `${actor.name} may not break the glass.` });
			}
			// A vote that they gave before stays what it is; a person has one row.
			if (settled.votes.some(({ by_id }) => by_id === actor.id)) {
				throw failed("approvals.already_decided", {
					message: "You have decided on this already. Somebody else has to break the glass.",
				});
			}
			const vote = await cast(tx, settled, actor, "bypass", body.reason, undefined);
			await end(needs, tx, settled, "bypassed", body.reason, [vote.by_name]);
		});
}

/** Only one's own place can be handed on, once, and never to who asked: a chain leads nowhere. */
export function delegate(needs: DecideNeeds): AlertsOperation<"delegate"> {
	return async ({ params, body, actor, note }) => {
		const found = await needs.auth.describeUsers(
			{ body: { user_ids: [body.to], usernames: [body.to] } },
			needs.ownAccount(),
		);
		const named = found.users.find(({ id }) => id === body.to) ?? found.users[0];
		return decide(
			needs,
			{ id: params.id, plan_sha256: body.plan_sha256, actor, note },
			async (tx, settled) => {
				const standing = mayDecide(settled, actor);
				const bad = (message: string) => failed("approvals.bad_delegate", { message, details: { to: body.to } });
				if (standing.in_place_of !== null) {
					throw bad(`You decide in the place of ${standing.in_place_of.name}, which cannot be handed on.`);
				}
				const to = settled.people.get(named?.id ?? "");
				if (to === undefined) throw bad(`There is no user ${body.to}.`);
				if (to.id === actor.id) throw bad("You decide for yourself already.");
				const [requester_id, ...behind] = ballotOf(settled).requester_ids;
				if (to.id === requester_id) throw bad(`${to.name} asked for this, and nobody decides on what they asked for.`);
				if (behind.includes(to.id)) throw bad(`${to.name} could act as the program that asked for this.`);
				if (to.disabled || !to.may_decide) throw bad(`${to.name} may not approve this.`);
				if (settled.delegations.some(({ from_id }) => from_id === actor.id)) {
					throw bad("You have handed your place on already.");
				}
				if (settled.votes.some(({ by_id }) => by_id === to.id)) throw bad(`${to.name} has decided on this already.`);
				if (settled.delegations.length >= most_delegations) {
					throw bad(
						"Too many have handed their place on here. Decide yourself, or have an approver named by a policy.",
					);
				}
				const until = new Date(body.until);
				if (until <= settled.now) throw bad("The delegation would have ended already.");
				const row = {
					id: newId(),
					approval_id: settled.approval.id,
					from_id: actor.id,
					from_name: settled.people.get(actor.id)?.name ?? actor.name,
					to_id: to.id,
					to_name: to.name,
					until: until.toISOString(),
					reason: body.reason,
					at: settled.now.toISOString(),
				};
				await tx.insert(delegations).values(row);
				settled.delegations.push(row);
			},
			named === undefined ? [] : [named.id],
		);
	};
}

async function decide(
	needs: DecideNeeds,
	{ id, plan_sha256, actor, note }: Given,
	work: (tx: Tx, settled: Settled) => Promise<void>,
	also: readonly string[] = [],
): Promise<Approval> {
	const outcome = await withSettled(needs, id, [actor.id, ...also], async (tx, settled): Promise<Outcome> => {
		const { approval } = settled;
		note({ resource_type: "approval", resource_id: id, resource_name: approval.title, before: facts(settled) });
		const refused = whyRefused(settled, plan_sha256);
		if (refused !== undefined) return { refused };
		// Its own savepoint: a refusal takes back what was begun, and leaves what was found out about the approval.
		try {
			await tx.transaction((inner) => work(inner, settled));
		} catch (error) {
			if (isAppError(error) && error.kind !== "unavailable") return { refused: error };
			throw error;
		}
		note({ resource_type: "approval", resource_id: id, resource_name: approval.title, after: facts(settled) });
		return { approval: describe(settled, actor) };
	});
	needs.onChange();
	if ("refused" in outcome) throw outcome.refused;
	return outcome.approval;
}

function whyRefused({ approval }: Settled, plan_sha256: string): AppError | undefined {
	const details = { approval_id: approval.id, status: approval.status };
	if (approval.status === "expired") {
		const message = `The time to decide ended at ${approval.expires_at}. Start the change again.`;
		return failed("approvals.expired", { message, details });
	}
	if (approval.status !== "waiting") {
		const by = approval.decided_by.length === 0 ? "" : ` by ${approval.decided_by.join(", ")}`;
		const message = `It is ${approval.status}${by} since ${approval.decided_at}.`;
		return failed("approvals.already_decided", { message, details });
	}
	if (approval.plan_sha256 === plan_sha256) return undefined;
	return failed("approvals.plan_changed", {
		message: `You looked at plan ${plan_sha256.slice(0, 12)}…; what waits is plan ${approval.plan_sha256.slice(0, 12)}…. Look at it again.`,
		details: { approval_id: approval.id, plan_sha256: approval.plan_sha256 },
	});
}

/** @throws approvals.own_request, approvals.not_an_approver, approvals.already_voted */
function mayDecide(settled: Settled, actor: Actor): Extract<Standing, { may: true }> {
	const standing = standingIn(settled, actor);
	if (standing.may) return standing;
	throw failed(standing.code, { message: standing.why, details: { approval_id: settled.approval.id } });
}

/** An API token stands for its owner: its actor has the owner's id. A program looks at nothing, whatever its role permits. */
function standingIn(settled: Settled, actor: Actor): Standing {
	if (!isPerson(actor)) {
		return { may: false, code: "approvals.not_an_approver", why: "Only people decide on approvals." };
	}
	const { tally: judged, people, now } = settled;
	const stage = judged.stage ?? settled.approval.stages.length;
	return standingOf(ballotOf(settled), stage, actor.id, people, now);
}

async function cast(
	tx: Tx,
	settled: Settled,
	actor: Actor,
	decision: VoteRow["decision"],
	reason: string,
	standing: Extract<Standing, { may: true }> | undefined,
): Promise<VoteRow> {
	const vote: VoteRow = {
		id: newId(),
		approval_id: settled.approval.id,
		stage: standing?.stage ?? null,
		decision,
		by_id: actor.id,
		by_name: settled.people.get(actor.id)?.name ?? actor.name,
		for_id: standing?.in_place_of?.id ?? null,
		for_name: standing?.in_place_of?.name ?? null,
		via: actor.kind === "token" ? "token" : "user",
		reason,
		at: settled.now.toISOString(),
		void_reason: null,
	};
	await tx.insert(votes).values(vote);
	settled.votes.push(vote);
	return vote;
}

/** @throws approvals.bad_window */
async function narrowWindow(
	tx: Tx,
	settled: Settled,
	wanted: { not_before?: string | null | undefined; not_after?: string | null | undefined },
): Promise<void> {
	const { approval, now } = settled;
	const bad = (message: string, field: string) =>
		failed("approvals.bad_window", { message, errors: [{ path: `body.${field}`, message }] });
	const not_before = wanted.not_before == null ? approval.not_before : new Date(wanted.not_before).toISOString();
	const not_after = wanted.not_after == null ? approval.not_after : new Date(wanted.not_after).toISOString();
	if (approval.not_before !== null && not_before !== null && not_before < approval.not_before) {
		throw bad(`It was asked for to begin at ${approval.not_before} or later.`, "not_before");
	}
	if (approval.not_after !== null && not_after !== null && not_after > approval.not_after) {
		throw bad(`It was asked for to begin before ${approval.not_after}.`, "not_after");
	}
	if (not_after !== null && new Date(not_after) <= now) throw bad("The window would be over already.", "not_after");
	if (not_before !== null && not_after !== null && not_before >= not_after) {
		throw bad("The window would end before it begins.", "not_after");
	}
	await change(tx, settled, { not_before, not_after });
}

function facts({ approval }: Settled) {
	const { status, plan_sha256, approved, needed, decided_by, decision_reason, not_before, not_after } = approval;
	return { status, plan_sha256, approved, needed, decided_by, decision_reason, not_before, not_after };
}

/** Approvals by stage: while it is open those that count now, afterwards those that did. */
function approvedIn(settled: Settled): number[] {
	if (isOpen(settled.approval)) return tally(ballotOf(settled), settled.people).approved;
	return settled.approval.stages.map(
		(_, index) =>
			settled.votes.filter(
				({ stage, decision, void_reason }) => stage === index && decision === "approve" && void_reason === null,
			).length,
	);
}

/** An approval as one person sees it. */
export function describe(settled: Settled, actor: Actor): Approval {
	const { approval } = settled;
	const waiting = approval.status === "waiting";
	const permitted = isOpenTo(actor, decide_permission);
	const standing = standingIn(settled, actor);
	const can_decide = waiting && permitted && standing.may;
	const own_place = standing.may && standing.in_place_of === null;
	const delegated = settled.delegations.some(({ from_id }) => from_id === actor.id);
	const voted = settled.votes.some(({ by_id }) => by_id === actor.id);
	return toApproval(settled, approvedIn(settled), {
		is_requester: actor.id === approval.requested_by_id,
		can_decide,
		can_delegate: can_decide && own_place && !delegated,
		can_bypass: waiting && isPerson(actor) && isOpenTo(actor, bypass_permission) && !voted,
		why_not: !waiting || can_decide ? null : standing.may ? "Your role may not approve." : standing.why,
	});
}
