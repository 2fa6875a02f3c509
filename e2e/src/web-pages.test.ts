import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { type OwnedProcess, startOwnedProcess, waitUntilReady } from "@netconductor/lab/owned-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Product, startProduct } from "./product.ts";

/** `deploy/edge/web.conf` in a real nginx, held against the gateway, which serves the same pages. */

const root = resolve(import.meta.dirname, "../..");
let dir: string;
let nginx: OwnedProcess;
let url: string;
let product: Product;
beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-web-"));
	const port = await freePort();
	url = `http://127.0.0.1:${port}`;
	const placed = readFileSync(join(root, "deploy/edge/web.conf"), "utf8")
		.replaceAll("/tmp/", `${dir}/`)
		.replace("listen 8080;", `listen 127.0.0.1:${port};`)
		.replace("root /srv/netconductor;", `root ${join(root, "apps/web/dist")};`)
		// A worker of root's becomes somebody who may not read a checkout below /root.
		.replace(/^/, process.getuid?.() === 0 ? "user root;\n" : "");
	writeFileSync(join(dir, "nginx.conf"), placed);
	nginx = startOwnedProcess("/usr/sbin/nginx", ["-p", dir, "-c", join(dir, "nginx.conf"), "-g", "daemon off;"]);
	const answers = () =>
		fetch(`${url}/index.html`).then(
			({ ok }) => ok,
			() => false,
		);
	await waitUntilReady("nginx", nginx, answers);
	product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "0" });
}, 180_000);
afterAll(async () => {
	await nginx?.stop();
	await product?.dispose();
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

/** What a browser sees of an answer, without what differs between any two servers or limits requests. */
async function look(base: string, path: string, accept: string) {
	const response = await fetch(`${base}${path}`, { headers: { accept } });
	const headers = Object.fromEntries(response.headers);
	for (const name of Object.keys(headers)) {
		const shared =
			/^(content-(security-policy|type)|cross-origin|origin-agent|referrer|x-(?!request-id)|cache-control)/;
		if (!shared.test(name)) delete headers[name];
	}
	headers["content-type"] =
		headers["content-type"]?.toLowerCase().replace("application/javascript", "text/javascript") ?? "";
	return { status: response.status, headers, body: await response.text() };
}

test("pages and their files are answered as by the gateway, with the same headers", async () => {
	const page = await look(url, "/", "text/html");
	const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.body)?.[1] ?? "";
	expect(script).not.toBe("");
	for (const [path, accept] of [
		["/", "text/html"],
		["/devices/some-device?tab=versions", "text/html,application/xhtml+xml"],
		[script, "*/*"],
		["/favicon.svg", "image/*"],
	] as const) {
		expect(await look(url, path, accept), path).toEqual(await look(product.url, path, accept));
	}
});

test("what is no page is not answered with one", async () => {
	for (const path of ["/api/devices", "/ws/dashboard", "/metrics", "/health/live"]) {
		expect((await look(url, path, "text/html")).status, path).toBe(404);
	}
	expect((await look(url, "/assets/none.js", "*/*")).status).toBe(404);
	expect((await look(url, "/../../etc/passwd", "text/plain")).status).toBe(404);
});
