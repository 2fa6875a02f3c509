import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { RunState, runLooks, State } from "./state.tsx";

const held = { tone: "warn", icon: "clock", word: "Held back" } as const;

/** How a run stands: its status, that a calendar holds it back, and for good that somebody broke the glass for it. */
export function RunStanding({ run }: { run: Run }) {
	return (
		<>
			{run.waiting_for?.kind === "calendar" ? <State {...held} /> : <RunState status={run.status} />}
			{run.progress?.bypassed && <Bypassed by={run.progress.hold_broken?.by ?? null} />}
		</>
	);
}

/** The same in words. */
export function runStandingWord({ waiting_for, progress, status }: Run): string {
	const word = waiting_for?.kind === "calendar" ? held.word : runLooks[status].word;
	return progress?.bypassed ? `${word}, ${bypassedWord(progress.hold_broken?.by ?? null)}` : word;
}

/** Somebody broke the glass, by name where that is known here. */
export function Bypassed({ by }: { by: string | null }) {
	return (
		<div title={bypassedWord(by)}>
			<State tone="bad" icon="unplugged" word={bypassedWord(by)} />
		</div>
	);
}

export function bypassedWord(by: string | null): string {
	return by === null ? "Bypassed" : `Bypassed by ${visibleLine(by)}`;
}
