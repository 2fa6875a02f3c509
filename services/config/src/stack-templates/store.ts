import type { StackTemplate, StackTemplateSummary } from "@netconductor/contracts/config/stack-templates";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { eq, inArray, type SQL, sql } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { stackDefinitions, stacks } from "../stacks/tables.ts";
import { inNaturalOrder } from "../tables.ts";

export type DefinitionRow = Omit<typeof stackDefinitions.$inferSelect, "search_text">;

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function isMeant(key: string): SQL {
	return idPattern.test(key) ? eq(stackDefinitions.id, key) : sql`lower(${stackDefinitions.name}) = lower(${key})`;
}

/** A stack template by id or name. @throws stack_templates.not_found */
export async function findDefinition(on: Statements, key: string): Promise<DefinitionRow> {
	const [found] = await on.select().from(stackDefinitions).where(isMeant(key));
	if (found === undefined) throw noDefinition(key);
	return found;
}

/** Keeps a stack template as it is until the transaction ends. @throws stack_templates.not_found */
export async function lockDefinition(tx: Statements, key: string): Promise<DefinitionRow> {
	const [found] = await tx.select().from(stackDefinitions).where(isMeant(key)).for("update");
	if (found === undefined) throw noDefinition(key);
	return found;
}

/** Lets nobody delete a stack template until the transaction ends. @throws stack_templates.not_found */
export async function keepDefinition(tx: Statements, id: string): Promise<void> {
	const { id: kept } = stackDefinitions;
	const [found] = await tx.select({ kept }).from(stackDefinitions).where(eq(kept, id)).for("key share");
	if (found === undefined) throw noDefinition(id);
}

function noDefinition(key: string) {
	const shown = JSON.stringify(key.slice(0, 100));
	return failed("stack_templates.not_found", {
		message: `There is no stack template with the id or name ${shown}.`,
		details: { stack_template: key.slice(0, 100) },
	});
}

/** Runs `work`, which gives a stack template this name. @throws stack_templates.name_taken */
export async function refusingTakenDefinition<T>(name: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (violatedUnique(error) !== "stack_definitions_name_key") throw error;
		throw failed("stack_templates.name_taken", {
			message: `There is a stack template named ${name} already (upper and lower case count as the same). Choose another name.`,
			details: { stack_template: name },
			errors: [{ path: "body.name", message: "taken" }],
		});
	}
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
	const { parameters, services, variables, pre_checks, pre_state_checks, checks, state_checks } = row;
	const { rollout, confirm_within_s } = row;
	return {
		...toSummary(row, counts),
		parameters,
		services,
		variables,
		pre_checks,
		pre_state_checks,
		checks,
		state_checks,
		rollout,
		confirm_within_s,
	};
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
