import type { CallInput, CallOutput } from "@netconductor/contracts/kernel/operation";
import type { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import type { procedureOperations } from "@netconductor/contracts/tasks/procedure-api";
import { nearestName } from "@netconductor/runtime/nearest-name";
import { hasTag } from "@netconductor/templating/read-string";
import { z } from "zod";
import { stepTypeHints } from "./hints.ts";
import type { StepTypes } from "./registry.ts";
import type { AnyStepType } from "./step-type.ts";

type Check = typeof procedureOperations.checkSteps;
type Step = CallInput<Check>["body"]["steps"][number];
type Checked = CallOutput<Check>;
type Fault = Checked["faults"][number];
type Path = Fault["path"];

/** What can be told of every type, by name. */
export function describeStepTypes(types: StepTypes): StepTypeInfo[] {
	return [...new Set(types.values())]
		.map((type) => ({
			type: type.type,
			label: type.label,
			description: type.description,
			category: type.category,
			runs_on: type.runs_on,
			writes: type.mode === "write",
			params: schemaOf(type.params),
			blocks: type.runs_on === "flow" ? [...type.blocks] : [],
			aliases: [...(type.aliases ?? [])],
			permission: type.permission ?? null,
			example: type.example as Record<string, unknown>,
		}))
		.sort((a, b) => (a.type < b.type ? -1 : 1));
}

function schemaOf(params: z.ZodType): Record<string, unknown> {
	const { $schema: _, ...schema } = z.toJSONSchema(params, { io: "input", unrepresentable: "any" });
	return schema;
}

/** What is wrong with the parameters of steps, and what those that are whole would send. A string with a template is taken for whatever is due. */
export function checkSteps(types: StepTypes, steps: readonly Step[]): Checked {
	const faults: Fault[] = [];
	const commands: Checked["commands"] = [];
	const changing: number[] = [];
	for (const [index, step] of steps.entries()) {
		const type = types.get(step.type);
		if (type === undefined) {
			faults.push({ index, path: [], message: unknownType(types, step.type) });
			continue;
		}
		const parsed = type.params.safeParse(step.with);
		if (mayChange(type, step.with, parsed)) changing.push(index);
		if (!parsed.success) {
			const known = type.params instanceof z.ZodObject ? Object.keys(type.params.shape) : [];
			faults.push(...faultsIn(parsed.error.issues, step.with, known).map((fault) => ({ index, ...fault })));
			continue;
		}
		const sent = (type as AnyStepType).commands?.(parsed.data) ?? [];
		if (sent.length > 0) commands.push({ index, commands: sent });
	}
	return { faults, commands, changing };
}

/**
 * Parameters that are not valid as they are written, because of a template, may come to anything: then only those that decide have to be valid, where
 * the type names them.
 */
export function mayChange(
	type: AnyStepType,
	given: Record<string, unknown>,
	parsed: z.ZodSafeParseResult<unknown> = type.params.safeParse(given),
): boolean {
	if (type.changes === undefined) return type.mode === "write";
	if (parsed.success) return type.changes(parsed.data);
	const { changes_by, params } = type;
	if (changes_by === undefined || !(params instanceof z.ZodObject)) return true;
	const shape = Object.entries(params.shape).filter(([key]) => changes_by.includes(key));
	const deciding = z.object(Object.fromEntries(shape)).safeParse(given);
	return !deciding.success || type.changes(deciding.data);
}

function unknownType(types: StepTypes, name: string): string {
	const hint = stepTypeHints.find((known) => known.name === name)?.hint;
	if (hint !== undefined) return `There is no step type ${name}. ${hint}`;
	const nearest = nearestName(name, [...types.keys()]);
	return `There is no step type ${name}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

/**
 * Faults that stay, whatever the templates in the value come to.
 * @param known keys that the value may have, where they are known
 */
function faultsIn(
	issues: readonly z.core.$ZodIssue[],
	value: unknown,
	known: readonly string[] = [],
): Omit<Fault, "index">[] {
	return issues.flatMap((issue): Omit<Fault, "index">[] => {
		const path = issue.path.filter((part): part is string | number => typeof part !== "symbol");
		if (dependsOnTemplate(value, path)) return [];
		switch (issue.code) {
			case "unrecognized_keys":
				return issue.keys.map((key) => ({
					path: [...path, key],
					message: unknownKey(key, path.length === 0 ? known : []),
				}));
			case "invalid_union": {
				const inner = valueAt(value, path);
				const branches = issue.errors.map((branch) => faultsIn(branch, inner));
				if (branches.some((branch) => branch.length === 0) && branches.length > 0) return [];
				const nearest = branches.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0];
				// One whose faults lie deeper is the one that was meant.
				if (nearest !== undefined && depthOf(nearest) > 0) {
					return nearest.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
				}
				return [{ path, message: unionMessage(issue, branches) }];
			}
			case "invalid_type":
				return [{ path, message: valueAt(value, path) === undefined ? "is missing" : issue.message }];
			default:
				return [{ path, message: issue.message }];
		}
	});
}

function unknownKey(key: string, known: readonly string[]): string {
	const nearest = nearestName(key, known);
	return `There is no such parameter${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

function depthOf(faults: readonly Omit<Fault, "index">[]): number {
	return Math.max(0, ...faults.map(({ path }) => path.length));
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion, branches: readonly Omit<Fault, "index">[][]): string {
	const messages = [...new Set(branches.flat().map(({ message }) => message))];
	return messages.length === 0 ? issue.message : messages.join("; or ");
}

/** Whether a template stands in the way: the value, or what it should be in, is a string that becomes something else. */
function dependsOnTemplate(value: unknown, path: Path): boolean {
	if (typeof value === "string" && hasTag(value)) return true;
	const [key, ...rest] = path;
	if (key === undefined || typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
	return dependsOnTemplate((value as Record<string | number, unknown>)[key], rest);
}

function valueAt(value: unknown, path: Path): unknown {
	const [key, ...rest] = path;
	if (key === undefined) return value;
	if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
	return valueAt((value as Record<string | number, unknown>)[key], rest);
}
