import type { Mop } from "@netconductor/contracts/config/mops";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, arrayContains, eq, sql } from "drizzle-orm";
import { inNaturalOrder } from "../tables.ts";
import { findMop, type MopRow, summaryColumns } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { mops } from "./tables.ts";
import { type ValidatedMop, type ValidationNeeds, validateSource } from "./validate-mop.ts";

/** A procedure with what is to be said of it now. */
export function toMop(row: MopRow, { document, faults, writes }: ValidatedMop): Mop {
	return { ...row, writes: document === null ? row.writes : writes, warnings: faults };
}

export function listMops({ db }: { db: Database }): MopOperation<"listMops"> {
	return async ({ query }) => {
		const where = and(
			query.q ? sql`strpos(${mops.search_text}, lower(${query.q})) > 0` : undefined,
			query.enabled === undefined ? undefined : eq(mops.enabled, query.enabled),
			query.tag === undefined ? undefined : arrayContains(mops.tags, [query.tag]),
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				name: inNaturalOrder(mops.name),
				updated_at: mops.updated_at,
				last_run_at: mops.last_run_at,
			},
			id: mops.id,
			fallback: "name",
			unique: ["name"],
		});
		const [rows, total] = await Promise.all([
			db.orm
				.select(summaryColumns)
				.from(mops)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.$count(mops, where),
		]);
		return toPage(query, rows, total);
	};
}

export function getMop(needs: ValidationNeeds): MopOperation<"getMop"> {
	return async ({ params, ...caller }) => {
		const row = await findMop(needs.db.orm, params.id);
		return toMop(row, await validateSource(needs, row, caller));
	};
}
