import type { ListMopExecutions, MopExecution } from "@netconductor/contracts/config/mops";
import type { CursorPage } from "@netconductor/contracts/kernel/page";
import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit, type Database, type Tx } from "@netconductor/runtime/db/database";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { withinScopeOf } from "@netconductor/runtime/host/device-scope";
import { and, eq, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { z } from "zod";
import type { Statements } from "../operation.ts";
import type { TasksClient } from "./clients.ts";
import { findSummary } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { mopRuns, mops } from "./tables.ts";

type RunRow = typeof mopRuns.$inferSelect;
type Subject = { type: string; id: string } | null;

/** Notes a run that we started. Its own word of its start may have come before; then what only we know is added. */
export async function noteRun(
	tx: Statements,
	run: Omit<RunRow, "status" | "finished_at" | "version" | "bypassed_by"> & { version: number },
): Promise<void> {
	const { version, reason, start_key, mop_name } = run;
	const [noted] = await tx
		.insert(mopRuns)
		.values({ ...run, status: "queued" })
		.onConflictDoUpdate({ target: mopRuns.run_id, set: { version, reason, start_key, mop_name } })
		.returning();
	if (noted !== undefined) await setLastRun(tx, noted);
}

async function setLastRun(tx: Statements, { mop_id, run_id, status, started_at }: RunRow): Promise<void> {
	await tx
		.update(mops)
		.set({ last_run_id: run_id, last_run_status: status, last_run_at: started_at })
		.where(
			and(
				eq(mops.id, mop_id),
				or(isNull(mops.last_run_at), lte(mops.last_run_at, started_at), eq(mops.last_run_id, run_id)),
			),
		);
}

/** Keeps what is known of runs in step with them. Every event may come again, and late. */
export function followMopRuns({ onChange }: { onChange(mop_id: string): void }): Consumers {
	return {
		/** Also of a run that we did not start: one from a step of another run, or one whose start was not noted. */
		async "run.started.v1"({ run_id, title, subject, started_by }, { tx, occurred_at }) {
			const mop_id = mopOf(subject);
			if (mop_id === undefined) return;
			const [mop] = await tx.select({ name: mops.name }).from(mops).where(eq(mops.id, mop_id));
			const started_at = occurred_at.toISOString();
			const [noted] = await tx
				.insert(mopRuns)
				.values({
					run_id,
					mop_id,
					mop_name: mop?.name ?? title,
					version: null,
					status: "running",
					reason: "",
					start_key: null,
					started_by,
					started_at,
				})
				.onConflictDoUpdate({
					target: mopRuns.run_id,
					set: { status: sql`case when ${mopRuns.finished_at} is null then 'running' else ${mopRuns.status} end` },
				})
				.returning();
			if (noted !== undefined) await setLastRun(tx, noted);
			afterCommit(tx, () => onChange(mop_id));
		},

		async "run.finished.v1"({ run_id, subject, status, finished_at }, { tx }) {
			const mop_id = mopOf(subject);
			if (mop_id === undefined) return;
			await tx.update(mopRuns).set({ status, finished_at }).where(eq(mopRuns.run_id, run_id));
			await tx
				.update(mops)
				.set({ last_run_status: status })
				.where(and(eq(mops.id, mop_id), eq(mops.last_run_id, run_id)));
			afterCommit(tx, () => onChange(mop_id));
		},

		/** Of the approval before it began, or of one that a step asked for. */
		async "approval.decided.v1"({ run_id, status, decided_by }, { tx }) {
			if (status === "bypassed") await noteBypass(tx, run_id, decided_by.join(", "));
		},

		async "run.glass_broken.v1"({ run_id, by }, { tx }) {
			await noteBypass(tx, run_id, by.name);
		},
	};

	async function noteBypass(tx: Tx, run_id: string, bypassed_by: string): Promise<void> {
		const [marked] = await tx
			.update(mopRuns)
			.set({ bypassed_by })
			.where(eq(mopRuns.run_id, run_id))
			.returning({ mop_id: mopRuns.mop_id });
		if (marked !== undefined) afterCommit(tx, () => onChange(marked.mop_id));
	}
}

function mopOf(subject: Subject): string | undefined {
	return subject?.type === "mop" ? subject.id : undefined;
}

const runKey = [
	{ column: mopRuns.started_at, schema: z.iso.datetime() },
	{ column: mopRuns.run_id, schema: z.uuid() },
] as const;

interface FindNeeds {
	db: Database;
	tasks: Pick<TasksClient, "getRun">;
	ownAccount(): CallerContext;
}

interface ListNeeds extends FindNeeds {
	tasks: Pick<TasksClient, "getRun" | "getRunProcedure" | "listRunsOfSubjects">;
}

export function listExecutions(needs: ListNeeds): MopOperation<"listExecutions"> {
	return ({ query, ...call }) => list(needs, query, undefined, call);
}

export function getExecution(needs: ListNeeds): MopOperation<"getExecution"> {
	return async ({ params, ...call }) => complete(needs, await findRun(needs, params.run_id, call));
}

/** @throws mops.execution_not_found — also where it does not exist for whom the call is made */
async function findRun({ db, tasks, ownAccount }: FindNeeds, run_id: string, call: CallerContext): Promise<RunRow> {
	const [run] = await db.orm.select().from(mopRuns).where(eq(mopRuns.run_id, run_id));
	if (run !== undefined && (await existsFor(run_id))) return run;
	throw failed("mops.execution_not_found", {
		message: `There is no run ${run_id} of a procedure.`,
		details: { run_id },
	});

	async function existsFor(id: string): Promise<boolean> {
		if (call.actor.device_groups === undefined) return true;
		try {
			await tasks.getRun({ params: { id } }, withinScopeOf(call, ownAccount()));
			return true;
		} catch (error) {
			if (!hasCode(error, "runs.not_found")) throw error;
			return false;
		}
	}
}

export function listMopExecutions(needs: ListNeeds): MopOperation<"listMopExecutions"> {
	return async ({ params, query, ...call }) => {
		const { id } = await findSummary(needs.db.orm, params.id);
		return list(needs, query, id, call);
	};
}

type ListQuery = z.output<typeof ListMopExecutions>;

/** @param mop_id left out: runs of every procedure */
async function list(needs: ListNeeds, query: ListQuery, mop_id: string | undefined, call: CallerContext) {
	const { items, next_cursor } = await (call.actor.device_groups === undefined
		? listAll(needs, query, mop_id)
		: listWithin(needs, query, mop_id, withinScopeOf(call, needs.ownAccount())));
	return { items: await Promise.all(items.map((row) => complete(needs, row))), next_cursor };
}

/** Which runs exist for a role that is limited to some devices the engine knows. */
async function listWithin(
	{ db, tasks }: ListNeeds,
	{ cursor, limit, running }: ListQuery,
	mop_id: string | undefined,
	caller: CallerContext,
): Promise<CursorPage<RunRow>> {
	const body = {
		type: "mop",
		limit,
		...(mop_id !== undefined && { id: mop_id }),
		...(cursor !== undefined && { cursor }),
		...(running !== undefined && { running }),
	};
	const seen = await tasks.listRunsOfSubjects({ body }, caller);
	const ids = seen.items.map(({ id }) => id);
	const rows = await db.orm.select().from(mopRuns).where(inArray(mopRuns.run_id, ids));
	const known = new Map(rows.map((row) => [row.run_id, row]));
	return { items: ids.flatMap((id) => known.get(id) ?? []), next_cursor: seen.next_cursor };
}

async function listAll({ db }: ListNeeds, query: ListQuery, mop_id: string | undefined): Promise<CursorPage<RunRow>> {
	const of = mop_id === undefined ? undefined : eq(mopRuns.mop_id, mop_id);
	const window = cursorWindow(query, { key: runKey, direction: "descending" });
	const running =
		query.running === undefined
			? undefined
			: query.running
				? isNull(mopRuns.finished_at)
				: sql`${mopRuns.finished_at} is not null`;
	const rows = await db.orm
		.select()
		.from(mopRuns)
		.where(and(of, running, window.where))
		.orderBy(...window.order_by)
		.limit(window.limit);
	return toCursorPage(rows, query.limit, (row) => [row.started_at, row.run_id]);
}

/** How far a run is that has not ended, and what one carries out that began without us, only the engine knows: of both there are few. */
async function complete({ db, tasks, ownAccount }: ListNeeds, row: RunRow): Promise<MopExecution> {
	let { status, version, reason } = row;
	if (row.finished_at === null) status = await statusOf(tasks, row, ownAccount());
	if (version === null) {
		const known = await procedureOf(tasks, row.run_id, ownAccount());
		version = known?.mop.version ?? 0;
		reason = known?.reason ?? "";
		if (known !== undefined) {
			await db.orm.update(mopRuns).set({ version, reason }).where(eq(mopRuns.run_id, row.run_id));
		}
	}
	const { run_id, mop_id, mop_name, started_by, bypassed_by, started_at, finished_at } = row;
	return { run_id, mop_id, mop_name, version, status, reason, started_by, bypassed_by, started_at, finished_at };
}

async function statusOf(tasks: ListNeeds["tasks"], row: RunRow, caller: CallerContext): Promise<RunRow["status"]> {
	try {
		return (await tasks.getRun({ params: { id: row.run_id } }, caller)).status;
	} catch (error) {
		if (!hasCode(error, "runs.not_found")) throw error;
		return row.status;
	}
}

async function procedureOf(tasks: ListNeeds["tasks"], id: string, caller: CallerContext) {
	try {
		return await tasks.getRunProcedure({ params: { id } }, caller);
	} catch (error) {
		if (!hasCode(error, "runs.not_found") && !hasCode(error, "runs.not_a_procedure")) throw error;
		return undefined;
	}
}

export function cancelExecution(
	needs: FindNeeds & { tasks: Pick<TasksClient, "cancelRun"> },
): MopOperation<"cancelExecution"> {
	return async ({ params, note, ...call }) => {
		const run = await findRun(needs, params.run_id, call);
		const cancelled = await needs.tasks.cancelRun({ params: { id: run.run_id } }, call);
		note({
			resource_type: "mop",
			resource_id: run.mop_id,
			resource_name: run.mop_name,
			after: { run_id: run.run_id, cancelled: true },
		});
		return cancelled;
	};
}
