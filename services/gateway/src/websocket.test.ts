import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { createLog } from "@netconductor/runtime/log";
import { afterEach, expect, test } from "vitest";
import { passUpgrades } from "./websocket.ts";

const servers: Server[] = [];
afterEach(() => {
	for (const server of servers.splice(0)) server.close();
});

async function listening(): Promise<{ server: Server; port: number }> {
	const server = createServer();
	servers.push(server);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return { server, port: (server.address() as AddressInfo).port };
}

test("a server that closes tells those who watch that it goes away, and does not wait for them", async () => {
	const realtime = await listening();
	realtime.server.on("upgrade", (_, socket) => {
		socket.on("error", () => {});
		socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	});
	const front = await listening();
	const upgrades = passUpgrades(front.server, {
		realtimeHere: () => undefined,
		realtimeAddresses: () => [`http://127.0.0.1:${realtime.port}`],
		addressOf: () => "127.0.0.1",
		mayTry: async () => true,
		log: createLog({ level: "silent" }),
	});
	const client = connect(front.port, "127.0.0.1");
	client.write("GET /ws/dashboard HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	const [first] = await once(client, "data");
	expect(String(first)).toContain("101 Switching Protocols");
	const rest: Buffer[] = [];
	client.on("data", (piece: Buffer) => rest.push(piece));
	const ended = once(client, "close");
	const closed = new Promise((resolve) => front.server.close(resolve));
	upgrades.end();
	await ended;
	await closed;
	// A close frame with the status 1001.
	expect(Buffer.concat(rest)).toEqual(Buffer.from([0x88, 2, 0x03, 0xe9]));
});

test("who is in the middle of a message gets the rest of it before they are told", async () => {
	const realtime = await listening();
	const begun = Promise.withResolvers<Duplex>();
	realtime.server.on("upgrade", (_, socket) => {
		socket.on("error", () => {});
		socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x04ab", "latin1");
		begun.resolve(socket);
	});
	const front = await listening();
	const upgrades = passUpgrades(front.server, {
		realtimeHere: () => undefined,
		realtimeAddresses: () => [`http://127.0.0.1:${realtime.port}`],
		addressOf: () => "127.0.0.1",
		mayTry: async () => true,
		log: createLog({ level: "silent" }),
	});
	const client = connect(front.port, "127.0.0.1");
	client.write("GET /ws/dashboard HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	let heard = "";
	client.on("data", (piece) => (heard += piece.toString("latin1")));
	await expect.poll(() => heard).toMatch(/ab$/);
	upgrades.end();
	(await begun.promise).write("cd");
	await once(client, "close");
	expect(heard.split("\r\n\r\n")[1]).toBe("\x81\x04abcd\x88\x02\x03\xe9");
});

test("a realtime process that is gone costs nobody their view while another is there", async () => {
	const realtime = await listening();
	realtime.server.on("upgrade", (_, socket) => {
		socket.on("error", () => {});
		socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	});
	const front = await listening();
	passUpgrades(front.server, {
		realtimeHere: () => undefined,
		realtimeAddresses: () => ["http://127.0.0.1:9", `http://127.0.0.1:${realtime.port}`, "http://127.0.0.1:10"],
		addressOf: () => "127.0.0.1",
		mayTry: async () => true,
		log: createLog({ level: "silent" }),
	});
	for (let view = 0; view < 10; view++) {
		const client = connect(front.port, "127.0.0.1");
		client.write("GET /ws/dashboard HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
		const [first] = await once(client, "data");
		expect(String(first)).toContain("101 Switching Protocols");
		client.destroy();
	}
});

test("a service in this process takes the connection itself, and who watches is told all the same", async () => {
	const accepted = Promise.withResolvers<{ url: string | undefined; head: string }>();
	const front = await listening();
	const upgrades = passUpgrades(front.server, {
		realtimeHere: () => ({
			accept(request, socket, head) {
				socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02ab", "latin1");
				accepted.resolve({ url: request.url, head: head.toString() });
			},
		}),
		realtimeAddresses: () => [],
		addressOf: () => "127.0.0.1",
		mayTry: async () => true,
		log: createLog({ level: "silent" }),
	});
	const client = connect(front.port, "127.0.0.1");
	const pieces: Buffer[] = [];
	client.on("data", (piece: Buffer) => pieces.push(piece));
	client.write("GET /ws/dashboard HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
	expect(await accepted.promise).toEqual({ url: "/ws/dashboard", head: "early" });
	const ended = once(client, "close");
	upgrades.end();
	await ended;
	expect(Buffer.concat(pieces).toString("latin1").split("\r\n\r\n")[1]).toBe("\x81\x02ab\x88\x02\x03\xe9");
});
