import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, arrayContains, type SQL, sql } from "drizzle-orm";
import type { ConfigOperation } from "../operation.ts";
import { inNaturalOrder, templates } from "../tables.ts";
import { findTemplate, summaryColumns } from "./template-store.ts";

export function listTemplates({ db }: { db: Database }): ConfigOperation<"listTemplates"> {
	return async ({ query }) => {
		const { q, type = [], tag = [], platform } = query;
		const where = and(
			q ? holds(sql`${templates.search_text}`, q) : undefined,
			type.length === 0 ? undefined : sql`${templates.type} = any(${sql.param(type)}::text[])`,
			tag.length === 0 ? undefined : arrayContains(templates.tags, tag),
			platform === undefined
				? undefined
				: sql`(${templates.platforms} = '{}' or ${arrayContains(templates.platforms, [platform])})`,
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { ...templates, name: inNaturalOrder(templates.name) },
			id: templates.id,
			fallback: "name",
			unique: ["name"],
		});
		const total = db.orm.$count(templates, where);
		const rows = await db.orm
			.select({ ...summaryColumns, total })
			.from(templates)
			.where(where)
			.orderBy(...order_by)
			.limit(limit)
			.offset(offset);
		return toPage(query, rows, rows[0]?.total ?? (await total));
	};
}

export function getTemplate({ db }: { db: Database }): ConfigOperation<"getTemplate"> {
	return ({ params }) => findTemplate(db.orm, params.id);
}

/** Condition that `text` (lower case) holds what a person typed, taken literally and whatever its case. */
function holds(text: SQL, typed: string): SQL {
	return sql`${text} like '%' || lower(${typed.replaceAll(/[\\%_]/g, "\\$&")}) || '%'`;
}
