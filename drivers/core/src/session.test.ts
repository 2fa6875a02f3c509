import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "@netconductor/contracts/devices/connection";
import { linux } from "@netconductor/driver-platforms/linux";
import { acceptPassword, type ShellServer, startShellServer } from "@netconductor/lab/shell-server";
import ssh2, { type ServerConfig } from "ssh2";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { routerConnection } from "../test/router-connection.ts";
import { collectConfig } from "./collect-config.ts";
import { readFacts } from "./read-facts.ts";
import { openSession } from "./session.ts";
import { testConnection } from "./test-connection.ts";

const folder = mkdtempSync(join(tmpdir(), "driver-core-"));
const userKey = ssh2.utils.generateKeyPairSync("ed25519");
const lockedKey = ssh2.utils.generateKeyPairSync("ed25519", {
	passphrase: "open sesame",
	cipher: "aes256-ctr",
	rounds: 16,
});
const hostKey = ssh2.utils.generateKeyPairSync("ed25519");
const otherHostKey = ssh2.utils.generateKeyPairSync("ed25519");
let sshd: ChildProcess;
let sshdPort: number;
const stops: (() => unknown)[] = [];

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

/** A real OpenSSH server for the current user, who logs in with either key. */
async function startSshd(): Promise<void> {
	sshdPort = await freePort();
	mkdirSync("/run/sshd", { recursive: true });
	const write = (name: string, content: string) => {
		const path = join(folder, name);
		writeFileSync(path, content, { mode: 0o600 });
		return path;
	};
	const authorized = write("authorized_keys", `${userKey.public}\n${lockedKey.public}\n`);
	const config = write(
		"sshd_config",
		[
			`Port ${sshdPort}`,
			"ListenAddress 127.0.0.1",
			`HostKey ${write("host_key", hostKey.private)}`,
			`AuthorizedKeysFile ${authorized}`,
			"PidFile none",
			"StrictModes no",
			"UsePAM no",
			"PasswordAuthentication no",
			"AllowTcpForwarding yes",
			"PermitRootLogin prohibit-password",
		].join("\n"),
	);
	expect(spawnSync("/usr/sbin/sshd", ["-t", "-f", config]).stderr?.toString(), "install openssh-server").toBe("");
	sshd = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
	for await (const line of sshd.stderr ?? []) if (String(line).includes("listening")) break;
	sshd.stderr?.resume();
}

beforeAll(startSshd);
afterAll(() => {
	sshd?.kill();
	rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
	for (const stop of stops.splice(0)) stop();
});

const timeouts = { connect_ms: 3000, auth_ms: 3000, prompt_ms: 5000, command_ms: 5000 };
const signal = () => new AbortController().signal;

function linuxHost(changes: Partial<Connection> = {}): Connection {
	return Connection.parse({
		device_id: "host-1",
		name: "host-1",
		host: "127.0.0.1",
		port: sshdPort,
		username: userInfo().username,
		private_key: userKey.private,
		host_key: null,
		legacy_algorithms: false,
		platform: linux,
		timeouts,
		...changes,
	});
}

/** A router with the command line of a simple IOS, over a real SSH server. */
async function router(authenticate = acceptPassword, options: Partial<ServerConfig> = {}): Promise<ShellServer> {
	const server = await startShellServer({
		authenticate,
		options: { hostKeys: [hostKey.private], ...options },
		onLine(line, { client, channel, answer }) {
			if (line === "show rekey") client.rekey();
			if (line === "exit") client.end();
			else if (line === "show hang") channel.write(`${line}\r\nsome `);
			else if (line === "show drop") {
				channel.write(`${line}\r\nsome `);
				client.end();
			} else answer(line === "show running-config" ? "hostname r1\r\nend\r\n" : "");
		},
	});
	stops.push(server.stop);
	return server;
}

/** A TCP server that does as `speak` says with whoever connects. */
async function listener(speak: (socket: Socket) => void): Promise<number> {
	const sockets = new Set<Socket>();
	const server: NetServer = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => {});
		speak(socket);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	stops.push(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

const fingerprintOf = (key: string) => {
	const path = join(folder, "fingerprint");
	writeFileSync(path, key);
	return spawnSync("ssh-keygen", ["-lf", path]).stdout.toString().split(" ")[1];
};

test("OpenSSH: a key logs in; host key, facts and files come as OpenSSH and the host have them", async () => {
	const session = await openSession(linuxHost(), { signal: signal() });
	expect(session.host_key).toMatchObject({
		is_new: true,
		algorithm: "ssh-ed25519",
		fingerprint: fingerprintOf(hostKey.public),
	});
	expect(Object.keys(session.phases)).toEqual(["connect", "host_key", "auth", "prompt"]);
	expect((await readFacts(session)).hostname).toBe(spawnSync("uname", ["-n"]).stdout.toString().trim());
	const { raw } = await collectConfig(session);
	expect(raw.toString()).toContain(readFileSync("/etc/hosts", "utf8").trim());
	expect(raw.toString()).toMatch(/^### \/etc\//);
	await session.close();
});

test("OpenSSH: a key with a passphrase logs in, and one that cannot be read is an error before any contact", async () => {
	const session = await openSession(linuxHost({ private_key: lockedKey.private, passphrase: "open sesame" }), {
		signal: signal(),
	});
	expect((await session.run("echo hello")).output).toBe("hello\n");
	await session.close();
	await expect(
		openSession(linuxHost({ private_key: lockedKey.private, passphrase: "wrong" }), { signal: signal() }),
	).rejects.toMatchObject({
		code: "device.auth_failed",
		message: expect.stringContaining("cannot be read"),
	});
});

test("OpenSSH: a device is reached through two jump hosts, the keys of all of which are reported", async () => {
	const { port } = await router();
	const jump = (name: string) => ({ ...linuxHost(), device_id: name, name });
	const keys: string[] = [];
	const session = await openSession(routerConnection(port, { jump_hosts: [jump("jump-1"), jump("jump-2")] }), {
		signal: signal(),
		onHostKey: async (key) => void keys.push(key.name),
	});
	expect((await collectConfig(session)).raw.toString()).toBe("hostname r1\nend\n");
	expect(keys).toEqual(["jump-1", "jump-2", "r1"]);
	await session.close();
});

test("a jump host that refuses is named, with why", async () => {
	const wrong = {
		...linuxHost(),
		device_id: "jump-1",
		name: "jump-1",
		private_key: ssh2.utils.generateKeyPairSync("ed25519").private,
	};
	await expect(openSession(routerConnection(1, { jump_hosts: [wrong] }), { signal: signal() })).rejects.toMatchObject({
		code: "device.jump_failed",
		details: { jump_host: "jump-1", reason: "device.auth_failed" },
		message: expect.stringMatching(/r1 .* through the jump host jump-1/),
	});
	await expect(
		openSession(routerConnection(1, { jump_hosts: [{ ...linuxHost(), name: "jump-1" }] }), { signal: signal() }),
	).rejects.toMatchObject({
		code: "device.unreachable",
		message: expect.stringContaining("from the jump host jump-1"),
	});
});

test("a changed host key ends the session before anything is sent, naming both keys", async () => {
	const { port, attempts } = await router(acceptPassword, { hostKeys: [otherHostKey.private] });
	const accepted = {
		fingerprint: "SHA256:abcdef",
		algorithm: "ssh-ed25519",
		accepted_by: "admin",
		accepted_at: "2026-03-02T10:00:00.000Z",
	};
	const error = await openSession(routerConnection(port, { host_key: accepted }), { signal: signal() }).catch(
		(thrown) => thrown,
	);
	expect(error).toMatchObject({ code: "device.host_key_changed", phase: "host_key" });
	expect(error.message).toBe(
		`r1 (127.0.0.1:${port}) presented ${fingerprintOf(otherHostKey.public)} (ssh-ed25519); SHA256:abcdef (ssh-ed25519) was accepted by admin on 2026-03-02. Nothing was sent. If the device was replaced, accept the new key on the device's page or with \`netconductor devices trust r1\`.`,
	);
	expect(attempts).toEqual([]);
});

test("a device that gained a key of another type still shows the accepted one", async () => {
	const rsa = ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 });
	const { port } = await router(acceptPassword, { hostKeys: [hostKey.private, rsa.private] });
	const accepted = {
		fingerprint: fingerprintOf(rsa.public) ?? "",
		algorithm: "ssh-rsa",
		accepted_by: "admin",
		accepted_at: "2026-03-02T10:00:00.000Z",
	};
	const session = await openSession(routerConnection(port, { host_key: accepted }), { signal: signal() });
	expect(session.host_key).toMatchObject({ is_new: false, algorithm: "ssh-rsa" });
	await session.close();
});

test("a new host key that cannot be stored ends the session before authentication", async () => {
	const { port, attempts } = await router();
	const refused = openSession(routerConnection(port), {
		signal: signal(),
		onHostKey: () => Promise.reject(new Error("database is down")),
	});
	await expect(refused).rejects.toMatchObject({ phase: "host_key" });
	expect(attempts).toEqual([]);
});

test("a new host key that takes long to store is not held against the device", async () => {
	const { port } = await router();
	const timeouts = { connect_ms: 3000, auth_ms: 300, prompt_ms: 3000, command_ms: 3000 };
	const session = await openSession(routerConnection(port, { timeouts }), {
		signal: signal(),
		onHostKey: () => sleep(600),
	});
	expect(session.host_key.is_new).toBe(true);
	await session.close();
});

test("keyboard-interactive is answered with the password where the device offers nothing else", async () => {
	const { port } = await router((context) => {
		if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
		context.prompt([{ prompt: "Password: ", echo: false }], (answers) =>
			answers[0] === "pa55word" ? context.accept() : context.reject(),
		);
	});
	const session = await openSession(routerConnection(port), { signal: signal() });
	await session.close();
});

test("a second factor is an error that says so, not a second failed login", async () => {
	const { port } = await router((context) => {
		if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
		context.prompt([{ prompt: "Password: " }, { prompt: "Code: " }], () => context.reject());
	});
	await expect(openSession(routerConnection(port), { signal: signal() })).rejects.toMatchObject({
		code: "device.auth_failed",
		message: expect.stringContaining("one-time code"),
	});
});

test("a wrong password costs one failed login, and the error names user and device but not the password", async () => {
	const { port, attempts } = await router((context) => context.reject(["password", "keyboard-interactive"]));
	const error = await openSession(routerConnection(port), { signal: signal() }).catch((thrown) => thrown);
	expect(error).toMatchObject({
		code: "device.auth_failed",
		phase: "auth",
		message: expect.stringMatching(/r1 .*user "admin"/),
	});
	expect(JSON.stringify([error.message, error.details, error.stack])).not.toContain("pa55word");
	expect(attempts).toEqual(["password"]);
});

test("outdated algorithms are refused with how to allow them, and work once allowed", async () => {
	const old: Partial<ServerConfig> = {
		algorithms: { kex: ["diffie-hellman-group14-sha1"], cipher: ["aes128-cbc"], hmac: ["hmac-sha1"] },
	};
	const { port } = await router(acceptPassword, old);
	await expect(openSession(routerConnection(port), { signal: signal() })).rejects.toMatchObject({
		code: "device.no_common_algorithm",
		phase: "connect",
		message: expect.stringContaining("legacy_algorithms"),
	});
	const session = await openSession(routerConnection(port, { legacy_algorithms: true }), { signal: signal() });
	await session.close();
});

test("a refused port, a silent one, and one that is not SSH: each has its own error", async () => {
	const open = (port: number) => openSession(routerConnection(port), { signal: signal() }).catch((thrown) => thrown);
	expect(await open(await freePort())).toMatchObject({ code: "device.refused", phase: "connect" });
	expect(await open(await listener(() => {}))).toMatchObject({
		code: "device.unreachable",
		message: expect.stringContaining("did not finish the SSH handshake"),
	});
	expect(await open(await listener((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")))).toMatchObject({
		phase: "connect",
	});
	expect(await open(await listener((socket) => socket.end("220 mail ready\r\n")))).toMatchObject({
		code: "device.protocol_error",
	});
	expect(await open(await listener((socket) => socket.write(Buffer.alloc(100_000, 7))))).toMatchObject({
		code: "device.protocol_error",
	});
	expect(
		await open(
			await listener((socket) =>
				socket.end("SSH-2.0-Cisco-1.25\r\ngarbage that is no packet at all, whatever it says"),
			),
		),
	).toMatchObject({ phase: "connect" });
	expect(await open(await listener((socket) => socket.destroy()))).toMatchObject({ phase: "connect" });
	expect(
		await openSession(routerConnection(22, { host: "no-such-host.invalid" }), { signal: signal() }).catch(
			(thrown) => thrown,
		),
	).toMatchObject({ code: "device.unreachable", message: expect.stringContaining("does not resolve") });
});

test("a login that is never decided is a timeout in phase auth", async () => {
	const { port } = await router(() => {});
	await expect(openSession(routerConnection(port), { signal: signal() })).rejects.toMatchObject({
		code: "device.timeout",
		phase: "auth",
	});
});

test("a device that exchanges keys anew passes no phase twice", async () => {
	const { port } = await router();
	const passed: string[] = [];
	const session = await openSession(routerConnection(port), {
		signal: signal(),
		onPhase: (phase) => passed.push(phase),
	});
	await session.run("show rekey");
	await session.run("show running-config");
	await session.close();
	expect(passed).toEqual([...new Set(passed)]);
});

test("a device that hangs or drops in a command ends the session with what happened", async () => {
	const { port } = await router();
	const hanging = await openSession(routerConnection(port), { signal: signal() });
	await expect(hanging.run("show hang")).rejects.toMatchObject({ code: "device.timeout", phase: "command" });
	await hanging.close();
	const dropping = await openSession(routerConnection(port), { signal: signal() });
	await expect(dropping.run("show drop")).rejects.toMatchObject({ code: "device.connection_lost", phase: "command" });
	await dropping.close();
});

test("cancelling ends a session at any point, and at once", async () => {
	const { port, clients } = await router();
	const running = new AbortController();
	const session = await openSession(
		routerConnection(port, { timeouts: { connect_ms: 1000, auth_ms: 500, prompt_ms: 1000, command_ms: 60_000 } }),
		{ signal: running.signal },
	);
	const answer = session.run("show hang");
	setTimeout(() => running.abort(), 50);
	await expect(answer).rejects.toMatchObject({ code: "device.cancelled", phase: "command" });
	await session.close();
	await expect.poll(() => clients.size).toBe(0);
	const silent = await listener(() => {});
	const connecting = new AbortController();
	setTimeout(() => connecting.abort(), 50);
	await expect(openSession(routerConnection(silent), { signal: connecting.signal })).rejects.toMatchObject({
		code: "device.cancelled",
	});
	await expect(openSession(routerConnection(silent), { signal: AbortSignal.abort() })).rejects.toMatchObject({
		code: "device.cancelled",
	});
});

test("nothing is left open: sockets, timers and listeners of good and failed sessions are gone", async () => {
	const { port } = await router();
	const controller = new AbortController();
	const count = () =>
		process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "TCPSocketWrap").length;
	const round = async () => {
		for (let index = 0; index < 5; index++) {
			const session = await openSession(routerConnection(port), { signal: controller.signal });
			await session.run("show version");
			await session.close();
			await session.close();
			await openSession(routerConnection(port, { password: "wrong" }), { signal: controller.signal }).catch(() => {});
			await openSession(routerConnection(port, { port: 1 }), { signal: controller.signal }).catch(() => {});
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
	};
	await round();
	const before = count();
	await round();
	expect(count()).toBeLessThanOrEqual(before);
});

test("a connectivity test reports each phase, and a failure as its result", async () => {
	const { port } = await router();
	const good = await testConnection(routerConnection(port), { signal: signal() });
	expect(good.phases.map(({ phase, ok }) => `${phase} ${ok}`)).toEqual([
		"connect true",
		"host_key true",
		"auth true",
		"prompt true",
		"command true",
	]);
	expect(good.host_key?.fingerprint).toBe(fingerprintOf(hostKey.public));
	const bad = await testConnection(routerConnection(port, { password: "wrong" }), { signal: signal() });
	expect(bad.phases.at(-1)).toMatchObject({ phase: "auth", ok: false, error: { code: "device.auth_failed" } });
	expect(bad.host_key?.is_new).toBe(true);
});
