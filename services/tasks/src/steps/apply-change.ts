import { applyChange as apply } from "@netconductor/driver-core/change/change";
import { openSession } from "@netconductor/driver-core/session";
import { maskSecretsInSlices } from "@netconductor/runtime/config-text";
import { failed } from "@netconductor/runtime/errors";
import { z } from "zod";
import { type Drift, findDrift, inWords, logProblems } from "../checks/find-drift.ts";
import { Checks } from "../checks/hold-checks.ts";
import { changeInput, hashOfLines } from "./change-input.ts";
import { changeResult, safely } from "./safe-change.ts";
import { defineStep } from "./step.ts";

const Planned = z.object({
	running_sha256: z.string(),
	lines_sha256: z.string(),
	verification: z.object({ sha256: z.string() }).nullish(),
});

/**
 * Makes the change that step `plan` planned, proves over a new session that the device is reachable, its checks hold and what it was
 * to come to stands in its running configuration, and confirms it; else takes it back. Nothing is sent when the running configuration is not the one that was planned against, or the lines are not the planned ones.
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
	async run(context) {
		const { params, connection, session_options, log } = context;
		const { lines, verify } = await changeInput(context);
		const planned = Planned.parse(context.earlier(params.plan));
		const verify_sha256 = verify && hashOfLines(verify.lines);
		if (planned.lines_sha256 !== hashOfLines(lines) || planned.verification?.sha256 !== verify_sha256) {
			throw failed("change.plan_outdated", {
				message: `What was planned for ${connection.name} is not what was to be sent. Nothing was sent. Plan it again.`,
				phase: "command",
			});
		}
		const { confirm_within_s } = params;
		const { running_sha256 } = planned;
		const session = await openSession(connection, session_options);
		try {
			let verification: Drift | null = null;
			const options = safely(context, {
				confirm_within_s,
				checks: params,
				expected: { running_sha256 },
				async beforeConfirming({ text }) {
					if (verify === undefined) return;
					const { drift, problems } = await findDrift(
						verify.lines,
						await maskSecretsInSlices(text, connection.platform),
						connection.platform,
					);
					verification = drift;
					logProblems(problems, log);
					if (problems.length > 0) throw notAsValidated(connection.name, problems);
					log(`stands as it should: ${verify.templates.join(", ")}`);
				},
			});
			const { result, ...end } = changeResult(await apply(session, lines, options), context);
			return { ...end, result: { ...result, verification } };
		} finally {
			await session.close();
		}
	},
});

function notAsValidated(name: string, problems: readonly string[]) {
	return failed("change.verify_failed", {
		message: `${name} is not as the validation template says after the change: ${inWords(problems)}`,
	});
}
