import type { DevicePhase } from "@netconductor/contracts/kernel/errors";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Decision, Run, RunOperation } from "@netconductor/contracts/tasks/model";
import type { Look } from "../../ui/state.tsx";
import { bytes, count, withoutDevice } from "../../ui/words.ts";

const steps: Readonly<Record<string, string>> = {
	collect_config: "Back up the config",
	test_connection: "Test the connection",
	plan_change: "Plan the change",
	apply_change: "Make the change",
	check_state: "Ask the checks",
	compare_config: "Compare the config",
	take_back: "Take back what was changed",
};

/** What a step does, in words. */
export function stepName({ id, type }: Run["steps"][number]): string {
	return steps[type] ?? id.replaceAll("_", " ");
}

export const phaseWords: Record<DevicePhase, string> = {
	connect: "while connecting",
	host_key: "while checking the host key",
	auth: "while logging in",
	prompt: "while waiting for the prompt",
	command: "while running a command",
	commit: "while committing",
};

const outcomes: Readonly<Record<string, string>> = {
	first: "First backup",
	changed: "Changed",
	unchanged: "Unchanged",
	reachable: "Reachable",
	holds: "All checks hold",
};

/** What became of a change that was sent. */
const changeOutcomes: Readonly<Record<string, { look: Look; means: string }>> = {
	confirmed: {
		look: { tone: "good", icon: "ok", word: "Confirmed" },
		means: "The change is there to stay: the device answered over a new session, and its checks hold.",
	},
	rolled_back: {
		look: { tone: "warn", icon: "history", word: "Taken back" },
		means: "The change was taken back: the running configuration is the one from before.",
	},
	not_restored: {
		look: { tone: "bad", icon: "warning", word: "Not restored" },
		means:
			"The change should have been taken back, and the running configuration still differs from the one before. Look at the device.",
	},
	unknown: {
		look: { tone: "bad", icon: "question", word: "Unknown" },
		means: "It could not be found out whether the change is there. Look at the device.",
	},
};

const changing: ReadonlySet<string> = new Set(["apply_change", "set_config", "take_back"]);

/** Whether operations of a step type change a device, and say what became of that. */
export function makesChange(step_type: string): boolean {
	return changing.has(step_type);
}

/** Of an operation that makes a change: what became of it; undefined where nothing was sent yet. */
export function changeOutcome({ step_type, result }: Pick<RunOperation, "step_type" | "result">) {
	if (!makesChange(step_type) || typeof result?.outcome !== "string") return undefined;
	return changeOutcomes[result.outcome];
}

/** Of a change that was compared with validation templates: what they found; null where none was, or it did not come so far. */
export function verificationOf({ step_type, result }: Pick<RunOperation, "step_type" | "result">) {
	return makesChange(step_type) && isRecord(result?.verification) ? result.verification : null;
}

/** What a success came to, by the step's own word for it. */
export function outcomeWord(outcome: string): string {
	// The hash of a difference; the plan shows what it is.
	if (outcome.startsWith("#")) return "Would change in the same way";
	return outcomes[outcome] ?? outcome.replaceAll("_", " ");
}

/** What an operation came to, in a line. */
export function resultLine({ status, device_name, error, skip_reason, result, step_type }: RunOperation): string {
	if (error !== null) {
		const message = withoutDevice(error.message, device_name);
		if (error.phase === undefined) return visibleLine(message);
		const phase = phaseWords[error.phase];
		return visibleLine(`${phase.charAt(0).toUpperCase()}${phase.slice(1)}: ${message}`);
	}
	if (skip_reason !== null) return visibleLine(skip_reason);
	if (status !== "succeeded" || result === null) return "";
	if (step_type === "plan_change") {
		const lines = result.commands_total;
		if (result.unchanged === true) return "Nothing would change";
		return typeof lines === "number" ? `Would change: ${count(lines, "command")}` : "Would change";
	}
	if (makesChange(step_type)) {
		const outcome = changeOutcome({ step_type, result });
		const unsaved = result.saved === false ? "; it is not saved, and is gone when the device restarts" : "";
		return outcome === undefined ? "" : `${outcome.look.word}${unsaved}`;
	}
	if (step_type === "check_state") {
		return Array.isArray(result.checks) ? `${count(result.checks.length, "check")} held` : "";
	}
	if (step_type === "compare_config") return "Stands as it should";
	if (step_type === "collect_config") {
		const { changed, size_bytes } = result;
		const word = changed === null ? "First backup" : changed === true ? "Changed" : "Unchanged";
		return typeof size_bytes === "number" ? `${word}, ${bytes(size_bytes)}` : word;
	}
	const facts = isRecord(result.facts) ? result.facts : {};
	const said = ["hostname", "model", "os_version"]
		.map((name) => facts[name])
		.filter((fact) => typeof fact === "string");
	return visibleLine(said.join(", "));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const decisions: Record<Decision, { label: string; means: string; was: string }> = {
	verified: {
		label: "The change was made",
		means:
			"You looked at the device and the change is there. The operation counts as succeeded, and the steps after it on this device go on.",
		was: "found the change made",
	},
	retry: {
		label: "Run it again",
		means:
			"The change is not there, or making it twice does no harm. The operation runs again in this run: NetConductor connects to the device and writes to it.",
		was: "had it run again",
	},
	failed: {
		label: "It failed",
		means:
			"The change is not there and shall not be made now. The operation counts as failed. Nothing is sent to the device; what may be half done stays as it is.",
		was: "found that it failed",
	},
	skip: {
		label: "Leave it out",
		means:
			"It does not matter any more. The operation counts as skipped, and so do the steps after it on this device. Nothing is sent to the device.",
		was: "left it out",
	},
};
