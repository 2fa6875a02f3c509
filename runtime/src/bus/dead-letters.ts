import type { DeadLetter, DeadLetterPlace } from "@netconductor/contracts/system/dead-letters";
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";

/** Emitted on a database's signals when events put aside were given another chance. */
export const replayedSignal = "inbox";

/** Events put aside in a service's inbox, the oldest first. */
export async function listDeadEvents(
	db: Database,
	{ from, limit = 100 }: { from?: DeadLetterPlace | undefined; limit?: number } = {},
): Promise<DeadLetter[]> {
	const place = sql`(${from?.dead_at ?? null}::timestamptz, ${from?.id ?? null}::uuid)`;
	const after = from && sql`and (dead_at, id) ${from.included ? sql`>=` : sql`>`} ${place}`;
	const { rows } = await db.orm.execute<Record<keyof DeadLetter, never>>(
		sql`select id, name, occurred_at, dead_at, attempts, last_error from ${inboxOf(db)}
			where dead_at is not null ${after} order by dead_at, id limit ${limit}`,
	);
	return rows.map(toDeadLetter);
}

/** Gives events put aside another ten attempts, from now on: these, or all. Answers how many that were. */
export function replayDeadEvents(db: Database, ids?: readonly string[]): Promise<number> {
	return settle(db, ids, sql`attempts = 0, next_attempt_at = '-infinity'`);
}

/** Has events put aside count as handled, so that they are forgotten with the others. Answers how many of the ids were such. */
export function discardDeadEvents(db: Database, ids: readonly string[], now: Date): Promise<number> {
	return settle(db, ids, sql`handled_at = ${now.toISOString()}`);
}

async function settle(db: Database, ids: readonly string[] | undefined, change: SQL): Promise<number> {
	const these = ids && sql`and id = any(${sql.param(ids)}::uuid[])`;
	const { rowCount } = await db.orm.execute(
		sql`update ${inboxOf(db)} set dead_at = null, ${change} where dead_at is not null ${these}`,
	);
	db.signals.emit(replayedSignal);
	return rowCount ?? 0;
}

/** An event put aside with what it says; undefined where there is none of this id. */
export async function readDeadEvent(
	db: Database,
	id: string,
): Promise<(DeadLetter & { payload: unknown; traceparent: string | null }) | undefined> {
	const { rows } = await db.orm.execute<Record<keyof DeadLetter | "payload" | "traceparent", never>>(
		sql`select id, name, occurred_at, dead_at, attempts, last_error, payload, traceparent from ${inboxOf(db)}
			where dead_at is not null and id = ${id}`,
	);
	const [row] = rows;
	return row && { ...toDeadLetter(row), payload: row.payload, traceparent: row.traceparent };
}

function toDeadLetter(row: Record<keyof DeadLetter, never>): DeadLetter {
	const { id, name, attempts, last_error } = row;
	const at = (given: string) => new Date(given).toISOString();
	return { id, name, attempts, last_error, occurred_at: at(row.occurred_at), dead_at: at(row.dead_at) };
}

function inboxOf(db: Database): SQL {
	return sql`${sql.identifier(db.schema)}.inbox`;
}
