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
import { replayedSignal } from "./dead-letters.ts";
import { takeTurn, turn_retry_ms } from "./turn.ts";
import { startWorkLoop } from "./work-loop.ts";

export interface Delivery extends Circumstances {
	/** Everything that the event causes is written in it; it also marks the event as handled. */
	tx: Tx;
}

interface Circumstances {
	event_id: string;
	occurred_at: Date;
	traceparent: string | undefined;
}

type Payload<N extends EventName> = z.output<(typeof eventCatalogue)[N]>;

/** Applies one event. */
export type Consumer<N extends EventName> = (payload: Payload<N>, delivery: Delivery) => Promise<void>;

/** An event as it is given to those who take many at once. */
export interface Happened<N extends EventName> extends Circumstances {
	payload: Payload<N>;
}

/** Applies events of one name that arrived in a row, in their order: for those whom one statement costs as much for a hundred. */
export interface ManyConsumer<N extends EventName> {
	many(events: readonly Happened<N>[], tx: Tx): Promise<void>;
}

export type Consumers = { [N in EventName]?: Consumer<N> | ManyConsumer<N> };

export interface Inbox {
	/** The database is back after it was away: looks at once instead of after its pause. */
	recover(): void;
	/** Ends after the events under way. */
	stop(): Promise<void>;
}

export interface InboxOptions {
	db: Database;
	service: string;
	consumers: Consumers;
	carrier: Carrier;
	clock: Clock;
	log: Log;
	/** How long an event may lie unseen of which no word came: another process took it in and died. */
	poll_ms?: number;
	/** Pause before the second attempt; doubles with each, up to 5 minutes. */
	first_retry_ms?: number;
}

const batch_size = 200;
/** Under load, events gather this long: a batch costs about as much as a single event. */
const spacing_ms = 100;
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
 * Takes in the events that a service consumes and applies each exactly once, in order of arrival, also with several processes. Events that wait
 * together share a transaction. When a consumer fails they are applied one by one, so that only the failing one is put off: it is tried
 * again later, ten times, and then put aside (`listDeadEvents`); the others go on meanwhile.
 */
export async function startInbox(options: InboxOptions): Promise<Inbox> {
	const { db, service, consumers, carrier, clock, log, poll_ms = 10_000, first_retry_ms = 1_000 } = options;
	const table = sql`${sql.identifier(db.schema)}.inbox`;
	const turn = `netconductor.inbox.${db.schema}`;
	const waiting = sql`handled_at is null and dead_at is null`;
	/** So many are taken one by one, after a failure of them together. */
	let singly = 0;
	/** When the next event that was put off is due, as far as it is known here. */
	let due_at = Number.POSITIVE_INFINITY;

	async function handleDue(): Promise<boolean | number> {
		await pruneSometimes();
		const now = clock.now().getTime();
		const limit = singly > 0 ? 1 : batch_size;
		let failed: { events: Waiting[]; error: unknown } | undefined;
		const taken = await db
			.transaction(async (tx) => {
				if (!(await takeTurn(tx, turn))) return undefined;
				const events = await takeDue(tx, now, limit);
				if (events.length === 0) {
					due_at = await nextDue(tx, now);
					return 0;
				}
				try {
					await apply(events, tx);
				} catch (error) {
					failed = { events, error };
					throw error;
				}
				await tx.execute(
					sql`update ${table} set handled_at = ${clock.now().toISOString()}, attempts = attempts + 1, last_error = null
						where id = any(${sql.param(events.map(({ id }) => id))}::uuid[])`,
				);
				return events.length;
			})
			.catch((error: unknown) => {
				// A lost database is nobody's failed attempt, nor is anything that our own statements throw.
				if (failed === undefined || failed.error !== error || hasCode(error, "service.unavailable")) throw error;
				return failed.events.length;
			});
		if (taken === undefined) return turn_retry_ms;
		if (failed !== undefined && failed.events.length > 1) {
			singly = failed.events.length;
			return true;
		}
		const [event] = failed?.events ?? [];
		if (failed !== undefined && event !== undefined) await postpone(event, failed.error);
		singly = taken === 0 ? 0 : Math.max(0, singly - taken);
		if (taken === limit || (taken > 0 && due_at <= now)) return true;
		return due_at === Number.POSITIVE_INFINITY ? false : Math.min(poll_ms, Math.max(1, due_at - clock.now().getTime()));
	}

	/** Further away than the longest pause is only what was put off before the clock was set back. */
	const isDue = (now: number) =>
		sql`(next_attempt_at <= ${instant(now)} or next_attempt_at > ${instant(now + longest_retry_ms)})`;

	async function takeDue(tx: Tx, now: number, limit: number): Promise<Waiting[]> {
		const { rows } = await tx.execute<Waiting>(
			sql`select id, name, payload, traceparent, occurred_at, attempts from ${table}
				where ${waiting} and ${isDue(now)} order by arrival limit ${limit}`,
		);
		return rows;
	}

	async function nextDue(tx: Tx, now: number): Promise<number> {
		const { rows } = await tx.execute<{ at: string | null }>(
			sql`select min(next_attempt_at) as at from ${table}
				where ${waiting} and not ${isDue(now)}`,
		);
		const at = rows[0]?.at ?? null;
		return at === null ? Number.POSITIVE_INFINITY : new Date(at).getTime();
	}

	async function apply(events: readonly Waiting[], tx: Tx): Promise<void> {
		for (const [first, ...others] of inRows(events)) {
			const consumer = consumers[first.name] as Consumer<EventName> | ManyConsumer<EventName> | undefined;
			// Left over from a release that consumed it.
			if (consumer === undefined) continue;
			const schema: z.ZodType = eventCatalogue[first.name];
			const happened = [first, ...others].map((event) => ({
				payload: schema.parse(event.payload) as never,
				event_id: event.id,
				occurred_at: new Date(event.occurred_at),
				traceparent: event.traceparent ?? undefined,
			}));
			if (typeof consumer !== "function") {
				await traced(first.name, happened, () => consumer.many(happened, tx));
				continue;
			}
			for (const { payload, ...circumstances } of happened) {
				await traced(first.name, [circumstances], () => consumer(payload, { ...circumstances, tx }));
			}
		}
	}

	/** One event is handled in the trace that caused it; several together in a trace of their own. */
	function traced(name: EventName, events: readonly Circumstances[], work: () => Promise<void>): Promise<void> {
		const [first] = events;
		const about = events.length === 1 ? { "messaging.message.id": first?.event_id } : undefined;
		return runWithTraceparent(about && first?.traceparent, () =>
			withSpan(
				`consume ${name}`,
				{ ...about, "messaging.batch.message_count": events.length, "netconductor.service": service },
				work,
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
		if (!dead) due_at = Math.min(due_at, next.getTime());
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
		step: handleDue,
		rest_ms: poll_ms,
		spacing_ms,
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
	db.signals.on(replayedSignal, loop.wake);
	return {
		recover: loop.recover,
		async stop() {
			db.signals.off(replayedSignal, loop.wake);
			await subscription.close();
			await loop.stop();
		},
	};
}

/** Neighbours of one name together. */
function inRows(events: readonly Waiting[]): [Waiting, ...Waiting[]][] {
	const rows: [Waiting, ...Waiting[]][] = [];
	for (const event of events) {
		const last = rows.at(-1);
		if (last?.[0].name === event.name) last.push(event);
		else rows.push([event]);
	}
	return rows;
}

function instant(ms: number): SQL {
	return sql`${new Date(ms).toISOString()}::timestamptz`;
}

function toRow({ id, name, payload, traceparent, occurred_at }: BusMessage) {
	return { id, name, payload: payload ?? null, traceparent: traceparent ?? null, occurred_at };
}

function describe(error: unknown): string {
	const text =
		error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
	return redactText(text).slice(0, 2_000);
}
