import type { OperationRecord } from "@netconductor/contracts/audit/events";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { asc, getTableColumns, gt, sql } from "drizzle-orm";
import { chainHead, records } from "../tables.ts";
import { type ChainHead, genesisHash, type Link, linkAfter } from "./chain.ts";

const allColumns = sql.raw(
	Object.values(getTableColumns(records))
		.filter(({ generated }) => generated === undefined)
		.map(({ name }) => name)
		.join(", "),
);

/** Appends records, in their order, in the caller's transaction. Whoever else appends waits for its end, so positions have no gaps. */
export async function appendRecords(tx: Tx, given: readonly OperationRecord[], clock: Clock): Promise<void> {
	const [start] = await tx.select().from(chainHead).for("update");
	if (start === undefined) throw new TypeError("the audit chain has no head: its first migration makes one");
	const recorded_at = clock.now().toISOString();
	const links: Link[] = [];
	let head: ChainHead = start;
	for (const record of given) {
		const link = linkAfter(head, record, { id: newId(), recorded_at });
		links.push(link);
		head = link;
	}
	// One statement, whose text is the same however many they are.
	await tx.execute(sql`insert into ${records} (${allColumns}) select ${allColumns} from jsonb_to_recordset(${JSON.stringify(links)}::jsonb)
		as given (position bigint, id uuid, occurred_at timestamptz, actor_id text, actor_name text, service text, operation text,
			outcome text, resource_type text, resource_id text, resource_name text, summary text, content text, hash text)`);
	await tx.update(chainHead).set({ position: head.position, hash: head.hash });
}

export async function readHead(db: Database): Promise<ChainHead> {
	const [head] = await db.orm.select().from(chainHead);
	return head ?? { position: 0, hash: genesisHash };
}

/** The records after a position, in order. */
export function readLinks(db: Database, after: number, limit: number): Promise<Link[]> {
	return db.orm.select().from(records).where(gt(records.position, after)).orderBy(asc(records.position)).limit(limit);
}
