import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect, createServer, type TLSSocket } from "node:tls";
import { freePorts } from "@netconductor/lab/owned-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { adminPassword, eventually, productEnvironment } from "./product.ts";
import { createServerProcess, type ServerProcess } from "./server-process.ts";

/** The door with a certificate of its own: what it presents, and that the certificate is replaced under those who are inside. */

const dir = mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
const at = (name: string) => join(dir, name);
let server: ServerProcess;
let port: number;

function makeCertificate(name: string, days: number): void {
	const parameters = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", `/CN=${name}`];
	const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
	execFileSync("openssl", ["req", "-x509", "-nodes", "-days", String(days), ...parameters, ...files], {
		stdio: "pipe",
	});
}

/** Replaces both files as programs that renew certificates do: written beside, then renamed. */
function present(name: string): void {
	for (const [from, to] of [
		[`${name}.key`, "key.pem"],
		[`${name}.pem`, "certificate.pem"],
	] as const) {
		copyFileSync(at(from), at(`${to}.new`));
		renameSync(at(`${to}.new`), at(to));
	}
}

beforeAll(async () => {
	for (const name of ["first", "second", "third"]) makeCertificate(name, 30);
	present("first");
	const [internal_port = 0, free = 0] = await freePorts(2);
	port = free;
	server = createServerProcess({
		url: `http://127.0.0.1:${internal_port}`,
		env: {
			...productEnvironment({ data_dir: at("data"), port }),
			HOME: dir,
			NETCONDUCTOR_INTERNAL_PORT: String(internal_port),
			NETCONDUCTOR_WORKERS_PROCESSES: "0",
			NETCONDUCTOR_HTTP_TLS_CERTIFICATE_PATH: at("certificate.pem"),
			NETCONDUCTOR_HTTP_TLS_KEY_PATH: at("key.pem"),
		},
	});
	await server.start();
}, 240_000);
afterAll(async () => {
	await server?.end("SIGTERM");
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function open(options: ConnectionOptions = {}, to = port): Promise<TLSSocket> {
	const socket = connect({ host: "127.0.0.1", port: to, rejectUnauthorized: false, ...options });
	socket.on("error", () => {});
	await Promise.race([
		once(socket, "secureConnect"),
		once(socket, "close").then(() => {
			throw new Error("no connection was made");
		}),
	]);
	return socket;
}

/** The name in the certificate that a new connection is shown. */
async function presented(): Promise<string> {
	const socket = await open();
	const { subject } = socket.getPeerCertificate();
	socket.destroy();
	return String(subject.CN);
}

async function ask(path: string, agent?: Agent, init: { method?: string; headers?: object; body?: string } = {}) {
	const asked = request(`https://127.0.0.1:${port}${path}`, {
		rejectUnauthorized: false,
		method: init.method ?? "GET",
		headers: { ...init.headers },
		...(agent && { agent }),
	});
	asked.end(init.body);
	const [response] = await once(asked, "response");
	return { status: response.statusCode as number, headers: response.headers, body: await text(response) };
}

async function signIn(): Promise<string> {
	const body = JSON.stringify({ username: "admin", password: adminPassword });
	const headers = { "content-type": "application/json" };
	return JSON.parse((await ask("/api/auth/login", undefined, { method: "POST", headers, body })).body).access_token;
}

describe("a gateway with a certificate", () => {
	test("answers over TLS, tells browsers to stay with it, and says so in the log", async () => {
		const { status, headers } = await ask("/health/live");
		expect(status).toBe(200);
		expect(headers["strict-transport-security"]).toBe("max-age=31536000");
		expect(await presented()).toBe("first");
		expect(server.output()).toContain(`https://127.0.0.1:${port}`);
	});

	test("takes nothing older than TLS 1.2, and nothing without TLS", async () => {
		const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
		// That such a client can do it at all is shown by a server that takes it.
		const lenient = createServer({ ...old, ...pairOf("first") });
		lenient.listen(0, "127.0.0.1");
		await once(lenient, "listening");
		const { port: other } = lenient.address() as { port: number };
		(await open(old, other)).destroy();
		lenient.close();
		await expect(open(old)).rejects.toThrow("alert protocol version");
		await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
	});

	test("presents a new one without a restart; connections and live views that are open go on", async () => {
		const token = await signIn();
		const authorization = { headers: { authorization: `Bearer ${token}` } };
		const kept = new Agent({ keepAlive: true, maxSockets: 1 });
		await ask("/health/live", kept);
		const [before] = Object.values(kept.freeSockets).flat();
		const { ticket } = JSON.parse(
			(await ask("/api/auth/ws-ticket", undefined, { method: "POST", ...authorization })).body,
		);
		const view = new WebSocket(`wss://127.0.0.1:${port}/ws/dashboard?ticket=${ticket}`, { rejectUnauthorized: false });
		await once(view, "open");

		present("second");
		await eventually("new connections get the second", async () => (await presented()) === "second");
		expect((await ask("/health/live", kept)).status).toBe(200);
		expect(Object.values(kept.freeSockets).flat()[0]).toBe(before);
		const pong = once(view, "pong");
		view.ping();
		await pong;
		view.terminate();
		kept.destroy();
	});

	test("keeps the one it has where the new files are no good, says why, and looks again on SIGHUP", async () => {
		present("second");
		await eventually("new connections get the second", async () => (await presented()) === "second");
		const said = () => server.output().match(/the one before stays/g)?.length ?? 0;
		writeFileSync(at("certificate.pem"), "not a certificate");
		process.kill(server.pid(), "SIGHUP");
		await eventually("it says that it is none", async () => said() > 0);
		expect(await presented()).toBe("second");
		copyFileSync(at("third.pem"), at("certificate.pem"));
		const before = said();
		process.kill(server.pid(), "SIGHUP");
		await eventually("it says that the key belongs to another", async () => said() > before);
		expect(await presented()).toBe("second");
		present("third");
		process.kill(server.pid(), "SIGHUP");
		await eventually("new connections get the third", async () => (await presented()) === "third");
	});
});

function pairOf(name: string) {
	return { cert: readFileSync(at(`${name}.pem`)), key: readFileSync(at(`${name}.key`)) };
}
