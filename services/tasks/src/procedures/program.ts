import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";

/** Path of the step that takes back; no document can have it. */
export const takeBackPath = "~rollback";

/** Paths of a step and of all in it, in the order of the document. */
export function pathsOf(step: ProgramStep): string[] {
	return [step.path, ...step.blocks.flatMap(({ steps }) => steps.flatMap(pathsOf))];
}

export function nameOf({ name, path }: Pick<ProgramStep, "name" | "path">): string {
	return name === null ? path : `${name} (${path})`;
}

export function poolOf({ worker_pool }: Procedure["targets"][number]): string {
	return worker_pool ?? defaultWorkerPool;
}

/** Pool whose workers begin a procedure and carry out its steps that are for no device: that of all its devices, or else the default pool. */
export function homePool({ targets }: Pick<Procedure, "targets">): string {
	const [only = defaultWorkerPool, ...others] = new Set(targets.map(poolOf));
	return others.length === 0 ? only : defaultWorkerPool;
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
