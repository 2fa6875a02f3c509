import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { apis } from "@netconductor/contracts/apis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { adminPassword, type Clients, eventually, type Product, startProduct } from "../product.ts";
import { exchangeRaw, openRaw } from "./raw-connection.ts";

/** Those who want nothing but our memory, our sockets or our time do not get much, and others are served meanwhile. */

const MB = 1024 * 1024;
const headersTimeout_ms = 2_000;
const requestTimeout_ms = 4_000;
const unreadTimeout_ms = 2_000;

let product: Product;
let api: Clients;
const open: (Socket | WebSocket)[] = [];

beforeAll(async () => {
	product = await startProduct({
		NETCONDUCTOR_HTTP_HEADERS_TIMEOUT_MS: String(headersTimeout_ms),
		NETCONDUCTOR_HTTP_REQUEST_TIMEOUT_MS: String(requestTimeout_ms),
		NETCONDUCTOR_HTTP_UNREAD_TIMEOUT_MS: String(unreadTimeout_ms),
		NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "1000000",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "1000",
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
	});
	api = product.as(product.admin_token);
}, 120_000);
afterAll(() => product?.dispose());
afterEach(() => {
	for (const one of open.splice(0)) one instanceof WebSocket ? one.terminate() : one.destroy();
});

/** Memory of the main process, in bytes, from proc(5). */
function memory(): number {
	const status = readFileSync(`/proc/${product.server.pid()}/status`, "utf8");
	return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function served(): Promise<void> {
	expect((await api.devices.listDevices({})).total).toBe(0);
}

describe("a body of 1 GB", () => {
	/** Sends `total` bytes as fast as they are taken. Answers how many went and what came back. */
	function send(path: string, headers: Record<string, string>, total: number) {
		return new Promise<{ sent: number; status: number; peak: number }>((resolve) => {
			const piece = Buffer.alloc(256 * 1024, '{"a":');
			const before = memory();
			let sent = 0;
			let status = 0;
			let peak = 0;
			let over = false;
			const end = () => {
				if (over) return;
				over = true;
				clearInterval(watching);
				resolve({ sent, status, peak: peak - before });
			};
			const watching = setInterval(() => {
				peak = Math.max(peak, memory());
			}, 20);
			const outgoing = request(`${product.url}${path}`, {
				method: "POST",
				headers: { "content-type": "application/json", ...headers },
			});
			outgoing.on("response", (response) => {
				status = response.statusCode ?? 0;
				response.resume().on("end", () => {
					outgoing.destroy();
					end();
				});
			});
			outgoing.on("error", end);
			outgoing.on("close", end);
			const more = () => {
				while (!over && sent < total && !outgoing.destroyed) {
					sent += piece.length;
					if (!outgoing.write(piece)) return void outgoing.once("drain", more);
				}
				if (sent >= total) outgoing.end();
			};
			more();
		});
	}

	const chunked = { "transfer-encoding": "chunked" };
	const declared = { "content-length": String(1024 * MB) };

	test.each([
		["declared", declared],
		["without a length", chunked],
	])("from nobody, %s, is refused before anything of it is read", async (_, headers) => {
		const { sent, status, peak } = await send("/api/devices/import", headers, 1024 * MB);
		expect([0, 401]).toContain(status);
		expect(sent).toBeLessThan(64 * MB);
		expect(peak).toBeLessThan(64 * MB);
		await served();
	});

	test.each([
		["declared", declared],
		["without a length", chunked],
	])("from somebody, %s, is cut off at the operation's limit", async (_, headers) => {
		const authorization = `Bearer ${product.admin_token}`;
		const { sent, status, peak } = await send("/api/devices", { ...headers, authorization }, 1024 * MB);
		expect([0, 413]).toContain(status);
		expect(sent).toBeLessThan(64 * MB);
		expect(peak).toBeLessThan(64 * MB);
		await served();
	});

	test("to where anybody may post is cut off as well", async () => {
		const { sent, status, peak } = await send("/api/auth/login", chunked, 1024 * MB);
		expect([0, 413]).toContain(status);
		expect(sent).toBeLessThan(64 * MB);
		expect(peak).toBeLessThan(64 * MB);
	});

	test("to another process's door, without a service token, is refused before anything of it is read", async () => {
		const internal = internalAddress();
		const status = await new Promise<number>((resolve) => {
			const outgoing = request(`${internal}${apis.backup.operations.recordBackup.path}`, {
				method: "POST",
				headers: { "content-type": "application/json", "content-length": String(64 * MB) },
			});
			outgoing.on("response", (response) => {
				resolve(response.statusCode ?? 0);
				outgoing.destroy();
			});
			outgoing.on("error", () => {});
			// Nothing is sent of the body, so only somebody who does not wait for it answers.
			outgoing.flushHeaders();
		});
		expect(status).toBe(401);
	});
});

/** Where the worker reaches the main process, from the worker's environment. */
function internalAddress(): string {
	for (const pid of product.server.children()) {
		const found = /NETCONDUCTOR_BACKUP_URL=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"));
		if (found?.[1] !== undefined) return found[1];
	}
	throw new Error("no worker knows the main process");
}

describe("clients that send a byte now and then", () => {
	async function drip(count: number, head: string, rest: string): Promise<{ closed(): number }> {
		let closed = 0;
		for (let made = 0; made < count; made++) {
			const socket = await openRaw(product.url);
			open.push(socket);
			socket.on("data", () => {});
			socket.write(head);
			let at = 0;
			const timer = setInterval(() => socket.write(rest.charAt(at++ % rest.length)), 300);
			socket.on("close", () => {
				clearInterval(timer);
				closed++;
			});
		}
		return { closed: () => closed };
	}

	test("of their headers, of a body or of nothing lose their connection in time, and hold up nobody meanwhile", async () => {
		const post =
			"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
		const all = [
			await drip(200, "GET /api/devices HTTP/1.1\r\nHost: x\r\n", "x-filler: abcdefgh\r\n"),
			await drip(100, post, '{"username":"aaaa'),
			await drip(50, "", "\r\n"),
		];
		await served();
		const closed = () => all.reduce((sum, one) => sum + one.closed(), 0);
		await eventually("all are gone", async () => closed() === 350, requestTimeout_ms * 6);
		await served();
	});
});

describe("clients that ask and take no answer", () => {
	test("lose their connection; one that takes it slowly gets all of it", async () => {
		const ask = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
		const whole = (await (await fetch(`${product.url}/api/openapi.json`)).arrayBuffer()).byteLength;
		const deaf = new Set<number>();
		for (let made = 0; made < 20; made++) {
			const socket = await openRaw(product.url);
			open.push(socket);
			socket.pause();
			deaf.add(socket.localPort ?? 0);
			// More than the system keeps for it.
			socket.write(ask.repeat(20));
		}
		const slow = await openRaw(product.url);
		open.push(slow);
		slow.pause();
		slow.write(ask.repeat(20));
		let taken = 0;
		slow.on("data", (piece: Buffer) => {
			taken += piece.length;
			slow.pause();
			setTimeout(() => slow.resume(), 2);
		});
		slow.resume();
		await eventually(
			"the deaf are gone",
			async () => !connected().some((port) => deaf.has(port)),
			requestTimeout_ms * 8,
		);
		await eventually("the slow one has all", async () => taken >= 20 * whole, requestTimeout_ms * 20);
		await served();
	});

	/** Ports of clients with a connection to the product, from proc(5). */
	function connected(): number[] {
		const at = (address = "") => Number.parseInt(address.split(":")[1] ?? "", 16);
		return readFileSync("/proc/net/tcp", "utf8")
			.split("\n")
			.map((line) => line.trim().split(/\s+/))
			.filter(([, local, , state]) => at(local) === Number(new URL(product.url).port) && state === "01")
			.map(([, , remote]) => at(remote));
	}
});

describe("a WebSocket", () => {
	const address = (ticket: string) => `${product.url.replace("http", "ws")}/ws/dashboard?ticket=${ticket}`;

	async function view(as: Clients = api): Promise<WebSocket> {
		const { ticket } = await as.auth.createWsTicket({});
		const socket = new WebSocket(address(ticket), { maxPayload: MB });
		open.push(socket);
		socket.on("error", () => {});
		await once(socket, "open");
		return socket;
	}

	const closeCode = (socket: WebSocket) => new Promise<number>((resolve) => socket.once("close", resolve));

	async function newViewer(username: string): Promise<Clients> {
		await api.auth.createUser({
			body: { username, role: "viewer", password: adminPassword, must_change_password: false },
		});
		return product.as(await product.login(username, adminPassword));
	}

	test("that talks is closed at its first word, and one with a huge frame at its first bytes", async () => {
		const talking = await view();
		talking.send('{"subscribe":"everything"}');
		expect(await closeCode(talking)).toBe(1008);
		const huge = await view();
		const faults: Error[] = [];
		huge.on("error", (error) => faults.push(error));
		huge.send(Buffer.alloc(16 * MB));
		expect([1009, 1006]).toContain(await closeCode(huge));
		expect(faults.filter(({ message }) => message.includes("Invalid WebSocket frame"))).toEqual([]);
	});

	test("that is packed, or sends its frame in pieces without end, is closed", async () => {
		const packed = await view();
		expect(packed.extensions).toBe("");
		const { ticket } = await api.auth.createWsTicket({});
		const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
		const head = [
			`GET /ws/dashboard?ticket=${ticket} HTTP/1.1`,
			`Host: ${new URL(product.url).host}`,
			"Connection: Upgrade",
			"Upgrade: websocket",
			"Sec-WebSocket-Version: 13",
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
			key,
		];
		const raw = await openRaw(product.url);
		open.push(raw);
		let heard = "";
		let gone = false;
		raw.on("data", (piece: Buffer) => (heard += piece.toString("latin1")));
		raw.on("close", () => (gone = true));
		raw.on("error", () => {});
		raw.write(`${head.join("\r\n")}\r\n\r\n`);
		await eventually("it is open", async () => heard.includes("101 Switching"));
		expect(heard).not.toMatch(/permessage-deflate/i);
		// A message that says of itself that it is packed (RSV1), though nobody agreed to that.
		raw.write(Buffer.from([0xc1, 0x82, 0, 0, 0, 0, 0x4b, 0x04]));
		await eventually("it is closed", async () => gone);

		const pieces = await view();
		const before = memory();
		const closed = closeCode(pieces);
		for (let sent = 0; sent < 2_000 && pieces.readyState === WebSocket.OPEN; sent++) {
			pieces.send(Buffer.alloc(4_000), { fin: false });
			if (sent % 100 === 0) await sleep(1);
		}
		expect([1009, 1008, 1006]).toContain(await closed);
		expect(memory() - before).toBeLessThan(64 * MB);
		await served();
	});

	test("that sends pings and reads no answer is cut off before they fill the memory", async () => {
		const socket = await view();
		const before = memory();
		const raw = Reflect.get(socket, "_socket") as Socket;
		raw.pause();
		let gone = false;
		raw.on("close", () => (gone = true));
		for (let sent = 0; sent < 300_000 && !gone; sent++) {
			socket.ping(Buffer.alloc(125));
			if (sent % 1_000 === 0) await sleep(2);
		}
		expect(memory() - before).toBeLessThan(64 * MB);
		await served();
	});

	test("too many of one person are refused, while another still gets theirs", async () => {
		const [one, other] = [await newViewer("one"), await newViewer("other")];
		const views: WebSocket[] = [];
		const closed: Promise<number>[] = [];
		while (views.length < 201) {
			const made = await view(one);
			views.push(made);
			closed.push(closeCode(made));
		}
		// They are counted in the order in which their tickets were found good: the last to come need not be the last of these.
		expect(await Promise.race(closed)).toBe(4429);
		const theirs = await view(other);
		await sleep(200);
		expect(theirs.readyState).toBe(WebSocket.OPEN);
		const left = views.filter(({ readyState }) => readyState === WebSocket.OPEN);
		expect(left).toHaveLength(200);
		left[0]?.close();
		await eventually("one place is free again", async () => {
			const next = await view(one);
			await sleep(100);
			return next.readyState === WebSocket.OPEN;
		});
	}, 60_000);

	test("that guesses tickets is answered no more when it has guessed often enough", async () => {
		const answers = new Set<string>();
		for (let round = 0; round < 30 && !answers.has("429"); round++) {
			await Promise.all(
				Array.from({ length: 50 }, async () => {
					const socket = new WebSocket(address(`nct_guess${round}`));
					open.push(socket);
					socket.on("error", () => {});
					const answer = await new Promise<string>((resolve) => {
						socket.once("unexpected-response", (_, { statusCode }) => resolve(String(statusCode)));
						socket.once("close", (code) => resolve(String(code)));
					});
					answers.add(answer);
				}),
			);
		}
		expect([...answers].toSorted()).toEqual(["429", "4401"]);
		await served();
	});

	test("that is refused leaves no way to what is behind the door", async () => {
		const answer = await exchangeRaw(
			product.url,
			[
				"GET /ws/dashboard HTTP/1.1",
				`Host: ${new URL(product.url).host}`,
				"Origin: https://evil.example",
				"Connection: Upgrade",
				"Upgrade: websocket",
				"Sec-WebSocket-Version: 13",
				"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
				"",
				"GET /health/live HTTP/1.1",
				"Host: x",
				"",
				"",
			].join("\r\n"),
		);
		expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
		expect(answer).toMatch(/^HTTP\/1\.1 (403|429)/);
	});
});
