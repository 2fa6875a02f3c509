import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import { hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";

export interface LeaveAwaitedNeeds {
	clients: { tasks: Pick<Client<typeof tasksApi, CallerContext>, "cancelRun"> };
	ownAccount(): CallerContext;
}

/**
 * Nobody waits any more for a run that a step began: it is cancelled, as a person would cancel it.
 * @returns what became of it, for people; undefined where it had ended
 * @throws what the call throws — it may be going on; to be tried again
 */
export async function leaveAwaited(
	{ clients, ownAccount }: LeaveAwaitedNeeds,
	run_id: string,
): Promise<string | undefined> {
	try {
		await clients.tasks.cancelRun({ params: { id: run_id } }, ownAccount());
		return `The run that it began, ${run_id}, was cancelled`;
	} catch (error) {
		if (hasCode(error, "runs.already_ended") || hasCode(error, "runs.not_found")) return undefined;
		throw error;
	}
}
