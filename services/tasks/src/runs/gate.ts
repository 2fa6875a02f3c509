import { createHash } from "node:crypto";
import type { Gate, PlanStep, RunProgress, WaitingFor } from "@netconductor/contracts/tasks/model";
import type { z } from "zod";
import type { Held } from "./hold.ts";

/** What a run knows of the gate that it stands at or has passed. Stored with the run; times are ISO 8601. */
export interface GateState {
	step_index: number;
	step_id: string;
	since: string;
	plan_sha256: string | null;
	/** Undefined until it was asked whether one is needed. */
	approval?: { id: string | null };
	decision?: GateDecision;
	/** Batches begun. */
	batch: number;
	devices_begun: number;
	devices_total: number;
	/** After which batch a person last said that it goes on. */
	resumed_after: number;
	/** The approval for which somebody broke the glass in the middle of a procedure. */
	broken_glass?: string;
	/** What calendars said last of its next batch; undefined where nothing holds it. */
	held?: Held;
	/** Who broke the glass of what a calendar held back, and what that was. */
	hold_broken?: { by: string; reason: string; why: string; at: string };
}

export interface GateDecision {
	status: "approved" | "bypassed" | "rejected" | "expired" | "lapsed";
	by: string[];
	reason: string | null;
	not_before: string | null;
	not_after: string | null;
}

/** What has become of the devices beyond the gate. */
export interface GateFacts {
	/** Devices on which the gated step has not begun, of the lowest wave that has some. */
	waiting: number;
	/** Devices of the waves before that one on which a step failed or is unknown, also one that planned. */
	failed_before: number;
	/** Devices on which it, or a step after it, failed or is unknown. */
	failed: number;
	pause_requested_by: string | null;
}

export type GateMove =
	| { do: "ask" }
	| { do: "wait"; waiting_for: WaitingFor }
	/** The next batch begins, with so many devices. */
	| { do: "begin"; devices: number }
	/** Nothing more begins: it was not allowed, or too much failed. */
	| { do: "end"; as: "cancelled" | "skipped"; reason: string };

/** What a gate does next, once nothing of its run is under way. */
export function nextMove(gate: Gate, state: GateState, facts: GateFacts, now: Date): GateMove {
	const approvalOpen = gate.approval && state.batch === 0;
	const held = approvalOpen ? heldBack(state, now) : undefined;
	if (held?.do === "end") return held;
	// Runs of before windows were told to gates have none.
	const window_ends = gate.not_after ?? null;
	if (window_ends !== null && now >= new Date(window_ends)) return windowOver(window_ends, state);
	const { most_failures, pause_after_first, batch_sizes } = gate.rollout;
	if (facts.failed_before > most_failures) {
		const devices = facts.failed_before === 1 ? "1 device" : `${facts.failed_before} devices`;
		const reason = `Not begun: ${devices} that it depends on failed, and the rollout goes on with at most ${most_failures}`;
		return { do: "end", as: "skipped", reason };
	}
	if (approvalOpen && state.approval === undefined) return { do: "ask" };
	if (held !== undefined) return held;
	if (facts.failed > most_failures) {
		const devices = facts.failed === 1 ? "1 device" : `${facts.failed} devices`;
		return {
			do: "end",
			as: "skipped",
			reason: `Not begun: ${devices} failed, and the rollout goes on with at most ${most_failures}`,
		};
	}
	const pauses = pause_after_first && state.batch === 1 && state.resumed_after < 1;
	if (pauses || facts.pause_requested_by !== null) {
		return {
			do: "wait",
			waiting_for: { kind: "resume", paused_by: facts.pause_requested_by, since: now.toISOString() },
		};
	}
	const size = batch_sizes[Math.min(state.batch, batch_sizes.length - 1)] ?? facts.waiting;
	return { do: "begin", devices: Math.min(size, facts.waiting) };
}

function windowOver(at: string, { devices_begun }: GateState): GateMove {
	const ended = `the window that it was started in ended at ${at}`;
	if (devices_begun > 0) return { do: "end", as: "skipped", reason: `Not begun: ${ended}` };
	return { do: "end", as: "cancelled", reason: `T${ended.slice(1)}, before it could begin` };
}

/** What keeps a run from beginning under its approval; nothing when it may begin. */
export function heldBack({ approval, decision }: GateState, now: Date): GateMove | undefined {
	if (approval?.id === null || approval === undefined) return undefined;
	const since = now.toISOString();
	if (decision === undefined) return { do: "wait", waiting_for: { kind: "approval", approval_id: approval.id, since } };
	if (decision.status !== "approved" && decision.status !== "bypassed") {
		return { do: "end", as: "cancelled", reason: refusal(decision) };
	}
	const { not_before, not_after } = decision;
	if (not_after !== null && now > new Date(not_after)) {
		return { do: "end", as: "cancelled", reason: `It was approved until ${not_after}, which has passed` };
	}
	if (not_before !== null && now < new Date(not_before)) {
		return { do: "wait", waiting_for: { kind: "window", not_before, since } };
	}
	return undefined;
}

/**
 * Whether calendars are asked before the next batch: it changes something, and nobody broke the glass. Whoever lets a run begin without the approval
 * that it needs wants it to begin now.
 */
export function heedsCalendars(gate: Gate, { decision, hold_broken }: GateState): boolean {
	return gate.approval && decision?.status !== "bypassed" && hold_broken === undefined;
}

/** Of a run that has come to no gate. */
export function noGate(since: string): GateState {
	return {
		step_index: 0,
		step_id: "",
		since,
		plan_sha256: null,
		batch: 0,
		devices_begun: 0,
		devices_total: 0,
		resumed_after: 0,
	};
}

function refusal({ status, by, reason }: GateDecision): string {
	const why = reason === null || reason === "" ? "" : `: ${reason}`;
	if (status === "rejected") return `${by.join(", ") || "Somebody"} rejected it${why}`;
	if (status === "expired") return "Nobody approved it in time";
	return `Its approval lapsed${why}`;
}

/** The first step at or before `step_index` that a gate stands before. */
export function gateOf(
	steps: readonly z.output<typeof PlanStep>[],
	step_index: number,
): { index: number; gate: Gate } | undefined {
	const index = steps.findLastIndex(({ gate }, at) => at <= step_index && gate !== undefined);
	const gate = steps[index]?.gate;
	return gate === undefined ? undefined : { index, gate };
}

/** What a step found out before the gate, of one device. */
export interface Planned {
	device_id: string;
	step_id: string;
	result: unknown;
}

/** SHA-256, in hexadecimal, of what an approval is for: the steps, the devices, and what was planned on each. The order in which it is given does not matter. */
export function planHash(steps: readonly z.output<typeof PlanStep>[], planned: readonly Planned[]): string {
	const hash = createHash("sha256").update(
		JSON.stringify(steps.map(({ id, type, params }) => [id, type, sorted(params)])),
	);
	const lines = planned.map(({ device_id, step_id, result }) => JSON.stringify([device_id, step_id, sorted(result)]));
	for (const line of lines.sort()) hash.update("\n").update(line);
	return hash.digest("hex");
}

/** The same value with the fields of every object in order, so that equal values read alike. */
export function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([one], [other]) => (one < other ? -1 : 1))
			.map(([key, held]) => [key, sorted(held)]),
	);
}

/** A gate as people see it. */
export function toProgress(state: GateState): RunProgress {
	return {
		step_id: state.step_id,
		plan_sha256: state.plan_sha256,
		approval_id: state.broken_glass ?? state.approval?.id ?? null,
		approved_by: state.decision?.by ?? [],
		bypassed:
			state.decision?.status === "bypassed" || state.broken_glass !== undefined || state.hold_broken !== undefined,
		hold_broken: state.hold_broken ?? null,
		batch: state.batch,
		devices_begun: state.devices_begun,
		devices_total: state.devices_total,
	};
}
