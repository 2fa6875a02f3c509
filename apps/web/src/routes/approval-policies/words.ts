import type { ApprovalPolicy, Stage } from "@netconductor/contracts/alerts/approvals";
import { count } from "../../ui/words.ts";
import { riskLooks } from "../approvals/looks.tsx";

/** What a policy is for, in a line. */
export function scopeOf({ kinds, groups, risk_at_least, writes_only }: ApprovalPolicy): string {
	const what = kinds.length === 0 ? (writes_only ? "Every write" : "Everything") : kinds.join(", ");
	const writing = kinds.length > 0 && writes_only ? " that writes" : "";
	const where = groups.length === 0 ? "" : ` on ${groups.join(", ")}`;
	const risk = risk_at_least === "low" ? "" : `, ${riskLooks[risk_at_least].word.toLowerCase()} or more`;
	return `${what}${writing}${where}${risk}`;
}

/** Whose approval it needs, in a line. */
export function needsOf(stages: readonly Stage[]): string {
	if (stages.length === 0) return "No approval";
	return stages
		.map(({ needed, users, roles }) => {
			const whom = [...users.map(({ name }) => name), ...roles.map((role) => `the role ${role}`)].join(", ");
			return `${count(needed, "approval")} by ${whom || "anybody else"}`;
		})
		.join(", then ");
}
