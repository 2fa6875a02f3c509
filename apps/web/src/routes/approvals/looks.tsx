import type { ApprovalStatus, RiskLevel } from "@netconductor/contracts/alerts/approvals";
import { type Look, State } from "../../ui/state.tsx";

export const approvalLooks: Record<ApprovalStatus, Look> = {
	waiting: { tone: "busy", icon: "clock", word: "Waiting" },
	approved: { tone: "good", icon: "ok", word: "Approved" },
	rejected: { tone: "bad", icon: "cross", word: "Rejected" },
	expired: { tone: "calm", icon: "history", word: "Expired" },
	lapsed: { tone: "calm", icon: "minus", word: "Lapsed" },
	bypassed: { tone: "bad", icon: "unplugged", word: "Bypassed" },
};

export const riskLooks: Record<RiskLevel, Look> = {
	low: { tone: "good", icon: "ok", word: "Low risk" },
	medium: { tone: "warn", icon: "warning", word: "Medium risk" },
	high: { tone: "bad", icon: "warning", word: "High risk" },
	critical: { tone: "bad", icon: "stop", word: "Critical risk" },
};

export function ApprovalState({ status }: { status: ApprovalStatus }) {
	return <State {...approvalLooks[status]} />;
}

export function RiskState({ level }: { level: RiskLevel }) {
	return <State {...riskLooks[level]} />;
}

/** The beginning of a plan's hash: enough to compare by eye. */
export function shortHash(hash: string): string {
	return hash.slice(0, 12);
}
