import { type EventName, eventCatalogue } from "@netconductor/contracts/events";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database, Tx } from "../db/database.ts";
import { hasCode } from "../errors.ts";
import type { Log } from "../log.ts";
import { redactText } from "../redact.ts";
import { runWithTraceparent, withSpan } from "../telemetry.ts";
import type { BusMessage, Carrier } from "./carrier.ts";
import { startWorkLoop } from "./work-loop.ts";

export interface Delivery {
	/** Everything that the event causes is written in it; it also marks the event as handled. */
	tx: Tx;
	event_id: string;
	occurred_at: Date;
	traceparent: string | undefined;
}

export type Consumer<N extends EventName> = (
	payload: z.output<(typeof eventCatalogue)[N]>,
	delivery: Delivery,
) => Promise<void>;
export type Consumers = { [N in EventName]?: Consumer<N> };

export interface Inbox {
	/** Ends after the event under way. */
	stop(): Promise<void>;
}

export interface InboxOptions {
	db: Database;
	service: string;
	consumers: Consumers;
	carrier: Carrier;
	clock: Clock;
	log: Log;
	/** How long an event that another process took in may lie unseen. */
	poll_ms?: number;
	/** Pause before the second attempt; doubles with each, up to 5 minutes. */
	first_retry_ms?: number;
}

const max_attempts = 10;
const longest_retry_ms = 300_000;
const kept_days = 7;

interface Waiting extends Record<string, unknown> {
	id: string;
	name: EventName;
	payload: unknown;
	traceparent: string | null;
	occurred_at: string;
	attempts: number;
}

/**
 * Takes in the events that a service consumes and applies each exactly once: one at a time, in order of arrival, also with several processes. A consumer that fails is tried
 * again later, ten times, and then put aside (`listDeadEvents`); the others go on meanwhile.
 */
export async function startInbox(options: InboxOptions): Promise<Inbox> {
	const { db, service, consumers, carrier, clock, log, poll_ms = 500, first_retry_ms = 1_000 } = options;
	const table = sql`${sql.identifier(db.schema)}.inbox`;
	const lock = `netconductor.inbox.${db.schema}`;
	const due = () =>
		sql`handled_at is null and dead_at is null and next_attempt_at <= ${clock.now().toISOString()}::timestamptz order by arrival limit 1`;

	async function handleNext(): Promise<boolean> {
		await pruneSometimes();
		const waiting = await db.orm.execute(sql`select from ${table} where ${due()}`);
		if (waiting.rowCount === 0) return false;
		let failed: { event: Waiting; error: unknown } | undefined;
		const handled = await db
			.transaction(async (tx) => {
				// Another process that froze with the lock must not hold up the service.
				await tx.execute(sql`set local idle_in_transaction_session_timeout = '60s'`);
				const { rows } = await tx.execute<Waiting>(
					sql`with turn as materialized (select pg_try_advisory_xact_lock(hashtextextended(${lock}, 0)) as mine)
						select id, name, payload, traceparent, occurred_at, attempts from ${table} where (select mine from turn) and ${due()}`,
				);
				const [event] = rows;
				if (event === undefined) return false;
				try {
					await apply(event, tx);
				} catch (error) {
					failed = { event, error };
					throw error;
				}
				await tx.execute(
					sql`update ${table} set handled_at = ${clock.now().toISOString()}, attempts = attempts + 1, last_error = null where id = ${event.id}`,
				);
				return true;
			})
			.catch((error: unknown) => {
				// A lost database is nobody's failed attempt, nor is anything that our own statements throw.
				if (failed === undefined || failed.error !== error || hasCode(error, "service.unavailable")) throw error;
				return true;
			});
		if (failed !== undefined) await postpone(failed.event, failed.error);
		return handled;
	}

	async function apply(event: Waiting, tx: Tx): Promise<void> {
		const consumer = consumers[event.name] as Consumer<EventName> | undefined;
		// Left over from a release that consumed it.
		if (consumer === undefined) return;
		const schema: z.ZodType = eventCatalogue[event.name];
		const payload = schema.parse(event.payload) as never;
		await runWithTraceparent(event.traceparent ?? undefined, () =>
			withSpan(
				`consume ${event.name}`,
				{ "messaging.message.id": event.id, "netconductor.service": service },
				() =>
					consumer(payload, {
						tx,
						event_id: event.id,
						occurred_at: new Date(event.occurred_at),
						traceparent: event.traceparent ?? undefined,
					}),
				"consumer",
			),
		);
	}

	async function postpone(event: Waiting, error: unknown): Promise<void> {
		const attempts = event.attempts + 1;
		// Another attempt cannot make an unreadable payload readable.
		const dead = attempts >= max_attempts || error instanceof z.ZodError;
		const now = clock.now();
		const next = new Date(now.getTime() + Math.min(longest_retry_ms, first_retry_ms * 2 ** event.attempts));
		await db.orm.execute(
			sql`update ${table} set attempts = ${attempts}, last_error = ${describe(error)}, next_attempt_at = ${next.toISOString()},
				dead_at = ${dead ? now.toISOString() : null}
				where id = ${event.id} and handled_at is null`,
		);
		const about = { err: error, service, event: event.name, event_id: event.id, attempts };
		if (dead) log.error(about, "an event was put aside: its consumer does not succeed");
		else log.warn(about, "a consumer failed; the event is tried again");
	}

	let pruned_at = 0;
	async function pruneSometimes(): Promise<void> {
		const now = clock.now().getTime();
		if (now - pruned_at < 3_600_000) return;
		pruned_at = now;
		const before = new Date(now - kept_days * 86_400_000).toISOString();
		await db.orm.execute(sql`delete from ${table} where handled_at < ${before}::timestamptz`);
	}

	const loop = startWorkLoop({
		step: handleNext,
		rest_ms: poll_ms,
		clock,
		onError(err, failures) {
			if (Number.isInteger(Math.log2(failures)))
				log.warn({ err, service, failures }, "the inbox cannot be read; trying again");
		},
	});
	const subscription = await carrier.subscribe(service, Object.keys(consumers), async (messages) => {
		if (messages.length === 0) return;
		await db.orm.execute(
			sql`insert into ${table} (id, name, payload, traceparent, occurred_at)
				select id, name, payload, traceparent, occurred_at from jsonb_to_recordset(${sql.param(JSON.stringify(messages.map(toRow)))}::jsonb)
					as given (id uuid, name text, payload jsonb, traceparent text, occurred_at timestamptz)
				on conflict (id) do nothing`,
		);
		loop.wake();
	});
	return {
		async stop() {
			await subscription.close();
			await loop.stop();
		},
	};
}

function toRow({ id, name, payload, traceparent, occurred_at }: BusMessage) {
	return { id, name, payload: payload ?? null, traceparent: traceparent ?? null, occurred_at };
}

function describe(error: unknown): string {
	const text =
		error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
	return redactText(text).slice(0, 2_000);
}

/** An event that its consumer could not apply. */
export interface DeadEvent {
	id: string;
	name: string;
	occurred_at: string;
	dead_at: string;
	attempts: number;
	last_error: string | null;
}

/** Events put aside in a service's inbox, the oldest first. */
export async function listDeadEvents(db: Database, limit = 100): Promise<DeadEvent[]> {
	const { rows } = await db.orm.execute<Record<keyof DeadEvent, never>>(
		sql`select id, name, occurred_at, dead_at, attempts, last_error from ${inboxOf(db)} where dead_at is not null order by dead_at, id limit ${limit}`,
	);
	return rows.map((row) => ({
		...row,
		occurred_at: new Date(row.occurred_at).toISOString(),
		dead_at: new Date(row.dead_at).toISOString(),
	}));
}

/** Gives events put aside another ten attempts, from now on. Answers how many of the ids were such. */
export async function replayDeadEvents(db: Database, ids: string[]): Promise<number> {
	const { rowCount } = await db.orm.execute(
		sql`update ${inboxOf(db)} set dead_at = null, attempts = 0, next_attempt_at = '-infinity' where dead_at is not null and id = any(${sql.param(ids)}::uuid[])`,
	);
	return rowCount ?? 0;
}

function inboxOf(db: Database): SQL {
	return sql`${sql.identifier(db.schema)}.inbox`;
}
