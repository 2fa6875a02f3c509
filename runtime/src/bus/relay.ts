import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import type { Log } from "../log.ts";
import type { BusMessage, Carrier } from "./carrier.ts";
import { outboxSignal } from "./outbox.ts";
import { takeTurn, turn_retry_ms } from "./turn.ts";
import { startWorkLoop } from "./work-loop.ts";

export interface Relay {
	/** Events were committed by another process. */
	wake(): void;
	/** The database is back after it was away: looks at once instead of after its pause. */
	recover(): void;
	/** Ends after the batch under way. */
	stop(): Promise<void>;
}

export interface RelayOptions {
	db: Database;
	service: string;
	carrier: Carrier;
	clock: Clock;
	log: Log;
	/** How long an event may lie unseen of which no word came. */
	poll_ms?: number;
}

const batch_size = 200;
/** Under load, events gather this long: a batch costs about as much as a single event. */
const spacing_ms = 200;

type OutboxRow = {
	position: string;
	id: string;
	name: string;
	payload: unknown;
	traceparent: string | null;
	occurred_at: string;
};

/** Hands a service's committed events to the carrier, in order, and forgets those that it accepted. Several processes take turns. */
export async function startRelay({ db, service, carrier, clock, log, poll_ms = 10_000 }: RelayOptions): Promise<Relay> {
	const table = sql`${sql.identifier(db.schema)}.outbox`;
	const turn = `netconductor.relay.${db.schema}`;

	async function relayBatch(): Promise<boolean | number> {
		// The one place where a transaction stays open during I/O: its turn keeps the order, and goes with us when we are killed.
		return db.transaction(async (tx) => {
			if (!(await takeTurn(tx, turn))) return turn_retry_ms;
			const { rows } = await tx.execute<OutboxRow>(
				sql`select position, id, name, payload, traceparent, occurred_at from ${table} order by position limit ${batch_size}`,
			);
			if (rows.length === 0) return false;
			await carrier.publish(rows.map(toMessage));
			const positions = sql.param(rows.map(({ position }) => position));
			await tx.execute(sql`delete from ${table} where position = any(${positions}::bigint[])`);
			return rows.length === batch_size;
		});
	}

	const loop = startWorkLoop({
		step: relayBatch,
		rest_ms: poll_ms,
		spacing_ms,
		clock,
		onError(err, failures) {
			// Once, and then at growing distance: the broker may be away for hours.
			if (Number.isInteger(Math.log2(failures)))
				log.warn({ err, service, failures }, "events could not be handed on; they are kept and tried again");
		},
	});
	db.signals.on(outboxSignal, loop.wake);
	return {
		wake: loop.wake,
		recover: loop.recover,
		async stop() {
			db.signals.off(outboxSignal, loop.wake);
			await loop.stop();
		},
	};
}

function toMessage({ id, name, payload, traceparent, occurred_at }: OutboxRow): BusMessage {
	return {
		id,
		name,
		payload,
		...(traceparent !== null && { traceparent }),
		occurred_at: new Date(occurred_at).toISOString(),
	};
}
