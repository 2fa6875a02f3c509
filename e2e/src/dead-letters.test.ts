import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeadLetterPage } from "@netconductor/contracts/system/dead-letters";
import { startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { createLog } from "@netconductor/runtime/log";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { eventually, type Product, startProduct } from "./product.ts";

const dir = mkdtempSync(join(tmpdir(), "netconductor-dead-letters-"));
let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
let database: pg.Client;
let product: Product;
let cli: Cli;

beforeAll(async () => {
	postgres = await startEmbeddedPostgres({ data_dir: dir, log: createLog({ level: "error" }) });
	product = await startProduct({ DATABASE_URL: postgres.url, NETCONDUCTOR_WORKERS_PROCESSES: "1" });
	database = new pg.Client(postgres.url);
	await database.connect();
	cli = createCli(product);
}, 120_000);
afterAll(async () => {
	await product?.dispose();
	await database?.end();
	await postgres?.stop();
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

/** An event as the alerts service leaves one that it could not apply in ten attempts. */
async function putAside(why: string): Promise<string> {
	const id = randomUUID();
	const payload = { user_id: randomUUID(), username: "gone", change: "updated" };
	await database.query(
		`insert into alerts.inbox (id, name, payload, occurred_at, attempts, last_error, dead_at)
		values ($1, 'user.changed.v1', $2, now(), 10, $3, now())`,
		[id, payload, why],
	);
	return id;
}

const listed = async () => ((await cli.json(["system", "dead-letters", "list"])) as DeadLetterPage).items;

test("events that a service put aside are listed, shown, tried again or given up, each on record", async () => {
	expect(await cli.run(["system", "dead-letters", "list"])).toMatchObject({
		code: 0,
		stderr: "0 events put aside\n",
	});
	const again = await putAside("the directory was full");
	const never = await putAside("written by a version that is gone");
	expect((await listed()).map(({ id, service }) => `${service} ${id}`)).toEqual([`alerts ${again}`, `alerts ${never}`]);
	const { stdout } = await cli.run(["system", "dead-letters", "show", "alerts", never]);
	expect(stdout).toContain("written by a version that is gone");
	expect(stdout).toContain('"username": "gone"');

	expect(await cli.run(["system", "dead-letters", "replay", "alerts", again])).toMatchObject({
		code: 0,
		stdout: "1 event of alerts will be tried again.\n",
	});
	await eventually("it is applied", async () => {
		const { rows } = await database.query("select handled_at from alerts.inbox where id = $1", [again]);
		return rows[0]?.handled_at !== null;
	});
	expect(await cli.run(["system", "dead-letters", "discard", "alerts", never, "--yes"])).toMatchObject({ code: 0 });
	expect(await listed()).toEqual([]);
	await expect
		.poll(async () => (await cli.run(["audit", "list"])).stdout, { timeout: 30_000 })
		.toMatch(/discardDeadLetters[\s\S]*replayDeadLetters/);
}, 120_000);

test("what is not there, and a service that is none, are told apart from what was done", async () => {
	const gone = await cli.run(["system", "dead-letters", "show", "alerts", randomUUID()]);
	expect(gone.code).not.toBe(0);
	expect(gone.stderr).toMatch(/was not put aside/);
	const nobody = await cli.run(["system", "dead-letters", "replay", "nobody", "--all"]);
	expect(nobody.code).not.toBe(0);
	const neither = await cli.run(["system", "dead-letters", "replay", "alerts"]);
	expect(neither).toMatchObject({ code: 2 });
});
