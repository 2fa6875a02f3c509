import { Redis } from "ioredis";
import { Connection } from "rabbitmq-client";

const patience_ms = 5_000;

/**
 * Signs in to RabbitMQ and leaves again.
 * @throws with what the broker, or the way to it, said
 */
export async function reachRabbitMq(url: string): Promise<void> {
	const connection = new Connection({ url, connectionName: "netconductor doctor", connectionTimeout: patience_ms });
	// It tries again and again; the first refusal tells why.
	const refused = new Promise<never>((_, reject) => connection.once("error", reject));
	try {
		await Promise.race([connection.onConnect(patience_ms, true), refused]);
	} finally {
		connection.unsafeDestroy();
	}
}

/**
 * Signs in to Redis and leaves again.
 * @throws with what Redis, or the way to it, said
 */
export async function reachRedis(url: string): Promise<void> {
	const redis = new Redis(url, {
		lazyConnect: true,
		retryStrategy: () => null,
		maxRetriesPerRequest: 0,
		connectTimeout: patience_ms,
		connectionName: "netconductor doctor",
	});
	const refused = new Promise<never>((_, reject) => redis.once("error", reject));
	try {
		await Promise.race([redis.connect().then(() => redis.ping()), refused]);
	} finally {
		redis.disconnect();
	}
}
