import type { ProgramStep } from "@netconductor/contracts/tasks/procedure";

/** Path of the step that takes back; no document can have it. */
export const takeBackPath = "~rollback";

/** Paths of a step and of all in it, in the order of the document. */
export function pathsOf(step: ProgramStep): string[] {
	return [step.path, ...step.blocks.flatMap(({ steps }) => steps.flatMap(pathsOf))];
}

export function nameOf({ name, path }: Pick<ProgramStep, "name" | "path">): string {
	return name === null ? path : `${name} (${path})`;
}

/** Parameters whose templates get their values before the step begins, and those that it evaluates itself. */
export function apart(params: Record<string, unknown>, own_templates: readonly string[] = []) {
	const own = new Set(own_templates);
	const entries = Object.entries(params);
	return {
		given: Object.fromEntries(entries.filter(([name]) => !own.has(name))),
		raw: Object.fromEntries(entries.filter(([name]) => own.has(name))),
	};
}
