import { join } from "node:path";
import { failed } from "@netconductor/runtime/errors";
import { findMasterKeys, loadMasterKeys, type MasterKeys } from "@netconductor/runtime/master-key";
import type { Settings } from "./settings.ts";

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
