import type { AuditFilter } from "@netconductor/contracts/audit/api";
import { Id, Timestamp } from "@netconductor/contracts/kernel/ids";
import type { Database } from "@netconductor/runtime/db/database";
import { type CursorKey, cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, gte, lte, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { recordOf } from "../chain/chain.ts";
import type { Operation } from "../operation.ts";
import { records } from "../tables.ts";

/** Newest first by when it happened; records that arrived late stand where they belong. */
export const newestFirst: CursorKey = [
	{ column: records.occurred_at, schema: Timestamp },
	{ column: records.position, schema: z.int() },
];

export function listAudit({ db }: { db: Database }): Operation<"listAudit"> {
	return async ({ query }) => {
		const window = cursorWindow(query, { key: newestFirst, direction: "descending" });
		const rows = await db.orm
			.select()
			.from(records)
			.where(and(...filters(query), window.where))
			.orderBy(...window.order_by)
			.limit(window.limit);
		const page = toCursorPage(rows, query.limit, (row) => [row.occurred_at, row.position]);
		return { ...page, items: page.items.map(recordOf) };
	};
}

/** The conditions of a list's or an export's filter. */
export function filters(query: z.output<typeof AuditFilter>): SQL[] {
	const conditions: SQL[] = [];
	const { actor, from, to } = query;
	if (actor !== undefined)
		conditions.push(eq(Id.safeParse(actor).success ? records.actor_id : records.actor_name, actor));
	for (const name of ["service", "operation", "outcome", "resource_type", "resource_id"] as const) {
		const wanted = query[name];
		if (wanted !== undefined) conditions.push(eq(records[name], wanted));
	}
	if (query.q) {
		const typed = query.q.replaceAll(/[\\%_]/g, "\\$&");
		conditions.push(sql`${records.search_text} like '%' || lower(${typed}) || '%'`);
	}
	if (from !== undefined) conditions.push(gte(records.occurred_at, from));
	if (to !== undefined) conditions.push(lte(records.occurred_at, to));
	return conditions;
}

export function getAuditRecord({ db }: { db: Database }): Operation<"getAuditRecord"> {
	return async ({ params }) => {
		const [row] = await db.orm.select().from(records).where(eq(records.id, params.id));
		if (row !== undefined) return recordOf(row);
		throw failed("audit.not_found", { message: `There is no audit record ${params.id}`, details: { id: params.id } });
	};
}
