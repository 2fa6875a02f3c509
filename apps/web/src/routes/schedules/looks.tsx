import type { OccurrenceStatus, Schedule, ScheduleState } from "@netconductor/contracts/scheduling/model";
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

export const kindLabels: Readonly<Record<string, string>> = {
	backup: "Backup",
	connectivity_test: "Connection test",
};
