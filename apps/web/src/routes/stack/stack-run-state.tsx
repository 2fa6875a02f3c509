import type { StackRun } from "@netconductor/contracts/config/stacks";
import { RunState, runLooks, State } from "../../ui/state.tsx";

const underWay = { tone: "busy", icon: "running", word: "Not ended" } as const;

/** How a run on a stack ended. Until then the stack does not know how far it is: its page does. */
export function StackRunState({ run }: { run: StackRun }) {
	return run.finished_at === null ? <State {...underWay} /> : <RunState status={run.status} />;
}

export function stackRunWord({ finished_at, status }: StackRun): string {
	return finished_at === null ? underWay.word : runLooks[status].word;
}
