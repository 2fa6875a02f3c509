import type { Connection } from "@netconductor/contracts/devices/connection";
import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { AppliedChange, ApplyOptions, ChangeStage } from "@netconductor/driver-core/change/apply";
import { openSession, type SessionOptions } from "@netconductor/driver-core/session";
import { askChecks, type Checks } from "../checks/hold-checks.ts";
import { toOperationError } from "../operations/operation-error.ts";

/** Characters of a difference that a result holds. */
export const longestDiff = 200_000;

/** Whatever makes changes on one device: part of what a step is given. */
interface Changing {
	connection: Connection;
	session_options: SessionOptions;
	log(line: string): void;
}

interface Safety {
	confirm_within_s: number;
	/** Hold over a new session after the change, or it is taken back. */
	checks?: Checks | undefined;
	expected?: { running_sha256: string } | undefined;
	save?: boolean | undefined;
	beforeConfirming?: ApplyOptions["beforeConfirming"];
}

/** How every step makes a change: it is there to stay when the device is reachable over a new session and its checks hold, else it is taken back. */
export function safely({ connection, session_options, log }: Changing, safety: Safety): ApplyOptions {
	const { signal } = session_options;
	return {
		confirm_within_ms: safety.confirm_within_s * 1000,
		expected: safety.expected,
		save: safety.save,
		async verify(over) {
			if (safety.checks === undefined) return;
			for await (const { name, problem } of askChecks(safety.checks, over, signal)) {
				if (problem !== undefined) throw new Error(problem);
				log(`check ${name}: holds`);
			}
		},
		beforeConfirming: safety.beforeConfirming,
		// It is how the change is taken back, too: also when the run was cancelled.
		reopen: () => openSession(connection, { ...session_options, signal: new AbortController().signal }),
		onStage: (stage, detail) => log(detail === undefined ? words[stage] : `${words[stage]}: ${detail}`),
		signal,
	};
}

const words: Readonly<Record<ChangeStage, string>> = {
	pushing: "sending",
	pushed: "sent",
	verifying: "reached over a new session, looking at the checks",
	confirmed: "confirmed",
	rolling_back: "taking it back",
	rolled_back: "taken back: the running configuration is the one before",
};

/** What became of a change, as a step's result; what differs now is shown. */
export function changeResult(
	{ outcome, diff, running_sha256, saved, error }: AppliedChange,
	{ connection, log, show, save = true }: Changing & { show(text: string): void; save?: boolean },
): {
	result: Pick<AppliedChange, "outcome" | "diff" | "running_sha256" | "saved">;
	error?: OperationError;
	unknown?: boolean;
} {
	const result = { outcome, diff: diff.slice(0, longestDiff), running_sha256, saved };
	if (outcome === "confirmed" && save && !saved) {
		log(`it is not in the startup configuration${error === undefined ? "" : `: ${error.message}`}`);
	}
	if (diff !== "") show(result.diff);
	if (outcome === "confirmed") return { result };
	const why = error === undefined ? notConfirmed(connection.name) : toOperationError(error);
	return { result, error: why, ...(outcome === "unknown" && { unknown: true }) };
}

function notConfirmed(name: string): OperationError {
	return { code: "change.interrupted", message: `The change of ${name} was not confirmed`, phase: "commit" };
}
