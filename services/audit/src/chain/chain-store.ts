import type { OperationRecord } from "@netconductor/contracts/audit/events";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { asc, gt } from "drizzle-orm";
import { chainHead, records } from "../tables.ts";
import { type ChainHead, genesisHash, type Link, linkAfter } from "./chain.ts";

/** Appends a record in the caller's transaction. Whoever else appends waits for its end, so positions have no gaps. */
export async function appendRecord(tx: Tx, record: OperationRecord, clock: Clock): Promise<Link> {
	const [head] = await tx.select().from(chainHead).for("update");
	if (head === undefined) throw new TypeError("the audit chain has no head: its first migration makes one");
	const link = linkAfter(head, record, { id: newId(), recorded_at: clock.now().toISOString() });
	await tx.insert(records).values(link);
	await tx.update(chainHead).set({ position: link.position, hash: link.hash });
	return link;
}

export async function readHead(db: Database): Promise<ChainHead> {
	const [head] = await db.orm.select().from(chainHead);
	return head ?? { position: 0, hash: genesisHash };
}

/** The records after a position, in order. */
export function readLinks(db: Database, after: number, limit: number): Promise<Link[]> {
	return db.orm.select().from(records).where(gt(records.position, after)).orderBy(asc(records.position)).limit(limit);
}
