import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRabbit } from "@netconductor/lab/rabbitmq";
import { startRedis } from "@netconductor/lab/redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reachRabbitMq, reachRedis } from "./reach-broker.ts";

let dir: string;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-brokers-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("RabbitMQ lets in who is allowed and says why not to others", async () => {
	const rabbit = await startRabbit({ dir: join(dir, "rabbitmq") });
	try {
		await reachRabbitMq(rabbit.url);
		const stranger = new URL(rabbit.url);
		stranger.username = "stranger";
		stranger.password = "canary";
		await expect(reachRabbitMq(stranger.href)).rejects.toThrow(/ACCESS_REFUSED/);
	} finally {
		await rabbit.stop();
	}
	await expect(reachRabbitMq(rabbit.url)).rejects.toThrow(/ECONNREFUSED/);
}, 90_000);

test("Redis lets in who is allowed and says why not to others", async () => {
	const redis = await startRedis({ dir: join(dir, "redis") });
	try {
		await reachRedis(redis.url);
		await expect(reachRedis(redis.url.replace("://", "://stranger:canary@"))).rejects.toThrow(/WRONGPASS/);
	} finally {
		await redis.stop();
	}
	await expect(reachRedis(redis.url)).rejects.toThrow(/ECONNREFUSED/);
}, 60_000);
