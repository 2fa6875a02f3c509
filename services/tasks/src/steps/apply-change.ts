import { setTimeout as sleep } from "node:timers/promises";
import { DeviceCheck } from "@netconductor/contracts/devices/checks";
import type { AppliedChange, ChangeStage } from "@netconductor/driver-core/change/apply";
import { applyChange as apply } from "@netconductor/driver-core/change/change";
import { openSession, type Session } from "@netconductor/driver-core/session";
import { maskSecrets } from "@netconductor/runtime/config-text";
import { failed } from "@netconductor/runtime/errors";
import { compilePattern } from "@netconductor/runtime/pattern";
import { z } from "zod";
import { nameOf, problemsOn } from "../checks/device-check.ts";
import { toOperationError } from "../operations/operation-error.ts";
import { hashOfLines, linesOf } from "./change-input.ts";
import { defineStep } from "./step.ts";

const Check = z.object({
	name: z.string(),
	command: z.string(),
	expect: z.string(),
	negate: z.boolean(),
	within_s: z.number(),
});
type Check = z.output<typeof Check>;

const Planned = z.object({ running_sha256: z.string(), lines_sha256: z.string() });

/** Between two times that a check is asked, in milliseconds. */
const askAgain_ms = 2_000;
const longestAnswer = 2_000;
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
		checks: z.array(Check).default([]),
		state_checks: z.array(DeviceCheck).default([]),
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
					await holdAll(params.checks, over, session_options.signal, log);
					await holdAllStates(params.state_checks, over, session_options.signal, log);
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

/** Asks each check until it holds or its time is over. @throws Error naming the check and what was answered */
async function holdAll(
	checks: readonly Check[],
	session: Session,
	signal: AbortSignal,
	log: (line: string) => void,
): Promise<void> {
	for (const { name, command, expect, negate, within_s } of checks) {
		const pattern = compilePattern(expect);
		const until = performance.now() + within_s * 1000;
		for (;;) {
			const { output } = await session.run(command, { check: false });
			if (pattern.test(output) !== negate) break;
			if (performance.now() >= until) {
				const said = maskSecrets(output, session.connection.platform).trim().slice(0, longestAnswer);
				throw new Error(
					`${name}: \`${command}\` ${negate ? "still answers" : "does not answer"} \`${expect}\` after ${within_s} s. It answers: ${said}`,
				);
			}
			await sleep(askAgain_ms, undefined, { signal });
		}
		log(`check ${name}: holds`);
	}
}

/** The same of what the device must know. @throws Error naming what is not so */
async function holdAllStates(
	checks: readonly DeviceCheck[],
	session: Session,
	signal: AbortSignal,
	log: (line: string) => void,
): Promise<void> {
	for (const check of checks) {
		const until = performance.now() + check.within_s * 1000;
		for (;;) {
			const problems = await problemsOn(session, check);
			if (problems.length === 0) break;
			if (performance.now() >= until) throw new Error(`${problems.join("; ")} (after ${check.within_s} s)`);
			await sleep(askAgain_ms, undefined, { signal });
		}
		log(`check ${nameOf(check)}: holds`);
	}
}

function notConfirmed(name: string) {
	return { code: "change.interrupted", message: `The change of ${name} was not confirmed`, phase: "commit" as const };
}
