import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import { z } from "zod";
import { failed } from "../errors.ts";
import type { Log } from "../log.ts";

/** Messages that may be lost: live output, progress ticks. What matters is stored elsewhere, too. */
export interface Ephemeral {
	/**
	 * Tells every process that listens, this one included. Resolves when sent. Lost where nobody listens or a connection is down at that moment.
	 * @throws request.too_large beyond `max_bytes` (topic and payload as JSON)
	 */
	publish(topic: string, payload: unknown): Promise<void>;
	/**
	 * Listens to one topic, or with `*` at the end to all that begin so. Resolves, when it listens, with the function that ends it.
	 * `onGap` tells that the connection was lost and is back: messages in between are missing.
	 */
	subscribe(
		pattern: string,
		onMessage: (payload: unknown, topic: string) => void,
		onGap?: () => void,
	): Promise<() => Promise<void>>;
	close(): Promise<void>;
}

/** Largest message: PostgreSQL's NOTIFY takes less than 8,000 bytes. The same for Redis, so that both behave the same. */
export const max_bytes = 7_900;

const most_queued = 10_000;
const channel = "netconductor_ephemeral";

const Envelope = z.tuple([z.string(), z.unknown(), z.string()]);

interface EphemeralOptions {
	url: string;
	log: Log;
	/** How often it is looked whether the connection lives, and how long an answer may take; 10,000. */
	beat_ms?: number;
}

/** Over PostgreSQL's NOTIFY: for the processes of one machine, or a small deployment. Works within one database. */
export function createPostgresEphemeral({ url, log, beat_ms }: EphemeralOptions): Ephemeral {
	return createEphemeral(log, (receive, gap) => {
		const line = keepConnected({
			log,
			beat_ms,
			name: "PostgreSQL notifications",
			gap,
			async connect(lost) {
				const client = new pg.Client({
					connectionString: url,
					application_name: "netconductor notifications",
					keepAlive: true,
					connectionTimeoutMillis: 5_000,
				});
				client.on("error", lost);
				client.on("end", () => lost(new Error("the connection ended")));
				client.on("notification", ({ payload = "" }) => receive(payload));
				await client.connect();
				await client.query(`listen ${channel}`);
				const close = async () => {
					// A connection that died without a word does not say goodbye either.
					await Promise.race([client.end(), sleep(1_000, undefined, { ref: false })]);
					client.connection.stream.destroy();
				};
				return { use: client, beat: () => client.query("select 1"), close };
			},
		});
		return {
			listening: () => line.ready(startUp_ms),
			async send(messages) {
				const client = await line.ready();
				await client.query(`select pg_notify('${channel}', message) from unnest($1::text[]) as message`, [messages]);
			},
			close: line.close,
		};
	});
}

/** Over Redis: for several machines. */
export function createRedisEphemeral({ url, log, beat_ms }: EphemeralOptions): Ephemeral {
	return createEphemeral(log, (receive, gap) => {
		const line = keepConnected({
			log,
			beat_ms,
			name: "Redis",
			gap,
			async connect(lost) {
				// Its own reconnecting would hide gaps from listeners.
				const options = {
					lazyConnect: true,
					retryStrategy: () => null,
					maxRetriesPerRequest: 0,
					connectTimeout: 5_000,
					connectionName: "netconductor",
				};
				const listener = new Redis(url, options);
				const sender = new Redis(url, options);
				const channel = channelOf(sender);
				for (const redis of [listener, sender]) {
					redis.on("error", lost);
					redis.on("end", () => lost(new Error("the connection ended")));
				}
				listener.on("message", (_: string, text: string) => receive(text));
				const close = async () => {
					listener.disconnect();
					sender.disconnect();
				};
				try {
					await Promise.all([listener.connect(), sender.connect()]);
					await listener.subscribe(channel);
				} catch (error) {
					await close();
					throw error;
				}
				return { use: { sender, channel }, beat: () => Promise.all([listener.ping(), sender.ping()]), close };
			},
		});
		return {
			listening: () => line.ready(startUp_ms),
			async send(messages) {
				const { sender, channel } = await line.ready();
				const pipeline = sender.pipeline();
				for (const message of messages) pipeline.publish(channel, message);
				for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
			},
			close: line.close,
		};
	});
}

/** Redis parts what is stored by the number of a database, but not what is published: its name does. */
function channelOf({ options: { db = 0 } }: Redis): string {
	return db === 0 ? channel : `${channel}_${db}`;
}

/** A process that starts waits longer for its first connection than one that only loses a message. */
const startUp_ms = 30_000;

interface Wire {
	listening(): Promise<unknown>;
	send(messages: string[]): Promise<void>;
	close(): Promise<void>;
}

interface Listener {
	pattern: string;
	onMessage(payload: unknown, topic: string): void;
	onGap: (() => void) | undefined;
}

function createEphemeral(log: Log, open: (receive: (text: string) => void, gap: () => void) => Wire): Ephemeral {
	const told = (tell: () => void) => {
		try {
			tell();
		} catch (err) {
			log.error({ err }, "a listener of live messages failed");
		}
	};
	const listeners = new Set<Listener>();
	const wire = open(
		(text) => {
			const parsed = Envelope.safeParse(parseJson(text));
			if (!parsed.success) return;
			const [topic, payload] = parsed.data;
			for (const { pattern, onMessage } of listeners)
				if (matches(pattern, topic)) told(() => onMessage(payload, topic));
		},
		() => {
			for (const { onGap } of listeners) told(() => onGap?.());
		},
	);
	// PostgreSQL drops equal notifications of one transaction: the mark makes each its own.
	const process_mark = crypto.randomUUID().slice(0, 8);
	let count = 0;
	const queued: { text: string; sent: PromiseWithResolvers<void> }[] = [];
	let sending = false;
	let closed = false;

	async function flush(): Promise<void> {
		while (queued.length > 0) {
			const batch = queued.splice(0, 500);
			await wire.send(batch.map(({ text }) => text)).then(
				() => {
					for (const { sent } of batch) sent.resolve();
				},
				(error: unknown) => {
					for (const { sent } of batch) sent.reject(unavailable(error));
				},
			);
		}
		sending = false;
	}

	return {
		async publish(topic, payload) {
			if (closed) throw unavailable(new Error("closed"));
			const text = JSON.stringify([topic, payload ?? null, `${process_mark}.${count++}`]);
			const bytes = Buffer.byteLength(text);
			if (bytes > max_bytes) {
				throw failed("request.too_large", {
					message: `A message of ${bytes} bytes is too large to send live; ${max_bytes} is the most.`,
					details: { topic, bytes, max_bytes },
				});
			}
			if (queued.length >= most_queued) throw unavailable(new Error("too many messages wait"));
			const sent = Promise.withResolvers<void>();
			queued.push({ text, sent });
			if (!sending) {
				sending = true;
				setImmediate(() => void flush());
			}
			return sent.promise;
		},
		async subscribe(pattern, onMessage, onGap) {
			const entry: Listener = { pattern, onMessage, onGap };
			listeners.add(entry);
			await wire.listening().catch((error: unknown) => {
				listeners.delete(entry);
				throw error;
			});
			return async () => {
				listeners.delete(entry);
			};
		},
		async close() {
			closed = true;
			listeners.clear();
			for (const { sent } of queued.splice(0)) sent.reject(unavailable(new Error("closed")));
			await wire.close();
		},
	};
}

function matches(pattern: string, topic: string): boolean {
	return pattern.endsWith("*") ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function unavailable(cause: unknown) {
	return failed("service.unavailable", {
		message: "The live message could not be sent.",
		details: { dependency: "ephemeral" },
		cause,
	});
}

interface Line<T> {
	use: T;
	/** Answers when the other end does. */
	beat(): Promise<unknown>;
	close(): Promise<void>;
}

/** One connection that is made anew, after a pause that doubles up to 5 s, whenever it is lost. */
function keepConnected<T>(needs: {
	name: string;
	log: Log;
	beat_ms: number | undefined;
	connect(lost: (error: unknown) => void): Promise<Line<T>>;
	gap(): void;
}) {
	const { name, log, beat_ms = 10_000, connect, gap } = needs;
	const closing = new AbortController();
	let open: Line<T> | undefined;
	let next = Promise.withResolvers<T>();
	next.promise.catch(() => {});

	async function keep(): Promise<void> {
		for (let failures = 0, connected_before = false; !closing.signal.aborted; ) {
			const lost = Promise.withResolvers<unknown>();
			try {
				open = await connect(lost.resolve);
				failures = 0;
				next.resolve(open.use);
				if (connected_before) gap();
				connected_before = true;
				const ended = new AbortController();
				const silent = untilSilent(open, beat_ms, ended.signal);
				const error = await Promise.race([lost.promise, silent, aborted(closing.signal)]);
				ended.abort();
				if (!closing.signal.aborted) log.warn({ err: error }, `${name}: connection lost, connecting again`);
				next = Promise.withResolvers<T>();
				next.promise.catch(() => {});
				const { close } = open;
				open = undefined;
				await close().catch(() => {});
			} catch (err) {
				failures++;
				if (Number.isInteger(Math.log2(failures))) log.warn({ err, failures }, `${name}: cannot connect, trying again`);
			}
			if (!closing.signal.aborted)
				await sleep(Math.min(5_000, 50 * 2 ** failures), undefined, { signal: closing.signal }).catch(() => {});
		}
	}

	const keeping = keep();
	return {
		/** @throws service.unavailable when there is no connection within this time */
		async ready(within_ms = 5_000): Promise<T> {
			const late = new AbortController();
			const timeout = sleep(within_ms, undefined, { signal: late.signal, ref: false }).then(() => {
				throw unavailable(new Error(`${name}: no connection`));
			});
			timeout.catch(() => {});
			try {
				return await Promise.race([next.promise, timeout]);
			} finally {
				late.abort();
			}
		},
		async close(): Promise<void> {
			closing.abort();
			next.reject(unavailable(new Error("closed")));
			await keeping;
		},
	};
}

/** Resolves with an error when nothing is heard from the other end: whoever only listens would wait on a dead connection for hours. */
async function untilSilent(line: Line<unknown>, beat_ms: number, ended: AbortSignal): Promise<unknown> {
	while (!ended.aborted) {
		await sleep(beat_ms, undefined, { signal: ended, ref: false }).catch(() => {});
		if (ended.aborted) break;
		const late = sleep(beat_ms, "late" as const, { signal: ended, ref: false }).catch(() => undefined);
		// One that fails tells so by itself.
		const outcome = await Promise.race([line.beat().catch(() => undefined), late]);
		if (outcome === "late") return new Error("nothing was heard on the connection");
	}
	return new Promise(() => {});
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) =>
		signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
	);
}
