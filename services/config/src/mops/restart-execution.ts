import type { ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { withinScopeOf } from "@netconductor/runtime/host/device-scope";
import type { TasksClient } from "./clients.ts";
import { findSummary } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import type { RunNeeds } from "./run-mop.ts";

interface Needs extends Pick<RunNeeds, "db"> {
	tasks: Pick<TasksClient, "getRunProcedure" | "restartRun">;
	ownAccount(): CallerContext;
}

/**
 * Begins a run of a procedure anew, with the definition that it had. What is not to be started any more, or runs a procedure that is not, is not
 * started in this way either; what it changed can always be taken back.
 */
export function restartExecution({ db, tasks, ownAccount }: Needs): MopOperation<"restartExecution"> {
	return async ({ params: { run_id }, body, note, ...call }) => {
		const params = { id: run_id };
		const { mop, steps, rollback } = await tasks.getRunProcedure({ params }, withinScopeOf(call, ownAccount()));
		if (body.what !== "rollback") {
			await assertEnabled(mop.id, mop.name);
			for (const inner of new Set([...steps, ...rollback].flatMap(mopsIn))) await assertEnabled(inner, inner);
		}
		const started = await tasks.restartRun({ params, body }, call);
		note({
			resource_type: "mop",
			resource_id: mop.id,
			resource_name: mop.name,
			after: { ...body, restarted: run_id, run_id: started.run_id },
		});
		return started;
	};

	async function assertEnabled(key: string, shown: string): Promise<void> {
		const instead = "Nothing was started; what the run changed can be taken back.";
		try {
			const { enabled, name } = await findSummary(db.orm, key);
			if (enabled) return;
			throw failed("mops.disabled", { message: `${name} is not enabled. ${instead}`, details: { mop: name } });
		} catch (error) {
			if (!hasCode(error, "mops.not_found")) throw error;
			const message = `There is no procedure ${shown} any more. ${instead}`;
			throw failed("mops.not_found", { message, details: { mop: shown } });
		}
	}
}

/** Procedures that a step runs, or steps in it, as the document names them. */
function mopsIn(step: ProgramStep): string[] {
	const inner = step.blocks.flatMap(({ steps }) => steps.flatMap(mopsIn));
	return step.type === "run_mop" ? [String(step.with.mop), ...inner] : inner;
}
