import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { OccurrenceStatus, Schedule, ScheduleState } from "@netconductor/contracts/scheduling/model";
import type { RunKind } from "@netconductor/contracts/tasks/model";
import { kindWords } from "../../ui/run-words.ts";
import { type Look, runLooks, State } from "../../ui/state.tsx";

export const stateLooks: Record<ScheduleState, Look> = {
	active: { tone: "good", icon: "ok", word: "Active" },
	paused: { tone: "calm", icon: "stop", word: "Paused" },
	ended: { tone: "calm", icon: "minus", word: "Ended" },
	refused: { tone: "bad", icon: "lock", word: "Refused" },
};

const { running, succeeded, partial, failed, cancelled, needs_attention } = runLooks;
export const outcomeLooks: Record<OccurrenceStatus | "planned", Look> = {
	planned: { tone: "calm", icon: "clock", word: "Planned" },
	due: { tone: "busy", icon: "clock", word: "About to start" },
	waiting: { tone: "warn", icon: "clock", word: "Waiting" },
	running,
	succeeded,
	partial,
	failed,
	cancelled,
	needs_attention,
	skipped: { tone: "calm", icon: "minus", word: "Skipped" },
	refused: { tone: "bad", icon: "lock", word: "Refused" },
};

export function ScheduleStateMark({ state }: Pick<Schedule, "state">) {
	return <State {...stateLooks[state]} />;
}

export function Outcome({ status }: { status: OccurrenceStatus }) {
	return <State {...outcomeLooks[status]} />;
}

/** A kind of run in words, where it has some here. */
export function kindWord(kind: string): string {
	return visibleLine(Object.hasOwn(kindWords, kind) ? kindWords[kind as RunKind] : kind);
}
