import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
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

test("a server that closes does not wait for those who watch", async () => {
	const realtime = await listening();
	realtime.server.on("upgrade", (_, socket) => {
		socket.on("error", () => {});
		socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	});
	const front = await listening();
	const upgrades = passUpgrades(front.server, {
		realtimeAddress: () => `http://127.0.0.1:${realtime.port}`,
		addressOf: () => "127.0.0.1",
		mayTry: async () => true,
		log: createLog({ level: "silent" }),
	});
	const client = connect(front.port, "127.0.0.1");
	client.write("GET /ws/dashboard HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	const [first] = await once(client, "data");
	expect(String(first)).toContain("101 Switching Protocols");
	const ended = once(client, "close");
	const closed = new Promise((resolve) => front.server.close(resolve));
	upgrades.end();
	await ended;
	await closed;
});
