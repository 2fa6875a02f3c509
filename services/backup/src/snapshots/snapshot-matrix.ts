import type { backupApi } from "@netconductor/contracts/backup/api";
import type { SnapshotMatrix } from "@netconductor/contracts/backup/model";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import type { Handler } from "@netconductor/runtime/host/service";
import { storable } from "@netconductor/runtime/text/lines";
import { desc, type SQL, sql } from "drizzle-orm";
import { escapeLike } from "../backups/read-backups.ts";
import type { ContentStore } from "../contents/content-store.ts";
import { snapshots } from "../tables.ts";
import type { TextPool } from "../text/text-pool.ts";
import { type SnapshotRow, snapshotColumns, toSnapshot } from "./snapshot-store.ts";
import { type VisibleNeeds, type VisibleSnapshots, visibleSnapshots } from "./visible-snapshots.ts";

type GetMatrix = (typeof backupApi)["operations"]["getSnapshotMatrix"];
type Cell = SnapshotMatrix["items"][number]["cells"][number];

interface Needs extends VisibleNeeds {
	contents: ContentStore;
	texts: TextPool;
}

const absent: Cell = { status: "absent", backup_id: null, added: 0, removed: 0 };

/** Whether a device changed is seen by hashes, for all; lines are counted for the page alone, and only where no backup says them already. */
export function getSnapshotMatrix(needs: Needs): Handler<GetMatrix> {
	return async (call) => {
		const { query, signal } = call;
		const { db } = needs;
		const visible = await visibleSnapshots(needs, call);
		const shown = await chooseSnapshots(db, visible, query.snapshots ?? [], query.newest);
		const ids = shown.map(({ id }) => id);
		const holds = visible.holds(sql`device_id`) ?? sql`true`;
		const name = query.q === undefined ? sql`` : sql`where device_name ilike ${`%${escapeLike(storable(query.q))}%`}`;
		const { rows } = await db.orm.execute<{ total: number; page: { device_id: string; device_name: string }[] }>(sql`
			with named as materialized (
				select found.device_id, coalesce(known.device_name, (
					select device_name from backups where backups.device_id = found.device_id limit 1
				)) as device_name
				from (${query.only_changed ? changedDevices(ids, holds) : devicesOf(ids, holds)}) as found
				left join devices as known on known.device_id = found.device_id
			), wanted as (select * from named ${name})
			select (select count(*) from wanted)::int as total, (
				select coalesce(json_agg(shown), '[]') from (
					select * from wanted order by lower(device_name), device_id
					limit ${query.page_size} offset ${(query.page - 1) * query.page_size}
				) as shown
			) as page`);
		const { total, page } = rows[0] ?? { total: 0, page: [] };
		const device_ids = page.map(({ device_id }) => device_id);
		const cells = await readCells(needs, ids, device_ids, signal);
		const items = page.map(({ device_id, device_name }) => ({
			device_id,
			device_name,
			cells: ids.map((snapshot_id) => cells.get(keyOf({ device_id, snapshot_id })) ?? absent),
		}));
		return { snapshots: shown.map(toSnapshot), ...toPage(query, items, total) };
	};
}

/** Oldest first. @throws snapshots.not_found */
async function chooseSnapshots(
	db: Database,
	visible: VisibleSnapshots,
	named: readonly string[],
	newest: number,
): Promise<SnapshotRow[]> {
	const found =
		named.length > 0
			? await Promise.all([...new Set(named)].map((id) => visible.find(id)))
			: await visible.counted(
					await db.orm
						.select(snapshotColumns)
						.from(snapshots)
						.where(visible.exist)
						.orderBy(desc(snapshots.created_at), desc(snapshots.id))
						.limit(newest),
				);
	const order = ({ created_at, id }: SnapshotRow) => `${created_at} ${id}`;
	return found.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

function devicesOf(snapshot_ids: string[], holds: SQL): SQL {
	return sql`select distinct device_id from backups where snapshot_id = any(${sql.param(snapshot_ids)}::uuid[]) and ${holds}`;
}

/** Devices with two texts in these snapshots, or whose first one there differs from the backup before it. Nothing is put in order for that. */
function changedDevices(snapshot_ids: string[], holds: SQL): SQL {
	const ids = sql`${sql.param(snapshot_ids)}::uuid[]`;
	return sql`
		select device_id
		from backups, unnest(${ids}) with ordinality as shown (snapshot_id, position)
		where backups.snapshot_id = shown.snapshot_id and status = 'succeeded' and ${holds}
		group by device_id
		having min(content_hash collate "C") <> max(content_hash collate "C")
			or min(position) filter (where changed) = min(position)`;
}

/**
 * The best attempt of each of these devices in each snapshot, and of those that succeeded whether they differ from the nearest one before in these
 * snapshots, or, where there is none, from the device's backup before (null without one).
 */
function comparedBackups(snapshot_ids: string[], device_ids: string[]): SQL {
	const ids = sql`${sql.param(snapshot_ids)}::uuid[]`;
	return sql`
		select *, case
			when status = 'failed' then null
			when before_id is null then changed
			else content_hash <> before_hash
		end as differs
		from (
			select *, lag(id) over shown as before_id, lag(content_id) over shown as before_content_id,
				lag(content_hash) over shown as before_hash
			from (
				select distinct on (snapshot_id, device_id)
					snapshot_id, device_id, id, status, changed, content_id, content_hash, lines_added, lines_removed, created_at
				from backups where snapshot_id = any(${ids}) and device_id = any(${sql.param(device_ids)}::uuid[])
				order by snapshot_id, device_id, status desc, created_at desc, id desc
			) as best
			window shown as (partition by device_id, status order by array_position(${ids}, snapshot_id))
		) as placed`;
}

interface Compared extends Record<string, unknown> {
	device_id: string;
	snapshot_id: string;
	id: string;
	status: "succeeded" | "failed";
	differs: boolean | null;
	content_id: string;
	before_content_id: string;
	lines_added: number | null;
	lines_removed: number | null;
	/** The backup counted its lines against the text that it is compared with here. */
	counted: boolean;
}

async function readCells(
	{ db, contents, texts }: Needs,
	snapshot_ids: string[],
	device_ids: string[],
	signal: AbortSignal,
): Promise<Map<string, Cell>> {
	const { rows } = await db.orm.execute<Compared>(sql`
		select device_id, snapshot_id, id, status, differs, content_id, before_content_id, lines_added, lines_removed,
			differs and (before_id is null or before_hash = (
				select content_hash from backups as previous
				where previous.device_id = compared.device_id and previous.status = 'succeeded'
					and (previous.created_at, previous.id) < (compared.created_at, compared.id)
				order by previous.created_at desc, previous.id desc limit 1
			)) as counted
		from (${comparedBackups(snapshot_ids, device_ids)}) as compared`);
	const uncounted = rows.filter(({ differs, counted }) => differs && !counted);
	const packed = await contents.readMasked(
		uncounted.flatMap(({ content_id, before_content_id }) => [content_id, before_content_id]),
	);
	const cells = new Map<string, Cell>();
	for (const row of rows) {
		const cell: Cell = { status: statusOf(row), backup_id: row.id, added: 0, removed: 0 };
		if (row.differs && row.counted) {
			cell.added = row.lines_added ?? 0;
			cell.removed = row.lines_removed ?? 0;
		} else if (row.differs) {
			const from = packed.get(row.before_content_id);
			const to = packed.get(row.content_id);
			const size = (from?.size ?? 0) + (to?.size ?? 0);
			Object.assign(cell, await texts.run("countChanges", { from, to }, size, signal));
		}
		cells.set(keyOf(row), cell);
	}
	return cells;
}

function statusOf({ status, differs }: Compared): Cell["status"] {
	if (status === "failed") return "failed";
	return differs === null ? "first" : differs ? "changed" : "unchanged";
}

function keyOf({ device_id, snapshot_id }: { device_id: string; snapshot_id: string }): string {
	return `${device_id} ${snapshot_id}`;
}
