import type { Mop, MopSummary } from "@netconductor/contracts/config/mops";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { withinScopeOf } from "@netconductor/runtime/host/device-scope";
import { and, arrayContains, eq, sql } from "drizzle-orm";
import { inNaturalOrder } from "../tables.ts";
import type { TasksClient } from "./clients.ts";
import { findMop, type MopRow, summaryColumns } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { mops } from "./tables.ts";
import { type ValidatedMop, type ValidationNeeds, validateSource } from "./validate-mop.ts";

/** A procedure with what is to be said of it now. */
export function toMop(row: MopRow, { document, faults, writes }: ValidatedMop): Mop {
	return { ...row, writes: document === null ? row.writes : writes, warnings: faults };
}

interface LastRunNeeds {
	tasks: Pick<TasksClient, "listNewestRuns">;
	ownAccount(): CallerContext;
}

type LastRun = Pick<MopSummary, "id" | "last_run_id" | "last_run_status" | "last_run_at">;

/** With the last run that exists for whom the call is made. */
async function withLastRuns<Row extends LastRun>(
	{ tasks, ownAccount }: LastRunNeeds,
	rows: Row[],
	call: CallerContext,
): Promise<Row[]> {
	if (call.actor.device_groups === undefined) return rows;
	const body = { type: "mop", ids: rows.flatMap(({ id, last_run_id }) => (last_run_id === null ? [] : [id])) };
	const { runs } =
		body.ids.length === 0 ? { runs: [] } : await tasks.listNewestRuns({ body }, withinScopeOf(call, ownAccount()));
	const lastOf = new Map(runs.map((run) => [run.subject?.id, run]));
	return rows.map((row) => {
		const last = lastOf.get(row.id);
		return {
			...row,
			last_run_id: last?.id ?? null,
			last_run_status: last?.status ?? null,
			last_run_at: last?.created_at ?? null,
		};
	});
}

export function listMops(needs: LastRunNeeds & { db: Database }): MopOperation<"listMops"> {
	const { db } = needs;
	return async ({ query, ...call }) => {
		const where = and(
			query.q ? sql`strpos(${mops.search_text}, lower(${query.q})) > 0` : undefined,
			query.enabled === undefined ? undefined : eq(mops.enabled, query.enabled),
			query.tag === undefined ? undefined : arrayContains(mops.tags, [query.tag]),
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				name: inNaturalOrder(mops.name),
				updated_at: mops.updated_at,
				// The order would tell of runs that do not exist for them.
				last_run_at: call.actor.device_groups === undefined ? mops.last_run_at : inNaturalOrder(mops.name),
			},
			id: mops.id,
			fallback: "name",
			unique: ["name"],
		});
		const [rows, total] = await Promise.all([
			db.orm
				.select(summaryColumns)
				.from(mops)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.$count(mops, where),
		]);
		return toPage(query, await withLastRuns(needs, rows, call), total);
	};
}

export function getMop(needs: ValidationNeeds & LastRunNeeds): MopOperation<"getMop"> {
	return async ({ params, ...caller }) => {
		const row = await findMop(needs.db.orm, params.id);
		const mop = toMop(row, await validateSource(needs, row, caller));
		const [seen = mop] = await withLastRuns(needs, [mop], caller);
		return seen;
	};
}
