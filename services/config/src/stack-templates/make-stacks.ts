import { NewStack } from "@netconductor/contracts/config/stacks";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { eq } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { addStack, changeStack } from "../stacks/change-stacks.ts";
import { partsOf, type StackParts } from "../stacks/stack.ts";
import { findStack, type StackRow, toStack } from "../stacks/stack-store.ts";
import { stackDefinitions } from "../stacks/tables.ts";
import { compareTexts } from "../text/compare.ts";
import { fillIn } from "./fill-in.ts";
import { readParameters } from "./parameters.ts";
import { type DefinitionRow, findDefinition } from "./store.ts";

interface Needs {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}

type Values = Readonly<Record<string, unknown>>;

const contextLines = 3;

export function instantiateStackTemplate(needs: Needs): ConfigOperation<"instantiateStackTemplate"> {
	return async ({ params, body, ...call }) => {
		const definition = await findDefinition(needs.db.orm, params.id);
		const { values, made } = make(definition, body.parameters, body.name);
		const stack = { ...made, name: body.name, description: body.description ?? made.description };
		const row = await addStack(needs, stack, call, {
			made_from: definition.id,
			made_from_version: definition.version,
			parameters: values,
		});
		return toStack(needs.db.orm, row);
	};
}

export function previewUpgrade({ db }: Pick<Needs, "db">): ConfigOperation<"previewUpgrade"> {
	return async ({ params, body }) => {
		const stack = await findStack(db.orm, params.id);
		const definition = await definitionOf(db.orm, stack);
		const { values, made } = make(definition, { ...kept(definition, stack), ...body.parameters }, stack.name);
		const names = {
			from: `${stack.name} version ${stack.version}`,
			to: `${definition.name} version ${definition.version}`,
		};
		const given = { from: written(stack), to: written(made), names };
		const { identical, hunks, unified } = compareTexts(given, contextLines);
		return {
			template_id: definition.id,
			template_name: definition.name,
			from_version: stack.made_from_version ?? 0,
			to_version: definition.version,
			version: stack.version,
			parameters: values,
			identical,
			hunks,
			unified,
		};
	};
}

export function upgradeStack(needs: Needs): ConfigOperation<"upgradeStack"> {
	return async ({ params, body, ...call }) => {
		const stack = await findStack(needs.db.orm, params.id);
		const definition = await definitionOf(needs.db.orm, stack);
		if (definition.version !== body.template_version) {
			throw failed("stack_templates.changed", {
				message: `${definition.updated_by} changed ${definition.name} meanwhile: it is at version ${definition.version}, you looked at ${body.template_version}. Nothing was changed.`,
				details: { stack_template: definition.name, version: definition.version },
			});
		}
		const { values, made } = make(definition, { ...kept(definition, stack), ...body.parameters }, stack.name);
		const { name: _, description: __, device_variables: ___, ...change } = made;
		const row = await changeStack(
			needs,
			stack.id,
			{ ...change, version: body.version },
			{ ...call, from: { made_from_version: definition.version, parameters: values } },
		);
		return toStack(needs.db.orm, row);
	};
}

/** @throws stacks.not_from_template */
async function definitionOf(on: Statements, { name, made_from }: StackRow): Promise<DefinitionRow> {
	const [found] =
		made_from === null ? [] : await on.select().from(stackDefinitions).where(eq(stackDefinitions.id, made_from));
	if (found !== undefined) return found;
	throw failed("stacks.not_from_template", {
		message: `${name} was not made from a stack template, or from one that was deleted since.`,
		details: { stack: name },
	});
}

/** Values that the stack was made with, of parameters that there still are. */
function kept({ parameters }: DefinitionRow, stack: StackRow): Values {
	const names = new Set(parameters.map(({ name }) => name));
	return Object.fromEntries(
		Object.entries(stack.parameters ?? {}).filter(([name, value]) => names.has(name) && value !== null),
	);
}

/**
 * The definition with values in its places.
 * @throws stack_templates.bad_parameters — with what is wrong, of each parameter; or with what the values make of the definition
 */
function make(
	definition: DefinitionRow,
	given: Values,
	name: string,
): { values: Record<string, unknown>; made: NewStack } {
	const { values, errors } = readParameters(definition.parameters, given, "body.parameters");
	if (errors.length > 0) {
		const first = errors[0]?.path.replace(/^body\.parameters\./, "");
		throw failed("stack_templates.bad_parameters", {
			message: `${definition.name} cannot be made with these values. ${first}: ${errors[0]?.message}`,
			details: { stack_template: definition.name },
			errors,
		});
	}
	const filled = fillIn({ description: definition.description, ...partsOf(definition) }, values);
	const read = NewStack.safeParse({ ...(filled as object), name });
	if (!read.success) {
		const made = read.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
		throw failed("stack_templates.bad_parameters", {
			message: `With these values ${definition.name} makes no valid stack. ${made[0]?.path}: ${made[0]?.message}`,
			details: { stack_template: definition.name, faults: made.slice(0, 20) },
		});
	}
	return { values, made: read.data };
}

/** What a template says of a stack, as text that is compared line by line. */
function written(definition: StackParts): string {
	const inOrder = (_: string, held: unknown) =>
		typeof held === "object" && held !== null && !Array.isArray(held)
			? Object.fromEntries(Object.entries(held).sort(([one], [other]) => (one < other ? -1 : 1)))
			: held;
	return `${JSON.stringify(partsOf(definition), inOrder, 2)}\n`;
}
