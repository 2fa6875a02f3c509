import { alertsApi } from "@netconductor/contracts/alerts/api";
import { ApprovalStatus, RiskLevel } from "@netconductor/contracts/alerts/approvals";
import { z } from "zod";
import { listOf, listSearch } from "../../ui/table/list-search.ts";

export const approvalTabs = ["mine", "waiting", "asked", "all"] as const;

export const ApprovalsSearch = listSearch(alertsApi.operations.listApprovals.query.shape.sort, {
	tab: z.enum(approvalTabs),
	status: listOf(ApprovalStatus),
	risk: listOf(RiskLevel),
});
