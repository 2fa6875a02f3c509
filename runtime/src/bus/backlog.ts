import { sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";

/** Events of one service that wait, counted up to 100,000. */
export interface Backlog {
	/** Written and not handed over yet. */
	outgoing: number;
	/** Taken in and not applied yet. */
	incoming: number;
	/** Put aside after ten attempts. */
	put_aside: number;
}

const enough = 100_000;

/** Counts what waits in the outbox and the inbox of a schema. */
export async function readBacklog(db: Database): Promise<Backlog> {
	const schema = sql.identifier(db.schema);
	const waiting = (from: ReturnType<typeof sql>) =>
		sql`(select count(*)::int from (select 1 from ${from} limit ${enough}) w)`;
	const { rows } = await db.orm.execute<Record<keyof Backlog, number>>(sql`
		select ${waiting(sql`${schema}.outbox`)} as outgoing,
			${waiting(sql`${schema}.inbox where handled_at is null and dead_at is null`)} as incoming,
			${waiting(sql`${schema}.inbox where dead_at is not null`)} as put_aside`);
	const [row] = rows;
	if (row === undefined) throw new TypeError("counting answers one row");
	return row;
}
