import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";

export interface PoolNeeds {
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listWorkerPools">;
	ownAccount(): CallerContext;
}

/**
 * Refuses a worker of a site what concerns devices of other pools: it neither reads their configurations nor records any in their name. Workers of the
 * default pool stand beside the product, and a fleet is theirs: they are not asked about.
 * @param worker_pool of the worker that calls; undefined: no worker
 * @throws devices.other_pool
 */
export async function requirePool(
	{ devices, ownAccount }: PoolNeeds,
	device_ids: string[],
	worker_pool: string | undefined,
): Promise<void> {
	if (worker_pool === undefined || worker_pool === defaultWorkerPool) return;
	const { pools } = await devices.listWorkerPools({ body: { device_ids } }, ownAccount());
	const poolOf = new Map(pools.map((one) => [one.device_id, one.worker_pool]));
	const other = device_ids.find((id) => poolOf.get(id) !== worker_pool);
	if (other === undefined) return;
	throw failed("devices.other_pool", {
		message: `${other} is no device of the worker pool ${worker_pool}.`,
		details: { device_id: other, worker_pool: poolOf.get(other) },
	});
}
