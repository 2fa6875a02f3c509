import type { AppliedChange, ChangeStage } from "@netconductor/driver-core/change/apply";
import { applyChange as apply } from "@netconductor/driver-core/change/change";
import { openSession } from "@netconductor/driver-core/session";
import { failed } from "@netconductor/runtime/errors";
import { z } from "zod";
import { askChecks, Checks } from "../checks/hold-checks.ts";
import { toOperationError } from "../operations/operation-error.ts";
import { hashOfLines, linesOf } from "./change-input.ts";
import { defineStep } from "./step.ts";

const Planned = z.object({ running_sha256: z.string(), lines_sha256: z.string() });

/** Characters of a difference that a result holds. */
const longestDiff = 200_000;

/**
 * Makes the change that step `plan` planned, proves over a new session that the device is reachable and its checks hold, and confirms it; else takes
 * it back. Nothing is sent when the running configuration is not the one that was planned against, or the lines are not the planned ones.
 */
export const applyChange = defineStep({
	type: "apply_change",
	category: "change",
	mode: "write",
	params: z.object({
		/** Id of the step that planned it. */
		plan: z.string().default("plan"),
		confirm_within_s: z.int().min(60).max(3600).default(300),
		...Checks.shape,
	}),
	outcome: () => "changed",
	async run({ params, connection, session_options, input, earlier, log, show }) {
		const lines = await linesOf({ input });
		const planned = Planned.parse(earlier(params.plan));
		if (planned.lines_sha256 !== hashOfLines(lines)) {
			throw failed("change.plan_outdated", {
				message: `What was planned for ${connection.name} is not what was to be sent. Nothing was sent. Plan it again.`,
				phase: "command",
			});
		}
		const session = await openSession(connection, session_options);
		let applied: AppliedChange;
		try {
			applied = await apply(session, lines, {
				confirm_within_ms: params.confirm_within_s * 1000,
				expected: { running_sha256: planned.running_sha256 },
				async verify(over) {
					for await (const { name, problem } of askChecks(params, over, session_options.signal)) {
						if (problem !== undefined) throw new Error(problem);
						log(`check ${name}: holds`);
					}
				},
				// It is how the change is taken back, too: also when the run was cancelled.
				reopen: () => openSession(connection, { ...session_options, signal: new AbortController().signal }),
				onStage: (stage, detail) => log(detail === undefined ? words[stage] : `${words[stage]}: ${detail}`),
				signal: session_options.signal,
			});
		} finally {
			await session.close();
		}
		const { outcome, diff, running_sha256, saved, error } = applied;
		const result = { outcome, diff: diff.slice(0, longestDiff), running_sha256, saved };
		if (outcome === "confirmed" && !saved) {
			log(`it is not in the startup configuration${error === undefined ? "" : `: ${error.message}`}`);
		}
		if (diff !== "") show(result.diff);
		if (outcome === "confirmed") return { result };
		const why = error === undefined ? notConfirmed(connection.name) : toOperationError(error);
		return { result, error: why, ...(outcome === "unknown" && { unknown: true }) };
	},
});

const words: Readonly<Record<ChangeStage, string>> = {
	pushing: "sending",
	pushed: "sent",
	verifying: "reached over a new session, looking at the checks",
	confirmed: "confirmed",
	rolling_back: "taking it back",
	rolled_back: "taken back: the running configuration is the one before",
};

function notConfirmed(name: string) {
	return { code: "change.interrupted", message: `The change of ${name} was not confirmed`, phase: "commit" as const };
}
