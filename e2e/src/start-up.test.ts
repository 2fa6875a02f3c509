import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createWebServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { isAlive } from "@netconductor/runtime/db/data-dir-claim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminPassword, type Product, startProduct } from "./product.ts";
import { createServerProcess } from "./server-process.ts";

/** A start that cannot succeed says why in one message, ends with the documented code and changes nothing. */

let dir: string;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-start-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

interface Attempt {
	code: number | null;
	/** What it said to the person; log records left out. */
	said: string;
}

async function attempt(
	env: Record<string, string>,
	args: string[] = [],
	{ inside }: { inside?: string[] } = {},
): Promise<Attempt> {
	const server = createServerProcess({
		args,
		...(inside && { inside }),
		url: "",
		env: { NETCONDUCTOR_PORT: String(await freePort()), NETCONDUCTOR_DATA_DIR: join(dir, "data"), ...env },
	});
	const { code } = await server.runToEnd();
	const said = server
		.output()
		.split("\n")
		.filter((line) => !line.startsWith("{"))
		.join("\n");
	// A message, not a stack.
	expect(said).not.toMatch(/^\s+at /m);
	expect(said.match(/^netconductor: /gm)).toHaveLength(1);
	return { code, said };
}

describe("a wrong command line ends with 2", () => {
	test("a target that does not exist is named beside those that do", async () => {
		const { code, said } = await attempt({}, ["--targets=devices,devises"]);
		expect(code).toBe(2);
		expect(said).toContain('there is no target "devises"; there are: all, audit, auth, devices');
	});

	test("a worker beside other targets", async () => {
		const { code, said } = await attempt({}, ["--targets=tasks,worker"]);
		expect(code).toBe(2);
		expect(said).toContain("a worker needs a process to itself");
	});
});

describe("a wrong configuration ends with 78", () => {
	test("all its problems are told at once, and no secret with them", async () => {
		const { code, said } = await attempt({
			NETCONDUCTOR_PORT: "eighty",
			NETCONDUCTOR_LOG_LEVEL: "loud",
			NETCONDUCTOR_MASTER_KEY: "too-short-canary",
			NETCONDUCTOR_WORKER_PROCESSES: "2",
		});
		expect(code).toBe(78);
		expect(said).toContain("4 problems");
		expect(said).toContain('NETCONDUCTOR_PORT: "eighty" is not accepted');
		expect(said).toContain('NETCONDUCTOR_LOG_LEVEL: "loud" is not accepted');
		expect(said).toContain("NETCONDUCTOR_MASTER_KEY: the value (not shown)");
		expect(said).toContain("did you mean NETCONDUCTOR_WORKERS_PROCESSES?");
		expect(said).not.toContain("too-short-canary");
	});

	test("services without the addresses of those they call, and without what carries their events", async () => {
		const { code, said } = await attempt({}, ["--targets=tasks,realtime"]);
		expect(code).toBe(78);
		expect(said).toContain("NETCONDUCTOR_AUTH_URL: is required: realtime in this process call auth");
		expect(said).toContain("NETCONDUCTOR_BACKUP_URL: is required: workers in this process call backup");
		expect(said).toContain("RABBITMQ_URL: is required");
	});
});

test("a database that does not answer is named, without its password", async () => {
	const port = await freePort();
	const { code, said } = await attempt({ DATABASE_URL: `postgres://nc:canary-of-url@127.0.0.1:${port}/network` });
	expect(code).toBe(1);
	expect(said).toContain(`The database network on 127.0.0.1:${port} does not answer (ECONNREFUSED)`);
	expect(said).not.toContain("canary-of-url");
});

test("a server that is no PostgreSQL is named at once with what it said, and ends with 78, of a service's own database, too", async () => {
	const web = createWebServer((_, response) => response.end()).listen(0, "127.0.0.1");
	await once(web, "listening");
	const { port } = web.address() as AddressInfo;
	const url = `postgres://nc:canary-of-url@127.0.0.1:${port}/network`;
	try {
		const own = { NETCONDUCTOR_DEVICES_DATABASE_URL: url };
		for (const env of [{ DATABASE_URL: url }, own]) {
			const began = performance.now();
			const { code, said } = await attempt(env);
			expect(code).toBe(78);
			expect(said).toContain(`What answers at 127.0.0.1:${port} is no PostgreSQL: it said "HTTP/1.1 400 Bad Request"`);
			expect(said).not.toContain("canary-of-url");
			// The start itself, and where only one database is another, the embedded one's creation; not the half minute of a restart.
			expect(performance.now() - began).toBeLessThan(20_000);
		}
	} finally {
		web.close();
	}
});

test("a data folder that cannot be used is named, with what to do", async () => {
	writeFileSync(join(dir, "file"), "");
	const { code, said } = await attempt({ NETCONDUCTOR_DATA_DIR: join(dir, "file", "data") });
	expect(code).toBe(1);
	expect(said).toContain(`The data directory ${join(dir, "file", "data")} cannot be made`);
	expect(said).toContain("Set NETCONDUCTOR_DATA_DIR to another directory");
});

// Only root may mount the small disk.
test.runIf(process.getuid?.() === 0)("a full disk is called so, without the whole tale of the database", async () => {
	const disk = join(dir, "disk");
	mkdirSync(disk);
	const { code, said } = await attempt({ NETCONDUCTOR_DATA_DIR: disk }, [], {
		inside: ["unshare", "--mount", "sh", "-c", `mount -t tmpfs -o size=12m tmpfs ${disk} && exec "$@"`, "sh"],
	});
	expect(code).toBe(1);
	expect(said).toContain("the disk is full. Make room");
	expect(said.split("\n").length).toBeLessThan(8);
});

describe("beside a running server", () => {
	let product: Product;
	beforeAll(async () => {
		product = await startProduct({}, undefined, { first_start: true });
	}, 90_000);
	afterAll(() => product?.dispose());

	test("a second start on its data folder is refused and leaves it alone", async () => {
		const { code, said } = await attempt({ NETCONDUCTOR_DATA_DIR: product.data_dir });
		expect(code).toBe(1);
		expect(said).toContain(`Another NetConductor (process ${product.server.pid()}) runs on ${product.data_dir}`);
		expect((await fetch(`${product.url}/health/ready`)).ok).toBe(true);
	});

	test("a port that another program has is named, and the database that was started for it ends", async () => {
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
		const { port } = other.address() as { port: number };
		const { code, said } = await attempt({ NETCONDUCTOR_PORT: String(port) });
		other.close();
		expect(code).toBe(1);
		expect(said).toContain(`Cannot listen on 127.0.0.1:${port}: another program listens there already`);
		expect(said).toContain("NETCONDUCTOR_PORT");
		expect(existsSync(join(dir, "data", "postgres", "cluster", "PG_VERSION"))).toBe(true);
		expect(existsSync(join(dir, "data", "postgres", "cluster", "postmaster.pid"))).toBe(false);
	});

	test("a wrong master key or none is refused, and the right one still finds everything", async () => {
		const running = [product.server.pid(), ...product.server.children()];
		expect(running.length).toBeGreaterThan(2);
		await product.stop();
		expect(running.filter(isAlive)).toEqual([]);

		const { code, said } = await attempt({
			NETCONDUCTOR_DATA_DIR: product.data_dir,
			NETCONDUCTOR_MASTER_KEY: randomBytes(32).toString("base64"),
		});
		expect(code).toBe(78);
		expect(said).toContain("was wrapped with the master key");
		expect(said).toContain("Nothing was changed");

		const key = join(product.data_dir, "master.key");
		renameSync(key, `${key}.kept`);
		const lost = await attempt({ NETCONDUCTOR_DATA_DIR: product.data_dir });
		expect(lost.said).toContain(`neither NETCONDUCTOR_MASTER_KEY nor ${key}`);
		// A new one would open nothing, and hide that one was lost.
		expect(existsSync(key)).toBe(false);
		renameSync(`${key}.kept`, key);

		await product.restart();
		expect(await product.login("admin", adminPassword)).toBeTruthy();
	}, 60_000);
});
