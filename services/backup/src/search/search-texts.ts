import type { Database } from "@netconductor/runtime/db/database";
import { sql } from "drizzle-orm";
import type { ContentStore } from "../contents/content-store.ts";
import type { TextPool } from "../text/text-pool.ts";

export interface SearchTextNeeds {
	db: Database;
	contents: ContentStore;
	texts: TextPool;
}

/** Texts above this are not in the trigram index: it would be larger than they are. */
export const bigText = 1024 * 1024;

/** Makes the search texts of contents that became some device's current one again, because newer backups were deleted. */
export async function restoreSearchTexts({ db, contents, texts }: SearchTextNeeds): Promise<void> {
	const { rows } = await db.orm.execute<{ content_id: string }>(
		sql`select distinct content_id from devices d where content_id is not null and not exists (select from search_texts t where t.content_id = d.content_id)`,
	);
	for (const { content_id } of rows) {
		const text = (await contents.readMasked([content_id])).get(content_id);
		if (text === undefined) continue;
		const folded = await texts.run("foldText", { text }, text.size);
		await db.orm.execute(
			sql`insert into search_texts (content_id, folded, big) select ${content_id}, ${folded}, ${text.size > bigText}
				where exists (select from contents where id = ${content_id}) on conflict do nothing`,
		);
	}
}

/** Drops search texts of contents that are no device's current one any more. */
export async function sweepSearchTexts({ db }: { db: Database }): Promise<void> {
	await db.transaction(async (tx) => {
		// A backup that makes one of them current at this moment must not lose it: recording, which writes a device first, waits these few milliseconds.
		await tx.execute(sql`lock table devices in share mode`);
		await tx.execute(
			sql`delete from search_texts t where not exists (select from devices d where d.content_id = t.content_id)`,
		);
	});
}
