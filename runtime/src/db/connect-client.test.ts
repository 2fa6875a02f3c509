import { randomBytes } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { openDatabases } from "../host/databases.ts";
import { type AnyService, defineService } from "../host/service.ts";
import { testDatabase } from "../testing/database.ts";
import { connectClient } from "./connect-client.ts";
import { lookAtDatabase } from "./look-at-database.ts";
import { provisionSchema } from "./provision.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0)) await end();
});

async function listen(server: Server): Promise<number> {
	const open = new Set<Socket>();
	server.on("connection", (socket) => {
		open.add(socket);
		socket.on("error", () => {});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	ends.push(async () => {
		for (const socket of open) socket.destroy();
		await new Promise((resolve) => server.close(resolve));
	});
	return (server.address() as AddressInfo).port;
}

const http = () => createHttpServer((_, response) => response.end("hello"));
const saying = (text: string | Buffer) => createServer((socket) => socket.write(text));
/** Says it when it was said something, and stays on the line. */
const answering = (text: string | Buffer) => createServer((socket) => socket.once("data", () => socket.write(text)));

const urlOf = (port: number, query = "") => `postgres://nc:canary-of-url@127.0.0.1:${port}/network${query}`;
const provision = (admin_url: string) => provisionSchema({ admin_url, service: "shed", password: "canary-of-role" });

async function refusal(work: Promise<unknown>) {
	const began = performance.now();
	const error = await work.then(
		() => undefined,
		(thrown: unknown) => thrown as Error & { code?: string },
	);
	expect(performance.now() - began).toBeLessThan(2_000);
	expect(`${error?.message}${JSON.stringify(error)}`).not.toContain("canary");
	return error;
}

test.each<[string, () => Server, string]>([
	["a web server", http, `"HTTP/1.1 400 Bad Request"`],
	["an SSH server", () => saying("SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n"), `"SSH-2.0-OpenSSH_10.0p2 Debian-7"`],
	["a mail server", () => saying("220 mx.example.org ESMTP\r\n"), `"220 mx.example.org ESMTP"`],
	["a message broker", () => answering(Buffer.from("AMQP\0\0\x09\x01")), `"AMQP"`],
	[
		"a server that wants TLS at once",
		() => answering(Buffer.from("15030300020228", "hex")),
		"7 bytes that are no text",
	],
	["an echo", () => createServer((socket) => socket.pipe(socket)), "bytes that are no text"],
	["one letter", () => answering("H"), `"H"`],
	["what answers without an end", () => saying("x".repeat(100_000)), `"${"x".repeat(60)}…"`],
])("%s in the place of PostgreSQL is told at once, with where it is and what it said", async (_, server, said) => {
	const port = await listen(server());
	for (const query of ["", "?sslmode=no-verify"]) {
		const error = await refusal(provision(urlOf(port, query)));
		expect(error).toMatchObject({ code: "startup.not_postgresql" });
		expect(error?.message).toContain(`127.0.0.1:${port}`);
		expect(error?.message).toContain(said);
	}
	expect(await refusal(lookAtDatabase(urlOf(port), async () => {}))).toMatchObject({ code: "startup.not_postgresql" });
});

test("a service with a database of its own is told as soon", async () => {
	const port = await listen(http());
	const shed: AnyService = defineService({
		name: "shed",
		api: { name: "shed", operations: {} },
		setup: () => ({ operations: {} }),
	});
	const keys = { current: { id: "aaaaaaaa", bytes: randomBytes(32), source: "test" }, previous: undefined };
	const opened = openDatabases([shed], { urls: { shed: urlOf(port) }, pool_size: 1 }, keys);
	expect(await refusal(opened)).toMatchObject({ code: "startup.not_postgresql" });
});

test("what takes connections and says nothing is told when the time to connect is over, and is no other server", async () => {
	const port = await listen(createServer(() => {}));
	const client = new pg.Client({ connectionString: urlOf(port), connectionTimeoutMillis: 300 });
	client.on("error", () => {});
	const error = await refusal(connectClient(client));
	expect(error).toMatchObject({
		code: "startup.database_failed",
		message: expect.stringContaining(`127.0.0.1:${port} takes connections and says nothing`),
	});
});

test("a PostgreSQL that lets nobody in at that moment is waited for, and so is one that closes without a word", async () => {
	const database = await testDatabase("connect_client");
	ends.push(() => database.stop());
	const to = new URL(database.admin_url);
	const starting = Buffer.concat([
		Buffer.from("E"),
		Buffer.from([0, 0, 0, 0]),
		Buffer.from("SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"),
	]);
	starting.writeUInt32BE(starting.length - 1, 1);
	let seen = 0;
	const proxy = createServer((socket) => {
		seen++;
		if (seen === 1) return void socket.destroy();
		if (seen === 2) return void socket.once("data", () => socket.end(starting));
		// What is said when the machine has no room for another process (report_fork_failure_to_client in PostgreSQL's source).
		if (seen === 3) return void socket.end("Ecould not fork new process for connection: Out of memory\n\0");
		// As after a restart, on the real one.
		const host = decodeURIComponent(to.hostname);
		const there = connect(
			host.startsWith("/") ? { path: `${host}/.s.PGSQL.${to.port}` } : { host, port: Number(to.port) },
		);
		there.on("error", () => socket.destroy());
		socket.pipe(there).pipe(socket);
	});
	const port = await listen(proxy);
	const through = new URL(to);
	through.hostname = "127.0.0.1";
	through.port = String(port);
	await provision(through.href);
	expect(seen).toBe(4);
}, 30_000);
