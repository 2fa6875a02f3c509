import { type EventName, eventCatalogue } from "@netconductor/contracts/events";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { afterCommit, type Database, type Tx } from "../db/database.ts";
import { jsonbText } from "../db/jsonb.ts";
import { newId } from "../id.ts";
import { currentTraceparent } from "../telemetry.ts";

export type EventPayload<N extends EventName> = z.input<(typeof eventCatalogue)[N]>;

export interface Outbox {
	/**
	 * Says that something happened, as part of the transaction in which it happened: delivered at least once after the commit, never after a rollback.
	 * Answers the event's id.
	 * @throws TypeError when the payload is not what the contract declares
	 */
	publish<N extends EventName>(tx: Tx, name: N, payload: EventPayload<N>): Promise<string>;
}

/** Emitted on a database's signals when events were committed. */
export const outboxSignal = "outbox";

/** The events of the service that owns the database's schema. */
export function createOutbox(db: Database): Outbox {
	const table = sql`${sql.identifier(db.schema)}.outbox`;
	return {
		async publish(tx, name, payload) {
			const schema: z.ZodType = eventCatalogue[name];
			const parsed = schema.safeParse(payload);
			if (!parsed.success) throw new TypeError(`The payload of ${name} is not valid: ${z.prettifyError(parsed.error)}`);
			const id = newId();
			await tx.execute(
				sql`insert into ${table} (id, name, payload, traceparent, occurred_at)
					values (${id}, ${name}, ${jsonbText(parsed.data)}, ${currentTraceparent() ?? null}, ${new Date().toISOString()})`,
			);
			afterCommit(tx, () => db.signals.emit(outboxSignal));
			return id;
		},
	};
}
