import type { StackSummary, StackState as State_ } from "@netconductor/contracts/config/stacks";
import { type Look, State } from "../../ui/state.tsx";

export const stackLooks: Readonly<Record<State_, Look & { means: string }>> = {
	pending: { tone: "calm", icon: "clock", word: "Not deployed", means: "Nothing of it stands on devices." },
	deploying: { tone: "busy", icon: "running", word: "Deploying", means: "A run brings it to its devices." },
	deployed: { tone: "good", icon: "ok", word: "Deployed", means: "All of it stands on its devices." },
	partial: {
		tone: "warn",
		icon: "warning",
		word: "Partly deployed",
		means: "It stands on some of its devices, and not on all.",
	},
	failed: { tone: "bad", icon: "cross", word: "Failed", means: "It was deployed and stands on no device." },
	deleting: { tone: "busy", icon: "running", word: "Being removed", means: "A run takes it off its devices." },
};

/** What stands of a stack, as icon and word. */
export function StackState({ state }: { state: State_ }) {
	const { tone, icon, word } = stackLooks[state];
	return <State tone={tone} icon={icon} word={word} />;
}

/** That the definition, or a template in it, is newer than what stands on devices. */
export function PendingChanges({ stack }: { stack: Pick<StackSummary, "pending_changes"> }) {
	if (!stack.pending_changes) return null;
	return <State tone="warn" icon="edit" word="Changed since" />;
}
