import type { Template, TemplateUse } from "@netconductor/contracts/config/templates";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { type SQL, sql } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { findSummary } from "./template-store.ts";

type Used = Pick<Template, "id" | "name">;

/** What uses the templates with these ids and names: one row each, as `TemplateUse`. */
function usesOf(used: readonly Used[]): SQL {
	const ids = sql`any(${sql.param(used.map(({ id }) => id))}::uuid[])`;
	const names = sql`any(${sql.param(used.map(({ name }) => name))}::text[])`;
	return sql`(
		select id, name, type, 'source' as how from templates
			where id in (select template_id from template_references where template_references.name = ${names})
		union all select id, name, type, 'validation' from templates where validation_template_id = ${ids}
		union all select id, name, type, 'delete' from templates where delete_template_id = ${ids}
		union all select id, name, null, 'stack' from stacks
			where id in (select stack_id from stack_templates where template_id = ${ids})
		union all select id, name, null, 'stack_template' from stack_definitions
			where exists (select from jsonb_array_elements(services) as service where (service ->> 'template_id')::uuid = ${ids})
	) as uses`;
}

export function listTemplateUses({ db }: { db: Database }): ConfigOperation<"listTemplateUses"> {
	return async ({ params, query, actor }) => {
		const used = await findSummary(db.orm, params.id);
		// Stacks and what they are made of are not open to them.
		const shown = actor.device_groups === undefined ? sql`true` : sql`type is not null`;
		const uses = sql`${usesOf([used])} where ${shown}`;
		const { rows } = await db.orm.execute<TemplateUse & Record<string, unknown> & { total: number }>(
			sql`select id, name, type, how, count(*) over ()::int as total from ${uses}
				order by lower(name) collate natural_order, how
				limit ${query.page_size} offset ${(query.page - 1) * query.page_size}`,
		);
		const total =
			rows[0]?.total ??
			(await db.orm.execute<{ total: number }>(sql`select count(*)::int as total from ${uses}`)).rows[0]?.total;
		return toPage(
			query,
			rows.map(({ id, name, type, how }) => ({ id, name, type, how })),
			total ?? 0,
		);
	};
}

const refusals = {
	delete: { which: sql`true`, what: "cannot be deleted", first: "Change them first." },
	rename: {
		which: sql`how = 'source'`,
		what: "cannot be renamed",
		first: "They include it by its name: change them first.",
	},
	retype: {
		which: sql`how <> 'source'`,
		what: "cannot be given another type",
		first: "They link to it or use it: change them first.",
	},
};

/** @throws templates.in_use — naming the templates and stacks that stay and need one of these */
export async function refuseNeeded(
	tx: Statements,
	used: readonly Used[],
	action: keyof typeof refusals,
): Promise<void> {
	const { which, what, first } = refusals[action];
	const { rows } = await tx.execute<{ id: string; name: string }>(
		sql`select distinct id, name from ${usesOf(used)}
			where ${which} and not id = any(${sql.param(used.map(({ id }) => id))}::uuid[]) order by name limit 20`,
	);
	if (rows.length === 0) return;
	const names = rows.map(({ name }) => name);
	throw failed("templates.in_use", {
		message: `${used
			.map(({ name }) => name)
			.join(", ")
			.slice(0, 300)} ${what}: needed by ${names.join(", ")}. ${first}`,
		details: { templates: used.map(({ name }) => name), needed_by: rows },
	});
}
