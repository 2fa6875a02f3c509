import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Timestamp } from "../kernel/ids.ts";

/** What happened to one changing operation; written by the service that ran it, before it runs, and completed after. */
export const OperationRecord = z.object({
	occurred_at: Timestamp,
	service: z.string(),
	operation: z.string(),
	summary: z.string(),
	actor: z.object({ kind: z.string(), id: z.string(), name: z.string(), ip: z.string().optional() }),
	/** `unknown`: the process died between the start and the end of the operation. */
	outcome: z.enum(["succeeded", "failed", "denied", "unknown"]),
	error_code: z.string().optional(),
	resource_type: z.string().optional(),
	resource_id: z.string().optional(),
	resource_name: z.string().optional(),
	/** Parameters, query and body, secrets masked. */
	request: z.unknown().optional(),
	before: z.unknown().optional(),
	after: z.unknown().optional(),
	request_id: z.string().optional(),
	trace_id: z.string().optional(),
});
export type OperationRecord = z.infer<typeof OperationRecord>;

export const auditEvents = defineEvents({ "audit.operation_recorded.v1": OperationRecord });
