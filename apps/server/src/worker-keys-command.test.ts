import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { readWorkerKeys } from "@netconductor/runtime/worker-keys";
import { afterAll, expect, test } from "vitest";
import { openKeys } from "./master-keys.ts";
import { runWorkerKeysCommand } from "./worker-keys-command.ts";

const folder = mkdtempSync(join(tmpdir(), "worker-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

const master = "ab".repeat(32);
const env = { NETCONDUCTOR_MASTER_KEY: master, NETCONDUCTOR_DATA_DIR: join(folder, "data") };
const nowhere = join(folder, "site");
const workers = { processes: 0, concurrency: 1, lease_ms: 15_000, drain_ms: 0 };

test("keys of a pool are written to a new file for its owner alone, and a worker starts with them without a master key", async () => {
	const file = join(folder, "dc2.keys");
	expect(await runWorkerKeysCommand(["--pool=dc2", `--to=${file}`], env)).toBe(0);
	expect(statSync(file).mode & 0o777).toBe(0o600);
	expect(readFileSync(file, "utf8")).not.toContain(master);
	const settings = (pool: string) => ({
		master: { key: undefined, key_previous: undefined },
		workers: { ...workers, pool, keys_file: file },
	});
	const keys = await readWorkerKeys(file);
	for (const pool of ["dc2", defaultWorkerPool]) {
		expect(await openKeys(settings(pool), nowhere, { is_worker: true, may_make: false })).toEqual(keys);
	}
	await expect(openKeys(settings("dc3"), nowhere, { is_worker: true, may_make: false })).rejects.toMatchObject({
		code: "startup.worker_keys_invalid",
	});
	// What else runs with the same settings needs the master key all the same.
	await expect(openKeys(settings("dc2"), nowhere, { is_worker: false, may_make: false })).rejects.toMatchObject({
		code: "startup.master_key_missing",
	});
	await expect(runWorkerKeysCommand(["--pool=dc3", `--to=${file}`], env)).rejects.toMatchObject({
		code: "startup.worker_keys_invalid",
		message: expect.stringContaining("already"),
	});
	expect(await readWorkerKeys(file)).toEqual(keys);
});

test("a pool is named, and named well; without the master key there are no keys", async () => {
	for (const args of [[], ["--pool=DC 2"], ["--pool=dc2", "--from=x"]]) {
		expect(await runWorkerKeysCommand(args, env)).toBe(2);
	}
	await expect(runWorkerKeysCommand(["--pool=dc2"], { NETCONDUCTOR_DATA_DIR: nowhere })).rejects.toMatchObject({
		code: "startup.master_key_missing",
	});
});
