import type { Page } from "@netconductor/contracts/kernel/page";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { ListRunSteps, RunProcedure, RunStep } from "@netconductor/contracts/tasks/procedure";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, asc, eq, gt, inArray } from "drizzle-orm";
import type { z } from "zod";
import { procedures, runSteps } from "../tables.ts";
import { type StepRow, shownColumns } from "./procedure-store.ts";

/** @throws runs.not_a_procedure */
export async function getRunProcedure(db: Database, run: Pick<Run, "id" | "title">): Promise<RunProcedure> {
	const [row] = await db.orm.select().from(procedures).where(eq(procedures.run_id, run.id));
	if (row === undefined) throw notAProcedure(run);
	return { run_id: run.id, ...row.shown, mode: row.mode, restarted: row.restarted };
}

/** @throws runs.not_a_procedure */
export async function listRunSteps(
	db: Database,
	run: Pick<Run, "id" | "title" | "kind">,
	query: z.output<typeof ListRunSteps>,
): Promise<Page<RunStep>> {
	if (run.kind !== "mop") throw notAProcedure(run);
	const where = and(
		eq(runSteps.run_id, run.id),
		gt(runSteps.seq, query.after),
		query.status && query.status.length > 0 ? inArray(runSteps.status, query.status) : undefined,
	);
	const [items, total] = await Promise.all([
		db.orm
			.select(shownColumns)
			.from(runSteps)
			.where(where)
			.orderBy(asc(runSteps.seq))
			.limit(query.page_size)
			.offset((query.page - 1) * query.page_size),
		db.orm.$count(runSteps, where),
	]);
	return toPage(query, items.map(toRunStep), total);
}

export function toRunStep(row: Omit<StepRow, "output" | "state">): RunStep {
	const { asks: _, waits_for_run: __, started_at, finished_at, ...shown } = row;
	const duration_ms =
		started_at === null || finished_at === null ? null : Math.max(0, Date.parse(finished_at) - Date.parse(started_at));
	return { ...shown, started_at, finished_at, duration_ms };
}

export function notAProcedure({ id, title }: Pick<Run, "id" | "title">) {
	return failed("runs.not_a_procedure", { message: `${title} is not the run of a procedure`, details: { run_id: id } });
}
