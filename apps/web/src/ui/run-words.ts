import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run, RunKind } from "@netconductor/contracts/tasks/model";
import { duration } from "./words.ts";

export const kindWords: Record<RunKind, string> = {
	backup: "Backup",
	connectivity_test: "Connectivity test",
	plan: "Plan",
	deploy: "Deployment",
	delete: "Removal",
	check: "Check",
	validate: "Validation",
	mop: "Procedure",
};

/** Services start runs only when their schedules are due. */
export const schedules: Readonly<Record<string, string>> = { backup: "Backup schedule" };

/** Who started a run: a person, or a schedule. */
export function starterOf({ started_by: { kind, name } }: Pick<Run, "started_by">): string {
	return (kind === "service" ? schedules[name] : undefined) ?? visibleLine(name);
}

/** How long a run took; nothing while it goes on. */
export function tookOf({ started_at, finished_at }: Pick<Run, "started_at" | "finished_at">): string {
	if (started_at === null || finished_at === null) return "";
	return duration(new Date(finished_at).getTime() - new Date(started_at).getTime());
}
