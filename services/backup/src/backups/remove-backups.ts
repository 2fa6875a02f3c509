import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { violatedForeignKey } from "@netconductor/runtime/db/query-error";
import type { Handler } from "@netconductor/runtime/host/service";
import { inArray, sql } from "drizzle-orm";
import { restoreSearchTexts, type SearchTextNeeds } from "../search/search-texts.ts";
import { backups } from "../tables.ts";
import { findBackup } from "./read-backups.ts";

type Operations = (typeof backupApi)["operations"];

export interface Removed {
	backups: number;
	/** Contents that no backup has any more. */
	contents: number;
	bytes: number;
}

const batchSize = 500;

export function deleteBackup(needs: SearchTextNeeds): Handler<Operations["deleteBackup"]> {
	return async ({ params, note }) => {
		const backup = await findBackup(needs.db.orm, params.id, undefined);
		note({
			resource_type: "backup",
			resource_id: backup.id,
			resource_name: backup.device_name,
			before: { device_id: backup.device_id, created_at: backup.created_at, status: backup.status },
		});
		await removeBackups(needs, [backup.id], { dry_run: false });
		await restoreSearchTexts(needs);
	};
}

/**
 * Deletes backups in batches, each in a transaction of its own; devices then point to the newest good backup that is left, and a backup that
 * lost the one before it tells its changes since the one that is before it now. Contents without a backup go too.
 */
export async function removeBackups(
	needs: SearchTextNeeds,
	ids: readonly string[],
	{ dry_run }: { dry_run: boolean },
): Promise<Removed> {
	const { db } = needs;
	const freed = await countFreed(db, ids);
	if (dry_run) return { backups: ids.length, ...freed };
	let removed = 0;
	for (let from = 0; from < ids.length; from += batchSize) {
		const gone = await db.transaction((tx) => removeBatch(tx, ids.slice(from, from + batchSize)));
		removed += gone.backups;
		for (const successor of gone.changed) await countLines(needs, successor);
		await removeUnused(db, gone.content_ids);
	}
	return { backups: removed, ...freed };
}

/** Contents that would be without a backup if these were gone. */
async function countFreed(db: Database, ids: readonly string[]): Promise<{ contents: number; bytes: number }> {
	const going = new Map<string, number>();
	for (let from = 0; from < ids.length; from += 5_000) {
		const { rows } = await db.orm.execute<{ content_id: string; n: string }>(
			sql`select content_id, count(*) as n from backups where id in ${ids.slice(from, from + 5_000)} and content_id is not null group by content_id`,
		);
		for (const { content_id, n } of rows) going.set(content_id, (going.get(content_id) ?? 0) + Number(n));
	}
	const freed = { contents: 0, bytes: 0 };
	const content_ids = [...going.keys()];
	for (let from = 0; from < content_ids.length; from += 5_000) {
		const { rows } = await db.orm.execute<{ id: string; stored_bytes: number; n: string }>(
			sql`select c.id, c.stored_bytes, (select count(*) from backups b where b.content_id = c.id) as n
				from contents c where c.id in ${content_ids.slice(from, from + 5_000)}`,
		);
		for (const { id, stored_bytes, n } of rows) {
			if (Number(n) > (going.get(id) ?? 0)) continue;
			freed.contents++;
			freed.bytes += stored_bytes;
		}
	}
	return freed;
}

/** A backup whose text differs from that of the backup which is before it now. */
type Successor = { id: string; content_id: string; before_content_id: string };

async function removeBatch(
	tx: Tx,
	ids: readonly string[],
): Promise<{ backups: number; content_ids: string[]; changed: Successor[] }> {
	// Devices are locked as in recording a backup, and in one order, so that both see each other's result.
	const { rows: locked } = await tx.execute<{ device_id: string }>(
		sql`select device_id from devices where device_id in (select device_id from backups where id in ${ids}) order by device_id for update`,
	);
	const gone = await tx
		.delete(backups)
		.where(inArray(backups.id, [...ids]))
		.returning({
			device_id: backups.device_id,
			created_at: backups.created_at,
			content_hash: backups.content_hash,
			version_id: backups.version_id,
			content_id: backups.content_id,
		});
	const changed = await joinNeighbours(tx, gone);
	if (locked.length > 0) {
		await tx.execute(sql`
			update devices d set backup_id = n.id, content_id = n.content_id, content_hash = n.content_hash, version_id = n.version_id, backed_up_at = n.created_at
			from (
				select w.device_id, b.* from unnest(${sql.param(locked.map(({ device_id }) => device_id))}::uuid[]) as w(device_id)
				left join lateral (
					select id, content_id, content_hash, version_id, created_at from backups
					where device_id = w.device_id and status = 'succeeded' order by created_at desc, id desc limit 1
				) b on true
			) n
			where d.device_id = n.device_id and d.backup_id is distinct from n.id`);
	}
	const versions = [...new Set(gone.map(({ version_id }) => version_id).filter((id) => id !== null))];
	if (versions.length > 0) {
		await tx.execute(
			sql`delete from blames v where version_id in ${versions} and not exists (select from backups b where b.version_id = v.version_id)`,
		);
	}
	const content_ids = [...new Set(gone.map(({ content_id }) => content_id).filter((id) => id !== null))];
	return { backups: gone.length, content_ids, changed };
}

/**
 * Says anew of the backups after those that are gone whether they changed something. Answers those that did: their lines are to be counted.
 * One that is the first now keeps what it said, since nothing is left to compare it with.
 */
async function joinNeighbours(
	tx: Tx,
	gone: readonly { device_id: string; created_at: string; content_hash: string | null }[],
): Promise<Successor[]> {
	const good = gone.filter(({ content_hash }) => content_hash !== null);
	if (good.length === 0) return [];
	const { rows } = await tx.execute<Successor & { changed: boolean }>(sql`
		with gone as (
			select * from unnest(
				${sql.param(good.map(({ device_id }) => device_id))}::uuid[],
				${sql.param(good.map(({ created_at }) => created_at))}::timestamptz[],
				${sql.param(good.map(({ content_hash }) => content_hash))}::text[]
			) as g(device_id, created_at, content_hash)
		), joined as (
			select n.id, p.content_id as before_content_id, n.content_hash <> p.content_hash as changed,
				bool_or(g.content_hash <> p.content_hash) as differed
			from gone g
			cross join lateral (
				select id, content_hash from backups
				where device_id = g.device_id and status = 'succeeded' and created_at > g.created_at order by created_at, id limit 1
			) n
			cross join lateral (
				select content_id, content_hash from backups
				where device_id = g.device_id and status = 'succeeded' and created_at < g.created_at order by created_at desc, id desc limit 1
			) p
			group by n.id, p.content_id, n.content_hash, p.content_hash
		)
		update backups b set changed = j.changed,
			lines_added = case when not j.changed then 0 end, lines_removed = case when not j.changed then 0 end
		from joined j where b.id = j.id and j.differed
		returning b.id, b.content_id, j.before_content_id, b.changed`);
	return rows.filter(({ changed }) => changed);
}

/** After the transaction, for texts may be large; a crash before it leaves the numbers unknown, not wrong. */
async function countLines({ db, contents, texts }: SearchTextNeeds, successor: Successor): Promise<void> {
	const { id, content_id, before_content_id } = successor;
	const found = await contents.readMasked([before_content_id, content_id]);
	const [from, to] = [found.get(before_content_id), found.get(content_id)];
	if (from === undefined || to === undefined) return;
	const { added, removed } = await texts.run("countChanges", { from, to }, from.size + to.size);
	// Nothing is written when the one before it, too, was deleted meanwhile: who did that counts.
	await db.orm.execute(sql`
		update backups b set lines_added = ${added}, lines_removed = ${removed}
		where id = ${id} and ${before_content_id} = (
			select content_id from backups p
			where p.device_id = b.device_id and p.status = 'succeeded' and p.created_at < b.created_at order by p.created_at desc, p.id desc limit 1
		)`);
}

/** Deletes those of the contents that no backup has. One that a backup takes up this very moment stays, by its foreign key. */
async function removeUnused(db: Database, content_ids: readonly string[]): Promise<void> {
	if (content_ids.length === 0) return;
	try {
		await db.orm.execute(
			sql`delete from contents c where id in ${content_ids} and not exists (select from backups b where b.content_id = c.id)`,
		);
	} catch (error) {
		// The daily sweep takes the others.
		if (violatedForeignKey(error) === undefined) throw error;
	}
}

/** Deletes whatever contents no backup has, which a crash may leave. */
export async function sweepContents(db: Database): Promise<void> {
	const { rows } = await db.orm.execute<{ id: string }>(
		sql`select c.id from contents c where not exists (select from backups b where b.content_id = c.id)`,
	);
	for (let from = 0; from < rows.length; from += batchSize) {
		await removeUnused(
			db,
			rows.slice(from, from + batchSize).map(({ id }) => id),
		);
	}
}
