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
	/**
	 * The same for many events of one name, in their order and in few statements. Where they were not caused by one and the same call,
	 * `traceparents` names what caused each.
	 */
	publishAll<N extends EventName>(
		tx: Tx,
		name: N,
		payloads: readonly EventPayload<N>[],
		traceparents?: readonly (string | undefined)[],
	): Promise<void>;
}

/** Emitted on a database's signals when events were committed. */
export const outboxSignal = "outbox";

const eventsAStatement = 2_000;

/** The events of the service that owns the database's schema. */
export function createOutbox(db: Database): Outbox {
	const table = sql`${sql.identifier(db.schema)}.outbox`;

	async function publish(
		tx: Tx,
		name: EventName,
		payloads: readonly unknown[],
		traceparents: readonly (string | undefined)[] | undefined,
	): Promise<string[]> {
		const schema: z.ZodType = eventCatalogue[name];
		const cause = currentTraceparent();
		const events = payloads.map((payload, index) => {
			const parsed = schema.safeParse(payload);
			if (!parsed.success) throw new TypeError(`The payload of ${name} is not valid: ${z.prettifyError(parsed.error)}`);
			return {
				id: newId(),
				payload: parsed.data,
				traceparent: traceparents === undefined ? cause : traceparents[index],
			};
		});
		const occurred_at = new Date().toISOString();
		for (let from = 0; from < events.length; from += eventsAStatement) {
			await tx.execute(
				sql`insert into ${table} (id, name, payload, traceparent, occurred_at)
					select id, ${name}, payload, traceparent, ${occurred_at}::timestamptz
					from jsonb_to_recordset(${jsonbText(events.slice(from, from + eventsAStatement))}::jsonb)
						as given (id uuid, payload jsonb, traceparent text)`,
			);
		}
		if (events.length > 0) afterCommit(tx, () => db.signals.emit(outboxSignal));
		return events.map(({ id }) => id);
	}

	return {
		async publish(tx, name, payload) {
			const [id] = await publish(tx, name, [payload], undefined);
			return id as string;
		},
		async publishAll(tx, name, payloads, traceparents) {
			await publish(tx, name, payloads, traceparents);
		},
	};
}
