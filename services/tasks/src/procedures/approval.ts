import type { alertsApi } from "@netconductor/contracts/alerts/api";
import type { RiskFacts } from "@netconductor/contracts/alerts/approvals";
import { findDangerousCommands } from "@netconductor/contracts/alerts/dangerous-commands";
import { undoKindOf } from "@netconductor/contracts/devices/change";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import type { Clock } from "@netconductor/runtime/clock";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { type GateState, heldBack } from "../runs/gate.ts";
import { mayChange } from "./describe.ts";
import { Stopped, Suspended } from "./ends.ts";
import type { ClaimedProcedure, ProcedureStore } from "./procedure-store.ts";
import type { StepTypes } from "./registry.ts";

export interface ApprovalNeeds {
	store: ProcedureStore;
	alerts: Pick<Client<typeof alertsApi, CallerContext>, "requestApproval" | "getApprovalState" | "startApproved">;
	types: StepTypes;
	ownAccount(): CallerContext;
	clock: Clock;
}

/**
 * Resolves when the procedure may begin: it changes nothing, no policy wants an approval, or it was approved and its time has come. The approval is
 * bound to the hash of the whole: steps, values and devices.
 * @throws Suspended while it waits, Stopped when it may not
 */
export async function allowed(needs: ApprovalNeeds, claimed: ClaimedProcedure, procedure: Procedure): Promise<void> {
	const { store, alerts, types, ownAccount, clock } = needs;
	if (claimed.approval?.started === true) return;
	const steps = [...procedure.steps, ...procedure.rollback].flatMap(withInner);
	const writes = steps.filter((step) => {
		const type = types.get(step.type);
		return type !== undefined && mayChange(type, type.params.safeParse(step.with));
	});
	if (writes.length === 0) return;
	const now = clock.now();
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
					risk_facts: riskOf(procedure, writes, types),
					reason: procedure.reason,
				},
			},
			ownAccount(),
		);
		id = answer.needed ? answer.approval_id : null;
		const shown = id === null ? undefined : { ...gate, approval: { id } };
		await store.keepApproval(claimed, { id, started: id === null }, shown);
	}
	if (id === null) return;
	const { status, decided_by, reason, not_before, not_after } = await alerts.getApprovalState(
		{ body: { approval_id: id } },
		ownAccount(),
	);
	const decision = status === "waiting" ? {} : { decision: { status, by: decided_by, reason, not_before, not_after } };
	const shown: GateState = { ...gate, approval: { id }, ...decision };
	const held = heldBack(shown, now);
	if (held?.do === "wait") throw waiting(held.waiting_for);
	if (held?.do === "end") throw new Stopped("cancelled", held.reason);
	const started = await alerts.startApproved({ body: { approval_id: id, plan_sha256: claimed.sha256 } }, ownAccount());
	if (!started.may_start) {
		if (started.ask_again_at === null) {
			throw new Stopped("cancelled", started.why_not ?? "Its approval does not hold any more");
		}
		throw waiting({ kind: "window", not_before: started.ask_again_at, since: now.toISOString() });
	}
	await store.keepApproval(
		claimed,
		{ id, started: true },
		{ ...shown, batch: 1, devices_begun: procedure.targets.length },
	);
}

function waiting(waiting_for: NonNullable<Suspended["wait"]["waiting_for"]>): Suspended {
	const wake_at = waiting_for.kind === "window" ? new Date(waiting_for.not_before) : null;
	return new Suspended({ wake_at, waits_for_run: null, waiting_for });
}

function withInner(step: ProgramStep): ProgramStep[] {
	return [step, ...step.blocks.flatMap(({ steps }) => steps.flatMap(withInner))];
}

const mostCommands = 100;

/** Templates are taken as they are written: what they come to is not known before. */
function riskOf(procedure: Procedure, writes: readonly ProgramStep[], types: StepTypes): RiskFacts {
	const facts: RiskFacts = { writes: true, without_rollback: [], emulated_rollback: [], dangerous_commands: [] };
	const changes = writes.filter(({ type }) => types.get(type)?.category === "change");
	for (const { device_id, name, context } of procedure.targets) {
		const own = writes.filter(({ targets }) => targets === null || targets.includes(device_id));
		const platform = String(context.device_type ?? "");
		if (changes.some((step) => own.includes(step))) {
			const change = builtInPlatforms.find(({ id }) => id === platform)?.change;
			const undo = change === undefined ? "none" : undoKindOf(change);
			if (undo === "none") facts.without_rollback.push(name);
			if (undo === "emulated") facts.emulated_rollback.push(name);
		}
		for (const step of own) {
			const type = types.get(step.type);
			const params = type?.params.safeParse(step.with);
			const commands = params?.success ? (type?.commands?.(params.data) ?? []) : [];
			facts.dangerous_commands.push(
				...findDangerousCommands(commands, platform).map((found) => ({ device: name, ...found })),
			);
			if (facts.dangerous_commands.length > mostCommands) break;
		}
	}
	facts.dangerous_commands = facts.dangerous_commands.slice(0, mostCommands);
	return facts;
}
