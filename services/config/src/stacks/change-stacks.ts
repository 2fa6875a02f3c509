import type { NewStack, StackChange } from "@netconductor/contracts/config/stacks";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { CallContext } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { compilePattern } from "@netconductor/runtime/pattern";
import { eq, inArray } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { problemsOfReferences } from "../resources/variables.ts";
import { keepDefinition } from "../stack-templates/store.ts";
import { templates } from "../tables.ts";
import { checkDefinition } from "./stack.ts";
import { findStack, lockStack, recordTemplates, refusingTakenName, type StackRow, toStack } from "./stack-store.ts";
import { stacks } from "./tables.ts";

interface Needs {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}

type Call = Pick<CallContext, "actor" | "note">;

/** Of a stack that is made from a template. */
type MadeFrom = Pick<typeof stacks.$inferInsert, "made_from" | "made_from_version" | "parameters">;

export function createStack(needs: Needs): ConfigOperation<"createStack"> {
	return async ({ body, ...call }) => toStack(needs.db.orm, await addStack(needs, body, call));
}

/** @throws stacks.name_taken, stacks.bad_definition, templates.not_found, stack_templates.not_found */
export async function addStack(
	{ db, outbox, clock }: Needs,
	body: NewStack,
	{ actor, note }: Call,
	from: MadeFrom = {},
): Promise<StackRow> {
	checkAll(body);
	const id = newId();
	const at = clock.now().toISOString();
	const row = await refusingTakenName(body.name, () =>
		db.transaction(async (tx) => {
			if (from.made_from) await keepDefinition(tx, from.made_from);
			await checkTemplates(tx, body);
			await tx.insert(stacks).values({
				...body,
				...from,
				id,
				state: "pending",
				version: 1,
				created_at: at,
				created_by: actor.name,
				updated_at: at,
				updated_by: actor.name,
			});
			await recordTemplates(tx, id, body);
			await outbox.publish(tx, "stack.created.v1", { stack_id: id, name: body.name, version: 1, by: actor.name });
			return findStack(tx, id);
		}),
	);
	note({ ...about(row), after: recorded(row) });
	return row;
}

export function updateStack(needs: Needs): ConfigOperation<"updateStack"> {
	return async ({ params, body, ...call }) => toStack(needs.db.orm, await changeStack(needs, params.id, body, call));
}

/** @throws stacks.not_found, stacks.name_taken, stacks.changed, stacks.bad_definition, templates.not_found */
export async function changeStack(
	{ db, outbox, clock }: Needs,
	key: string,
	{ version: began_from, ...change }: StackChange,
	{ actor, note, from }: Call & { from?: MadeFrom },
): Promise<StackRow> {
	const at = clock.now().toISOString();
	const known = await findStack(db.orm, key);
	const { before, after } = await refusingTakenName(change.name ?? known.name, () =>
		db.transaction(async (tx) => {
			const before = await lockStack(tx, known.id);
			if (before.version !== began_from) {
				throw failed("stacks.changed", {
					message: `${before.updated_by} changed ${before.name} meanwhile: it is at version ${before.version}, your change began from ${began_from}. Nothing was changed.`,
					details: { stack: before.name, version: before.version, updated_by: before.updated_by },
				});
			}
			const next = { ...before, ...change };
			checkAll(next);
			await checkTemplates(tx, next);
			const version = before.version + 1;
			await tx
				.update(stacks)
				.set({ ...change, ...from, version, updated_at: at, updated_by: actor.name })
				.where(eq(stacks.id, before.id));
			await recordTemplates(tx, before.id, next);
			await outbox.publish(tx, "stack.updated.v1", { stack_id: before.id, name: next.name, version, by: actor.name });
			return { before, after: await findStack(tx, before.id) };
		}),
	);
	note({ ...about(after), before: recorded(before), after: recorded(after) });
	return after;
}

export function deleteStack({ db, outbox }: Needs): ConfigOperation<"deleteStack"> {
	return async ({ params, query, actor, note }) => {
		const gone = await db.transaction(async (tx) => {
			const stack = await lockStack(tx, params.id);
			refuseBusy(stack);
			if (stack.state !== "pending" && !query.keep_configuration) {
				throw failed("stacks.deployed", {
					message: `${stack.name} stands on devices (${stack.state}). Remove it from them first, or say that its configuration is to stay there.`,
					details: { stack: stack.name, state: stack.state },
				});
			}
			await tx.delete(stacks).where(eq(stacks.id, stack.id));
			const { id, name, version } = stack;
			await outbox.publish(tx, "stack.deleted.v1", { stack_id: id, name, version, by: actor.name });
			return stack;
		});
		note({ ...about(gone), before: recorded(gone) });
		return undefined;
	};
}

/** @throws stacks.busy */
export function refuseBusy({ name, state, last_run_id }: StackRow): void {
	if (state !== "deploying" && state !== "deleting") return;
	throw failed("stacks.busy", {
		message: `A run is at work on ${name} (${state}). Wait for its end, or cancel it.`,
		details: { stack: name, run_id: last_run_id },
	});
}

/** @throws stacks.bad_definition */
function checkAll(
	stack: Pick<NewStack, "services" | "variables" | "device_variables" | "checks" | "pre_checks">,
): void {
	checkDefinition(stack);
	const errors = problemsOfReferences(stack);
	if (errors[0] !== undefined) throw failed("stacks.bad_definition", { message: errors[0].message, errors });
	for (const field of ["pre_checks", "checks"] as const) {
		for (const [index, { expect, name }] of stack[field].entries()) {
			try {
				compilePattern(expect);
			} catch (error) {
				const message = `The pattern of check ${name} is not valid: ${error instanceof Error ? error.message : error}`;
				const path = `body.${field}.${index}.expect`;
				throw failed("stacks.bad_definition", { message, errors: [{ path, message }] });
			}
		}
	}
}

/** Keeps the templates of services while they are noted. @throws templates.not_found, stacks.bad_definition — a template is not one that deploys */
export async function checkTemplates(tx: Statements, { services }: Pick<NewStack, "services">): Promise<void> {
	if (services.length === 0) return;
	const ids = services.map(({ template_id }) => template_id);
	const rows = await tx
		.select({ id: templates.id, name: templates.name, type: templates.type })
		.from(templates)
		.where(inArray(templates.id, ids))
		.for("share");
	const known = new Map(rows.map((row) => [row.id, row]));
	for (const [index, { name, template_id }] of services.entries()) {
		const template = known.get(template_id);
		const path = `body.services.${index}.template_id`;
		if (template === undefined) {
			const message = `There is no template ${template_id}, which the service ${name} names`;
			throw failed("templates.not_found", { message, errors: [{ path, message: "no such template" }] });
		}
		if (template.type !== "deploy") {
			const message = `The template ${template.name} of the service ${name} is of the type ${template.type}; a service needs one that deploys`;
			throw failed("stacks.bad_definition", { message, errors: [{ path, message: "not a deploy template" }] });
		}
	}
}

function about({ id, name }: StackRow) {
	return { resource_type: "stack", resource_id: id, resource_name: name };
}

/** What a record keeps of a stack. Values of variables may be secrets: their names are kept. */
function recorded({
	name,
	description,
	services,
	variables,
	device_variables,
	pre_checks,
	pre_state_checks,
	checks,
	state_checks,
	rollout,
	version,
}: StackRow) {
	return {
		name,
		description,
		version,
		services: services.map(({ variables: own, ...service }) => ({ ...service, variables: Object.keys(own) })),
		variables: Object.keys(variables),
		device_variables: Object.keys(device_variables).length,
		pre_checks,
		pre_state_checks,
		checks,
		state_checks,
		rollout,
	};
}
