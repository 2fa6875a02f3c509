import type { InstanceState } from "@netconductor/contracts/config/instances";
import type { RunOperation } from "@netconductor/contracts/tasks/model";

type Ended = Pick<RunOperation, "step_type" | "status" | "result">;

/** A change that neither came about nor was taken back for certain. */
const unsettled = new Set<unknown>(["unknown", "not_restored"]);

/**
 * What an operation of a deployment or a removal says of the services on its device: `deployed` that they are as they were to be, `failed` that they
 * are as they were before. Undefined: nothing, since the device was not changed by it.
 */
export function outcomeOf({ step_type, status, result }: Ended): InstanceState | undefined {
	if (step_type === "plan_change") return status === "succeeded" && result?.unchanged === true ? "deployed" : undefined;
	if (step_type !== "apply_change") return undefined;
	if (status === "succeeded") return "deployed";
	if (status === "unknown") return "unknown";
	if (status !== "failed") return undefined;
	return unsettled.has(result?.outcome) ? "unknown" : "failed";
}
