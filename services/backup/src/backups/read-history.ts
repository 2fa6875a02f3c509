import type { backupApi } from "@netconductor/contracts/backup/api";
import { HistoryEntry } from "@netconductor/contracts/backup/model";
import type { Database } from "@netconductor/runtime/db/database";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import type { Handler } from "@netconductor/runtime/host/service";
import { and, desc, eq, lte, sql } from "drizzle-orm";
import { z } from "zod";
import type { ContentStore } from "../contents/content-store.ts";
import { type ScopeNeeds, scopeOf } from "../scope.ts";
import { backups, blames } from "../tables.ts";
import type { TextPool } from "../text/text-pool.ts";

type Operations = (typeof backupApi)["operations"];

interface Needs extends ScopeNeeds {
	db: Database;
}

const versionKey = [
	{ column: backups.created_at, schema: z.iso.datetime() },
	{ column: backups.id, schema: z.uuid() },
] as const;

/**
 * Versions of a device's text, newest first. Series of equal texts are found in the device's backups as they are, so that what a clean-up took out of
 * the middle leaves no seam.
 */
export function getHistory(needs: Needs): Handler<Operations["getHistory"]> {
	const { db } = needs;
	return async (call) => {
		const { params, query } = call;
		const scope = (await scopeOf(needs, call, backups.device_id)) ?? sql`true`;
		// A page ends at the first backup of a version; what is older than that holds the older versions whole.
		const window = cursorWindow(query, { key: versionKey, direction: "descending" });
		const older = window.where === undefined ? sql`true` : window.where;
		const { rows } = await db.orm.execute<{ entry: z.input<typeof HistoryEntry> & { first_id: string } }>(sql`
			with found as (
				select ${backups.id}, ${backups.content_hash}, ${backups.created_at},
					lag(${backups.content_hash}) over (order by ${backups.created_at}, ${backups.id}) as before
				from ${backups}
				where ${backups.device_id} = ${params.device_id} and ${backups.status} = 'succeeded' and ${older} and ${scope}
			), marked as (
				select *, count(*) filter (where before is distinct from content_hash) over (order by created_at, id) as version from found
			), versions as (
				select version, count(*) as seen, max(created_at) as last_seen_at,
					(array_agg(id order by created_at, id))[1] as first_id
				from marked group by version order by version desc limit ${window.limit}
			)
			select json_build_object(
				'first_id', v.first_id, 'backup_id', v.first_id, 'run_id', b.run_id, 'content_hash', b.content_hash, 'seen', v.seen,
				'first_seen_at', to_char(b.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
				'last_seen_at', to_char(v.last_seen_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
				'lines_added', b.lines_added, 'lines_removed', b.lines_removed, 'started_by', b.started_by
			) as entry
			from versions v join backups b on b.id = v.first_id order by v.version desc`);
		const entries = rows.map(({ entry }) => entry);
		const page = toCursorPage(entries, query.limit, ({ first_seen_at, first_id }) => [first_seen_at, first_id]);
		return { items: page.items.map((entry) => HistoryEntry.parse(entry)), next_cursor: page.next_cursor };
	};
}

/** The lines of a device's text as it stood then, each with the backup that brought it. It is kept with each version, so nothing is compared here. */
export function getBlame(needs: Needs & { contents: ContentStore; texts: TextPool }): Handler<Operations["getBlame"]> {
	const { db, contents, texts } = needs;
	return async (call) => {
		const { params, query, signal } = call;
		const scope = await scopeOf(needs, call, backups.device_id);
		const [backup] = await db.orm
			.select()
			.from(backups)
			.where(
				and(
					eq(backups.device_id, params.device_id),
					eq(backups.status, "succeeded"),
					scope,
					query.at === undefined ? undefined : lte(backups.created_at, query.at),
				),
			)
			.orderBy(desc(backups.created_at), desc(backups.id))
			.limit(1);
		const text = backup?.content_id
			? (await contents.readMasked([backup.content_id])).get(backup.content_id)
			: undefined;
		if (backup === undefined || text === undefined || backup.version_id === null) {
			throw failed("backups.no_backup_at", {
				message: `There is no good backup of device ${params.device_id}${query.at === undefined ? "" : ` at or before ${query.at}`}.`,
			});
		}
		const [blame] = await db.orm.select().from(blames).where(eq(blames.version_id, backup.version_id));
		if (blame === undefined) throw new TypeError(`version ${backup.version_id} has no blame`);
		const { lines, total } = await texts.run(
			"readBlame",
			{ text, blame: blame.origins, start: query.from_line - 1, count: query.limit },
			text.size,
			signal,
		);
		return {
			device_id: params.device_id,
			device_name: backup.device_name,
			backup_id: backup.id,
			lines,
			total_lines: total,
		};
	};
}
