import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@netconductor/lab/free-port";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canaryMark, createCanarySearch } from "../canary.ts";
import { addFleet, adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";
import { createServerProcess } from "../server-process.ts";

/** What somebody finds who is on the same machine, or has the disk: files, sockets, the database, what a dying process leaves; and lost or changed keys. */

let product: Product;
let fleet: FleetProcess;
let api: Clients;
let scratch: string;

beforeAll(async () => {
	scratch = mkdtempSync(join(tmpdir(), "netconductor-at-rest-"));
	// Throws, when told to, what a mistake of ours might throw: an error with a secret in every place that it has.
	const preload = join(scratch, "mistake.mjs");
	writeFileSync(
		preload,
		`process.on("SIGUSR2", () => {
			const secret = (name) => "${canaryMark}-" + name;
			const cause = Object.assign(new Error("Authorization: Bearer " + secret("bearer-1")), { detail: "Failing row contains (" + secret("row") + ")" });
			const error = new Error("connect postgres://nc:" + secret("url") + "@127.0.0.1/x password=" + secret("message"), { cause });
			Object.assign(error, { password: secret("field"), config: { enable_password: secret("deep") }, connection: [secret("list")] });
			if (process.env.NETCONDUCTOR_WORKERS_PROCESSES === "0") Promise.reject(error);
			else throw error;
		});`,
	);
	fleet = await startFleetProcess({ devices: { count: 6, platforms: ["cisco_ios"] }, latency_ms: 150 });
	const umask = process.umask(0);
	try {
		product = await startProduct(
			{
				NODE_OPTIONS: `--import=${preload}`,
				NETCONDUCTOR_WORKERS_PROCESSES: "1",
				NETCONDUCTOR_WORKERS_CONCURRENCY: "2",
				NETCONDUCTOR_WORKERS_LEASE_MS: "5000",
			},
			undefined,
			{ first_start: true },
		);
	} finally {
		process.umask(umask);
	}
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
	rmSync(scratch, { recursive: true, force: true });
});

function everythingBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
		join(entry.parentPath, entry.name),
	);
}

function database() {
	const found = findEmbeddedPostgres(product.data_dir);
	if (found.state !== "running") throw new Error("PostgreSQL does not run");
	return found;
}

describe("on the same machine", () => {
	test("no file, folder or socket of the product is open to others, though started with a umask of 000", () => {
		const open = everythingBelow(product.data_dir).filter((path) => {
			const found = lstatSync(path, { throwIfNoEntry: false });
			return found !== undefined && !found.isSymbolicLink() && (found.mode & 0o077) !== 0;
		});
		expect(open).toEqual([]);
		expect(existsSync(join(product.data_dir, "postgres", "superuser-password"))).toBe(true);
	});

	test.skipIf(process.getuid?.() !== 0)(
		"another user reads no secret and reaches no database, though the data folder itself were open (run as root)",
		() => {
			const socket = everythingBelow(join(product.data_dir, "postgres")).find((path) => /\.s\.PGSQL\.\d+$/.test(path));
			chmodSync(product.data_dir, 0o755);
			try {
				const as = { uid: 65_534, gid: 65_534, cwd: "/", stdio: "pipe" } as const;
				for (const path of [
					"master.key",
					"postgres/superuser-password",
					"postgres/cluster/PG_VERSION",
					"postgres.log",
				]) {
					expect(() => execFileSync("/bin/cat", [join(product.data_dir, path)], as), path).toThrow(/Permission denied/);
				}
				expect(socket).toBeDefined();
				expect(() => execFileSync("/bin/ls", [socket ?? ""], as)).toThrow(/Permission denied/);
			} finally {
				chmodSync(product.data_dir, 0o700);
			}
		},
	);

	test("the database lets nobody in without the right password, as whichever user", async () => {
		const { url } = database();
		for (const user of ["postgres", "nc_auth", "nc_devices", "netconductor", "root"]) {
			for (const password of ["", "postgres", "password", user]) {
				const tried = new URL(url);
				tried.username = user;
				tried.password = password;
				const client = new pg.Client({ connectionString: tried.href, connectionTimeoutMillis: 5_000 });
				client.on("error", () => {});
				await expect(client.connect(), `${user} ${password}`).rejects.toThrow(/password|authentication/i);
				await client.end().catch(() => {});
			}
		}
	});

	test("only the main process listens, on loopback only", () => {
		const { pid } = database();
		const main = product.server.pid();
		const listening = new Map([main, pid, ...product.server.children()].map((one) => [one, listenersOf(one)]));
		expect(listening.get(main)?.length).toBeGreaterThan(0);
		for (const [process_id, addresses] of listening) {
			for (const address of addresses) expect(address).toBe("127.0.0.1");
			if (process_id !== main) expect(addresses, String(process_id)).toEqual([]);
		}
	});
});

/** Addresses on which a process listens for TCP, from proc(5). */
function listenersOf(pid: number): string[] {
	const inodes = new Set(
		readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
			try {
				return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
			} catch {
				return [];
			}
		}),
	);
	return ["tcp", "tcp6"].flatMap((table) =>
		readFileSync(`/proc/${pid}/net/${table}`, "utf8")
			.split("\n")
			.slice(1)
			.map((line) => line.trim().split(/\s+/))
			.filter((fields) => fields[3] === "0A" && inodes.has(fields[9] ?? ""))
			.map(([, local = ""]) => {
				const [hex = ""] = local.split(":");
				// IPv4 addresses stand there as one number in the byte order of the machine.
				return hex.length === 8 ? Buffer.from(hex, "hex").reverse().join(".") : hex;
			}),
	);
}

describe("a process that dies of a mistake", () => {
	const search = createCanarySearch();

	test("says so in one record without the secrets that the error holds, worker and main process alike", async () => {
		const [worker] = product.server.children().filter((pid) => pid !== database().pid);
		const before = product.output().length;
		process.kill(worker ?? 0, "SIGUSR2");
		const died = () =>
			product
				.output()
				.slice(before)
				.split("\n")
				.filter((line) => line.includes('"level":"fatal"'));
		await eventually("the worker says its last words", async () => died().length === 1);
		process.kill(product.server.pid(), "SIGUSR2");
		await eventually("the main process says its last words", async () => died().length >= 2);
		await eventually("it has ended", async () => {
			try {
				product.server.pid();
				return false;
			} catch {
				return true;
			}
		});
		expect(search.find("last words", product.output())).toEqual([]);
		// They still say what happened, and where.
		for (const line of died()) expect(line).toMatch(/connect postgres:.*mistake\.mjs/);
		expect(product.output()).not.toMatch(/^Node\.js v/m);
		await product.restart();
	}, 60_000);
});

describe("a run under way", () => {
	async function startedBackup(): Promise<string> {
		const { run_id } = await api.backup.runAll({ body: {} });
		await eventually("the run is in the middle", async () => {
			const { counts } = await api.tasks.getRun({ params: { id: run_id } });
			return counts.succeeded > 0 && counts.pending > 0;
		});
		return run_id;
	}

	async function expectComplete(run_id: string): Promise<void> {
		expect(await runEnded(api, run_id)).toMatchObject({ status: "succeeded", counts: { succeeded: 6 } });
		const { items } = await api.backup.listBackups({ query: { run_id, page_size: 100 } });
		expect(items).toHaveLength(6);
		for (const { id } of items) {
			const { content } = await api.backup.getBackupContent({ params: { id }, query: { form: "raw", reveal: "true" } });
			expect(content).toMatch(/^end$/m);
		}
	}

	test("does not notice that every data key is rotated", async () => {
		const run_id = await startedBackup();
		const { rotation_id } = await api.auth.rotateKeys({});
		await expectComplete(run_id);
		await eventually("every service has rotated its key", async () => {
			const keys = await api.auth.listKeys({});
			return keys.length >= 3 && keys.every((key) => key.rotation_id === rotation_id);
		});
		await expectComplete(run_id);
	}, 90_000);

	test("goes on under a new master key when it was killed under the old one, and the old one opens nothing any more", async () => {
		const run_id = await startedBackup();
		const previous = readFileSync(join(product.data_dir, "master.key"), "utf8").trim();
		await product.kill();
		const next = randomBytes(32).toString("base64");
		writeFileSync(join(product.data_dir, "master.key"), `${next}\n`, { mode: 0o600 });

		const alone = await startAlone({ NETCONDUCTOR_MASTER_KEY: next });
		expect(alone.code).toBe(78);
		expect(alone.said).toContain("was wrapped with the master key");

		const url = `http://127.0.0.1:${await freePort()}`;
		const moving = createServerProcess({
			url,
			env: {
				HOME: product.data_dir,
				NETCONDUCTOR_DATA_DIR: product.data_dir,
				NETCONDUCTOR_PORT: new URL(url).port,
				NETCONDUCTOR_MASTER_KEY_PREVIOUS: previous,
				NETCONDUCTOR_WORKERS_PROCESSES: "1",
			},
		});
		await moving.start();
		await moving.end("SIGTERM");

		await product.restart();
		api = product.as(await product.login("admin", adminPassword));
		await expectComplete(run_id);
		await product.stop();
		const old = await startAlone({ NETCONDUCTOR_MASTER_KEY: previous });
		expect(old.code).toBe(78);
		await product.restart();
	}, 120_000);

	test("is not to be had without the master key: a start without it is refused, makes none, and changes nothing", async () => {
		await product.stop();
		const key = join(product.data_dir, "master.key");
		renameSync(key, `${key}.away`);
		try {
			const { code, said } = await startAlone({});
			expect(code).toBe(78);
			expect(said).toContain("master.key");
			expect(existsSync(key)).toBe(false);
		} finally {
			renameSync(`${key}.away`, key);
		}
		await product.restart();
		expect(await product.login("admin", adminPassword)).toBeTruthy();
	}, 60_000);

	/** A start that is expected to end by itself. */
	async function startAlone(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
		const server = createServerProcess({
			url: "",
			env: {
				HOME: product.data_dir,
				NETCONDUCTOR_DATA_DIR: product.data_dir,
				NETCONDUCTOR_PORT: String(await freePort()),
				...env,
			},
		});
		const { code } = await server.runToEnd();
		return { code, said: server.output() };
	}
});
