import type { StackRun } from "@netconductor/contracts/config/stacks";
import { Bypassed, bypassedWord } from "../../ui/run-standing.tsx";
import { RunState, runLooks, State } from "../../ui/state.tsx";

const underWay = { tone: "busy", icon: "running", word: "Not ended" } as const;

/** How a run on a stack ended. Until then the stack does not know how far it is: its page does. */
export function StackRunState({ run }: { run: StackRun }) {
	return (
		<>
			{run.finished_at === null ? <State {...underWay} /> : <RunState status={run.status} />}
			{run.bypassed_by !== null && <Bypassed by={run.bypassed_by} />}
		</>
	);
}

export function stackRunWord({ finished_at, status, bypassed_by }: StackRun): string {
	const word = finished_at === null ? underWay.word : runLooks[status].word;
	return bypassed_by === null ? word : `${word}, ${bypassedWord(bypassed_by)}`;
}
