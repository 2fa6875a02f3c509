import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Database, Orm } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Handler } from "@netconductor/runtime/host/service";
import { storable } from "@netconductor/runtime/text/lines";
import { and, asc, count, desc, eq, gte, ilike, lte, type SQL, sql } from "drizzle-orm";
import { type ScopeNeeds, scopeOf } from "../scope.ts";
import { backups, devices } from "../tables.ts";
import { type BackupRow, backupColumns, toBackup } from "./backup.ts";

type Operations = (typeof backupApi)["operations"];

interface Needs extends ScopeNeeds {
	db: Database;
}

export function listBackups(needs: Needs): Handler<Operations["listBackups"]> {
	const { db } = needs;
	return async (call) => {
		const { query } = call;
		const where = and(
			await scopeOf(needs, call, backups.device_id),
			query.device_id === undefined ? undefined : eq(backups.device_id, query.device_id),
			query.snapshot_id === undefined ? undefined : eq(backups.snapshot_id, query.snapshot_id),
			query.run_id === undefined ? undefined : eq(backups.run_id, query.run_id),
			statusIn(query.status ?? []),
			query.changed === undefined ? undefined : query.changed ? sql`${backups.changed}` : eq(backups.changed, false),
			query.from === undefined ? undefined : gte(backups.created_at, query.from),
			query.to === undefined ? undefined : lte(backups.created_at, query.to),
			query.q ? nameContains(query.q) : undefined,
		);
		const rows = await db.orm
			.select(backupColumns)
			.from(backups)
			.where(where)
			.orderBy(...orders[query.sort])
			.limit(query.page_size)
			.offset((query.page - 1) * query.page_size);
		const [total] = await db.orm.select({ total: count() }).from(backups).where(where);
		return toPage(query, rows.map(toBackup), total?.total ?? 0);
	};
}

/** Written out, since a partial index is used only where its very condition stands. */
function statusIn(statuses: readonly ("succeeded" | "failed")[]): SQL | undefined {
	const [status, other] = new Set(statuses);
	if (status === undefined || other !== undefined) return undefined;
	return status === "failed" ? sql`${backups.status} = 'failed'` : sql`${backups.status} = 'succeeded'`;
}

/** Each is the order of an index, read forwards or backwards. */
const orders = {
	created_at: [asc(backups.created_at), asc(backups.id)],
	"-created_at": [desc(backups.created_at), desc(backups.id)],
	device_name: [asc(backups.device_name), asc(backups.id)],
	"-device_name": [desc(backups.device_name), desc(backups.id)],
	size_bytes: [sql`${backups.size_bytes} asc nulls first`, asc(backups.id)],
	"-size_bytes": [sql`${backups.size_bytes} desc nulls last`, desc(backups.id)],
};

/** The name that the device had then, or has now. `q` stands for itself: its `%`, `_` and `\` are no wildcards. */
function nameContains(q: string): SQL {
	const pattern = `%${escapeLike(storable(q))}%`;
	return sql`(${ilike(backups.device_name, pattern)} or ${backups.device_id} in (select device_id from ${devices} where ${ilike(devices.device_name, pattern)}))`;
}

export function escapeLike(text: string): string {
	return text.replace(/[\\%_]/g, "\\$&");
}

/**
 * @param scope condition on the device of the backup, of who asks; undefined: any
 * @throws backups.not_found
 */
export async function findBackup(
	orm: Orm,
	id: string,
	scope: SQL | undefined,
): Promise<BackupRow & { content_id: string | null }> {
	const [row] = await orm
		.select({ ...backupColumns, content_id: backups.content_id })
		.from(backups)
		.where(and(eq(backups.id, id), scope));
	if (row === undefined) throw failed("backups.not_found", { message: `There is no backup ${id}` });
	return row;
}

/** The device's good backup before this one. @throws backups.no_earlier */
export async function findBackupBefore(
	orm: Orm,
	{ id, device_id, device_name, created_at }: BackupRow,
): Promise<string> {
	const [before] = await orm
		.select({ id: backups.id })
		.from(backups)
		.where(
			and(
				eq(backups.device_id, device_id),
				eq(backups.status, "succeeded"),
				sql`(${backups.created_at}, ${backups.id}) < (${created_at}::timestamptz, ${id}::uuid)`,
			),
		)
		.orderBy(desc(backups.created_at), desc(backups.id))
		.limit(1);
	if (before !== undefined) return before.id;
	throw failed("backups.no_earlier", { message: `This is the first good backup of ${device_name}: none is before it` });
}

export function getBackup(needs: Needs): Handler<Operations["getBackup"]> {
	return async (call) => {
		const scope = await scopeOf(needs, call, backups.device_id);
		return toBackup(await findBackup(needs.db.orm, call.params.id, scope));
	};
}

/** A run's status from the one who runs it, its backups from here. */
export function getBackupTask(needs: {
	db: Database;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun">;
}): Handler<Operations["getBackupTask"]> {
	return async (call) => {
		const { params, query } = call;
		const run = await needs.tasks.getRun({ params }, call);
		if (run.kind !== "backup") throw failed("runs.not_found", { message: `Run ${params.id} is not a backup` });
		const where = and(eq(backups.run_id, params.id), query.q === undefined ? undefined : nameContains(query.q));
		const rows = await needs.db.orm
			.select(backupColumns)
			.from(backups)
			.where(where)
			.orderBy(backups.device_name, backups.id)
			.limit(query.page_size)
			.offset((query.page - 1) * query.page_size);
		const [counts] = await needs.db.orm
			.select({
				succeeded: sql<number>`count(*) filter (where ${backups.status} = 'succeeded')`.mapWith(Number),
				failed: sql<number>`count(*) filter (where ${backups.status} = 'failed')`.mapWith(Number),
				changed: sql<number>`count(*) filter (where ${backups.changed})`.mapWith(Number),
			})
			.from(backups)
			.where(eq(backups.run_id, params.id));
		return {
			run_id: params.id,
			status: run.status,
			snapshot_id: run.subject?.type === "snapshot" ? run.subject.id : null,
			total: run.total,
			succeeded: counts?.succeeded ?? 0,
			failed: counts?.failed ?? 0,
			changed: counts?.changed ?? 0,
			backups: rows.map(toBackup),
			page: query.page,
			page_size: query.page_size,
		};
	};
}
