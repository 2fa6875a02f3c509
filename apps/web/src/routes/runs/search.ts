import { RunKind, RunStatus } from "@netconductor/contracts/tasks/model";
import { z } from "zod";

export const RunsSearch = z.object({
	status: RunStatus.optional().catch(undefined),
	kind: RunKind.optional().catch(undefined),
});
