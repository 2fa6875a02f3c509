import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Handler } from "@netconductor/runtime/host/service";
import { storable } from "@netconductor/runtime/text/lines";
import { sql } from "drizzle-orm";
import { escapeLike } from "../backups/read-backups.ts";
import type { ContentStore } from "../contents/content-store.ts";
import type { TextPool } from "../text/text-pool.ts";
import { toSnapshot } from "./snapshot-store.ts";
import { type VisibleNeeds, visibleSnapshots } from "./visible-snapshots.ts";

type CompareSnapshots = (typeof backupApi)["operations"]["compareSnapshots"];

interface Difference extends Record<string, unknown> {
	device_id: string;
	device_name: string;
	status: "unchanged" | "changed" | "only_in_from" | "only_in_to";
	from_backup_id: string | null;
	to_backup_id: string | null;
	from_content_id: string | null;
	to_content_id: string | null;
}

interface Needs extends VisibleNeeds {
	contents: ContentStore;
	texts: TextPool;
}

/** Compares device by device: hashes first, for all; texts only where they differ, for the page that is asked for. */
export function compareSnapshots(needs: Needs): Handler<CompareSnapshots> {
	const { db, contents, texts } = needs;
	return async (call) => {
		const { params, query, signal } = call;
		const visible = await visibleSnapshots(needs, call);
		const [from, to] = await Promise.all([visible.find(params.id), visible.find(params.id2)]);
		const holds = visible.holds(sql`device_id`) ?? sql`true`;
		const newest = (
			snapshot_id: string,
		) => sql`select distinct on (device_id) device_id, device_name, id, content_id, content_hash
			from backups where snapshot_id = ${snapshot_id} and status = 'succeeded' and ${holds} order by device_id, created_at desc, id desc`;
		const differences = sql`
			select device_id, coalesce(t.device_name, f.device_name) as device_name, f.id as from_backup_id, t.id as to_backup_id,
				f.content_id as from_content_id, t.content_id as to_content_id,
				case when t.id is null then 'only_in_from' when f.id is null then 'only_in_to'
					when f.content_hash = t.content_hash then 'unchanged' else 'changed' end as status
			from (${newest(from.id)}) f full join (${newest(to.id)}) t using (device_id)`;
		const name = query.q === undefined ? sql`` : sql`and device_name ilike ${`%${escapeLike(storable(query.q))}%`}`;
		const status = query.status === undefined || query.status.length === 0 ? sql`` : sql`and status in ${query.status}`;

		const { rows: counts } = await db.orm.execute<{ status: Difference["status"]; n: string; listed: string }>(sql`
			select status, count(*) as n, count(*) filter (where true ${name} ${status}) as listed from (${differences}) d group by status`);
		const summary = { unchanged: 0, changed: 0, only_in_from: 0, only_in_to: 0 };
		for (const { status: kind, n } of counts) summary[kind] = Number(n);

		const { rows } = await db.orm.execute<Difference>(sql`
			select * from (${differences}) d where true ${name} ${status}
			order by case status when 'changed' then 0 when 'only_in_to' then 1 when 'only_in_from' then 2 else 3 end, device_name, device_id
			limit ${query.page_size} offset ${(query.page - 1) * query.page_size}`);
		const packed = await contents.readMasked(
			rows
				.flatMap((row) => (row.status === "unchanged" ? [] : [row.from_content_id, row.to_content_id]))
				.filter((id) => id !== null),
		);
		const items = [];
		for (const { from_content_id, to_content_id, ...row } of rows) {
			const before = packed.get(from_content_id ?? "");
			const after = packed.get(to_content_id ?? "");
			const lines =
				row.status === "unchanged"
					? { added: 0, removed: 0 }
					: await texts.run(
							"countChanges",
							{ from: before, to: after },
							(before?.size ?? 0) + (after?.size ?? 0),
							signal,
						);
			items.push({ ...row, ...lines });
		}
		return {
			from: toSnapshot(from),
			to: toSnapshot(to),
			summary,
			items,
			page: query.page,
			page_size: query.page_size,
			total: counts.reduce((sum, { listed }) => sum + Number(listed), 0),
		};
	};
}
