import type { AuditRecord } from "@netconductor/contracts/audit/api";
import { csvCell } from "@netconductor/runtime/csv";
import type { Database } from "@netconductor/runtime/db/database";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and } from "drizzle-orm";
import { recordOf } from "../chain/chain.ts";
import type { Operation } from "../operation.ts";
import { records } from "../tables.ts";
import { filters, newestFirst } from "./read-records.ts";

const pageSize = 1_000;
/** Some 20 MB of text at the most, made in the memory of the process. */
const mostRecords = 50_000;

/** What a column holds. Requests and states before and after are not among them: a cell is no place for a document; the API has them. */
const columns: Record<string, (record: AuditRecord) => string | number | undefined> = {
	position: ({ position }) => position,
	occurred_at: ({ occurred_at }) => occurred_at,
	actor_kind: ({ actor }) => actor.kind,
	actor: ({ actor }) => actor.name,
	actor_id: ({ actor }) => actor.id,
	ip: ({ actor }) => actor.ip,
	service: ({ service }) => service,
	operation: ({ operation }) => operation,
	summary: ({ summary }) => summary,
	outcome: ({ outcome }) => outcome,
	error_code: ({ error_code }) => error_code,
	resource_type: ({ resource_type }) => resource_type,
	resource_id: ({ resource_id }) => resource_id,
	resource_name: ({ resource_name }) => resource_name,
	request_id: ({ request_id }) => request_id,
	trace_id: ({ trace_id }) => trace_id,
	hash: ({ hash }) => hash,
};

/** The records of a filter, newest first; all of them or none, since a trail that was cut short would pass for the whole. */
export function exportAudit({ db, most = mostRecords }: { db: Database; most?: number }): Operation<"exportAudit"> {
	return async ({ query, signal }) => {
		const lines = [Object.keys(columns).join(",")];
		for (let cursor: string | null | undefined; cursor !== null; ) {
			signal.throwIfAborted();
			const limit = Math.min(pageSize, most - lines.length + 2);
			const window = cursorWindow({ limit, cursor }, { key: newestFirst, direction: "descending" });
			const rows = await db.orm
				.select()
				.from(records)
				.where(and(...filters(query), window.where))
				.orderBy(...window.order_by)
				.limit(window.limit);
			const page = toCursorPage(rows, limit, (row) => [row.occurred_at, row.position]);
			for (const row of page.items) lines.push(lineOf(recordOf(row)));
			if (lines.length - 1 > most) throw tooLarge(most);
			cursor = page.next_cursor;
		}
		return `${lines.join("\r\n")}\r\n`;
	};
}

function lineOf(record: AuditRecord): string {
	return Object.values(columns)
		.map((value) => csvCell(String(value(record) ?? "")))
		.join(",");
}

function tooLarge(most: number) {
	return failed("audit.export_too_large", {
		message: `More than ${most} records fit. Narrow them down with from and to, and export them in several files.`,
		details: { most },
	});
}
