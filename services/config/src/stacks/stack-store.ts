import type { NewStack, Stack, StackSummary } from "@netconductor/contracts/config/stacks";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, eq, inArray, sql } from "drizzle-orm";
import { createNaming } from "../naming.ts";
import type { ConfigOperation, Statements } from "../operation.ts";
import { inNaturalOrder } from "../tables.ts";
import { partsOf } from "./stack.ts";
import { stackDefinitions, stacks, stackTemplates } from "./tables.ts";

export type StackRow = Omit<typeof stacks.$inferSelect, "search_text">;

const naming = createNaming({
	table: stacks,
	unique: "stacks_name_key",
	called: "service stack",
	detail: "stack",
	not_found: "stacks.not_found",
	name_taken: "stacks.name_taken",
});

/** Runs `work`, which gives a stack this name. @throws stacks.name_taken */
export const refusingTakenName = naming.refusingTaken;

/** A stack by id or name. @throws stacks.not_found */
export async function findStack(on: Statements, key: string): Promise<StackRow> {
	const [found] = await on.select().from(stacks).where(naming.isMeant(key));
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** Keeps a stack as it is until the transaction ends. @throws stacks.not_found */
export async function lockStack(tx: Statements, key: string): Promise<StackRow> {
	const [found] = await tx.select().from(stacks).where(naming.isMeant(key)).for("update");
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** Notes which templates a stack uses. */
export async function recordTemplates(
	tx: Statements,
	stack_id: string,
	{ services }: Pick<NewStack, "services">,
): Promise<void> {
	await tx.delete(stackTemplates).where(eq(stackTemplates.stack_id, stack_id));
	const ids = [...new Set(services.map(({ template_id }) => template_id))];
	if (ids.length > 0) await tx.insert(stackTemplates).values(ids.map((template_id) => ({ stack_id, template_id })));
}

type MadeFrom = NonNullable<StackSummary["made_from"]>;

/** The templates that stacks were made from, by their ids. */
async function definitionsOf(on: Statements, rows: readonly StackRow[]) {
	const ids = [...new Set(rows.flatMap(({ made_from }) => made_from ?? []))];
	if (ids.length === 0) return new Map<string, Omit<MadeFrom, "version">>();
	const { id, name, version: newest_version } = stackDefinitions;
	const found = await on.select({ id, name, newest_version }).from(stackDefinitions).where(inArray(id, ids));
	return new Map(found.map((definition) => [definition.id, definition]));
}

function toSummary(row: StackRow, definitions: ReadonlyMap<string, Omit<MadeFrom, "version">>): StackSummary {
	const definition = row.made_from === null ? undefined : definitions.get(row.made_from);
	return {
		id: row.id,
		name: row.name,
		description: row.description,
		state: row.state,
		pending_changes: row.deployed_version !== null && (row.deployed_version !== row.version || row.templates_changed),
		services: row.services.length,
		version: row.version,
		deployed_version: row.deployed_version,
		deployed_at: row.deployed_at,
		last_run_id: row.last_run_id,
		made_from: definition === undefined ? null : { ...definition, version: row.made_from_version ?? 0 },
		created_at: row.created_at,
		created_by: row.created_by,
		updated_at: row.updated_at,
		updated_by: row.updated_by,
	};
}

/** A stack as the API tells it. */
export async function toStack(on: Statements, row: StackRow): Promise<Stack> {
	const { parameters, device_variables } = row;
	const summary = toSummary(row, await definitionsOf(on, [row]));
	return { ...summary, parameters, device_variables, ...partsOf(row) };
}

export function listStacks({ db }: { db: Database }): ConfigOperation<"listStacks"> {
	return async ({ query }) => {
		const where = and(
			query.q ? sql`strpos(${stacks.search_text}, lower(${query.q})) > 0` : undefined,
			query.state && query.state.length > 0 ? inArray(stacks.state, query.state) : undefined,
			query.made_from === undefined ? undefined : eq(stacks.made_from, query.made_from),
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				name: inNaturalOrder(stacks.name),
				state: stacks.state,
				updated_at: stacks.updated_at,
				deployed_at: stacks.deployed_at,
			},
			id: stacks.id,
			fallback: "name",
			unique: ["name"],
		});
		const [rows, total] = await Promise.all([
			db.orm
				.select()
				.from(stacks)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.$count(stacks, where),
		]);
		const definitions = await definitionsOf(db.orm, rows);
		return toPage(
			query,
			rows.map((row) => toSummary(row, definitions)),
			total,
		);
	};
}

export function getStack({ db }: { db: Database }): ConfigOperation<"getStack"> {
	return async ({ params }) => toStack(db.orm, await findStack(db.orm, params.id));
}
