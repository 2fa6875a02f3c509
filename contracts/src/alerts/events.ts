import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { DecidedStatus, PlanHash, RiskLevel } from "./approvals.ts";

export const alertsEvents = defineEvents({
	"approval.requested.v1": z.object({
		approval_id: Id,
		run_id: Id,
		kind: z.string(),
		title: z.string(),
		plan_sha256: PlanHash,
		requested_by: z.object({ id: z.string(), name: z.string() }),
		risk_level: RiskLevel,
		device_count: z.int(),
		expires_at: Timestamp,
	}),
	/** Once for an approval. A second one may follow `approved`, with the status `lapsed`: the run must not begin then. */
	"approval.decided.v1": z.object({
		approval_id: Id,
		run_id: Id,
		status: DecidedStatus,
		plan_sha256: PlanHash,
		/** User names. */
		decided_by: z.array(z.string()),
		reason: z.string().nullable(),
		not_before: Timestamp.nullable(),
		not_after: Timestamp.nullable(),
		decided_at: Timestamp,
	}),
});
