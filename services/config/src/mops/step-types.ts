import { isDeepStrictEqual } from "node:util";
import type { MopStepType, Parameter } from "@netconductor/contracts/config/mops";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import type { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { newId } from "@netconductor/runtime/id";
import { checkTemplates } from "@netconductor/templating/expressions";
import { count, eq, sql } from "drizzle-orm";
import { z } from "zod";
import type { Statements } from "../operation.ts";
import { holdsTag } from "./check-structure.ts";
import type { TasksClient } from "./clients.ts";
import { markWriting, reviewWriting } from "./follow-writes.ts";
import type { MopOperation } from "./operation.ts";
import { readCatalogue, type StepTypeCatalogue, type StepTypeRow } from "./step-type-catalogue.ts";
import { mopReferences, mops, stepTypes } from "./tables.ts";
import { declarationFaults } from "./variables.ts";

interface Needs {
	db: Database;
	tasks: Pick<TasksClient, "describeStepTypes" | "checkSteps">;
	outbox: Outbox;
	clock: Clock;
}

export function listStepTypes({ db, tasks }: Needs): MopOperation<"listStepTypes"> {
	return async ({ query, ...caller }) => {
		const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
		const q = query.q?.toLowerCase();
		const used = await countUses(db.orm);
		const all = [
			...catalogue.built_in.map(builtIn),
			...catalogue.presets.flatMap((row) => preset(row, catalogue, used)),
		]
			.filter((one) => query.built_in === undefined || one.built_in === query.built_in)
			.filter(({ type, label }) => q === undefined || type.includes(q) || label.toLowerCase().includes(q));
		const field = (query.sort.startsWith("-") ? query.sort.slice(1) : query.sort) as "type" | "label" | "category";
		const sign = query.sort.startsWith("-") ? -1 : 1;
		all.sort((a, b) => sign * compare(a[field], b[field]) || compare(a.type, b.type));
		const from = (query.page - 1) * query.page_size;
		const { page, page_size } = query;
		return { items: all.slice(from, from + page_size), page, page_size, total: all.length };
	};
}

export function getStepType({ db, tasks }: Needs): MopOperation<"getStepType"> {
	return async ({ params, ...caller }) => {
		const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
		return findType(catalogue, params.id, await countUses(db.orm));
	};
}

export function createStepType(needs: Needs): MopOperation<"createStepType"> {
	const { db, tasks, outbox, clock } = needs;
	return async ({ body, note, ...call }) => {
		const catalogue = await readCatalogue({ tasks, on: db.orm }, call);
		if (catalogue.isTaken(body.type)) throw taken(body.type, "the product");
		const base = await checkPreset(needs, catalogue, body, call);
		const id = newId();
		const at = clock.now().toISOString();
		const by = call.actor.name;
		const row = { ...storable(body), base, id, created_at: at, created_by: by, updated_at: at };
		try {
			await db.transaction(async (tx) => {
				await tx.insert(stepTypes).values(row);
				await outbox.publish(tx, "step_type.created.v1", { step_type_id: id, type: body.type, by });
			});
		} catch (error) {
			if (violatedUnique(error) !== "step_types_type_key") throw error;
			throw taken(body.type, "somebody");
		}
		note({ ...about(row), after: recorded(row) });
		return findType(await readCatalogue({ tasks, on: db.orm }, call), id, new Map());
	};
}

export function updateStepType(needs: Needs): MopOperation<"updateStepType"> {
	const { db, tasks, outbox, clock } = needs;
	return async ({ params, body, note, ...call }) => {
		const by = call.actor.name;
		// What was left out of the change stays as it is: when somebody changed that meanwhile, the whole is looked at again.
		for (;;) {
			const catalogue = await readCatalogue({ tasks, on: db.orm }, call);
			const before = own(catalogue, params.id);
			const wanted = { ...before, ...body };
			const base = await checkPreset(needs, catalogue, wanted, call);
			const mayChange = (type: string) => catalogue.find(type)?.info.writes === true;
			const named = { step_type: before.type };
			const isChanged = await db.transaction(async (tx) => {
				const [now] = await tx.select().from(stepTypes).where(eq(stepTypes.id, before.id)).for("update");
				if (now === undefined) throw noType(params.id);
				if (!isDeepStrictEqual(now, before)) return false;
				await tx
					.update(stepTypes)
					.set({ ...storable(body), base, updated_at: clock.now().toISOString() })
					.where(eq(stepTypes.id, before.id));
				if (mayChange(base)) await markWriting(tx, named);
				await outbox.publish(tx, "step_type.updated.v1", { step_type_id: before.id, type: before.type, by });
				return true;
			});
			if (!isChanged) continue;
			if (mayChange(before.base) && !mayChange(base)) await reviewWriting(needs, named, call);
			note({ ...about(before), before: recorded(before), after: recorded(wanted) });
			return findType(await readCatalogue({ tasks, on: db.orm }, call), before.id, await countUses(db.orm));
		}
	};
}

/** Half of a character, which JSON can say and PostgreSQL cannot hold, is replaced. */
function storable<T>(given: T): T {
	return JSON.parse(jsonbText(given)) as T;
}

const mostNamed = 10;

export function deleteStepType({ db, tasks, outbox }: Needs): MopOperation<"deleteStepType"> {
	return async ({ params, note, ...call }) => {
		const gone = own(await readCatalogue({ tasks, on: db.orm }, call), params.id);
		await db.transaction(async (tx) => {
			const [locked] = await tx.select().from(stepTypes).where(eq(stepTypes.id, gone.id)).for("update");
			if (locked === undefined) throw noType(params.id);
			const users = await tx
				.select({ name: mops.name })
				.from(mopReferences)
				.innerJoin(mops, eq(mops.id, mopReferences.mop_id))
				.where(sql`${mopReferences.kind} = 'step_type' and ${mopReferences.name} = ${gone.type}`)
				.orderBy(mops.name)
				.limit(mostNamed + 1);
			if (users.length > 0) {
				const names = users.slice(0, mostNamed).map(({ name }) => name);
				throw failed("step_types.in_use", {
					message: `${gone.type} cannot be deleted: ${names.join(", ")}${users.length > mostNamed ? " and others" : ""} ${users.length === 1 ? "uses" : "use"} it.`,
					details: { step_type: gone.type, used_by: names },
				});
			}
			await tx.delete(stepTypes).where(eq(stepTypes.id, gone.id));
			await outbox.publish(tx, "step_type.deleted.v1", {
				step_type_id: gone.id,
				type: gone.type,
				by: call.actor.name,
			});
		});
		note({ ...about(gone), before: recorded(gone) });
		return undefined;
	};
}

/**
 * What is wrong with a preset, its parameters and its base; answers the present name of the base.
 * @throws step_types.bad_preset
 */
async function checkPreset(
	{ tasks }: Pick<Needs, "tasks">,
	catalogue: StepTypeCatalogue,
	given: Pick<StepTypeRow, "type" | "base" | "preset" | "parameters">,
	caller: CallerContext,
): Promise<string> {
	const base = catalogue.find(given.base);
	const errors: FieldError[] = [];
	if (base === undefined || base.preset !== null) {
		const message =
			base === undefined
				? catalogue.adviceFor(given.base)
				: `${given.base} is no built-in type: name what that one presets`;
		errors.push({ path: "body.base", message });
	} else if (base.info.blocks.length > 0 || base.info.type === "run_mop") {
		const message = `${base.info.type} has other steps in it and cannot be preset. Use run_mop for steps that belong together`;
		errors.push({ path: "body.base", message });
	}
	for (const [name, parameter] of Object.entries(given.parameters)) {
		const path = `body.parameters.${name}`;
		for (const { key, message } of declarationFaults(parameter)) errors.push({ path: `${path}.${key}`, message });
		if (holdsTag(parameter.default)) errors.push({ path: `${path}.default`, message: "is a value, not a template" });
		if (name === "device" || name === "run") errors.push({ path, message: "is a name that templates know already" });
	}
	for (const { path, message } of checkTemplates(given.preset)) {
		errors.push({ path: `body.preset.${path}`, message });
	}
	if (base !== undefined && errors.length === 0) {
		const body = { steps: [{ type: base.info.type, with: given.preset }] };
		const { faults } = await tasks.checkSteps({ body }, caller);
		errors.push(...faults.map(({ path, message }) => ({ path: ["body", "preset", ...path].join("."), message })));
	}
	const [first] = errors;
	if (first === undefined && base !== undefined) return base.info.type;
	const said = errors.map(({ path, message }) => `${path.slice("body.".length)}: ${message}`).join("; ");
	throw failed("step_types.bad_preset", {
		message: `${given.type} cannot be stored. ${said}`.slice(0, 2_000),
		errors,
	});
}

async function countUses(on: Statements): Promise<Map<string, number>> {
	const rows = await on
		.select({ name: mopReferences.name, uses: count() })
		.from(mopReferences)
		.where(eq(mopReferences.kind, "step_type"))
		.groupBy(mopReferences.name);
	return new Map(rows.map(({ name, uses }) => [name, uses]));
}

function builtIn(info: StepTypeInfo): MopStepType {
	return {
		...info,
		id: null,
		built_in: true,
		base: null,
		preset: {},
		parameters: {},
		created_at: null,
		created_by: null,
		updated_at: null,
		used_by: null,
	};
}

/** A type whose base is gone with an older version of the product is not among them. */
function preset(row: StepTypeRow, catalogue: StepTypeCatalogue, uses: ReadonlyMap<string, number>): MopStepType[] {
	const base = catalogue.find(row.base)?.info;
	if (base === undefined) return [];
	const { id, type, label, description, parameters, created_at, created_by, updated_at } = row;
	return [
		{
			...base,
			type,
			label,
			description,
			params: parametersSchema(parameters),
			blocks: [],
			aliases: [],
			example: {},
			id,
			built_in: false,
			base: base.type,
			preset: row.preset,
			parameters,
			created_at,
			created_by,
			updated_at,
			used_by: uses.get(type) ?? 0,
		},
	];
}

const jsonTypes = {
	string: "string",
	integer: "integer",
	number: "number",
	boolean: "boolean",
	list: "array",
	object: "object",
} as const;

/** Parameters as the JSON Schema of `with`. */
export function parametersSchema(parameters: Readonly<Record<string, Parameter>>): Record<string, unknown> {
	const entries = Object.entries(parameters);
	return {
		type: "object",
		properties: Object.fromEntries(
			entries.map(([name, { type, description, default: value, choices, pattern }]) => [
				name,
				{
					type: jsonTypes[type],
					...(description !== "" && { description }),
					...(value !== undefined && { default: value }),
					...(choices !== undefined && type !== "list" && { enum: choices }),
					...(pattern !== undefined && { pattern }),
				},
			]),
		),
		required: entries.flatMap(([name, { required }]) => (required ? [name] : [])),
		additionalProperties: false,
	};
}

const isId = (key: string) => z.uuid().safeParse(key).success;

/** @throws step_types.not_found */
function findType(catalogue: StepTypeCatalogue, key: string, uses: ReadonlyMap<string, number>): MopStepType {
	const row = catalogue.presets.find(({ id, type }) => (isId(key) ? id === key.toLowerCase() : type === key));
	const [found] = row === undefined ? [] : preset(row, catalogue, uses);
	if (found !== undefined) return found;
	const known = catalogue.find(key);
	if (known === undefined || known.preset !== null) throw noType(key);
	return builtIn(known.info);
}

/** @throws step_types.not_found, step_types.built_in */
function own(catalogue: StepTypeCatalogue, key: string): StepTypeRow {
	const row = catalogue.presets.find(({ id, type }) => (isId(key) ? id === key.toLowerCase() : type === key));
	if (row !== undefined) return row;
	if (catalogue.find(key) === undefined) throw noType(key);
	throw failed("step_types.built_in", {
		message: `${key} is a step type of the product: it can be neither changed nor deleted. Make one of your own that presets it.`,
		details: { step_type: key },
	});
}

function noType(key: string) {
	return failed("step_types.not_found", {
		message: `There is no step type with the id or name ${JSON.stringify(key.slice(0, 63))}.`,
		details: { step_type: key.slice(0, 63) },
	});
}

function taken(type: string, by: string) {
	return failed("step_types.name_taken", {
		message: `The name ${type} is taken by a step type of ${by}, or is what other tools call one. Choose another name.`,
		details: { step_type: type },
		errors: [{ path: "body.type", message: "taken" }],
	});
}

function about({ id, type }: Pick<StepTypeRow, "id" | "type">) {
	return { resource_type: "step_type", resource_id: id, resource_name: type };
}

function recorded({ label, base, parameters, preset: given }: Omit<StepTypeRow, "created_by">) {
	return { label, base, parameters: Object.keys(parameters), preset: Object.keys(given) };
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
