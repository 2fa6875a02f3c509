import type { Delegation, Stage } from "@netconductor/contracts/alerts/approvals";
import type { ErrorCode } from "@netconductor/contracts/errors";

/** Who votes, without I/O: nothing here asks a clock, a database or another service. */

/** A user as they stand now. */
export interface Voter {
	id: string;
	name: string;
	role: string;
	disabled: boolean;
	/** Holds `approvals:decide`, and the approval exists for them. */
	may_decide: boolean;
	/** Holds `approvals:bypass`, of all devices. */
	may_bypass: boolean;
}

export interface CastVote {
	stage: number | null;
	decision: "approve" | "reject" | "bypass";
	by_id: string;
	/** In whose place it was given. */
	for_id: string | null;
}

export interface Ballot {
	/** Never empty. */
	stages: readonly Stage[];
	/** Whose user ids count for nothing here: who asked, and behind a service account those who could have made it ask. */
	requester_ids: readonly string[];
	votes: readonly CastVote[];
	delegations: readonly Pick<Delegation, "from" | "to" | "until">[];
}

/** Users by id; one who is not in it does not exist any more. */
export type People = ReadonlyMap<string, Voter>;

export interface Tally {
	/** Approvals that count, by stage. */
	approved: number[];
	/** First stage that is not complete; null when all are. */
	stage: number | null;
	/** Why the vote at the same index does not count; null where it does. */
	voids: (string | null)[];
}

/**
 * What the votes come to. A person counts once in an approval, and so does the place of one who delegated: several stages or delegations to the same
 * person never make one voice two. The requester never counts, however their vote got here.
 */
export function tally(ballot: Ballot, people: People): Tally {
	const approved = ballot.stages.map(() => 0);
	const counted = new Set<string>();
	const voids = ballot.votes.map((vote) => {
		const reason = whyVoid(ballot, vote, people);
		if (reason !== null || vote.decision !== "approve" || vote.stage === null) return reason;
		const seat = vote.for_id ?? vote.by_id;
		if (counted.has(vote.by_id) || counted.has(seat)) return "The same person counts already";
		counted.add(vote.by_id).add(seat);
		approved[vote.stage] = (approved[vote.stage] ?? 0) + 1;
		return null;
	});
	const open = ballot.stages.findIndex(({ needed }, index) => (approved[index] ?? 0) < needed);
	return { approved, stage: open === -1 ? null : open, voids };
}

function whyVoid(ballot: Ballot, vote: CastVote, people: People): string | null {
	const by = people.get(vote.by_id);
	if (by === undefined) return "The user was deleted";
	if (by.disabled) return `${by.name} is disabled`;
	if (vote.decision === "bypass") return by.may_bypass ? null : `${by.name} may no longer break the glass`;
	const seat = vote.for_id ?? vote.by_id;
	if (askedFor(ballot, vote.by_id) || askedFor(ballot, seat)) return "Nobody approves their own request";
	if (!by.may_decide) return `${by.name} may no longer approve`;
	const owner = people.get(seat);
	if (owner === undefined) return "The user in whose place it was given was deleted";
	if (owner.disabled) return `${owner.name} is disabled`;
	if (!owner.may_decide) return `${owner.name} may no longer approve`;
	const stage = vote.stage === null ? undefined : ballot.stages[vote.stage];
	return stage !== undefined && isAsked(stage, owner) ? null : `${owner.name} is no longer one of those asked`;
}

function askedFor({ requester_ids }: Ballot, id: string): boolean {
	return requester_ids.includes(id);
}

/** Whether a stage asks this person. */
export function isAsked({ users, roles }: Stage, person: Pick<Voter, "id" | "role">): boolean {
	if (users.length === 0 && roles.length === 0) return true;
	return users.some(({ id }) => id === person.id) || roles.includes(person.role);
}

export type Standing =
	/** May decide: for themselves, or in the place of `in_place_of`. */
	{ may: true; stage: number; in_place_of: Voter | null } | { may: false; code: ErrorCode; why: string };

/** Whether somebody may decide in the stage that is open. */
export function standingOf(ballot: Ballot, stage: number, voter_id: string, people: People, now: Date): Standing {
	const no = (code: ErrorCode, why: string): Standing => ({ may: false, code, why });
	if (voter_id === ballot.requester_ids[0]) {
		return no("approvals.own_request", "You asked for this, so somebody else has to decide on it.");
	}
	if (askedFor(ballot, voter_id)) {
		return no(
			"approvals.own_request",
			"A service account that you own, or a secret of which you saw, asked for this: somebody else has to decide on it.",
		);
	}
	const voter = people.get(voter_id);
	if (voter === undefined || voter.disabled || !voter.may_decide) {
		return no("approvals.not_an_approver", "You are not one of those who may approve.");
	}
	if (ballot.votes.some(({ by_id }) => by_id === voter_id)) {
		return no("approvals.already_voted", "You have decided on this already.");
	}
	const open = ballot.stages[stage];
	if (open === undefined) return no("approvals.already_decided", "It needs no further approval.");
	const { voids } = tally(ballot, people);
	// The place of one whose delegate is gone is theirs again.
	const taken = new Set(
		ballot.votes.filter((_, index) => voids[index] === null).map(({ by_id, for_id }) => for_id ?? by_id),
	);
	if (isAsked(open, voter) && !taken.has(voter_id)) return { may: true, stage, in_place_of: null };
	for (const { from, to, until } of ballot.delegations) {
		if (to.id !== voter_id || new Date(until) <= now || taken.has(from.id)) continue;
		const owner = people.get(from.id);
		// Nor in the requester's place, should they ever have had one.
		if (owner === undefined || askedFor(ballot, owner.id) || owner.disabled || !owner.may_decide) continue;
		if (isAsked(open, owner)) return { may: true, stage, in_place_of: owner };
	}
	if (taken.has(voter_id)) return no("approvals.already_voted", "Somebody decided on this in your place already.");
	return no("approvals.not_an_approver", `The stage “${open.name}” asks ${whom(open)}.`);
}

function whom({ users, roles }: Stage): string {
	return [...users.map(({ name }) => name), ...roles.map((role) => `the role ${role}`)].join(", ");
}
