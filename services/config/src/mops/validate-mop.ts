import { isOpenTo } from "@netconductor/contracts/auth/permissions";
import type { MopDocument, MopFault } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { hasTag } from "@netconductor/templating/read-string";
import { sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { stacks } from "../stacks/tables.ts";
import { checkMops, plainObject } from "./check-mops.ts";
import { checkReferences } from "./check-references.ts";
import {
	checkBlocks,
	checkDeclarations,
	checkFlow,
	checkSettings,
	checkStepTemplates,
	holdsTag,
} from "./check-structure.ts";
import type { DevicesClient, TasksClient } from "./clients.ts";
import { error, type Fault, type FaultPath, inStep, placeFaults, warning } from "./faults.ts";
import { createHints, type Hints } from "./hints.ts";
import { type MopLibrary, mopKeyOf, mostSteps, readLibrary } from "./mop-library.ts";
import type { MopOperation } from "./operation.ts";
import { type PlacedStep, readDocument, stepsOf } from "./read-document.ts";
import { type KnownType, readCatalogue, type StepTypeCatalogue } from "./step-type-catalogue.ts";
import { mops } from "./tables.ts";
import { unknownNames, valueFault } from "./variables.ts";

export interface ValidationNeeds {
	db: Database;
	tasks: Pick<TasksClient, "describeStepTypes" | "checkSteps">;
	devices: Pick<DevicesClient, "listTargets">;
}

/** What the YAML of a procedure says, and everything that is wrong with it. */
export interface ValidatedMop {
	/** Null where it could not be read. */
	document: MopDocument | null;
	faults: MopFault[];
	/** Steps, those within others too. */
	steps: number;
	/** It may change devices, itself or through those that it runs. */
	writes: boolean;
	/** Paths of the steps that do. */
	may_change: string[];
}

/** Names that are told of, where one of them may have been meant. */
const mostNames = 200;

/** Different selections of devices that are looked up. */
const mostSelections = 50;

/** @param id of the procedure that it is the document of, where it is stored */
export async function validateSource(
	needs: ValidationNeeds,
	{ source, id }: { source: string; id: string | null },
	caller: CallerContext,
): Promise<ValidatedMop> {
	const { document, faults, placeOf } = readDocument(source);
	if (document === null) {
		return { document, faults: placeFaults(faults, placeOf), steps: 0, writes: false, may_change: [] };
	}
	const checked = await checkDocument(needs, document, id, caller);
	return { document, ...checked, faults: placeFaults([...faults, ...checked.faults], placeOf) };
}

async function checkDocument(
	{ db, tasks, devices }: ValidationNeeds,
	document: MopDocument,
	id: string | null,
	caller: CallerContext,
): Promise<Pick<ValidatedMop, "steps" | "writes" | "may_change"> & { faults: Fault[] }> {
	const steps = stepsOf(document);
	if (steps.length > mostSteps) {
		const message = `It has ${steps.length} steps; ${mostSteps} are the most`;
		const faults = [error("mop.too_many_steps", ["steps"], message)];
		return { faults, steps: steps.length, writes: false, may_change: [] };
	}
	const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
	const isRunMop = runsMops(catalogue);
	const known = new Map(steps.map((placed) => [placed, catalogue.find(placed.step.type)]));
	const library = await readLibrary(db.orm, document, isRunMop);
	const usesMops = steps.some(({ step }) => isRunMop(step.type));
	const names = usesMops ? await db.orm.select({ name: mops.name }).from(mops).limit(mostNames) : [];
	const remote = await Promise.all([
		checkParameters(tasks, document, known, caller),
		checkTargets(devices, document, steps, caller),
		checkStacks(db.orm, document, known, caller),
	]);
	const hints = createHints();
	const faults = [
		...checkDeclarations(document),
		...checkFlow(document, steps, hints),
		...steps.flatMap((placed) => checkType(document, placed, known.get(placed), { catalogue, hints })),
		...checkReferences(document, steps, (placed) => known.get(placed), hints),
		...checkMops(
			document,
			{ id, name: document.name },
			{ library, isRunMop, names: names.map(({ name }) => name), hints },
		),
		...remote.flat(),
	];
	const changes = await findChanging(tasks, { document, catalogue, library }, caller);
	return { faults, steps: steps.length, ...changes };
}

/** Whether steps of a type run other procedures. */
export function runsMops(catalogue: StepTypeCatalogue): (type: string) => boolean {
	return (type) => catalogue.find(type)?.info.type === "run_mop";
}

/**
 * Steps that may change something with the parameters that they have: of the document those, and whether there is one in it or in a procedure that it
 * runs.
 */
export async function findChanging(
	tasks: ValidationNeeds["tasks"],
	{ document, catalogue, library }: { document: MopDocument; catalogue: StepTypeCatalogue; library: MopLibrary },
	caller: CallerContext,
): Promise<Pick<ValidatedMop, "writes" | "may_change">> {
	const isRunMop = runsMops(catalogue);
	const within = [...new Set(library.values())];
	const documents = [document, ...within.map((mop) => mop.document)].map(stepsOf);
	const numberOf = new Map(within.map((mop, index) => [mop, index + 1]));
	const runBy = ({ step }: PlacedStep): number | undefined => {
		const run = isRunMop(step.type) ? library.get(mopKeyOf(step)?.toLowerCase() ?? "") : undefined;
		return run === undefined ? undefined : numberOf.get(run);
	};
	const writing = documents.flat().flatMap((placed) => {
		const type = catalogue.find(placed.step.type);
		return type?.info.writes ? [{ placed, type }] : [];
	});
	const asked = writing.filter(({ type }) => type.preset === null);
	const steps = asked
		.slice(0, mostSteps)
		.map(({ placed, type }) => ({ type: type.info.type, with: placed.step.with ?? {} }));
	const { changing } = steps.length === 0 ? { changing: [] } : await tasks.checkSteps({ body: { steps } }, caller);
	const reads = new Set(asked.slice(0, mostSteps).map(({ placed }) => placed));
	for (const index of changing) reads.delete(asked[index]?.placed as PlacedStep);
	const changes = new Set(writing.flatMap(({ placed }) => (reads.has(placed) ? [] : [placed])));
	// What runs a procedure that changes something changes something, too.
	const runs = documents.map((placed) => new Set(placed.map(runBy)));
	const changed = new Set(
		documents.flatMap((placed, index) => (placed.some((one) => changes.has(one)) ? [index] : [])),
	);
	for (let before = -1; before < changed.size; ) {
		before = changed.size;
		for (const [index, run] of runs.entries()) if (!changed.isDisjointFrom(run)) changed.add(index);
	}
	const may_change = (documents[0] ?? []).flatMap((placed) =>
		changes.has(placed) || changed.has(runBy(placed) ?? -1) ? [placed.path.join(".")] : [],
	);
	return { writes: changes.size > 0, may_change };
}

function checkType(
	document: MopDocument,
	placed: PlacedStep,
	known: KnownType | undefined,
	{ catalogue, hints }: { catalogue: StepTypeCatalogue; hints: Hints },
): Fault[] {
	const { step, path } = placed;
	if (known === undefined) {
		const message = catalogue.adviceFor(step.type, hints);
		return [error("step.unknown_type", [...path, "type"], inStep(document, path, message))];
	}
	return [
		...checkBlocks(document, placed, known),
		...checkSettings(document, placed, known),
		...checkStepTemplates(document, placed, known.info.type),
		...(known.preset === null ? [] : checkPresetParameters(document, placed, known.preset, hints)),
	];
}

/** What a step type that somebody defined is given. */
function checkPresetParameters(
	document: MopDocument,
	{ step, path }: PlacedStep,
	{ type, parameters }: NonNullable<KnownType["preset"]>,
	hints: Hints,
): Fault[] {
	const given = step.with ?? {};
	const declared = new Map(Object.entries(parameters));
	const say = (name: string, message: string) =>
		error("step.bad_parameters", [...path, "with", name], inStep(document, path, `\`${name}\` of ${type} ${message}`));
	return [
		...unknownNames(declared, given, hints).map(({ name, message }) => say(name, message)),
		...[...declared].flatMap(([name, parameter]) => {
			const value = Object.hasOwn(given, name) ? given[name] : undefined;
			if (value === undefined || value === null) return parameter.required ? [say(name, "is required")] : [];
			if (holdsTag(value)) return [];
			if (parameter.secret) return [say(name, "is a secret: give it a secret variable, not a value")];
			const fault = valueFault(parameter, value);
			return fault === undefined ? [] : [say(name, fault)];
		}),
	];
}

async function checkParameters(
	tasks: ValidationNeeds["tasks"],
	document: MopDocument,
	known: ReadonlyMap<PlacedStep, KnownType | undefined>,
	caller: CallerContext,
): Promise<Fault[]> {
	const asked = [...known].flatMap(([{ step, path }, type]) =>
		type === undefined || type.preset !== null ? [] : [{ path, type: type.info.type, with: step.with ?? {} }],
	);
	if (asked.length === 0) return [];
	const body = { steps: asked.map(({ type, with: given }) => ({ type, with: given })) };
	const { faults } = await tasks.checkSteps({ body }, caller);
	return faults.flatMap(({ index, path: within, message }) => {
		const step = asked[index];
		if (step === undefined) return [];
		const name = within.length === 0 ? "" : `\`${within.join(".")}\`: `;
		return [
			error(
				"step.bad_parameters",
				[...step.path, "with", ...within],
				inStep(document, step.path, `${name}${message.charAt(0).toLowerCase()}${message.slice(1)}`),
			),
		];
	});
}

async function checkTargets(
	devices: ValidationNeeds["devices"],
	document: MopDocument,
	steps: readonly PlacedStep[],
	caller: CallerContext,
): Promise<Fault[]> {
	const asked: { select: Selection; path: FaultPath }[] = [
		...(document.targets === undefined ? [] : [{ select: document.targets, path: ["targets"] }]),
		...steps.flatMap(({ step, path }) =>
			step.targets === undefined ? [] : [{ select: step.targets, path: [...path, "targets"] }],
		),
	];
	const [first] = asked;
	if (first !== undefined && !isPermitted(caller.actor, "devices:read")) {
		const message = "whether there are such devices was not looked at: that takes the permission devices:read";
		return [warning("targets.unchecked", first.path, inStep(document, first.path, message))];
	}
	const answers = new Map<string, string | undefined>();
	const faults: Fault[] = [];
	// One after another: each may lead to the whole fleet.
	for (const { select, path } of asked) {
		const key = selectionKey(select);
		if (!answers.has(key)) {
			if (answers.size === mostSelections) {
				const message = `whether there are such devices is looked at in ${mostSelections} selections; from here on it is not`;
				faults.push(warning("targets.unchecked", path, inStep(document, path, message)));
				break;
			}
			answers.set(key, await emptyReason(devices, select, caller));
		}
		const message = answers.get(key);
		if (message !== undefined) faults.push(warning("targets.none", path, inStep(document, path, message)));
	}
	return faults;
}

/** The same of two selections that lead to the same devices and fail in the same way. */
function selectionKey({ all = false, device_ids, names, groups, tags }: Selection): string {
	const lists = [device_ids, names, groups, all ? [] : tags];
	return JSON.stringify([all, ...lists.map((list = []) => [...new Set(list)].toSorted())]);
}

async function emptyReason(
	devices: ValidationNeeds["devices"],
	select: Selection,
	caller: CallerContext,
): Promise<string | undefined> {
	try {
		const { targets } = await devices.listTargets({ body: { select } }, caller);
		return targets.length === 0 ? "`targets` selects no device" : undefined;
	} catch (fault) {
		if (!isAppError(fault) || (fault.code !== "devices.not_found" && fault.code !== "device_groups.not_found"))
			throw fault;
		return `\`targets\`: ${fault.message}`;
	}
}

/** Stacks that are deployed but do not exist. */
async function checkStacks(
	on: Statements,
	document: MopDocument,
	known: ReadonlyMap<PlacedStep, KnownType | undefined>,
	{ actor }: CallerContext,
): Promise<Fault[]> {
	const named = [...known].flatMap(([{ step, path }, type]) => {
		const stack = plainObject(step.with)?.stack;
		return type?.info.type === "deploy_stack" && typeof stack === "string" && !hasTag(stack) ? [{ stack, path }] : [];
	});
	const [first] = named;
	if (first === undefined) return [];
	if (!isOpenTo(actor, "stacks:read")) {
		const path = [...first.path, "with", "stack"];
		const message = "whether there is such a service stack was not looked at: that takes the permission stacks:read";
		return [warning("stack.unchecked", path, inStep(document, path, message))];
	}
	const wanted = named.map(({ stack }) => stack.toLowerCase());
	const found = await on
		.select({ id: stacks.id, name: sql<string>`lower(${stacks.name})` })
		.from(stacks)
		.where(
			sql`lower(${stacks.name}) = any(${sql.param(wanted)}::text[]) or ${stacks.id}::text = any(${sql.param(wanted)}::text[])`,
		);
	const there = new Set(found.flatMap(({ id, name }) => [id, name]));
	return named
		.filter(({ stack }) => !there.has(stack.toLowerCase()))
		.map(({ stack, path }) =>
			warning(
				"stack.unknown",
				[...path, "with", "stack"],
				inStep(document, path, `there is no service stack \`${stack}\``),
			),
		);
}

/**
 * The same of a document that is to be stored.
 * @throws mops.bad_document — with every error and its line
 */
export async function requireValid(
	needs: ValidationNeeds,
	given: { source: string; id: string | null },
	caller: CallerContext,
): Promise<ValidatedMop & { document: MopDocument }> {
	const validated = await validateSource(needs, given, caller);
	const errors = validated.faults.filter(({ severity }) => severity === "error");
	const { document } = validated;
	const [first] = errors;
	if (first === undefined && document !== null) return { ...validated, document };
	const more = errors.length - 1;
	const line = first === undefined ? "" : `Line ${first.line}: ${first.message}`;
	throw failed("mops.bad_document", {
		message: `The procedure cannot be stored. ${line}${more > 0 ? `; and ${more} more` : ""}`,
		details: { faults: validated.faults.slice(0, 200) },
		errors: errors.slice(0, 200).map(({ path, message }) => ({ path, message })),
	});
}

export function validateMop(needs: ValidationNeeds): MopOperation<"validateMop"> {
	return async ({ body, ...caller }) => {
		const { document, faults, may_change } = await validateSource(needs, { source: body.source, id: null }, caller);
		return { valid: !faults.some(({ severity }) => severity === "error"), faults, document, may_change };
	};
}
