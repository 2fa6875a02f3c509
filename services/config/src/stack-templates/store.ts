import type { StackTemplate, StackTemplateSummary } from "@netconductor/contracts/config/stack-templates";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { eq, inArray, sql } from "drizzle-orm";
import { createNaming } from "../naming.ts";
import type { ConfigOperation, Statements } from "../operation.ts";
import { partsOf } from "../stacks/stack.ts";
import { stackDefinitions, stacks } from "../stacks/tables.ts";
import { inNaturalOrder } from "../tables.ts";

export type DefinitionRow = Omit<typeof stackDefinitions.$inferSelect, "search_text">;

const naming = createNaming({
	table: stackDefinitions,
	unique: "stack_definitions_name_key",
	called: "stack template",
	detail: "stack_template",
	not_found: "stack_templates.not_found",
	name_taken: "stack_templates.name_taken",
});

/** Runs `work`, which gives a stack template this name. @throws stack_templates.name_taken */
export const refusingTakenDefinition = naming.refusingTaken;

/** A stack template by id or name. @throws stack_templates.not_found */
export async function findDefinition(on: Statements, key: string): Promise<DefinitionRow> {
	const [found] = await on.select().from(stackDefinitions).where(naming.isMeant(key));
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** Keeps a stack template as it is until the transaction ends. @throws stack_templates.not_found */
export async function lockDefinition(tx: Statements, key: string): Promise<DefinitionRow> {
	const [found] = await tx.select().from(stackDefinitions).where(naming.isMeant(key)).for("update");
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** Lets nobody delete a stack template until the transaction ends. @throws stack_templates.not_found */
export async function keepDefinition(tx: Statements, id: string): Promise<void> {
	const { id: kept } = stackDefinitions;
	const [found] = await tx.select({ kept }).from(stackDefinitions).where(eq(kept, id)).for("key share");
	if (found === undefined) throw naming.missing(id);
}

/** How many stacks were made from each, and how many of these from an older version. */
async function stacksOf(
	on: Statements,
	ids: readonly string[],
): Promise<Map<string | null, { stacks: number; outdated_stacks: number }>> {
	if (ids.length === 0) return new Map();
	const rows = await on
		.select({
			id: stacks.made_from,
			stacks: sql<number>`count(*)::int`,
			outdated_stacks: sql<number>`(count(*) filter (where ${stacks.made_from_version} < ${stackDefinitions.version}))::int`,
		})
		.from(stacks)
		.innerJoin(stackDefinitions, eq(stackDefinitions.id, stacks.made_from))
		.where(inArray(stacks.made_from, [...ids]))
		.groupBy(stacks.made_from);
	return new Map(rows.map(({ id, ...counts }) => [id, counts]));
}

function toSummary(
	row: DefinitionRow,
	counts: { stacks: number; outdated_stacks: number } | undefined,
): StackTemplateSummary {
	const { id, name, description, version, created_at, created_by, updated_at, updated_by } = row;
	return {
		id,
		name,
		description,
		version,
		parameters_count: row.parameters.length,
		services_count: row.services.length,
		stacks: counts?.stacks ?? 0,
		outdated_stacks: counts?.outdated_stacks ?? 0,
		created_at,
		created_by,
		updated_at,
		updated_by,
	};
}

/** A stack template as the API tells it. */
export async function toStackTemplate(on: Statements, row: DefinitionRow): Promise<StackTemplate> {
	const counts = (await stacksOf(on, [row.id])).get(row.id);
	return { ...toSummary(row, counts), parameters: row.parameters, ...partsOf(row) };
}

export function listStackTemplates({ db }: { db: Database }): ConfigOperation<"listStackTemplates"> {
	return async ({ query }) => {
		const where = query.q ? sql`strpos(${stackDefinitions.search_text}, lower(${query.q})) > 0` : undefined;
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { name: inNaturalOrder(stackDefinitions.name), updated_at: stackDefinitions.updated_at },
			id: stackDefinitions.id,
			fallback: "name",
			unique: ["name"],
		});
		const [rows, total] = await Promise.all([
			db.orm
				.select()
				.from(stackDefinitions)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.$count(stackDefinitions, where),
		]);
		const counts = await stacksOf(
			db.orm,
			rows.map(({ id }) => id),
		);
		return toPage(
			query,
			rows.map((row) => toSummary(row, counts.get(row.id))),
			total,
		);
	};
}

export function getStackTemplate({ db }: { db: Database }): ConfigOperation<"getStackTemplate"> {
	return async ({ params }) => toStackTemplate(db.orm, await findDefinition(db.orm, params.id));
}
