import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Database } from "@netconductor/runtime/db/database";
import { hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { devicesInScope } from "@netconductor/runtime/host/device-scope";
import { and, desc, eq, inArray, isNotNull, type SQL, sql } from "drizzle-orm";
import { isAmong, type ScopeNeeds } from "../scope.ts";
import { snapshots } from "../tables.ts";
import { countedNow, endedStatus, findSnapshot, type SnapshotRow, snapshotNotFound } from "./snapshot-store.ts";

export interface VisibleNeeds extends ScopeNeeds {
	db: Database;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun">;
}

/** Snapshots as they are for whom a call is made. */
export interface VisibleSnapshots {
	/** Condition on snapshots: they exist. Undefined where all do. */
	exist: SQL | undefined;
	/** Condition on the id of a backed up device: it is shown. Undefined where all are. */
	holds(device_id: SQL): SQL | undefined;
	/** @throws snapshots.not_found */
	find(id: string): Promise<SnapshotRow>;
	/** With the counts that are theirs. */
	counted(rows: readonly SnapshotRow[]): Promise<SnapshotRow[]>;
}

/**
 * Whose role is limited to some devices sees of a snapshot the part that is about these: last night's, of all devices, is theirs to compare with
 * today's. One without any backup of theirs does not exist for them, except that they see from its start what is being taken of their devices alone.
 */
export async function visibleSnapshots(needs: VisibleNeeds, call: CallerContext): Promise<VisibleSnapshots> {
	const { db } = needs;
	const device_ids = await devicesInScope(needs.devices, call);
	if (device_ids === undefined) {
		return {
			exist: undefined,
			holds: () => undefined,
			find: async (id) => countedNow(db.orm, await findSnapshot(db.orm, id)),
			counted: (rows) => Promise.all(rows.map((row) => countedNow(db.orm, row))),
		};
	}
	const under_way = await ownUnderWay(needs, call);
	const touched = sql`exists (select from backups b where b.snapshot_id = ${snapshots.id} and ${isAmong(sql`b.device_id`, device_ids)})`;
	const exist = under_way.size === 0 ? touched : sql`(${touched} or ${inArray(snapshots.id, [...under_way])})`;
	const counted = (rows: readonly SnapshotRow[]) => countedPart(db, rows, device_ids, under_way);
	return {
		exist,
		holds: (device_id) => isAmong(device_id, device_ids),
		async find(id) {
			const [row] = await db.orm
				.select({ id: snapshots.id })
				.from(snapshots)
				.where(and(eq(snapshots.id, id), exist));
			if (row === undefined) throw snapshotNotFound(id);
			const [found] = await counted([await findSnapshot(db.orm, id)]);
			return found as SnapshotRow;
		},
		counted,
	};
}

/** More are never taken at a time. */
const mostUnderWay = 50;

/** Snapshots that are being taken of devices in scope alone: their run says so, also before the first backup is there. */
async function ownUnderWay({ db, tasks }: VisibleNeeds, call: CallerContext): Promise<Set<string>> {
	const running = await db.orm
		.select({ id: snapshots.id, run_id: snapshots.run_id })
		.from(snapshots)
		.where(and(eq(snapshots.status, "running"), isNotNull(snapshots.run_id)))
		.orderBy(desc(snapshots.created_at))
		.limit(mostUnderWay);
	const own = await Promise.all(
		running.map(async ({ id, run_id }) => {
			try {
				await tasks.getRun({ params: { id: run_id as string } }, call);
				return id;
			} catch (error) {
				if (hasCode(error, "runs.not_found")) return undefined;
				throw error;
			}
		}),
	);
	return new Set(own.filter((id) => id !== undefined));
}

interface Part extends Record<string, unknown> {
	snapshot_id: string;
	devices: number;
	succeeded: number;
	changed: number;
	size_bytes: string;
}

async function countedPart(
	db: Database,
	rows: readonly SnapshotRow[],
	device_ids: readonly string[],
	under_way: ReadonlySet<string>,
): Promise<SnapshotRow[]> {
	const ids = rows.map(({ id }) => id);
	const { rows: parts } = await db.orm.execute<Part>(sql`
		select snapshot_id, count(distinct device_id)::int as devices,
			(count(distinct device_id) filter (where status = 'succeeded'))::int as succeeded,
			(count(distinct device_id) filter (where changed))::int as changed,
			coalesce(sum(size_bytes) filter (where status = 'succeeded'), 0) as size_bytes
		from backups
		where snapshot_id = any(${sql.param(ids)}::uuid[]) and ${isAmong(sql`device_id`, device_ids)}
		group by snapshot_id`);
	const partOf = new Map(parts.map((part) => [part.snapshot_id, part]));
	return rows.map((row) => {
		const { devices = 0, succeeded = 0, changed = 0, size_bytes = "0" } = partOf.get(row.id) ?? {};
		const isWhole = under_way.has(row.id) || devices === row.devices;
		return {
			...row,
			status: row.status === "running" ? "running" : endedStatus(succeeded, devices),
			devices: isWhole ? row.devices : devices,
			succeeded,
			failed: devices - succeeded,
			changed,
			size_bytes: Number(size_bytes),
			// What else it is about, and the run of all of it, are not theirs.
			skipped: isWhole ? row.skipped : 0,
			run_id: isWhole ? row.run_id : null,
			error: isWhole ? row.error : null,
		};
	});
}
