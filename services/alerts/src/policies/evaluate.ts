import type { ApprovalPolicy, PolicyVerdict, RiskLevel, Stage } from "@netconductor/contracts/alerts/approvals";
import type { z } from "zod";
import { rankOf } from "../approvals/risk.ts";

export type PolicyRule = Pick<
	ApprovalPolicy,
	| "id"
	| "name"
	| "enabled"
	| "kinds"
	| "groups"
	| "risk_at_least"
	| "writes_only"
	| "stages"
	| "expires_in_minutes"
	| "built_in"
>;

/** Devices that are in the same groups; undefined where nobody knows which. */
export interface DeviceSet {
	count: number;
	groups: readonly string[] | undefined;
}

export interface PlanFacts {
	kind: string;
	writes: boolean;
	risk: RiskLevel;
	devices: readonly DeviceSet[];
}

export interface Requirement {
	/** None: no approval is needed. */
	stages: Stage[];
	/** The shortest of the policies that want one. */
	expires_in_minutes: number;
	/** Those that want one, in their order. */
	policies: { id: string; name: string }[];
	verdicts: z.output<typeof PolicyVerdict>[];
}

/**
 * What a plan needs. For each device the first policy that matches decides, as in a firewall; the plan needs what its devices need together, so that
 * a device which needs nothing does not carry others along. Where a device's groups are unknown, every policy that might be the first counts.
 * @param rules in their order
 */
export function evaluatePolicies(rules: readonly PolicyRule[], plan: PlanFacts, default_minutes: number): Requirement {
	// What touches no device is still a change of its kind.
	const sets = plan.devices.length === 0 ? [{ count: 0, groups: [] }] : plan.devices;
	const applies = rules.map((rule) => mismatch(rule, plan) === undefined);
	const decidesFor = new Map<string, number>();
	for (const set of sets) {
		for (const [index, rule] of rules.entries()) {
			if (applies[index] !== true) continue;
			const certain = rule.groups.length === 0 || isInOneOf(set.groups, rule.groups);
			const possible = set.groups === undefined && rule.stages.length > 0;
			if (!certain && !possible) continue;
			decidesFor.set(rule.id, (decidesFor.get(rule.id) ?? 0) + set.count);
			if (certain) break;
		}
	}
	const deciding = rules.filter(({ id, stages }) => decidesFor.has(id) && stages.length > 0);
	return {
		stages: joinStages(deciding.flatMap(({ stages }) => stages)),
		expires_in_minutes: Math.min(...deciding.map((rule) => rule.expires_in_minutes ?? default_minutes), 43_200),
		policies: deciding.map(({ id, name }) => ({ id, name })),
		verdicts: rules.map((rule) => {
			const devices = decidesFor.get(rule.id);
			return {
				policy_id: rule.id,
				name: rule.name,
				matches: devices !== undefined,
				devices: devices ?? 0,
				why: devices === undefined ? whyNot(rule, plan, sets) : why(rule, devices),
			};
		}),
	};
}

/**
 * What a plan needs where an approval is demanded besides: its stages first, then those of the policies, less what the same people are asked for
 * already: a person counts once in an approval.
 */
export function withDemand(
	requirement: Requirement,
	demand: Pick<Requirement, "stages" | "expires_in_minutes"> | undefined,
): Requirement {
	if (demand === undefined) return requirement;
	const further = requirement.stages.flatMap((stage) => {
		const same = demand.stages.filter((own) => whomOf(own) === whomOf(stage));
		const needed = stage.needed - same.reduce((sum, own) => sum + own.needed, 0);
		return needed > 0 ? [{ ...stage, needed }] : [];
	});
	const minutes = [demand, ...(requirement.stages.length > 0 ? [requirement] : [])];
	return {
		...requirement,
		stages: [...demand.stages, ...further],
		expires_in_minutes: Math.min(...minutes.map(({ expires_in_minutes }) => expires_in_minutes)),
	};
}

/** Why a policy is not for a plan, whatever its devices; undefined when it is. */
function mismatch(rule: PolicyRule, plan: PlanFacts): string | undefined {
	if (!rule.enabled) return "It is switched off.";
	if (rule.writes_only && !plan.writes) return "It is for writes, and this only reads.";
	if (rule.kinds.length > 0 && !rule.kinds.includes(plan.kind)) return `It is for ${rule.kinds.join(", ")} only.`;
	if (rankOf(plan.risk) < rankOf(rule.risk_at_least)) {
		return `It is for ${rule.risk_at_least} risk and above, and this is ${plan.risk}.`;
	}
	return undefined;
}

function whyNot(rule: PolicyRule, plan: PlanFacts, sets: readonly DeviceSet[]): string {
	const reason = mismatch(rule, plan);
	if (reason !== undefined) return reason;
	const inGroup = rule.groups.length === 0 || sets.some(({ groups }) => isInOneOf(groups, rule.groups));
	return inGroup
		? "A policy before it decides for all of its devices."
		: `No device is in ${rule.groups.join(" or ")}.`;
}

function why(rule: PolicyRule, devices: number): string {
	const whom = devices === 0 ? "the plan" : devices === 1 ? "1 device" : `${devices} devices`;
	return `It is the first that matches for ${whom}; it wants ${wanted(rule.stages)}.`;
}

function wanted(stages: readonly Stage[]): string {
	const approvals = stages.reduce((sum, { needed }) => sum + needed, 0);
	if (approvals === 0) return "no approval";
	const count = approvals === 1 ? "one approval" : `${approvals} approvals`;
	return stages.length > 1 ? `${count} in ${stages.length} stages` : count;
}

function isInOneOf(groups: readonly string[] | undefined, wantedGroups: readonly string[]): boolean {
	if (groups === undefined) return false;
	const names = new Set(groups.map((name) => name.toLowerCase()));
	return wantedGroups.some((name) => names.has(name.toLowerCase()));
}

/** Stages that ask the same people are one, with the higher number. */
function joinStages(stages: readonly Stage[]): Stage[] {
	const joined = new Map<string, Stage>();
	for (const stage of stages) {
		const whom = whomOf(stage);
		const same = joined.get(whom);
		if (same === undefined) joined.set(whom, stage);
		else if (stage.needed > same.needed) joined.set(whom, { ...same, needed: stage.needed });
	}
	return [...joined.values()];
}

/** The same for stages that ask the same people. */
function whomOf({ users, roles }: Stage): string {
	return JSON.stringify([users.map(({ id }) => id).toSorted(), roles.toSorted()]);
}
