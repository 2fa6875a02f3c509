import { join } from "node:path";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { failed } from "@netconductor/runtime/errors";
import { findMasterKeys, loadMasterKeys, type MasterKeys } from "@netconductor/runtime/master-key";
import { readWorkerKeys, type WorkerKeys } from "@netconductor/runtime/worker-keys";
import type { Settings } from "./settings.ts";

/**
 * The keys of a process: a worker may hold those of its pool in place of the master key.
 * @throws startup.master_key_missing
 * @throws startup.worker_keys_invalid — also where they are for another pool than the one that is configured
 */
export async function openKeys(
	settings: Pick<Settings, "master" | "workers">,
	data_dir: string,
	{ is_worker, may_make }: { is_worker: boolean; may_make: boolean },
): Promise<MasterKeys | WorkerKeys> {
	const { keys_file, pool } = settings.workers;
	if (!is_worker || keys_file === undefined) return openMasterKeys(settings, data_dir, { may_make });
	const keys = await readWorkerKeys(keys_file);
	if (pool === keys.pool || pool === defaultWorkerPool) return keys;
	throw failed("startup.worker_keys_invalid", {
		message: `The worker keys ${keys_file} are for the pool ${keys.pool}, and this worker is to be of the pool ${pool}: NETCONDUCTOR_WORKERS_POOL, or --worker-pool.`,
	});
}

/**
 * The master keys. A key made in place of a lost one would open nothing, and hide that one was lost: only a first start makes one.
 * @throws startup.master_key_missing
 */
export async function openMasterKeys(
	{ master: { key, key_previous } }: Pick<Settings, "master">,
	data_dir: string,
	{ may_make }: { may_make: boolean },
): Promise<MasterKeys> {
	const options = { configured: key, configured_previous: key_previous, data_dir };
	const keys = may_make ? await loadMasterKeys(options) : await findMasterKeys(options);
	if (keys !== undefined) return keys;
	throw failed("startup.master_key_missing", {
		message: `What is stored was sealed with a master key, and there is none: neither NETCONDUCTOR_MASTER_KEY nor ${join(data_dir, "master.key")}. Put it back, from a backup of that folder; without it stored secrets are lost.`,
	});
}
