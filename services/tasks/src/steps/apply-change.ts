import { applyChange as apply } from "@netconductor/driver-core/change/change";
import { openSession } from "@netconductor/driver-core/session";
import { failed } from "@netconductor/runtime/errors";
import { z } from "zod";
import { Checks } from "../checks/hold-checks.ts";
import { hashOfLines, linesOf } from "./change-input.ts";
import { changeResult, safely } from "./safe-change.ts";
import { defineStep } from "./step.ts";

const Planned = z.object({ running_sha256: z.string(), lines_sha256: z.string() });

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
	async run(context) {
		const { params, connection, session_options } = context;
		const lines = await linesOf(context);
		const planned = Planned.parse(context.earlier(params.plan));
		if (planned.lines_sha256 !== hashOfLines(lines)) {
			throw failed("change.plan_outdated", {
				message: `What was planned for ${connection.name} is not what was to be sent. Nothing was sent. Plan it again.`,
				phase: "command",
			});
		}
		const { confirm_within_s } = params;
		const { running_sha256 } = planned;
		const session = await openSession(connection, session_options);
		try {
			const options = safely(context, { confirm_within_s, checks: params, expected: { running_sha256 } });
			return changeResult(await apply(session, lines, options), context);
		} finally {
			await session.close();
		}
	},
});
