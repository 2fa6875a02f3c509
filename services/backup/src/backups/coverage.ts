import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Coverage } from "@netconductor/contracts/backup/model";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Target } from "@netconductor/contracts/devices/model";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Handler } from "@netconductor/runtime/host/service";
import { isNotNull, sql } from "drizzle-orm";
import { devices } from "../tables.ts";

type Operations = (typeof backupApi)["operations"];
type Item = Omit<Coverage["items"][number], "last_failed_at" | "last_error">;

interface Needs {
	db: Database;
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listTargets">;
	clock: Clock;
	ownAccount(): CallerContext;
}

/**
 * Which devices exist and are enabled only the devices service knows: one never backed up is not known here at all. It is asked for all of
 * them that exist for whom this is, which costs less than keeping a second inventory true.
 */
export function getCoverage({ db, clock, ...needs }: Needs): Handler<Operations["getCoverage"]> {
	return async (call) => {
		const { query } = call;
		const caller = call.actor.device_groups === undefined ? needs.ownAccount() : call;
		const [{ targets }, rows] = await Promise.all([
			needs.devices.listTargets({ body: { select: { all: true } } }, caller),
			db.orm
				.select({
					device_id: devices.device_id,
					last_good_at: devices.backed_up_at,
					last_good_backup_id: devices.backup_id,
				})
				.from(devices)
				.where(isNotNull(devices.backup_id)),
		]);
		const newest = new Map(rows.map((row) => [row.device_id, row]));
		const stale_before = new Date(clock.now().getTime() - query.stale_after_hours * 3_600_000).toISOString();
		const counts = { devices: 0, good: 0, stale: 0, never: 0 };
		const wanted: Item[] = [];
		const typed = query.q?.toLowerCase() ?? "";
		for (const target of targets) {
			if (!target.enabled) continue;
			const item = toItem(target, newest.get(target.device_id), stale_before);
			counts.devices++;
			counts[item.status]++;
			if (query.status?.length && !query.status.includes(item.status)) continue;
			if (item.device_name.toLowerCase().includes(typed)) wanted.push(item);
		}
		wanted.sort(orders[query.sort]);
		const start = (query.page - 1) * query.page_size;
		const shown = wanted.slice(start, start + query.page_size);
		const failures = await newestFailures(
			db,
			shown.map(({ device_id }) => device_id),
		);
		const items = shown.map((item) => ({
			...item,
			...(failures.get(item.device_id) ?? { last_failed_at: null, last_error: null }),
		}));
		return { counts, ...toPage(query, items, wanted.length) };
	};
}

function toItem(
	{ device_id, name, device_type }: Target,
	found: { last_good_at: string | null; last_good_backup_id: string | null } | undefined,
	stale_before: string,
): Item {
	const { last_good_at = null, last_good_backup_id = null } = found ?? {};
	const status = last_good_at === null ? "never" : last_good_at < stale_before ? "stale" : "good";
	return { device_id, device_name: name, device_type, status, last_good_at, last_good_backup_id };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: Item, b: Item) => compare(a.device_name.toLowerCase(), b.device_name.toLowerCase());
/** The empty text, of one that has none, comes first. */
const byAge = (a: Item, b: Item) => compare(a.last_good_at ?? "", b.last_good_at ?? "") || byName(a, b);
const backwards = (order: typeof byAge) => (a: Item, b: Item) => order(b, a);

/** Age alone orders by status, too: those without a backup, then the stale, then the good ones. */
const orders = {
	status: byAge,
	"-status": backwards(byAge),
	last_good_at: byAge,
	"-last_good_at": backwards(byAge),
	device_name: byName,
	"-device_name": backwards(byName),
};

async function newestFailures(db: Database, device_ids: string[]) {
	const { rows } = await db.orm.execute<{ device_id: string; at: string; error: OperationError | null }>(sql`
		select asked.device_id, failure.at, failure.error
		from unnest(${sql.param(device_ids)}::uuid[]) as asked (device_id)
		cross join lateral (
			select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, error
			from backups where backups.device_id = asked.device_id and status = 'failed'
			order by created_at desc, id desc limit 1
		) as failure`);
	return new Map(rows.map(({ device_id, at, error }) => [device_id, { last_failed_at: at, last_error: error }]));
}
