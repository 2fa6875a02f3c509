import type { NewStackTemplate } from "@netconductor/contracts/config/stack-templates";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { eq } from "drizzle-orm";
import type { ConfigOperation } from "../operation.ts";
import { checkTemplates } from "../stacks/change-stacks.ts";
import { checkDefinition } from "../stacks/stack.ts";
import { stackDefinitions } from "../stacks/tables.ts";
import { placesIn } from "./fill-in.ts";
import { problemsOfParameters } from "./parameters.ts";
import { type DefinitionRow, lockDefinition, refusingTakenDefinition, toStackTemplate } from "./store.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

export function createStackTemplate({ db, clock }: Needs): ConfigOperation<"createStackTemplate"> {
	return async ({ body, actor, note }) => {
		checkAll(body);
		const id = newId();
		const at = clock.now().toISOString();
		const row = await refusingTakenDefinition(body.name, () =>
			db.transaction(async (tx) => {
				await checkTemplates(tx, body);
				await tx.insert(stackDefinitions).values({
					...body,
					id,
					version: 1,
					created_at: at,
					created_by: actor.name,
					updated_at: at,
					updated_by: actor.name,
				});
				return lockDefinition(tx, id);
			}),
		);
		note({ ...about(row), after: recorded(row) });
		return toStackTemplate(db.orm, row);
	};
}

export function updateStackTemplate({ db, clock }: Needs): ConfigOperation<"updateStackTemplate"> {
	return async ({ params, body: { version: began_from, ...change }, actor, note }) => {
		const at = clock.now().toISOString();
		const { before, after } = await refusingTakenDefinition(change.name ?? params.id, () =>
			db.transaction(async (tx) => {
				const before = await lockDefinition(tx, params.id);
				if (before.version !== began_from) {
					throw failed("stack_templates.changed", {
						message: `${before.updated_by} changed ${before.name} meanwhile: it is at version ${before.version}, your change began from ${began_from}. Nothing was changed.`,
						details: { stack_template: before.name, version: before.version, updated_by: before.updated_by },
					});
				}
				const next = { ...before, ...change };
				checkAll(next);
				await checkTemplates(tx, next);
				await tx
					.update(stackDefinitions)
					.set({ ...change, version: before.version + 1, updated_at: at, updated_by: actor.name })
					.where(eq(stackDefinitions.id, before.id));
				return { before, after: await lockDefinition(tx, before.id) };
			}),
		);
		note({ ...about(after), before: recorded(before), after: recorded(after) });
		return toStackTemplate(db.orm, after);
	};
}

export function deleteStackTemplate({ db }: Pick<Needs, "db">): ConfigOperation<"deleteStackTemplate"> {
	return async ({ params, note }) => {
		const gone = await db.transaction(async (tx) => {
			const row = await lockDefinition(tx, params.id);
			await tx.delete(stackDefinitions).where(eq(stackDefinitions.id, row.id));
			return row;
		});
		note({ ...about(gone), before: recorded(gone) });
		return undefined;
	};
}

/** @throws stack_templates.bad_definition — with every fault at its place */
function checkAll(given: NewStackTemplate): void {
	const { name: _, description: __, parameters, ...definition } = given;
	const errors: FieldError[] = problemsOfParameters(parameters, "body.parameters");
	const declared = new Set(parameters.map(({ name }) => name));
	const { services, variables, pre_checks, pre_state_checks, checks, state_checks } = definition;
	const parts = { services, variables, pre_checks, pre_state_checks, checks, state_checks };
	for (const [part, held] of Object.entries(parts)) {
		for (const name of placesIn(held)) {
			if (declared.has(name)) continue;
			errors.push({ path: `body.${part}`, message: `\${${name}} is no parameter: declare it, or write $\${${name}}` });
		}
	}
	try {
		checkDefinition(given);
	} catch (error) {
		if (!isAppError(error)) throw error;
		errors.push(...(error.errors ?? []));
	}
	const [first] = errors;
	if (first === undefined) return;
	throw failed("stack_templates.bad_definition", {
		message: `The stack template is not valid: ${first.message}`,
		errors,
	});
}

function about({ id, name }: DefinitionRow) {
	return { resource_type: "stack_template", resource_id: id, resource_name: name };
}

/** What a record keeps of a stack template. Values of variables and defaults may be secrets: their names are kept. */
function recorded({ name, description, version, parameters, services, variables }: DefinitionRow) {
	return {
		name,
		description,
		version,
		parameters: parameters.map(({ default: _, ...parameter }) => parameter),
		services: services.map(({ variables: own, ...service }) => ({ ...service, variables: Object.keys(own) })),
		variables: Object.keys(variables),
	};
}
