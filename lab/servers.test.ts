import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keptPassword } from "./kept-password.ts";
import { missingPackages, requirePackages } from "./packages.ts";
import { startRabbit } from "./rabbitmq.ts";
import { startRedis } from "./redis.ts";

let dir: string;

beforeAll(async () => {
	expect(await requirePackages(["rabbitmq-server", "redis-server"])).toEqual([]);
	dir = await mkdtemp(join(tmpdir(), "netconductor-servers-test-"));
}, 600_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What a server answers first to these bytes; empty when it is not there. */
function answer(port: number, bytes: string): Promise<string> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
		socket.once("data", (chunk) => {
			resolve(chunk.toString("latin1"));
			socket.destroy();
		});
		socket.on("error", () => resolve(""));
	});
}

test("a server's password is made once, and only its owner can read it", async () => {
	const folder = join(dir, "kept", "deep");
	const [one, other] = await Promise.all([keptPassword(folder), keptPassword(join(dir, "kept", "other"))]);
	expect(one).toMatch(/^[\w-]{32}$/);
	expect(other).not.toBe(one);
	expect(await keptPassword(folder)).toBe(one);
	expect((await stat(join(folder, "password"))).mode & 0o777).toBe(0o600);
});

test("a package that is not installed is named, one that is is not", async () => {
	expect(await missingPackages(["redis-server"])).toEqual([]);
	expect(await missingPackages(["redis-server", "no-such-package"])).toEqual(["no-such-package"]);
});

test("a private Redis answers, is killed, comes back empty on the same port, and stops", async () => {
	const redis = await startRedis({ dir: join(dir, "redis") });
	const signIn = `AUTH ${new URL(redis.url).password}\r\n`;
	expect(await answer(redis.port, "SET a 1\r\n")).toMatch(/^-NOAUTH/);
	expect(await answer(redis.port, `${signIn}SET a 1\r\n`)).toBe("+OK\r\n+OK\r\n");
	await redis.kill();
	expect(await answer(redis.port, "PING\r\n")).toBe("");
	await redis.start();
	expect(await answer(redis.port, `${signIn}GET a\r\n`)).toBe("+OK\r\n$-1\r\n");
	await redis.stop();
	expect(await answer(redis.port, "PING\r\n")).toBe("");
});

test("a private RabbitMQ speaks AMQP, is killed, comes back on the same port, and stops", async () => {
	const rabbit = await startRabbit({ dir: join(dir, "rabbit") });
	const protocolHeader = "AMQP\x00\x00\x09\x01";
	expect(await answer(rabbit.port, protocolHeader)).toContain("RabbitMQ");
	await rabbit.kill();
	expect(await answer(rabbit.port, protocolHeader)).toBe("");
	await rabbit.start();
	expect(await answer(rabbit.port, protocolHeader)).toContain("RabbitMQ");
	await rabbit.stop();
	expect(await answer(rabbit.port, protocolHeader)).toBe("");
}, 120_000);
