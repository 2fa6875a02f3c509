import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { isAlive } from "@netconductor/runtime/db/data-dir-claim";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminPassword, type Product, startProduct } from "./product.ts";

/** `netconductor doctor` finds what is really wrong, says how to mend it, tells no secret and changes nothing. */

const apps = join(import.meta.dirname, "..", "..", "apps");
const isRoot = process.getuid?.() === 0;

let dir: string;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-doctor-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

interface Diagnosis {
	status: "ok" | "warning" | "failed";
	findings: { check: string; status: Diagnosis["status"] | "skipped"; detail: string; mend?: string }[];
}

interface Visit {
	code: number | null;
	/** All that was written. */
	output: string;
	status: Diagnosis["status"];
	/** The finding of a check; undefined where it was not made. */
	of(check: string): Diagnosis["findings"][number] | undefined;
	/** Names of the checks that failed. */
	failed: string[];
}

async function runToEnd(
	command: readonly string[],
	env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
	const [program = "", ...args] = command;
	const child = spawn(program, args, {
		stdio: ["ignore", "pipe", "pipe"],
		cwd: dir,
		env: { PATH: process.env.PATH, HOME: dir, NETCONDUCTOR_PORT: String(await freePort()), ...env },
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (output += piece));
	const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
	return { code, output };
}

const command = [process.execPath, join(apps, "server", "bin", "server.mjs"), "doctor", "--json"];

async function visit(
	env: Record<string, string> = {},
	inside: readonly string[] = [],
	doctor = command,
): Promise<Visit> {
	const { code, output } = await runToEnd([...inside, ...doctor], { NETCONDUCTOR_DATA_DIR: join(dir, "data"), ...env });
	const { status, findings }: Diagnosis = JSON.parse(output);
	// Whatever is wrong comes with what to do.
	expect(findings.filter((finding) => /warning|failed/.test(finding.status) && !finding.mend)).toEqual([]);
	return {
		code,
		output,
		status,
		of: (check) => findings.find((finding) => finding.check === check),
		failed: findings.filter((finding) => finding.status === "failed").map(({ check }) => check),
	};
}

describe("before the first start", () => {
	test("nothing is wrong, and nothing is made", async () => {
		const { code, failed, of } = await visit();
		expect({ code, failed }).toEqual({ code: 0, failed: [] });
		expect(of("server")).toMatchObject({ status: "ok", detail: expect.stringContaining("is free") });
		expect(existsSync(join(dir, "data"))).toBe(false);
	});

	test("`netconductor doctor` says it in words", async () => {
		const { code, output } = await runToEnd(
			[process.execPath, join(apps, "cli", "bin", "netconductor.mjs"), "doctor"],
			{},
		);
		expect(output).toMatch(/^ok +data directory +.*made by the first start$/m);
		expect(code).toBe(0);
	});

	test("a port that another program has", async () => {
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
		const { port } = other.address() as { port: number };
		const { code, failed, of } = await visit({ NETCONDUCTOR_PORT: String(port) });
		other.close();
		expect({ code, failed }).toEqual({ code: 1, failed: ["server"] });
		expect(of("server")?.detail).toContain(`127.0.0.1:${port} cannot be listened on: another program`);
	});

	test("an address that this machine does not have", async () => {
		const { failed, of } = await visit({ NETCONDUCTOR_HOST: "192.0.2.1" });
		expect(failed).toEqual(["server"]);
		expect(of("server")?.detail).toContain("does not have that address");
	});

	test("a wrong configuration, without the secret in it; the rest is looked at", async () => {
		const { failed, of, output } = await visit({
			NETCONDUCTOR_MASTER_KEY: "too-short-canary",
			NETCONDUCTOR_LOG_LEVEL: "loud",
		});
		expect(failed).toEqual(["configuration"]);
		expect(of("configuration")?.detail).toContain("NETCONDUCTOR_LOG_LEVEL");
		expect(of("clock")?.status).toBe("ok");
		expect(output).not.toContain("too-short-canary");
	});

	test("too few open files", async () => {
		const { code, failed, of } = await visit({}, ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh"]);
		expect({ code, failed }).toEqual({ code: 1, failed: ["open files"] });
		expect(of("open files")?.detail).toContain("at most 200 a process");
	});

	test("a data directory in which this user may not write", async () => {
		const locked = join(dir, "locked");
		mkdirSync(locked);
		chmodSync(locked, 0o500);
		chmodSync(dir, 0o755);
		// Root may write anywhere, so it becomes another user once it has read the program.
		const script = `
			const { diagnose } = await import(${JSON.stringify(join(apps, "server/src/doctor/doctor.ts"))});
			const { defaultTargets, loadServices } = await import(${JSON.stringify(join(apps, "server/src/services.ts"))});
			await loadServices(defaultTargets);
			if (process.getuid() === 0) process.setgid(65534), process.setuid(65534);
			process.stdout.write(JSON.stringify(await diagnose({ targets: defaultTargets, env: process.env })));`;
		const doctor = [process.execPath, "--input-type=module", "--eval", script];
		const { failed, of } = await visit({ NETCONDUCTOR_DATA_DIR: locked }, [], doctor);
		expect(failed).toEqual(["data directory"]);
		expect(of("data directory")?.detail).toContain(isRoot ? "chown -R 65534" : "chmod 700");
	});

	test("a data directory that others can look into is a warning", async () => {
		const open = join(dir, "open");
		mkdirSync(open);
		chmodSync(open, 0o755);
		const { code, status, of } = await visit({ NETCONDUCTOR_DATA_DIR: open });
		expect({ code, status }).toEqual({ code: 0, status: "warning" });
		expect(of("data directory")).toMatchObject({ status: "warning", mend: `Run \`chmod 700 ${open}\`.` });
	});

	// Only root may mount the small disk.
	test.runIf(isRoot)("a disk that is nearly full", async () => {
		const disk = join(dir, "disk");
		mkdirSync(disk);
		const small = [
			"unshare",
			"--mount",
			"sh",
			"-c",
			`mount -t tmpfs -o mode=700,size=20m tmpfs ${disk} && exec "$@"`,
			"sh",
		];
		const { failed, of } = await visit({ NETCONDUCTOR_DATA_DIR: disk }, small);
		expect(failed).toEqual(["disk space"]);
		expect(of("disk space")?.detail).toContain("20 MiB free");
	});

	test("a web app that was not built is a warning", async () => {
		const { code, of } = await visit({ NETCONDUCTOR_HTTP_WEB_DIR: dir });
		expect(code).toBe(0);
		expect(of("web app")).toMatchObject({ status: "warning" });
	});
});

test("what runs elsewhere and does not answer is named without its password", async () => {
	const port = await freePort();
	const { code, failed, of, output } = await visit({
		DATABASE_URL: `postgres://nc:canary-of-url@127.0.0.1:${port}/network`,
		RABBITMQ_URL: `amqp://nc:canary-of-url@127.0.0.1:${port}`,
		REDIS_URL: `redis://nc:canary-of-url@127.0.0.1:${port}`,
	});
	expect(code).toBe(1);
	expect(failed.toSorted()).toEqual(["RabbitMQ", "Redis", "database"]);
	expect(of("database")?.detail).toContain("does not answer (ECONNREFUSED)");
	expect(of("RabbitMQ")?.detail).toContain("ECONNREFUSED");
	expect(of("Redis")?.detail).toContain("ECONNREFUSED");
	expect(output).not.toContain("canary-of-url");
});

describe("beside a server", { timeout: 120_000 }, () => {
	let product: Product;
	let env: Record<string, string>;
	beforeAll(async () => {
		product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" });
		env = {
			NETCONDUCTOR_DATA_DIR: product.data_dir,
			NETCONDUCTOR_PORT: new URL(product.url).port,
			NETCONDUCTOR_WORKERS_PROCESSES: "1",
		};
	}, 90_000);
	afterAll(() => product?.dispose());

	async function query(statement: string): Promise<void> {
		const found = findEmbeddedPostgres(product.data_dir);
		if (found.state !== "running") throw new Error(`the database is ${found.state}`);
		const client = new pg.Client(found.url);
		await client.connect();
		await client.query(statement).finally(() => client.end());
	}

	test("that runs, everything is looked at, and nobody is disturbed", async () => {
		const pids = [product.server.pid(), ...product.server.children()];
		const { code, failed, of, output } = await visit(env);
		expect({ code, failed }).toEqual({ code: 0, failed: [] });
		expect(of("server")?.detail).toBe(`runs (process ${product.server.pid()}) and is ready at ${product.url}`);
		expect(of("database migrations")?.detail).toBe("up to date");
		expect(of("database vault")?.detail).toMatch(/^the master key opens all \d+ data keys$/);
		expect(of("workers")?.detail).toBe("1 running");
		expect([product.server.pid(), ...product.server.children()]).toEqual(pids);
		expect((await fetch(`${product.url}/health/ready`)).ok).toBe(true);
		for (const file of ["master.key", "postgres/superuser-password"]) {
			expect(output).not.toContain(readFileSync(join(product.data_dir, file), "utf8").trim());
		}
	});

	test("work that waits in a pool without a worker is a warning, as long as other workers are there", async () => {
		const api = product.as(product.admin_token);
		const device = await api.devices.createDevice({
			body: {
				name: "far",
				host: "127.0.0.1",
				port: 9,
				device_type: "linux",
				worker_pool: "dc2",
				username: "u",
				password: "p",
			},
		});
		const { run_id } = await api.devices.testDevice({ params: { id: device.id } });
		const found = await visit(env);
		expect(found).toMatchObject({ code: 0, status: "warning" });
		expect(found.of("worker pools")).toMatchObject({
			status: "warning",
			detail: "1 waiting in dc2, of which no worker takes work",
			mend: expect.stringContaining("NETCONDUCTOR_WORKERS_POOL"),
		});
		await api.tasks.cancelRun({ params: { id: run_id } });
		expect((await visit(env)).of("worker pools")).toBeUndefined();
	});

	test("another installation is told that the port is taken by it", async () => {
		const { failed, of } = await visit({ NETCONDUCTOR_PORT: new URL(product.url).port });
		expect(failed).toEqual(["server"]);
		expect(of("server")?.detail).toContain("A NetConductor with other data answers");
	});

	test("a wrong master key opens nothing, which is told without it", async () => {
		const wrong = randomBytes(32).toString("base64");
		const { code, failed, of, output } = await visit({ ...env, NETCONDUCTOR_MASTER_KEY: wrong });
		expect({ code, failed }).toEqual({ code: 1, failed: ["database vault"] });
		expect(of("database vault")?.detail).toContain("was wrapped with the master key");
		expect(output).not.toContain(wrong);
	});

	test("a damaged data key is found although the master key is right", async () => {
		await query("create table public.kept as select key_id, wrapped from devices.vault_keys");
		await query("update devices.vault_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)");
		const { failed, of } = await visit(env);
		await query("update devices.vault_keys k set wrapped = kept.wrapped from public.kept where kept.key_id = k.key_id");
		await query("drop table public.kept");
		expect(failed).toEqual(["database vault"]);
		expect(of("database vault")?.detail).toContain("of devices names the right master key");
	});

	test("migrations of a newer version, and changed ones", async () => {
		await query("insert into backup.schema_migrations (history, tag, hash) values ('service', '9999_future', 'x')");
		const newer = await visit(env);
		await query("delete from backup.schema_migrations where tag = '9999_future'");
		expect(newer.failed).toEqual(["database migrations"]);
		expect(newer.of("database migrations")?.detail).toContain("backup/9999_future");

		await query("update audit.schema_migrations set hash = hash || '-' where history = 'service'");
		const changed = await visit(env);
		await query("update audit.schema_migrations set hash = trim(trailing '-' from hash) where history = 'service'");
		expect(changed.failed).toEqual(["database migrations"]);
		expect(changed.of("database migrations")?.detail).toContain("audit/0000");
	});

	test("a clock that was put back behind what is stored is a warning", async () => {
		await query("update auth.schema_migrations set applied_at = applied_at + interval '1 day'");
		const { code, of } = await visit(env);
		await query("update auth.schema_migrations set applied_at = applied_at - interval '1 day'");
		expect(code).toBe(0);
		expect(of("database clock")).toMatchObject({
			status: "warning",
			detail: expect.stringContaining("not reached yet"),
		});
	});

	test("a database user that may not make roles", async () => {
		await query("create role plain login password 'canary-of-role'");
		const found = findEmbeddedPostgres(product.data_dir);
		if (found.state !== "running") throw new Error(found.state);
		const url = new URL(found.url);
		url.username = "plain";
		url.password = "canary-of-role";
		const { failed, of, output } = await visit({ DATABASE_URL: url.href });
		await query("drop role plain");
		expect(failed).toContain("database rights");
		expect(of("database rights")?.detail).toContain("CREATEROLE");
		expect(output).not.toContain("canary-of-role");
	});

	test("that has stopped, the database is tried and left stopped, and the server starts again", async () => {
		await product.stop();
		const { code, failed, of } = await visit(env);
		expect({ code, failed }).toEqual({ code: 0, failed: [] });
		expect(of("database")?.detail).toContain("answers");
		expect(of("server")?.detail).toContain("does not run");
		expect(findEmbeddedPostgres(product.data_dir).state).toBe("stopped");
		await product.restart();
		expect(await product.login("admin", adminPassword)).toBeTruthy();
	});

	test("that was killed, its database is found running and left so", async () => {
		const found = findEmbeddedPostgres(product.data_dir);
		await product.kill();
		const { failed, of } = await visit(env);
		expect(failed).toEqual([]);
		expect(of("database")?.detail).toContain("answers");
		expect(found.state === "running" && isAlive(found.pid)).toBe(true);
		await product.restart();
	});

	test("a lost master key, or one that others can read", async () => {
		const key = join(product.data_dir, "master.key");
		chmodSync(key, 0o644);
		const shared = await visit(env);
		expect(shared.failed).toEqual(["master key"]);
		expect(shared.of("master key")?.detail).toContain("Others can read the master key");
		expect(shared.of("database vault")?.status).toBe("skipped");

		renameSync(key, `${key}.kept`);
		const lost = await visit(env);
		expect(lost.failed).toEqual(["master key"]);
		expect(existsSync(key)).toBe(false);
		renameSync(`${key}.kept`, key);
		chmodSync(key, 0o600);
		expect(statSync(key).mode & 0o777).toBe(0o600);
	});
});
