import { deviceVariables, factVariables } from "@netconductor/contracts/config/device-variables";
import { allSteps, pathText, type ReadProcedure, type ReadStep } from "./read-procedure.ts";
import type { Path } from "./yaml-text.ts";

/** A variable that templates of a step may use. */
export interface VariableAt {
	name: string;
	/** Where its value comes from, and what it is. */
	from: string;
	/** What it has, where that is the same in every procedure. */
	members: readonly string[];
}

/** What the variables have that every procedure knows, by their name. */
export const membersOf: Readonly<Record<string, readonly string[]>> = {
	device: deviceVariables,
	"device.facts": factVariables,
	run: ["id", "title", "reason", "started_by"],
	loop: ["index", "index0", "first", "last"],
};

/** Variables that a step of a procedure can use, the nearest first. `onDevices`: whether its type is carried out on each device. */
export function variablesAt({ values, lists }: ReadProcedure, path: Path, onDevices: boolean): VariableAt[] {
	const found = new Map<string, VariableAt>();
	const add = (name: string, from: string, members: readonly string[] = []) => {
		if (name !== "" && !found.has(name)) found.set(name, { name, from, members });
	};
	const steps = [...allSteps(lists)];
	if (onDevices) add("device", "The device that the step is carried out on", membersOf.device);
	for (const step of steps.filter((one) => holds(one, path)).reverse()) {
		if (step.type !== "loop") continue;
		const { items, count, as } = withOf(step);
		if (items !== undefined) add(String(as ?? "item"), `The item of the round of ${nameOf(step)}`);
		else if (count !== undefined) add(String(as ?? "item"), `Number of the round of ${nameOf(step)}, from 0`);
		add("loop", `The round of ${nameOf(step)}`, membersOf.loop);
	}
	const here = steps.findIndex((one) => pathText(one.path) === pathText(path));
	for (const step of steps.slice(0, Math.max(0, here)).reverse()) {
		const { save_to_variable: name } = step.values;
		if (typeof name !== "string" || holds(step, path) || isElsewhere(step.path, path)) continue;
		add(name, `What ${nameOf(step)} came to; of a step on devices: on each its own, elsewhere by name of the device`);
	}
	const declared = values.variables;
	if (typeof declared === "object" && declared !== null) {
		for (const [name, one] of Object.entries(declared)) add(name, declaredAs(one));
	}
	add("run", "The run itself", membersOf.run);
	return [...found.values()];
}

const nameOf = ({ id, type }: ReadStep) => id || type;

function withOf({ values }: ReadStep): Readonly<Record<string, unknown>> {
	const given = values.with;
	return typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
}

/** Whether the step at this path stands in one of the step's lists. */
function holds(step: ReadStep, path: Path): boolean {
	return step.path.length < path.length && step.path.every((part, index) => path[index] === part);
}

/** Whether two steps are never carried out one after the other: in branches beside each other, or one if not the other. */
function isElsewhere(one: Path, other: Path): boolean {
	const at = one.findIndex((part, index) => other[index] !== part);
	return one[at - 1] === "branches" || (at > 0 && typeof one[at] === "string");
}

function declaredAs(one: unknown): string {
	if (typeof one !== "object" || one === null || Array.isArray(one)) return "Variable of the procedure";
	const { description, type, secret } = one as { description?: unknown; type?: unknown; secret?: unknown };
	const said = typeof description === "string" && description !== "" ? `: ${description}` : "";
	return `Variable of the procedure${typeof type === "string" ? ` (${type})` : ""}${secret === true ? ", secret" : ""}${said}`;
}
