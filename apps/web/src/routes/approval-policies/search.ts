import { alertsApi } from "@netconductor/contracts/alerts/api";
import { z } from "zod";
import { listSearch } from "../../ui/table/list-search.ts";

export const PoliciesSearch = listSearch(alertsApi.operations.listApprovalPolicies.query.shape.sort, {
	/** What is tried out: what a plan would need. */
	kind: z
		.string()
		.max(63)
		.regex(/^[a-z][a-z0-9_]*$/),
	reads: z.boolean(),
	devices: z.int().min(0).max(50_000),
	group: z.array(z.coerce.string().max(100)).max(20),
	no_rollback: z.int().min(0).max(50_000),
	emulated: z.int().min(0).max(50_000),
	commands: z.coerce.string().max(2_000),
});
