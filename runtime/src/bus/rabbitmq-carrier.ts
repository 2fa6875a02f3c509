import { setTimeout as sleep } from "node:timers/promises";
import { type AsyncMessage, Connection, ConsumerStatus } from "rabbitmq-client";
import { failed } from "../errors.ts";
import type { Log } from "../log.ts";
import { BusMessage, type Carrier, type Deliver } from "./carrier.ts";

export interface RabbitMqOptions {
	/** `amqp://user:password@host:port/vhost`, or `amqps:` */
	url: string;
	log: Log;
	/**
	 * Events that somebody must take: publishing one fails while no service has a queue for it yet, so that it stays in the outbox. RabbitMQ silently drops
	 * the others when nobody ever subscribed.
	 */
	must_route?: readonly string[];
}

const exchange = "netconductor.events";
const dead_letters = "netconductor.dead_letters";
const confirm_timeout_ms = 15_000;
const most_at_once = 200;

/**
 * Moves messages through RabbitMQ (3.10 or later): a topic exchange, one durable quorum queue a service, publisher confirms. What is no event of ours
 * goes to the queue `netconductor.dead_letters`. Connects by itself, also when the broker comes later or goes in between.
 */
export function createRabbitMqCarrier({ url, log, must_route = [] }: RabbitMqOptions): Carrier {
	const connection = new Connection({
		url,
		connectionName: `netconductor ${process.pid}`,
		acquireTimeout: 5_000,
		retryLow: 200,
		retryHigh: 5_000,
		heartbeat: 15,
		noDelay: true,
	});
	const report = (what: string) => (err: unknown) => log.warn({ err }, what);
	connection.on("error", report("RabbitMQ is not reachable; connecting again"));
	connection.on("connection.blocked", (reason) =>
		log.warn({ reason }, "RabbitMQ takes no messages: it is short of resources"),
	);

	const topic = { exchange, type: "topic", durable: true };
	const returned = new Set<string>();
	const publisher = connection.createPublisher({ confirm: true, exchanges: [topic] });
	// The option `onReturn` is declared by the client and never called.
	publisher.on("basic.return", ({ messageId }) => {
		if (messageId !== undefined) returned.add(messageId);
	});
	const subscriptions = new Set<{ close(): Promise<void> }>();
	let closing: Promise<void> | undefined;

	async function send(message: BusMessage): Promise<void> {
		const mandatory = must_route.includes(message.name);
		await publisher.send(
			{
				exchange,
				routingKey: message.name,
				durable: true,
				mandatory,
				messageId: message.id,
				type: message.name,
				contentType: "application/json",
			},
			Buffer.from(JSON.stringify(message)),
		);
		if (!mandatory) return;
		// The broker returns an unroutable message before it confirms it; the client tells of it one turn later.
		await new Promise((resolve) => setImmediate(resolve));
		if (returned.delete(message.id)) {
			throw failed("service.unavailable", {
				message: `No service has subscribed to ${message.name} yet; it waits in the outbox.`,
				details: { event: message.name },
			});
		}
	}

	async function subscribe(service: string, names: readonly string[], deliver: Deliver) {
		const batch = createBatch(deliver, log.child({ service }));
		const queue = `netconductor.${service}`;
		const consumer = connection.createConsumer(
			{
				queue,
				queueOptions: {
					durable: true,
					arguments: {
						"x-queue-type": "quorum",
						// One of a service's processes takes the messages, another when it goes: else their order would be lost.
						"x-single-active-consumer": true,
						"x-dead-letter-exchange": dead_letters,
						// RabbitMQ 4 gives up after 20 deliveries; a database that is away for a day must not lose an event.
						"x-delivery-limit": 1_000_000,
					},
				},
				exchanges: [topic, { exchange: dead_letters, type: "fanout", durable: true }],
				queueBindings: names.map((name) => ({ queue, exchange, routingKey: name })),
				qos: { prefetchCount: most_at_once },
				concurrency: most_at_once,
			},
			(message) => accept(message, batch.add),
		);
		consumer.on("error", report(`taking events for ${service} was interrupted`));
		await Promise.race([
			new Promise<void>((resolve) => consumer.once("ready", resolve)),
			sleep(10_000, undefined, { ref: false }),
		]);
		const subscription = {
			async close() {
				subscriptions.delete(subscription);
				batch.close();
				await consumer.close();
			},
		};
		subscriptions.add(subscription);
		return subscription;
	}

	async function accept(message: AsyncMessage, add: (message: BusMessage) => Promise<void>): Promise<ConsumerStatus> {
		const parsed = BusMessage.safeParse(message.body);
		if (!parsed.success) {
			log.error(
				{ message_id: message.messageId, routing_key: message.routingKey },
				"a message that is no event was put into the dead-letter queue",
			);
			return ConsumerStatus.DROP;
		}
		await add(parsed.data);
		return ConsumerStatus.ACK;
	}

	const declared = declareDeadLetters();
	async function declareDeadLetters(): Promise<void> {
		while (closing === undefined) {
			try {
				await connection.exchangeDeclare({ exchange: dead_letters, type: "fanout", durable: true });
				await connection.queueDeclare({ queue: dead_letters, durable: true, arguments: { "x-queue-type": "quorum" } });
				await connection.queueBind({ queue: dead_letters, exchange: dead_letters });
				return;
			} catch (err) {
				log.debug({ err }, "the dead-letter queue cannot be declared yet");
				await sleep(500, undefined, { ref: false });
			}
		}
	}

	/** Counted, since to look at one would be a delivery. None where the queue is not there yet, or the broker is slow to say. */
	async function countDeadLetters(): Promise<number> {
		const counted = connection.queueDeclare({ queue: dead_letters, passive: true }).catch(() => undefined);
		return (await Promise.race([counted, sleep(1_000, undefined, { ref: false })]))?.messageCount ?? 0;
	}

	return {
		async publish(messages) {
			const late = new AbortController();
			const timeout = sleep(confirm_timeout_ms, undefined, { signal: late.signal, ref: false }).then(() => {
				throw failed("service.unavailable", {
					message: "RabbitMQ did not confirm in time; the events wait in the outbox.",
					details: { dependency: "rabbitmq" },
				});
			});
			try {
				// Written in this order on one channel; all settle before anything is published again.
				await Promise.race([allSettled(messages.map(send)), timeout]);
			} finally {
				late.abort();
				timeout.catch(() => {});
			}
		},
		subscribe,
		async ping() {
			if (!connection.ready) {
				throw failed("service.unavailable", {
					message: "RabbitMQ is not connected.",
					details: { dependency: "rabbitmq" },
				});
			}
			const dead = await countDeadLetters();
			if (dead === 0) return undefined;
			const what = dead === 1 ? "1 message that is no event lies" : `${dead} messages that are no events lie`;
			return `${what} in RabbitMQ's queue ${dead_letters}. Somebody else sent what is there: look at it with RabbitMQ's own tools, and purge the queue.`;
		},
		close() {
			closing ??= close();
			return closing;
		},
	};

	async function close(): Promise<void> {
		// A broker that is gone, or hangs, is not waited for: unconfirmed events are in the outbox, unacknowledged ones in the queue.
		await Promise.race([leave(), sleep(5_000, undefined, { ref: false })]);
		connection.unsafeDestroy();
		await declared;
	}

	async function leave(): Promise<void> {
		await Promise.all([...subscriptions].map((subscription) => subscription.close()));
		if (!connection.ready) return;
		await publisher.close();
		await connection.close();
	}
}

async function allSettled(promises: Promise<void>[]): Promise<void> {
	for (const outcome of await Promise.allSettled(promises)) if (outcome.status === "rejected") throw outcome.reason;
}

/** Gathers what arrives while the database stores the batch before, and tries until it is stored. */
function createBatch(deliver: Deliver, log: Log) {
	let waiting: { message: BusMessage; stored: PromiseWithResolvers<void> }[] = [];
	let storing = false;
	const closed = new AbortController();

	async function store(): Promise<void> {
		storing = true;
		while (waiting.length > 0) {
			const batch = waiting;
			waiting = [];
			await storeUntilDone(batch.map(({ message }) => message)).then(
				() => {
					for (const { stored } of batch) stored.resolve();
				},
				(error: unknown) => {
					for (const { stored } of batch) stored.reject(error);
				},
			);
		}
		storing = false;
	}

	async function storeUntilDone(messages: BusMessage[]): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await deliver(messages);
			} catch (err) {
				// Unacknowledged, they stay in the queue for the next to subscribe.
				if (closed.signal.aborted) throw err;
				if (Number.isInteger(Math.log2(attempt)))
					log.warn({ err, attempt }, "events cannot be stored in the inbox; they wait in RabbitMQ");
				await sleep(Math.min(5_000, 100 * 2 ** Math.min(attempt, 10)), undefined, { signal: closed.signal }).catch(
					() => {},
				);
			}
		}
	}

	return {
		add(message: BusMessage): Promise<void> {
			const stored = Promise.withResolvers<void>();
			waiting.push({ message, stored });
			// Later in this turn: what came in the same packet goes in the same batch.
			if (!storing) {
				storing = true;
				setImmediate(() => void store());
			}
			return stored.promise;
		},
		close: () => closed.abort(),
	};
}
