import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { defineApi, get } from "../kernel/operation.ts";
import { CursorPage, CursorQuery } from "../kernel/page.ts";
import { OperationRecord } from "./events.ts";

export const AuditRecord = OperationRecord.extend({
	id: Id,
	/** Position in the chain, from 1 without gaps. */
	position: z.int(),
	recorded_at: Timestamp,
	/** SHA-256, hex, of the canonical JSON (RFC 8785) of this record without `hash`. */
	hash: z.string(),
	previous_hash: z.string(),
}).meta({ id: "AuditRecord" });
export type AuditRecord = z.infer<typeof AuditRecord>;

function filterText(longest: number) {
	return z
		.string()
		.max(longest)
		.regex(/^[^\0]*$/, "NUL is not allowed");
}

/** Filters match exactly, save `q`; `from` and `to` are about when it happened. */
const auditFilter = {
	/** Part of the summary, of the resource's name or id, or of the actor's name, whatever its case. */
	q: filterText(200).optional(),
	/** Id of a user, or the name of a user, API token or service. */
	actor: filterText(200).optional(),
	service: filterText(50).optional(),
	operation: filterText(100).optional(),
	outcome: z.enum(["succeeded", "failed", "denied", "unknown"]).optional(),
	resource_type: filterText(50).optional(),
	resource_id: filterText(200).optional(),
	from: Timestamp.optional(),
	to: Timestamp.optional(),
};
export const ListAudit = CursorQuery.extend(auditFilter);
export const AuditFilter = z.object(auditFilter);

export const ChainVerification = z
	.object({
		intact: z.boolean(),
		records: z.int(),
		/** First record that does not fit, with what is wrong. */
		broken_at: z.int().nullable(),
		reason: z.string().nullable(),
		/** Hash of the newest record: note it elsewhere to prove later that nothing was cut off. */
		head: z.string(),
	})
	.meta({ id: "ChainVerification" });

export const auditApi = defineApi("audit", {
	listAudit: get("/api/audit", {
		summary: "Audit trail, newest first",
		query: ListAudit,
		returns: CursorPage(AuditRecord),
		permission: "audit:read",
	}),
	exportAudit: get("/api/audit/export", {
		summary: "Audit trail as CSV, newest first, at most 50,000 records: narrow it with `from` and `to`",
		query: AuditFilter,
		returns: z.string(),
		produces: "text/csv; charset=utf-8",
		permission: "audit:read",
		timeout_ms: 120_000,
		errors: ["audit.export_too_large"],
	}),
	verifyAudit: get("/api/audit/verify", {
		summary: "Recompute the hash chain",
		query: z.object({
			expected_head: z
				.string()
				.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits, as `head` was given")
				.optional(),
		}),
		returns: ChainVerification,
		permission: "audit:read",
		timeout_ms: 300_000,
	}),
	getAuditRecord: get("/api/audit/:id", {
		summary: "One audit record",
		params: z.object({ id: Id }),
		returns: AuditRecord,
		permission: "audit:read",
		errors: ["audit.not_found"],
	}),
});
