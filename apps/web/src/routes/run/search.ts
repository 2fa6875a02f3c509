import { OperationStatus } from "@netconductor/contracts/tasks/model";
import { z } from "zod";

export const RunSearch = z.object({
	status: OperationStatus.optional().catch(undefined),
	page: z.int().min(1).max(1_000_000).optional().catch(undefined),
	page_size: z.int().min(1).max(500).optional().catch(undefined),
	sort: z
		.enum(["device_name", "status", "started_at", "duration_ms"].flatMap((field) => [field, `-${field}`]))
		.optional()
		.catch(undefined),
});
