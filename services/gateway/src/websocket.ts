import type { IncomingMessage, Server } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Upgrades as LocalUpgrades } from "@netconductor/runtime/host/service";
import type { Log } from "@netconductor/runtime/log";
import { followServerFrames, goingAway } from "./server-frames.ts";

/** Some 30 KiB each. What one person may have open is for the realtime service to say. */
const mostOpen = 10_000;
/** How long a client that was told that we go may take to leave. */
const goodbye_ms = 1_000;

export interface UpgradeNeeds {
	/** Where it runs in this process: a connection goes to it as it is, at half of what passing bytes on costs. */
	realtimeHere(): Pick<LocalUpgrades, "accept"> | undefined;
	/** Of each of its processes. */
	realtimeAddresses(): readonly string[];
	addressOf(request: IncomingMessage): string;
	/** Whether an address may try once more: each handshake may be a guess at a ticket. */
	mayTry(address: string): Promise<boolean>;
	log: Log;
}

export interface Upgrades {
	/**
	 * Tells all that are open that we go away (1001), ends them, and lets no more in. A server does not end those itself, and waits for them
	 * when it closes: a second at most, by this.
	 */
	end(): void;
}

/**
 * Hands WebSocket handshakes under `/ws/` on to the realtime service, bytes unchanged. The ticket in the address authenticates
 * them there; nothing is decided here but the path, how many may be open, and how often one address may try.
 */
export function passUpgrades(
	server: Server,
	{ realtimeHere, realtimeAddresses, addressOf, mayTry, log }: UpgradeNeeds,
): Upgrades {
	const open = new Map<Duplex, () => void>();
	let ended = false;
	server.on("upgrade", async (request: IncomingMessage, client: Duplex, head: Buffer) => {
		client.on("error", () => client.destroy());
		if (!request.url?.startsWith("/ws/")) return refuse(client, "404 Not Found");
		if (!(await mayTry(addressOf(request)))) return refuse(client, "429 Too Many Requests");
		if (client.destroyed) return;
		if (ended || open.size >= mostOpen) return refuse(client, "503 Service Unavailable");
		open.set(client, () => client.destroy());
		client.once("close", () => open.delete(client));
		const here = realtimeHere();
		if (here !== undefined) {
			// It writes whole frames, so words of ours stand between two of them.
			open.set(client, () => sayGoodbye(client));
			return here.accept(request, client, head);
		}
		const upstream = await reachOne(shuffled(realtimeAddresses()), log);
		if (upstream === undefined) return client.writable ? refuse(client, "502 Bad Gateway") : client.destroy();
		if (client.destroyed || ended) return upstream.destroy();
		upstream.write(handshake(request));
		if (head.length > 0) upstream.write(head);
		client.pipe(upstream).pipe(client);
		open.set(client, farewell(client, upstream));
		// Once bytes were passed on, words of ours would break into those of the other side.
		upstream.once("error", () => client.destroy());
		upstream.once("close", () => client.destroy());
		client.once("close", () => upstream.destroy());
	});
	return {
		end: () => {
			ended = true;
			for (const leave of open.values()) leave();
		},
	};
}

/** A connection to the first of the addresses that takes one; undefined where none does. */
async function reachOne(addresses: readonly string[], log: Log): Promise<Socket | undefined> {
	for (const address of addresses) {
		const { hostname, port } = new URL(address);
		const upstream = connect({ host: hostname, port: Number(port) });
		upstream.setNoDelay(true);
		const fault = await new Promise<Error | undefined>((resolve) => {
			upstream.once("connect", () => resolve(undefined));
			upstream.once("error", resolve);
		});
		if (fault === undefined) return upstream;
		log.warn({ err: fault }, "a WebSocket could not be passed on");
	}
	return undefined;
}

/** In no order, so that each process gets its share of what stays open for hours. */
function shuffled(addresses: readonly string[]): string[] {
	return addresses
		.map((address) => ({ address, at: Math.random() }))
		.toSorted((one, other) => one.at - other.at)
		.map(({ address }) => address);
}

/** Words of ours must not break into those of the other side: they come where one of its frames has ended. */
function farewell(client: Duplex, upstream: Socket): () => void {
	const frames = followServerFrames();
	let leaving = false;
	function leave() {
		if (!frames.isBetween() || client.writableEnded) return;
		upstream.unpipe(client);
		sayGoodbye(client);
	}
	upstream.on("data", (piece: Buffer) => {
		frames.pass(piece);
		if (leaving) leave();
	});
	return () => {
		leaving = true;
		leave();
		setTimeout(() => client.destroy(), goodbye_ms).unref();
	};
}

function sayGoodbye(client: Duplex): void {
	client.end(goingAway);
	setTimeout(() => client.destroy(), goodbye_ms).unref();
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
