import type { Device } from "@netconductor/contracts/devices/model";
import type { OperationStatus, RunStatus } from "@netconductor/contracts/tasks/model";
import { Icon, type IconName } from "./icon.tsx";

export interface Look {
	tone: "good" | "warn" | "bad" | "calm" | "busy";
	icon: IconName;
	word: string;
}

type Health = Device["health"];

export const healthLooks: Record<Health, Look> = {
	reachable: { tone: "good", icon: "ok", word: "Reachable" },
	unknown: { tone: "calm", icon: "question", word: "Not contacted" },
	unreachable: { tone: "bad", icon: "unplugged", word: "Unreachable" },
	auth_failed: { tone: "bad", icon: "lock", word: "Login refused" },
	host_key_changed: { tone: "bad", icon: "key", word: "Host key changed" },
	failing: { tone: "warn", icon: "warning", word: "Failing" },
};

export const runLooks: Record<RunStatus, Look> = {
	queued: { tone: "calm", icon: "clock", word: "Queued" },
	running: { tone: "busy", icon: "running", word: "Running" },
	waiting: { tone: "calm", icon: "clock", word: "Waiting" },
	succeeded: { tone: "good", icon: "ok", word: "Succeeded" },
	partial: { tone: "warn", icon: "warning", word: "Partly failed" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
	cancelled: { tone: "calm", icon: "stop", word: "Cancelled" },
	needs_attention: { tone: "bad", icon: "warning", word: "Needs attention" },
};

export const operationLooks: Record<OperationStatus, Look> = {
	pending: { tone: "calm", icon: "clock", word: "Pending" },
	running: { tone: "busy", icon: "running", word: "Running" },
	succeeded: { tone: "good", icon: "ok", word: "Succeeded" },
	skipped: { tone: "calm", icon: "minus", word: "Skipped" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
	cancelled: { tone: "calm", icon: "stop", word: "Cancelled" },
	unknown: { tone: "bad", icon: "question", word: "Unknown" },
};

/** A state as icon and word, so that colour is never the only sign. */
export function State({ tone, icon, word }: Look) {
	return (
		<span className={`nc-state nc-${tone}`}>
			<Icon name={icon} size={14} />
			{word}
		</span>
	);
}

export function HealthState({ health, enabled = true }: { health: Health; enabled?: boolean }) {
	if (!enabled) return <State tone="calm" icon="stop" word="Disabled" />;
	return <State {...healthLooks[health]} />;
}

export function RunState({ status }: { status: RunStatus }) {
	return <State {...runLooks[status]} />;
}
