import { Gate } from "@netconductor/contracts/tasks/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GateDecision, type GateState, nextMove, planHash } from "./gate.ts";

const now = new Date("2026-11-21T02:00:00Z");
const facts = { waiting: 10, failed: 0, failed_before: 0, pause_requested_by: null };

function at(state: Partial<GateState> = {}): GateState {
	return {
		step_index: 1,
		step_id: "apply",
		since: "2026-11-21T01:00:00.000Z",
		plan_sha256: null,
		batch: 0,
		devices_begun: 0,
		devices_total: 10,
		resumed_after: 0,
		...state,
	};
}

function decided(decision: Partial<GateDecision>): GateState {
	return at({
		approval: { id: "a1" },
		decision: { status: "approved", by: ["bob"], reason: null, not_before: null, not_after: null, ...decision },
	});
}

const canary = Gate.parse({ rollout: { batch_sizes: [1, 4], most_failures: 1 } });
const approved = Gate.parse({ approval: true, rollout: { batch_sizes: [1, 4] } });

describe("a gate that wants an approval", () => {
	test("asks first, then waits, and begins nothing until it was approved", () => {
		expect(nextMove(approved, at(), facts, now)).toEqual({ do: "ask" });
		expect(nextMove(approved, at({ approval: { id: "a1" } }), facts, now)).toMatchObject({
			do: "wait",
			waiting_for: { kind: "approval", approval_id: "a1" },
		});
		expect(nextMove(approved, decided({}), facts, now)).toEqual({ do: "begin", devices: 1 });
		expect(nextMove(approved, at({ approval: { id: null } }), facts, now)).toEqual({ do: "begin", devices: 1 });
	});

	test.each([
		[{ status: "rejected", reason: "not tonight" }, "bob rejected it: not tonight"],
		[{ status: "expired", by: [] }, "Nobody approved it in time"],
		[{ status: "lapsed", reason: "bob was deleted" }, "Its approval lapsed: bob was deleted"],
		[{ not_after: "2026-11-21T01:59:59.000Z" }, "It was approved until 2026-11-21T01:59:59.000Z, which has passed"],
	] as const)("ends the run when it was %j", (decision, reason) => {
		expect(nextMove(approved, decided(decision as Partial<GateDecision>), facts, now)).toEqual({
			do: "end",
			as: "cancelled",
			reason,
		});
	});

	test("waits for the window that it was approved for", () => {
		const later = decided({ not_before: "2026-11-21T03:00:00.000Z", not_after: "2026-11-21T04:00:00.000Z" });
		expect(nextMove(approved, later, facts, now)).toMatchObject({ do: "wait", waiting_for: { kind: "window" } });
		expect(nextMove(approved, later, facts, new Date("2026-11-21T03:00:00Z"))).toMatchObject({ do: "begin" });
	});
});

describe("a gate of a run that was started in a window", () => {
	const not_after = "2026-11-21T01:59:59.000Z";
	const reason = `The window that it was started in ended at ${not_after}, before it could begin`;
	const wantsApproval = Gate.parse({ approval: true, not_after, rollout: { batch_sizes: [1, 4] } });
	const over = { do: "end", as: "cancelled", reason };

	test("begins nothing after it, however it was approved, and does not ask or wait any more", () => {
		const within = new Date("2026-11-21T01:59:58Z");
		expect(nextMove(wantsApproval, decided({}), facts, within)).toEqual({ do: "begin", devices: 1 });
		for (const state of [at(), at({ approval: { id: "a1" } }), at({ approval: { id: null } }), decided({})]) {
			expect(nextMove(wantsApproval, state, facts, now)).toEqual(over);
		}
		expect(nextMove(wantsApproval, decided({ status: "rejected" }), facts, now)).toMatchObject({
			reason: "bob rejected it",
		});
		expect(nextMove(Gate.parse({ not_after }), at(), facts, now)).toEqual(over);
	});

	test("leaves the devices out that no batch has begun on by then, paused or not", () => {
		const rest = {
			do: "end",
			as: "skipped",
			reason: `Not begun: the window that it was started in ended at ${not_after}`,
		};
		const begun = { ...decided({}), batch: 1, devices_begun: 1 };
		expect(nextMove(wantsApproval, begun, { ...facts, waiting: 9 }, now)).toEqual(rest);
		expect(nextMove(wantsApproval, begun, { ...facts, waiting: 9, pause_requested_by: "bob" }, now)).toEqual(rest);
	});
});

describe("batches", () => {
	test("begin with the canary and go on in the last size", () => {
		expect(nextMove(canary, at(), facts, now)).toEqual({ do: "begin", devices: 1 });
		expect(nextMove(canary, at({ batch: 1 }), facts, now)).toEqual({ do: "begin", devices: 4 });
		expect(nextMove(canary, at({ batch: 7 }), { ...facts, waiting: 2 }, now)).toEqual({ do: "begin", devices: 2 });
	});

	test("stop when more devices failed than may", () => {
		expect(nextMove(canary, at({ batch: 2 }), { ...facts, failed: 1 }, now)).toMatchObject({ do: "begin" });
		expect(nextMove(canary, at({ batch: 2 }), { ...facts, failed: 2 }, now)).toEqual({
			do: "end",
			as: "skipped",
			reason: "Not begun: 2 devices failed, and the rollout goes on with at most 1",
		});
	});

	test("do not go on to devices that depend on others of which more failed than may, planned or not, and nobody is asked", () => {
		const reason = "Not begun: 2 devices that it depends on failed, and the rollout goes on with at most 1";
		const end = { do: "end", as: "skipped", reason };
		expect(nextMove(canary, at({ batch: 2 }), { ...facts, failed_before: 2 }, now)).toEqual(end);
		expect(nextMove(canary, at({ batch: 2 }), { ...facts, failed_before: 1 }, now)).toMatchObject({ do: "begin" });
		const asking = Gate.parse({ ...canary, approval: true });
		expect(nextMove(asking, at(), { ...facts, failed_before: 2 }, now)).toEqual(end);
	});

	test("pause when somebody asked, or after the canary when the plan says so, until a person resumes", () => {
		const paused = { ...facts, pause_requested_by: "ana" };
		expect(nextMove(canary, at({ batch: 2 }), paused, now)).toMatchObject({
			do: "wait",
			waiting_for: { kind: "resume", paused_by: "ana" },
		});
		expect(nextMove(canary, at(), paused, now)).toMatchObject({ do: "wait", waiting_for: { kind: "resume" } });
		expect(nextMove(canary, at({ batch: 2, resumed_after: 2 }), paused, now)).toMatchObject({ do: "wait" });
		const careful = Gate.parse({ rollout: { batch_sizes: [1], pause_after_first: true } });
		expect(nextMove(careful, at({ batch: 1 }), facts, now)).toMatchObject({ do: "wait" });
		expect(nextMove(careful, at({ batch: 1, resumed_after: 1 }), facts, now)).toMatchObject({ do: "begin" });
		expect(nextMove(careful, at({ batch: 2, resumed_after: 1 }), facts, now)).toMatchObject({ do: "begin" });
	});
});

const steps = [{ id: "plan", type: "plan_change", params: { b: 1, a: [1, { y: 2, x: 3 }] } }];

test("the hash of a plan does not depend on the order in which it is read, and on nothing else but what it holds", () => {
	const result = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.array(fc.string())));
	const planned = fc.uniqueArray(fc.record({ device_id: fc.uuid(), step_id: fc.constant("plan"), result }), {
		selector: ({ device_id }) => device_id,
		minLength: 1,
		maxLength: 8,
	});
	fc.assert(
		fc.property(planned, (given) => {
			const shuffled = given
				.toReversed()
				.map((one) => ({ ...one, result: Object.fromEntries(Object.entries(one.result).toReversed()) }));
			expect(planHash(steps, shuffled)).toBe(planHash(steps, given));
			const [first, ...rest] = given;
			if (first === undefined) return;
			expect(planHash(steps, rest)).not.toBe(planHash(steps, given));
			const changed = { ...first, result: { ...first.result, commands: "no router bgp 65001" } };
			expect(planHash(steps, [changed, ...rest])).not.toBe(planHash(steps, given));
		}),
	);
});
