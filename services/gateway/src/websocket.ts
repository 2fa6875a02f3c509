import type { IncomingMessage, Server } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Log } from "@netconductor/runtime/log";

const mostOpen = 2_000;

/**
 * Hands WebSocket handshakes under `/ws/` on to the realtime service, bytes unchanged. The ticket in the address authenticates
 * them there; nothing is decided here but the path and how many may be open.
 */
export function passUpgrades(server: Server, realtimeAddress: () => string, log: Log): void {
	let open = 0;
	server.on("upgrade", (request: IncomingMessage, client: Duplex, head: Buffer) => {
		client.on("error", () => client.destroy());
		if (!request.url?.startsWith("/ws/")) return refuse(client, "404 Not Found");
		if (open >= mostOpen) return refuse(client, "503 Service Unavailable");
		open += 1;
		const target = new URL(realtimeAddress());
		const upstream: Socket = connect({ host: target.hostname, port: Number(target.port) });
		upstream.setNoDelay(true);
		upstream.once("connect", () => {
			upstream.write(handshake(request));
			if (head.length > 0) upstream.write(head);
			client.pipe(upstream).pipe(client);
		});
		upstream.on("error", (err) => {
			log.warn({ err }, "a WebSocket could not be passed on");
			if (client.writable) refuse(client, "502 Bad Gateway");
		});
		client.once("close", () => {
			open -= 1;
			upstream.destroy();
		});
		upstream.once("close", () => client.destroy());
	});
}

function handshake(request: IncomingMessage): string {
	const lines = [`${request.method} ${request.url} HTTP/1.1`];
	for (let at = 0; at < request.rawHeaders.length; at += 2) {
		lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
	}
	return `${lines.join("\r\n")}\r\n\r\n`;
}

function refuse(client: Duplex, status: string): void {
	client.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
