import type { NewStack, Stack, StackSummary } from "@netconductor/contracts/config/stacks";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { inNaturalOrder } from "../tables.ts";
import { stackDefinitions, stacks, stackTemplates } from "./tables.ts";

export type StackRow = Omit<typeof stacks.$inferSelect, "search_text">;

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function isMeant(key: string): SQL {
	return idPattern.test(key) ? eq(stacks.id, key) : sql`lower(${stacks.name}) = lower(${key})`;
}

/** A stack by id or name. @throws stacks.not_found */
export async function findStack(on: Statements, key: string): Promise<StackRow> {
	const [found] = await on.select().from(stacks).where(isMeant(key));
	if (found === undefined) throw noStack(key);
	return found;
}

/** Keeps a stack as it is until the transaction ends. @throws stacks.not_found */
export async function lockStack(tx: Statements, key: string): Promise<StackRow> {
	const [found] = await tx.select().from(stacks).where(isMeant(key)).for("update");
	if (found === undefined) throw noStack(key);
	return found;
}

function noStack(key: string) {
	const shown = JSON.stringify(key.slice(0, 100));
	return failed("stacks.not_found", {
		message: `There is no service stack with the id or name ${shown}.`,
		details: { stack: key.slice(0, 100) },
	});
}

/** Runs `work`, which gives a stack this name. @throws stacks.name_taken */
export async function refusingTakenName<T>(name: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (violatedUnique(error) !== "stacks_name_key") throw error;
		throw failed("stacks.name_taken", {
			message: `There is a service stack named ${name} already (upper and lower case count as the same). Choose another name.`,
			details: { stack: name },
			errors: [{ path: "body.name", message: "taken" }],
		});
	}
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
	const { services, variables, device_variables, rollout, confirm_within_s } = row;
	const { pre_checks, pre_state_checks, checks, state_checks } = row;
	return {
		...toSummary(row, await definitionsOf(on, [row])),
		parameters: row.parameters,
		services,
		variables,
		device_variables,
		pre_checks,
		pre_state_checks,
		checks,
		state_checks,
		rollout,
		confirm_within_s,
	};
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
