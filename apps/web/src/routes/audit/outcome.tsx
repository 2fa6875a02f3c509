import type { AuditRecord } from "@netconductor/contracts/audit/api";
import { State } from "../../ui/state.tsx";

export const outcomeLooks = {
	succeeded: { tone: "good", icon: "ok", word: "Succeeded" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
	denied: { tone: "warn", icon: "lock", word: "Denied" },
	unknown: { tone: "bad", icon: "question", word: "Unknown" },
} as const;

export function OutcomeState({ outcome }: { outcome: AuditRecord["outcome"] }) {
	return <State {...outcomeLooks[outcome]} />;
}
