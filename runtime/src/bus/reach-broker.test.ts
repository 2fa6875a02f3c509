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

function as(address: string, username: string, password: string): string {
	return Object.assign(new URL(address), { username, password }).href;
}

test("RabbitMQ lets in who is allowed and says why not to others", async () => {
	const rabbit = await startRabbit({ dir: join(dir, "rabbitmq") });
	try {
		await reachRabbitMq(rabbit.url);
		for (const name of ["stranger", "guest"]) {
			await expect(reachRabbitMq(as(rabbit.url, name, name))).rejects.toThrow(/ACCESS_REFUSED/);
		}
	} finally {
		await rabbit.stop();
	}
	await expect(reachRabbitMq(rabbit.url)).rejects.toThrow(/ECONNREFUSED/);
}, 90_000);

test("Redis lets in who is allowed and says why not to others", async () => {
	const redis = await startRedis({ dir: join(dir, "redis") });
	try {
		await reachRedis(redis.url);
		await expect(reachRedis(as(redis.url, "stranger", "canary"))).rejects.toThrow(/WRONGPASS/);
		await expect(reachRedis(as(redis.url, "", ""))).rejects.toThrow(/NOAUTH/);
	} finally {
		await redis.stop();
	}
	await expect(reachRedis(redis.url)).rejects.toThrow(/ECONNREFUSED/);
}, 60_000);
