import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "./data-dir-claim.ts";

const program = fileURLToPath(new URL("../../test-support/embedded-postgres-process.ts", import.meta.url));
const children: ChildProcess[] = [];
let data_dir: string;

beforeAll(() => {
	data_dir = mkdtempSync(join(tmpdir(), "nc-embedded-"));
});

afterAll(async () => {
	for (const child of children) await end(child, "SIGTERM");
	const pid = postmasterPid();
	if (pid !== undefined && isAlive(pid)) process.kill(pid, "SIGKILL");
	rmSync(data_dir, { recursive: true, force: true });
});

interface Started {
	child: ChildProcess;
	url: string;
	postmaster: number;
	error?: string;
}

async function start(dir = data_dir): Promise<Started> {
	const child = spawn(process.execPath, [program, dir], { stdio: ["ignore", "pipe", "inherit"] });
	children.push(child);
	const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line")) as [string];
	return { child, ...JSON.parse(line) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = once(child, "exit");
	child.kill(signal);
	await exited;
}

async function run(url: string, text: string): Promise<Record<string, unknown>[]> {
	const client = new pg.Client(url);
	client.on("error", () => {});
	await client.connect();
	try {
		return (await client.query(text)).rows;
	} finally {
		await client.end();
	}
}

function postmasterPid(): number | undefined {
	try {
		return Number.parseInt(readFileSync(join(data_dir, "postgres/cluster/postmaster.pid"), "utf8"), 10);
	} catch {
		return undefined;
	}
}

const dies = async (pid: number) => expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);

test("a first start makes a durable cluster with a random password that only its owner can read, and trigram search", async () => {
	const { child, url, postmaster } = await start();
	const password_file = join(data_dir, "postgres/superuser-password");
	expect(statSync(password_file).mode & 0o777).toBe(0o600);
	expect(new URL(url).password).toMatch(/^[0-9a-f]{48}$/);
	const wrong = new URL(url);
	wrong.password = "password";
	await expect(run(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
	expect(
		await run(
			url,
			"select current_setting('fsync') fsync, current_setting('synchronous_commit') synchronous_commit, current_setting('listen_addresses') listen",
		),
	).toEqual([{ fsync: "on", synchronous_commit: "on", listen: "" }]);
	const home = join(realpathSync(data_dir), "postgres");
	expect(decodeURIComponent(new URL(url).hostname)).toBe(home);
	expect(statSync(home).mode & 0o777).toBe(0o700);
	await run(url, "create extension pg_trgm");
	expect(await run(url, "select cardinality(show_trgm('ü')) as trigrams")).toEqual([{ trigrams: 2 }]);
	await run(url, "create table kept (note text)");
	await end(child, "SIGTERM");
	expect(isAlive(postmaster)).toBe(false);
});

test("after kill -9 of our process the next start takes the running postmaster over", async () => {
	const first = await start();
	await run(first.url, "insert into kept values ('before our death')");
	await end(first.child, "SIGKILL");
	expect(isAlive(first.postmaster)).toBe(true);
	const second = await start();
	expect(second.postmaster).toBe(first.postmaster);
	expect(await run(second.url, "select note from kept")).toEqual([{ note: "before our death" }]);
	await end(second.child, "SIGTERM");
	expect(isAlive(first.postmaster)).toBe(false);
});

test("after kill -9 of both, with a statement under way, the next start recovers everything committed", async () => {
	const first = await start();
	await run(first.url, "insert into kept values ('before both died')");
	// A backend deep in a statement does not notice that its postmaster died.
	const busy = run(first.url, "select count(*) from generate_series(1, 1e10::bigint)").catch(() => {});
	await sleep(200);
	process.kill(first.postmaster, "SIGKILL");
	await end(first.child, "SIGKILL");
	const second = await start();
	expect(second.error).toBeUndefined();
	expect(second.postmaster).not.toBe(first.postmaster);
	expect(await run(second.url, "select note from kept")).toEqual([
		{ note: "before our death" },
		{ note: "before both died" },
	]);
	await busy;
	await end(second.child, "SIGTERM");
	expect(readdirSync(join(data_dir, "postgres")).toSorted()).toEqual(["cluster", "superuser-password"]);
});

test("a postmaster that is killed while we run is started again on the same port", async () => {
	const { child, url, postmaster } = await start();
	process.kill(postmaster, "SIGKILL");
	await expect
		.poll(() => run(url, "select count(*)::int as n from kept").catch(() => undefined), { timeout: 20_000 })
		.toEqual([{ n: 2 }]);
	await end(child, "SIGTERM");
	expect(postmasterPid()).toBeUndefined();
});

test("a PostgreSQL that is up but takes nobody in at the moment is left alone", async () => {
	const { child, url, postmaster } = await start();
	// As when its disk is full: it runs, and connections end with an error.
	await run(url, "alter database postgres allow_connections false");
	process.kill(postmaster, "SIGKILL");
	await expect.poll(() => run(url, "select 1 as up").catch(() => undefined), { timeout: 20_000 }).toEqual([{ up: 1 }]);
	const started = postmasterPid();
	await sleep(2_000);
	expect(postmasterPid()).toBe(started);
	expect(await run(url, "select 1 as up")).toEqual([{ up: 1 }]);
	await run(url, "alter database postgres allow_connections true");
	await end(child, "SIGTERM");
});

test("a frozen postmaster that outlived us is stopped and replaced", async () => {
	const first = await start();
	await end(first.child, "SIGKILL");
	process.kill(first.postmaster, "SIGSTOP");
	const second = await start();
	expect(second.error).toBeUndefined();
	expect(second.postmaster).not.toBe(first.postmaster);
	expect(isAlive(first.postmaster)).toBe(false);
	expect(await run(second.url, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
	await end(second.child, "SIGTERM");
});

test("a stale postmaster.pid that names a living stranger does not keep PostgreSQL from starting, nor is the stranger touched", async () => {
	const stranger = spawn("sleep", ["60"]);
	children.push(stranger);
	writeFileSync(
		join(data_dir, "postgres/cluster/postmaster.pid"),
		`${stranger.pid}\n${data_dir}\n1\n5432\n\n127.0.0.1\n\nready\n`,
	);
	const { child, error } = await start();
	expect(error).toBeUndefined();
	expect(isAlive(stranger.pid as number)).toBe(true);
	await end(child, "SIGTERM");
	await end(stranger, "SIGTERM");
});

test("a second process on the same data directory is refused and told which process holds it", async () => {
	const first = await start();
	const second = await start();
	expect(second.error).toContain(`process ${first.child.pid}`);
	expect(second.error).toContain(data_dir);
	await end(first.child, "SIGTERM");
});

test("a claim of a dead process whose id is in use again does not count", async () => {
	writeFileSync(join(data_dir, `claims/${process.pid}.1-another-boot`), "");
	const { child, error } = await start();
	expect(error).toBeUndefined();
	await end(child, "SIGTERM");
	expect(readdirSync(join(data_dir, "claims"))).toEqual([]);
});

test("when our process exits without stopping it, PostgreSQL stops too", async () => {
	const { child, postmaster } = await start();
	await end(child, "SIGUSR2");
	await dies(postmaster);
});

test("a first start that was interrupted while making the cluster leaves nothing in the way", async () => {
	const dir = mkdtempSync(join(tmpdir(), "nc-embedded-"));
	const child = spawn(process.execPath, [program, dir], { stdio: "ignore" });
	children.push(child);
	await expect
		.poll(
			() => {
				try {
					return readdirSync(join(dir, "postgres")).some((name) => name.startsWith("cluster.new-"));
				} catch {
					return false;
				}
			},
			{ timeout: 10_000, interval: 5 },
		)
		.toBe(true);
	await end(child, "SIGKILL");
	const again = await start(dir);
	expect(again.error).toBeUndefined();
	expect(await run(again.url, "select 1 as one")).toEqual([{ one: 1 }]);
	await end(again.child, "SIGTERM");
	rmSync(dir, { recursive: true, force: true });
});

test("where the path is too long for a socket it listens on loopback, and there only", async () => {
	const parent = mkdtempSync(join(tmpdir(), "nc-embedded-"));
	const { child, url } = await start(join(parent, "a-folder-with-a-long-name".repeat(6)));
	expect(new URL(url).hostname).toBe("127.0.0.1");
	expect(await run(url, "select current_setting('listen_addresses') listen")).toEqual([{ listen: "127.0.0.1" }]);
	await end(child, "SIGTERM");
	rmSync(parent, { recursive: true, force: true });
});
