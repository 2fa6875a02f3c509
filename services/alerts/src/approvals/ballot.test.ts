import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ballot, type CastVote, standingOf, tally, type Voter } from "./ballot.ts";

const now = new Date("2026-03-01T00:00:00Z");
const later = "2026-03-01T01:00:00.000Z";
const roles = ["operator", "manager"];

interface Model {
	ballot: Ballot & { votes: CastVote[]; delegations: { from: Person; to: Person; until: string }[] };
	people: Map<string, Voter>;
}
interface Person {
	id: string;
	name: string;
}

const ids = ["u0", "u1", "u2", "u3", "u4", "u5"];
const requester_id = "u0";
/** Could have made the requester ask: a program. */
const behind_id = "u5";

const person = fc.record({
	role: fc.constantFrom(...roles),
	disabled: fc.boolean(),
	may_decide: fc.boolean(),
	may_bypass: fc.boolean(),
});
const stage = fc.record({
	name: fc.constant("Approval"),
	needed: fc.integer({ min: 1, max: 3 }),
	users: fc.subarray(ids, { maxLength: 3 }).map((some) => some.map((id) => ({ id, name: id }))),
	roles: fc.subarray(roles, { maxLength: 1 }),
});
const action = fc.oneof(
	fc.record({ what: fc.constant("approve" as const), who: fc.constantFrom(...ids) }),
	fc.record({ what: fc.constant("delegate" as const), who: fc.constantFrom(...ids), to: fc.constantFrom(...ids) }),
	fc.record({ what: fc.constant("change" as const), who: fc.constantFrom(...ids), to: person }),
	fc.record({ what: fc.constant("delete" as const), who: fc.constantFrom(...ids) }),
);
const start = fc.record({
	stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
	people: fc.array(person, { minLength: ids.length, maxLength: ids.length }),
	actions: fc.array(action, { maxLength: 30 }),
});

function play({ stages, people, actions }: typeof start extends fc.Arbitrary<infer T> ? T : never): Model {
	const model: Model = {
		ballot: { stages, requester_ids: [requester_id, behind_id], votes: [], delegations: [] },
		people: new Map(ids.map((id, index) => [id, { ...(people[index] as (typeof people)[number]), id, name: id }])),
	};
	for (const step of actions) {
		const { ballot } = model;
		const open = tally(ballot, model.people).stage;
		if (step.what === "delete") model.people.delete(step.who);
		if (step.what === "change" && model.people.has(step.who)) {
			model.people.set(step.who, { ...step.to, id: step.who, name: step.who });
		}
		if (open === null || (step.what !== "approve" && step.what !== "delegate")) continue;
		const standing = standingOf(ballot, open, step.who, model.people, now);
		if (!standing.may) continue;
		if (step.what === "approve") {
			ballot.votes.push({
				stage: open,
				decision: "approve",
				by_id: step.who,
				for_id: standing.in_place_of?.id ?? null,
			});
		} else if (standing.in_place_of === null && step.to !== step.who) {
			// Even to the requester, which the operation refuses: the rule must hold without it.
			ballot.delegations.push({
				from: { id: step.who, name: step.who },
				to: { id: step.to, name: step.to },
				until: later,
			});
		}
	}
	return model;
}

test("no path approves with the requester's vote, with anybody twice, or with one who may not", () => {
	let approvals = 0;
	fc.assert(
		fc.property(start, (given) => {
			const { ballot, people } = play(given);
			const { approved, stage: open, voids } = tally(ballot, people);
			const counting = ballot.votes.filter((_, index) => voids[index] === null);
			expect(counting.some(({ by_id, for_id }) => by_id === requester_id || for_id === requester_id)).toBe(false);
			expect(counting.some(({ by_id, for_id }) => by_id === behind_id || for_id === behind_id)).toBe(false);
			const voices = counting.map(({ by_id }) => by_id);
			const seats = counting.map(({ by_id, for_id }) => for_id ?? by_id);
			expect(new Set(voices).size).toBe(voices.length);
			expect(new Set(seats).size).toBe(seats.length);
			for (const id of [...voices, ...seats]) {
				expect(people.get(id)).toMatchObject({ disabled: false, may_decide: true });
			}
			if (open !== null) return;
			approvals++;
			for (const [index, { needed }] of given.stages.entries()) expect(approved[index]).toBeGreaterThanOrEqual(needed);
			expect(counting.length).toBeGreaterThanOrEqual(given.stages.reduce((sum, { needed }) => sum + needed, 0));
		}),
		{ numRuns: 10_000 },
	);
	// Else the property would hold for want of cases.
	expect(approvals).toBeGreaterThan(20);
});

test("votes that should never have been taken do not count either", () => {
	const people = new Map(
		ids.map((id) => [
			id,
			{ id, name: id, role: "operator", disabled: false, may_decide: true, may_bypass: false } satisfies Voter,
		]),
	);
	const forged = (by_id: string, for_id: string | null): CastVote => ({ stage: 0, decision: "approve", by_id, for_id });
	const ballot: Ballot = {
		stages: [{ name: "Two", needed: 2, users: [], roles: [] }],
		requester_ids: [requester_id],
		votes: [forged("u0", null), forged("u1", "u0"), forged("u0", "u2"), forged("u3", null), forged("u3", "u4")],
		delegations: [],
	};
	expect(tally(ballot, people)).toMatchObject({ approved: [1], stage: 0 });
});
