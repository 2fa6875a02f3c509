import { setTimeout as sleep } from "node:timers/promises";
import { DeviceCheck } from "@netconductor/contracts/devices/checks";
import type { Session } from "@netconductor/driver-core/session";
import { maskSecrets } from "@netconductor/runtime/config-text";
import { compilePattern } from "@netconductor/runtime/pattern";
import { z } from "zod";
import { askDevice, interruptionOf, nameOf } from "./device-check.ts";

/** A command and what it has to answer, as RE2. */
const CommandCheck = z.object({
	name: z.string(),
	command: z.string(),
	expect: z.string(),
	negate: z.boolean(),
	within_s: z.number(),
});

/** Parameters of steps that ask checks. */
export const Checks = z.object({
	checks: z.array(CommandCheck).default([]),
	state_checks: z.array(DeviceCheck).default([]),
});
export type Checks = z.output<typeof Checks>;

/** Between two times that a check is asked, in milliseconds. */
const askAgain_ms = 2_000;
const longestAnswer = 2_000;

/** What became of a check. `problem` says what is not so, and is undefined when it holds. */
export interface Asked {
	name: string;
	problem: string | undefined;
}

/** Asks one check after the other, the commands first, each until it holds or its time is over. */
export async function* askChecks({ checks, state_checks }: Checks, session: Session, signal: AbortSignal) {
	for (const { name, command, expect, negate, within_s } of checks) {
		const pattern = compilePattern(expect);
		const interrupt_after_ms = interruptionOf(session, command);
		const output = await askUntil(
			{ within_s, signal },
			async () => (await session.run(command, { check: false, interrupt_after_ms })).output,
			(answer) => pattern.test(answer) !== negate,
		);
		let problem: string | undefined;
		if (pattern.test(output) === negate) {
			const said = maskSecrets(output, session.connection.platform).trim().slice(0, longestAnswer);
			const after = `${negate ? "still answers" : "does not answer"} \`${expect}\` after ${within_s} s`;
			problem = `${name}: \`${command}\` ${after}. It answers: ${said}`;
		}
		yield { name, problem } satisfies Asked;
	}
	for (const check of state_checks) {
		const { problems } = await askUntilHolds(session, check, signal);
		const problem = problems.length === 0 ? undefined : `${problems.join("; ")} (after ${check.within_s} s)`;
		yield { name: nameOf(check), problem } satisfies Asked;
	}
}

/** Asks a device until the check holds or its time is over; the last answer. @throws parse.*, device.* */
export function askUntilHolds(session: Session, check: DeviceCheck, signal: AbortSignal) {
	return askUntil(
		{ within_s: check.within_s, signal },
		() => askDevice(session, check),
		({ problems }) => problems.length === 0,
	);
}

/** Asks again and again until the answer is as it should be or the time is over; the last answer. */
export async function askUntil<Answer>(
	{ within_s, signal }: { within_s: number; signal: AbortSignal },
	ask: () => Promise<Answer>,
	holds: (answer: Answer) => boolean,
): Promise<Answer> {
	const over = performance.now() + within_s * 1000;
	for (;;) {
		const answer = await ask();
		if (holds(answer) || performance.now() >= over) return answer;
		await sleep(askAgain_ms, undefined, { signal });
	}
}
