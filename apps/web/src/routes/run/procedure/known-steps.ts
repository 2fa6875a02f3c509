import type { RunStep, RunStepStatus } from "@netconductor/contracts/tasks/procedure";

/** Steps that a person may still decide on are read again even when they have ended. */
const readAnyway = 200;
const settled: ReadonlySet<RunStepStatus> = new Set(["succeeded", "skipped", "failed", "cancelled"]);

export function hasSettled({ status }: Pick<RunStep, "status">): boolean {
	return settled.has(status);
}

/** After which `seq` there may be news: a procedure of ten thousand steps is not read as a whole each time that one of them ends. */
export function firstToRead(known: readonly RunStep[]): number {
	const open = known.findIndex((step) => !hasSettled(step));
	const last = known.length - readAnyway;
	const from = known[Math.max(0, open === -1 ? last : Math.min(open, last))];
	return from === undefined ? 0 : Math.max(0, from.seq - 1);
}

/** The steps with what is newly known of some, in the order in which they began. */
export function withSteps(known: readonly RunStep[], news: readonly RunStep[]): readonly RunStep[] {
	const byId = new Map(known.map((step) => [step.id, step]));
	for (const step of news) byId.set(step.id, step);
	return [...byId.values()].sort((a, b) => a.seq - b.seq);
}
