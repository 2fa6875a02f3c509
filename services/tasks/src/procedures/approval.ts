import type { alertsApi } from "@netconductor/contracts/alerts/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { type GateState, heldBack } from "../runs/gate.ts";
import { askHold, type HoldNeeds } from "../runs/hold.ts";
import { mayChange } from "./describe.ts";
import { Stopped, Suspended } from "./ends.ts";
import { type RiskNeeds, riskOf } from "./procedure-risk.ts";
import type { ClaimedProcedure, ProcedureStore } from "./procedure-store.ts";
import { coverOf } from "./start-procedure.ts";

export interface ApprovalNeeds extends Omit<RiskNeeds, "facts"> {
	store: ProcedureStore;
	alerts: Pick<Client<typeof alertsApi, CallerContext>, "requestApproval" | "getApprovalState" | "startApproved">;
	scheduling: HoldNeeds["scheduling"];
	ownAccount(): CallerContext;
	clock: Clock;
}

/**
 * Resolves when the procedure may begin: it changes nothing; or no policy wants an approval, or it was approved and its time has come, and no calendar
 * holds it back. The approval is bound to the hash of the whole: steps, values and devices. What has begun is carried to its end.
 * @throws Suspended while it waits, Stopped when it may not
 */
export async function allowed(needs: ApprovalNeeds, claimed: ClaimedProcedure, procedure: Procedure): Promise<void> {
	const { store, alerts, types, ownAccount, clock } = needs;
	if (claimed.approval?.started === true) return;
	const steps = [...procedure.steps, ...procedure.rollback].flatMap(withInner);
	const writes = steps.filter((step) => {
		const type = types.get(step.type);
		return type !== undefined && mayChange(type, step.with);
	});
	if (writes.length === 0) return;
	const now = clock.now();
	const { not_after: window_ends } = procedure;
	if (window_ends != null && now >= new Date(window_ends)) {
		throw new Stopped("cancelled", `The window that it was started in ended at ${window_ends}, before it could begin`);
	}
	const gate: GateState = {
		step_index: 0,
		step_id: procedure.steps[0]?.path ?? "",
		since: now.toISOString(),
		plan_sha256: claimed.sha256,
		batch: 0,
		devices_begun: 0,
		devices_total: procedure.targets.length,
		resumed_after: 0,
	};
	let id = claimed.approval?.id;
	if (id === undefined) {
		const { run_id, title, starter } = claimed;
		const cover = coverOf(procedure, starter);
		const facts = { run: { id: run_id, title, reason: procedure.reason, started_by: starter.name } };
		const answer = await alerts.requestApproval(
			{
				body: {
					key: `${claimed.run_id}/start`,
					run_id: claimed.run_id,
					kind: "mop",
					title: claimed.title,
					requested_by: claimed.starter,
					plan_sha256: claimed.sha256,
					devices: procedure.targets.map(({ device_id, name, groups }) => ({ device_id, name, groups })),
					...(cover && { cover }),
					risk_facts: await riskOf({ ...needs, facts }, procedure, writes),
					reason: procedure.reason,
					not_after: window_ends ?? null,
				},
			},
			ownAccount(),
		);
		id = answer.needed ? answer.approval_id : null;
		const shown = id === null ? undefined : { ...gate, approval: { id } };
		await store.keepApproval(claimed, { id, started: false }, shown);
	}
	if (id === null) {
		await freeOfCalendars(needs, claimed, procedure);
		return store.keepApproval(claimed, { id, started: true }, undefined);
	}
	const { status, decided_by, reason, not_before, not_after } = await alerts.getApprovalState(
		{ body: { approval_id: id } },
		ownAccount(),
	);
	const decision = status === "waiting" ? {} : { decision: { status, by: decided_by, reason, not_before, not_after } };
	const shown: GateState = { ...gate, approval: { id }, ...decision };
	const held = heldBack(shown, now);
	if (held?.do === "wait") throw waiting(held.waiting_for, now);
	if (held?.do === "end") throw new Stopped("cancelled", held.reason);
	if (status !== "bypassed") await freeOfCalendars(needs, claimed, procedure);
	const started = await alerts.startApproved({ body: { approval_id: id, plan_sha256: claimed.sha256 } }, ownAccount());
	if (!started.may_start) {
		if (started.ask_again_at === null) {
			throw new Stopped("cancelled", started.why_not ?? "Its approval does not hold any more");
		}
		throw waiting({ kind: "window", not_before: started.ask_again_at, since: now.toISOString() }, now);
	}
	await store.keepApproval(
		claimed,
		{ id, started: true },
		{ ...shown, batch: 1, devices_begun: procedure.targets.length },
	);
}

/** What takes changes back is never held: that would keep a fault in the network. @throws Suspended while a calendar holds it back */
async function freeOfCalendars(
	needs: ApprovalNeeds,
	{ hold_broken, restarted, waited_for }: ClaimedProcedure,
	{ targets }: Procedure,
): Promise<void> {
	if (hold_broken || restarted?.what === "rollback") return;
	const since = waited_for?.kind === "calendar" ? waited_for.since : undefined;
	const held = await askHold(
		needs,
		targets.map(({ device_id }) => device_id),
		since,
	);
	if (held === undefined) return;
	throw new Suspended({ wake_at: later(held.ask_again_at, needs.clock.now()), waiting_for: held.waiting_for });
}

/** The clock of those who keep the approval, or calendars, may be behind ours: they are asked again now and then, not without a pause. */
const look_again_ms = 1_000;

function waiting(waiting_for: NonNullable<Suspended["wait"]["waiting_for"]>, now: Date): Suspended {
	const wake_at = waiting_for.kind === "window" ? later(waiting_for.not_before, now) : null;
	return new Suspended({ wake_at, waiting_for });
}

function later(at: string, now: Date): Date {
	return new Date(Math.max(Date.parse(at), now.getTime() + look_again_ms));
}

function withInner(step: ProgramStep): ProgramStep[] {
	return [step, ...step.blocks.flatMap(({ steps }) => steps.flatMap(withInner))];
}
