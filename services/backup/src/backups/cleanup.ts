import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Clock } from "@netconductor/runtime/clock";
import type { Handler } from "@netconductor/runtime/host/service";
import { sql } from "drizzle-orm";
import { readSchedule } from "../schedule/schedule-store.ts";
import { restoreSearchTexts, type SearchTextNeeds } from "../search/search-texts.ts";
import { removeBackups } from "./remove-backups.ts";
import { chooseExpired, type KeptBackup } from "./retention.ts";

type CleanupBackups = (typeof backupApi)["operations"]["cleanupBackups"];

export interface CleanupNeeds extends SearchTextNeeds {
	clock: Clock;
}

/** Devices that are looked at together. */
const devicesAtOnce = 100;

export function cleanupBackups(needs: CleanupNeeds): Handler<CleanupBackups> {
	return async ({ body, note, signal }) => {
		const given = { keep_days: body.keep_days ?? null, keep_versions: body.keep_versions ?? null };
		const limits = given.keep_days === null && given.keep_versions === null ? await readSchedule(needs.db.orm) : given;
		const result = await cleanUp(needs, limits, { dry_run: body.dry_run, signal });
		note({
			resource_type: "backups",
			after: { keep_days: limits.keep_days, keep_versions: limits.keep_versions, ...result },
		});
		return result;
	};
}

interface Limits {
	keep_days: number | null;
	keep_versions: number | null;
}

/** Deletes what the limits give up; see `chooseExpired`. Stops early, having done part of it, when the signal is aborted. */
export async function cleanUp(
	needs: CleanupNeeds,
	{ keep_days, keep_versions }: Limits,
	{ dry_run, signal }: { dry_run: boolean; signal?: AbortSignal },
) {
	const { db, clock } = needs;
	const now = clock.now();
	const result = { dry_run, backups: 0, snapshots: 0, contents: 0, bytes: 0 };
	if (keep_days === null && keep_versions === null) return result;

	const expired: string[] = [];
	const snapshot_ids = new Set<string>();
	for (let after = "00000000-0000-0000-0000-000000000000"; !signal?.aborted; ) {
		const batch = await readBackups(needs, after);
		const last = batch.at(-1);
		if (last === undefined) break;
		after = last.device_id;
		for (const { device_deleted, backups: own } of batch) {
			const gone = chooseExpired(own, { keep_days, keep_versions, now, device_deleted });
			for (const { id, snapshot_id } of gone) {
				expired.push(id);
				if (snapshot_id !== null) snapshot_ids.add(snapshot_id);
			}
		}
		if (dry_run || expired.length === 0) continue;
		add(result, await removeBackups(needs, expired.splice(0), { dry_run }));
	}
	if (dry_run) add(result, await removeBackups(needs, expired, { dry_run }));
	const oldest = keep_days === null ? undefined : new Date(now.getTime() - keep_days * 86_400_000).toISOString();
	if (oldest !== undefined) for (const id of await findEmptySnapshots(needs, oldest)) snapshot_ids.add(id);
	result.snapshots = await removeSnapshots(needs, [...snapshot_ids], dry_run ? new Set(expired) : undefined);
	if (!dry_run) {
		await restoreSearchTexts(needs);
		if (oldest !== undefined) await db.orm.execute(sql`delete from runs where created_at < ${oldest}::timestamptz`);
	}
	return result;
}

function add(sum: { backups: number; contents: number; bytes: number }, more: typeof sum): void {
	sum.backups += more.backups;
	sum.contents += more.contents;
	sum.bytes += more.bytes;
}

type Candidate = KeptBackup & Record<string, unknown> & { snapshot_id: string | null };

/** Backups of the next devices, newest first. */
async function readBackups({ db }: CleanupNeeds, after: string) {
	const { rows } = await db.orm.execute<Candidate & { device_id: string; device_deleted: boolean }>(sql`
		with wanted as (select device_id, deleted_at from devices where device_id > ${after} order by device_id limit ${devicesAtOnce})
		select w.device_id, w.deleted_at is not null as device_deleted, b.id, b.snapshot_id,
			case when b.status = 'succeeded' then b.content_hash end as content_hash,
			to_char(b.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
			coalesce(s.pinned, false) as pinned
		from wanted w left join backups b using (device_id) left join snapshots s on s.id = b.snapshot_id
		order by w.device_id, b.created_at desc, b.id desc`);
	const byDevice = Map.groupBy(rows, ({ device_id }) => device_id);
	return [...byDevice].map(([device_id, own]) => ({
		device_id,
		device_deleted: own[0]?.device_deleted ?? false,
		backups: own.filter(({ id }) => id !== null),
	}));
}

/** Snapshots that never had a backup, or lost them one by one. */
async function findEmptySnapshots({ db }: CleanupNeeds, oldest: string): Promise<string[]> {
	const { rows } = await db.orm.execute<{ id: string }>(
		sql`select id from snapshots s where created_at < ${oldest}::timestamptz and not pinned and status <> 'running'
			and not exists (select from backups b where b.snapshot_id = s.id)`,
	);
	return rows.map(({ id }) => id);
}

/** Deletes snapshots that have lost their last backup, and answers how many. `assumedGone` says which backups to count as gone in a dry run. */
async function removeSnapshots(
	{ db }: CleanupNeeds,
	ids: readonly string[],
	assumedGone: Set<string> | undefined,
): Promise<number> {
	let removed = 0;
	for (let from = 0; from < ids.length; from += 500) {
		const batch = ids.slice(from, from + 500);
		if (assumedGone !== undefined) {
			const { rows } = await db.orm.execute<{ backup_ids: string[] }>(
				sql`select coalesce(array_agg(b.id) filter (where b.id is not null), '{}') as backup_ids
					from snapshots s left join backups b on b.snapshot_id = s.id
					where s.id in ${batch} and not s.pinned and s.status <> 'running' group by s.id`,
			);
			removed += rows.filter(({ backup_ids }) => backup_ids.every((id) => assumedGone.has(id))).length;
			continue;
		}
		const result = await db.orm.execute(
			sql`delete from snapshots s where id in ${batch} and not pinned and status <> 'running'
				and not exists (select from backups b where b.snapshot_id = s.id)`,
		);
		removed += result.rowCount ?? 0;
	}
	return removed;
}
