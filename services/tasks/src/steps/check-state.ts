import { openSession } from "@netconductor/driver-core/session";
import { askChecks, Checks } from "../checks/hold-checks.ts";
import { defineStep } from "./step.ts";

/** Asks a device whether checks hold, all of them, and changes nothing. It fails when one does not, and the steps after it are left out on the device. */
export const checkState = defineStep({
	type: "check_state",
	category: "checks",
	mode: "read",
	params: Checks,
	outcome: () => "holds",
	async run({ params, connection, session_options, log }) {
		const session = await openSession(connection, session_options);
		const asked: { name: string; holds: boolean; problem?: string }[] = [];
		try {
			for await (const { name, problem } of askChecks(params, session, session_options.signal)) {
				log(problem === undefined ? `check ${name}: holds` : `check ${name}: does not hold: ${problem}`);
				asked.push({ name, holds: problem === undefined, ...(problem !== undefined && { problem }) });
			}
		} finally {
			await session.close();
		}
		const problems = asked.flatMap(({ problem }) => problem ?? []);
		const result = { checks: asked };
		return problems.length === 0
			? { result }
			: { result, error: { code: "checks.not_held", message: problems.join("\n").slice(0, 4_000) } };
	},
});
