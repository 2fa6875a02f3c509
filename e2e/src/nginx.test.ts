import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apis } from "@netconductor/contracts/apis";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import { freePort } from "@netconductor/lab/free-port";
import { type LabNginx, startNginx } from "@netconductor/lab/nginx";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { eventually, type Product, startProduct } from "./product.ts";

/** `deploy/edge/nginx.conf` in a real nginx before a real product. */

const configuration = readFileSync(join(import.meta.dirname, "..", "..", "deploy", "edge", "nginx.conf"), "utf8");
let product: Product;
let nginx: LabNginx;
let dir: string;
beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-nginx-"));
	product = await startProduct({
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
		NETCONDUCTOR_HTTP_TRUSTED_PROXIES: "127.0.0.1",
	});
	nginx = await startNginx(configuration, { dir, gateway_port: Number(new URL(product.url).port) });
}, 120_000);
afterAll(async () => {
	await nginx?.stop();
	await product?.dispose();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

interface Answer {
	status: number | undefined;
	headers: IncomingHttpHeaders;
	body: string;
}

function ask(
	path: string,
	headers: Record<string, string> = {},
	{ secure = true, method = "GET", through = nginx } = {},
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const take = (response: IncomingMessage) => {
			let body = "";
			response.setEncoding("utf8").on("data", (piece: string) => {
				body += piece;
			});
			response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
		};
		const place = { host: "127.0.0.1", path, method, headers: { host: "localhost", ...headers } };
		const request = secure
			? requestHttps({ ...place, port: through.https_port, ca: through.certificate, servername: "localhost" }, take)
			: requestHttp({ ...place, port: through.http_port }, take);
		request.on("error", reject).end();
	});
}

test("an address without TLS leads to the same one with it", async () => {
	const { status, headers } = await ask("/devices?q=core", {}, { secure: false });
	expect({ status, location: headers.location }).toEqual({ status: 308, location: "https://localhost/devices?q=core" });
});

test("the API and the web page answer over TLS, and the browser is told to stay there", async () => {
	const authorization = `Bearer ${product.admin_token}`;
	const devices = await ask("/api/devices", { authorization });
	expect(devices.status).toBe(200);
	expect(devices.headers["strict-transport-security"]).toContain("max-age=63072000");
	expect(JSON.parse(devices.body)).toMatchObject({ total: 0 });
	expect((await ask("/api/devices")).status).toBe(401);
});

test("nobody outside reads the metrics", async () => {
	expect((await ask("/metrics")).status).toBe(404);
	expect((await ask("/metrics?x")).status).toBe(404);
});

test("an address that the client claims for itself is not believed", async () => {
	const admin = product.as(product.admin_token);
	// A refused change is recorded with the address that it came from.
	const claim = { authorization: `Bearer ${product.admin_token}`, "x-forwarded-for": "203.0.113.9" };
	await ask(`/api/devices/${randomUUID()}`, claim, { method: "DELETE" });
	const [record] = await eventually("the trail has it", async () => {
		const { items } = await admin.audit.listAudit({ query: { operation: "deleteDevice" } });
		return items.length > 0 && items;
	});
	expect(record?.actor.ip).toBe("127.0.0.1");
});

test("a live view opens through it, and its ticket stands in no log", async () => {
	const { ticket } = await product.as(product.admin_token).auth.createWsTicket({});
	const socket = new WebSocket(`wss://localhost:${nginx.https_port}/ws/dashboard?ticket=${ticket}`, {
		ca: nginx.certificate,
		lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
	});
	await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
	socket.close();
	const log = await eventually("the view is logged", async () => {
		const text = await nginx.accessLog();
		return text.includes("GET /ws/dashboard") && text;
	});
	expect(log).not.toContain(ticket);
});

test("a gateway that is away is told with what it was asked for, and no ticket or code stands in any log", async () => {
	const alone = await startNginx(configuration, { dir: join(dir, "alone"), gateway_port: await freePort() });
	try {
		const addresses = ["/ws/dashboard?ticket=canary-ticket", "/sign-in/callback?code=canary-code&state=canary-state"];
		for (const address of addresses) expect((await ask(address, {}, { through: alone })).status).toBe(502);
		const told = await eventually("both are logged", async () => {
			const text = await alone.accessLog();
			return text.includes('"GET /ws/dashboard" 502') && text.includes('"GET /sign-in/callback" 502') && text;
		});
		expect(told).toMatch(/ 502 .* gateway 127\.0\.0\.1:\d+ 502$/m);
		expect(told + (await alone.errorLog())).not.toContain("canary");
	} finally {
		await alone.stop();
	}
});

test("it lets through the largest body and waits for the slowest operation of the contracts", () => {
	const operations = Object.values(apis)
		.flatMap(({ operations: all }) => Object.values<Operation>(all))
		.filter(({ path }) => path.startsWith("/api/"));
	const setting = (name: string, unit: string) =>
		Math.max(
			...[...configuration.matchAll(new RegExp(`${name} (\\d+)${unit};`, "g"))].map(([, digits]) => Number(digits)),
		);
	const largest = Math.max(...operations.map(({ max_body_bytes = 0 }) => max_body_bytes));
	expect(setting("client_max_body_size", "m") * 1024 * 1024).toBeGreaterThanOrEqual(largest);
	const slowest = Math.max(...operations.map(({ timeout_ms = 0 }) => timeout_ms));
	expect(setting("proxy_read_timeout", "s") * 1000).toBeGreaterThan(slowest);
});
