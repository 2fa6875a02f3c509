import type { ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { failed } from "@netconductor/runtime/errors";
import type { StepRow } from "./procedure-store.ts";

/** The list that a step of a program stands in. */
export function listOf(steps: readonly ProgramStep[], path: string): readonly ProgramStep[] | undefined {
	if (steps.some((step) => step.path === path)) return steps;
	for (const { blocks } of steps) {
		for (const block of blocks) {
			const found = listOf(block.steps, path);
			if (found !== undefined) return found;
		}
	}
	return undefined;
}

/**
 * Nobody's word stands in for an approval that a procedure asks for: neither where a step counts as done that is one or has one in it, nor where it
 * goes on beyond one.
 * @param goto the step of the list with which it goes on; undefined: the next one
 * @throws runs.approval_left_out
 */
export function refuseLeftOut(
	program: { steps: readonly ProgramStep[]; rollback: readonly ProgramStep[] },
	rows: readonly StepRow[],
	step: Pick<StepRow, "path" | "key">,
	goto?: string,
): void {
	const list = listOf([...program.steps, ...program.rollback], step.path) ?? [];
	const at = list.findIndex(({ path }) => path === step.path);
	const to = goto === undefined ? at + 1 : list.findIndex(({ id }) => id === goto);
	// Back to a step before it leaves nothing out: what is asked is asked on the way again.
	const passed = list.slice(at, Math.max(at, to)).flatMap(approvalsIn);
	const missing = passed.find((path) => !wasGiven(rows, path, step));
	if (missing === undefined) return;
	throw failed("runs.approval_left_out", {
		message: `The approval ${missing} was not given, and nobody's word stands in for it. Have the step carried out again, take back what was changed, or stop.`,
		details: { approval: missing, step: step.path },
	});
}

/** In the step itself only this time of it counts, whatever was approved in rounds before. */
function wasGiven(rows: readonly StepRow[], path: string, step: Pick<StepRow, "path" | "key">): boolean {
	const own = path === step.path || rows.some((row) => row.path === path && row.key.startsWith(`${step.key}/`));
	const last = rows.findLast(
		(row) => row.path === path && (!own || row.key === step.key || row.key.startsWith(`${step.key}/`)),
	);
	return last?.status === "succeeded" || last?.status === "skipped";
}

function approvalsIn(step: ProgramStep): string[] {
	const inner = step.blocks.flatMap(({ steps }) => steps.flatMap(approvalsIn));
	return step.type === "manual_approval" ? [step.path, ...inner] : inner;
}
