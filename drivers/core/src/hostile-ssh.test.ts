import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Connection } from "@netconductor/contracts/devices/connection";
import { type ShellServerOptions, startShellServer } from "@netconductor/lab/shell-server";
import ssh2, { type Algorithms, type AuthContext, type ServerConfig, type Connection as ServerConnection } from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { routerConnection } from "../test/router-connection.ts";
import { openSession } from "./session.ts";
import { algorithmsFor } from "./ssh-algorithms.ts";

/** SSH servers that mean harm, or somebody between us and the right one. */

const stops: (() => unknown)[] = [];
afterEach(() => {
	for (const stop of stops.splice(0)) stop();
});

const rsa = ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 }).private;

/** A TCP server that does as `speak` says, and keeps what it was sent. */
async function listener(speak: (socket: Socket) => void) {
	const heard: Buffer[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => {});
		socket.on("data", (piece: Buffer) => heard.push(piece));
		socket.on("close", () => sockets.delete(socket));
		speak(socket);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	stops.push(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return { port: (server.address() as AddressInfo).port, heard: () => Buffer.concat(heard), sockets };
}

/** An SSH server whose shell answers only what a session says to begin with. */
async function sshServer(given: ShellServerOptions & { onCommand?: (client: ServerConnection) => void }) {
	const { onCommand, ...options } = given;
	const server = await startShellServer({
		onLine(line, { client, answer }) {
			if (line === "show version") onCommand?.(client);
			else if (line.startsWith("terminal")) answer("");
		},
		...options,
	});
	stops.push(server.stop);
	return server;
}

const open = (port: number, changes?: Partial<Connection>) =>
	openSession(routerConnection(port, changes), { signal: new AbortController().signal });
const refusal = (port: number, changes?: Partial<Connection>) => open(port, changes).catch((thrown) => thrown);

/** SSH_MSG_KEXINIT (RFC 4253, 7.1) of a server that speaks what we speak, in an unencrypted packet. */
function keyExchangeInit(): Buffer {
	const list = (text: string) => {
		const length = Buffer.alloc(4);
		length.writeUInt32BE(text.length);
		return Buffer.concat([length, Buffer.from(text)]);
	};
	const payload = Buffer.concat([
		Buffer.from([20]),
		Buffer.alloc(16),
		...[
			"curve25519-sha256",
			"ssh-ed25519",
			"aes128-ctr",
			"aes128-ctr",
			"hmac-sha2-256",
			"hmac-sha2-256",
			"none",
			"none",
			"",
			"",
		].map(list),
		Buffer.alloc(5),
	]);
	const padding = 8 - ((5 + payload.length) % 8) + 8;
	const head = Buffer.alloc(5);
	head.writeUInt32BE(1 + payload.length + padding);
	head[4] = padding;
	return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

describe("a server that", () => {
	test("never ends the key exchange is left after the time to connect, and its socket closed", async () => {
		const { port, heard, sockets } = await listener((socket) => {
			socket.write("SSH-2.0-OpenSSH_9.6\r\n");
			socket.write(keyExchangeInit());
		});
		expect(await refusal(port)).toMatchObject({
			code: "device.unreachable",
			phase: "connect",
			message: expect.stringContaining("did not finish the SSH handshake"),
		});
		// Our own part of the exchange was sent, and nothing that tells who we are.
		expect(heard().includes("curve25519-sha256")).toBe(true);
		expect(heard().includes("admin")).toBe(false);
		await expect.poll(() => sockets.size).toBe(0);
	});

	test.each<[string, (socket: Socket) => void]>([
		["sends lines for ever before it says SSH", (socket) => flood(socket, Buffer.from("welcome\r\n".repeat(1_000)))],
		["sends a line without end before it says SSH", (socket) => flood(socket, Buffer.alloc(10_000, "x"))],
		[
			"claims a packet of 4 GB",
			(socket) => {
				socket.write("SSH-2.0-x\r\n");
				socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 4, 20]));
				flood(socket, Buffer.alloc(10_000));
			},
		],
		["says SSH-1", (socket) => socket.write("SSH-1.5-old\r\n")],
		[
			"sends messages of another phase",
			(socket) => {
				socket.write("SSH-2.0-x\r\n");
				// SSH_MSG_USERAUTH_SUCCESS, unencrypted.
				socket.write(Buffer.from([0, 0, 0, 12, 10, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
			},
		],
	])("%s is refused before it learns anything", async (_, speak) => {
		const { port, heard, sockets } = await listener(speak);
		const before = process.memoryUsage().rss;
		expect(await refusal(port)).toMatchObject({ phase: "connect", code: expect.stringMatching(/^device\./) });
		expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
		expect(heard().includes("admin")).toBe(false);
		await expect.poll(() => sockets.size).toBe(0);
	});

	test("exchanges keys for ever while it does not decide on the login is left after the time to log in", async () => {
		const { port, clients } = await sshServer({
			authenticate(_, client) {
				const timer = setInterval(() => client.rekey(() => {}), 100);
				client.on("close", () => clearInterval(timer));
			},
		});
		expect(await refusal(port)).toMatchObject({ code: "device.timeout", phase: "auth" });
		await expect.poll(() => clients.size).toBe(0);
	});

	test("asks questions for ever is left after the time to log in, and learns the user name alone", async () => {
		const answered: string[] = [];
		const { port } = await sshServer({
			authenticate(context) {
				if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
				const ask = () =>
					context.prompt([{ prompt: "Name: ", echo: true }], (answers) => {
						answered.push(...answers);
						setTimeout(ask, 20);
					});
				ask();
			},
		});
		expect(await refusal(port)).toMatchObject({ code: "device.timeout", phase: "auth" });
		expect(new Set(answered)).toEqual(new Set(["admin"]));
	});

	test("exchanges keys for ever instead of answering a command is left when the command's time is over", async () => {
		const { port, clients } = await sshServer({
			onCommand(client) {
				const timer = setInterval(() => client.rekey(() => {}), 50);
				client.on("close", () => clearInterval(timer));
			},
		});
		const session = await open(port);
		await expect(session.run("show version")).rejects.toMatchObject({ code: "device.timeout", phase: "command" });
		await session.close();
		await expect.poll(() => clients.size).toBe(0);
	});

	test("opens channels to us and asks for forwarding gets none", async () => {
		const opened: (Error | undefined)[] = [];
		const { port } = await sshServer({
			onCommand(client) {
				client.forwardOut("127.0.0.1", 1, "127.0.0.1", 22, (error) => opened.push(error));
				client.x11("127.0.0.1", 1, (error) => opened.push(error));
				client.openssh_forwardOutStreamLocal("/run/agent", (error) => opened.push(error));
			},
		});
		const session = await open(port);
		await session.run("show version").catch(() => {});
		await session.close();
		await expect.poll(() => opened.length).toBeGreaterThan(0);
		for (const error of opened) expect(error).toBeInstanceOf(Error);
	});
});

function rejectPassword(context: AuthContext): void {
	context.reject(["password"]);
}

function flood(socket: Socket, piece: Buffer): void {
	const more = () => {
		while (!socket.destroyed && socket.write(piece));
	};
	socket.on("drain", more);
	more();
}

describe("downgrade", () => {
	test.each<[string, Partial<ServerConfig>]>([
		["a key exchange with SHA-1", { algorithms: { kex: ["diffie-hellman-group14-sha1"] } }],
		["a key exchange of 1024 bits", { algorithms: { kex: ["diffie-hellman-group1-sha1"] } }],
		["a host key signed with SHA-1", { hostKeys: [rsa], algorithms: { serverHostKey: ["ssh-rsa"] } }],
		["a CBC cipher", { algorithms: { cipher: ["aes256-cbc"] } }],
		["triple DES", { algorithms: { cipher: ["3des-cbc"] } }],
		["a MAC with MD5", { algorithms: { cipher: ["aes128-ctr"], hmac: ["hmac-md5"] } }],
		["a MAC cut short", { algorithms: { cipher: ["aes128-ctr"], hmac: ["hmac-sha1-96"] } }],
	])(
		"to %s alone is refused before anything is sent, and taken only where the device is allowed it",
		async (_, old) => {
			const { port, attempts } = await sshServer({ authenticate: rejectPassword, options: old });
			const error = await refusal(port);
			expect(error).toMatchObject({ code: "device.no_common_algorithm", phase: "connect" });
			expect(error.message).toContain("legacy_algorithms");
			expect(attempts).toEqual([]);
			expect(await refusal(port, { legacy_algorithms: true })).toMatchObject({ code: "device.auth_failed" });
		},
	);

	test("a server that prefers weak algorithms gets the strongest that both have, also where weak ones are allowed", async () => {
		const agreed: unknown[] = [];
		const weakFirst: Algorithms = {
			kex: ["diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "curve25519-sha256"],
			cipher: ["3des-cbc", "aes128-cbc", "aes128-ctr"],
			hmac: ["hmac-md5", "hmac-sha1", "hmac-sha2-256"],
		};
		const { port } = await sshServer({
			authenticate: rejectPassword,
			options: { algorithms: weakFirst },
			onConnection: (client) => client.on("handshake", (negotiated) => agreed.push(negotiated)),
		});
		await refusal(port, { legacy_algorithms: true });
		expect(agreed[0]).toMatchObject({
			kex: "curve25519-sha256",
			cs: { cipher: "aes128-ctr", mac: "hmac-sha2-256" },
			sc: { cipher: "aes128-ctr", mac: "hmac-sha2-256" },
		});
	});

	test("what we offer names nothing weak, and asks for the strict exchange that stops messages from being dropped unseen", async () => {
		const { kex, serverHostKey, cipher, hmac, compress } = algorithmsFor({ host_key: null, legacy_algorithms: false });
		const offered = [kex, serverHostKey, cipher, hmac, compress].flat().join(" ");
		expect(offered).not.toMatch(/group1-|group-exchange-sha1|group14-sha1|ssh-rsa|ssh-dss|cbc|md5|sha1-96|zlib/);
		const { port, heard } = await listener((socket) => void socket.write("SSH-2.0-x\r\n"));
		await refusal(port);
		// CVE-2023-48795.
		expect(heard().toString("latin1")).toContain("kex-strict-c-v00@openssh.com");
	});
});
