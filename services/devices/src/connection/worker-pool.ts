import type { ConnectionInUse } from "@netconductor/contracts/devices/model";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { type SQL, sql } from "drizzle-orm";
import { findDevice } from "../devices/device-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { everybody } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { devices } from "../tables.ts";
import { maxJumpHosts } from "./connection.ts";

/** Of the device's groups that name a pool the first by name, whatever its case, as for credentials. Written out: it stands in statements on `devices`. */
function fromGroup(column: "name" | "worker_pool"): SQL {
	return sql`(select device_groups.${sql.raw(column)}
		from device_group_members join device_groups on device_groups.id = group_id
		where device_group_members.device_id = devices.id and device_groups.worker_pool is not null
		order by lower(device_groups.name) collate "C", device_groups.name collate "C" limit 1)`;
}

/** Pool whose workers reach a device. The nearest wins: device, group, default. Groups are looked at one by one only where any names a pool. */
export const workerPool = sql<string>`coalesce(devices.worker_pool,
	case when exists (select from device_groups where device_groups.worker_pool is not null) then ${fromGroup("worker_pool")} end,
	${defaultWorkerPool})`;

/** The same, and where it comes from. */
export const workerPoolInUse = sql<ConnectionInUse["worker_pool"]>`jsonb_build_object(
	'name', ${workerPool},
	'from', case when devices.worker_pool is not null then 'device' when ${fromGroup("name")} is null then 'default' else 'group' end,
	'group', case when devices.worker_pool is null then ${fromGroup("name")} end)`;

/** Devices in groups that name a pool: all of them, or those that name this one. */
function inGroups(pool?: string): SQL {
	const named = pool === undefined ? sql`worker_pool is not null` : sql`worker_pool = ${pool}`;
	return sql`(select device_id from device_group_members join device_groups on device_groups.id = group_id where device_groups.${named})`;
}

/** Condition on `devices`: workers of this pool reach it. Those that may be are found by indexes, and looked at. */
export function reachedByPool(pool: string): SQL {
	const perhaps = sql`(devices.worker_pool = ${pool} or devices.id in ${inGroups(pool)}) and ${workerPool} = ${pool}`;
	if (pool !== defaultWorkerPool) return perhaps;
	return sql`((devices.worker_pool is null and devices.id not in ${inGroups()}) or (${perhaps}))`;
}

/**
 * Refuses a worker of another pool what concerns a device that neither is of its pool nor on the way to one that is.
 * @throws devices.other_pool
 */
export async function requireOnWay(on: Statements, device_id: string, pool: string | undefined): Promise<void> {
	if (pool === undefined) return;
	const { rows } = await on.execute(sql`
		with recursive behind (id, hops) as (
			select ${device_id}::uuid, 0 union
			select d.id, hops + 1 from devices d join behind on d.jump_device_id = behind.id where hops < ${maxJumpHosts}
		)
		select from devices where devices.id in (select id from behind) and ${workerPool} = ${pool} limit 1`);
	if (rows.length > 0) return;
	const { name } = await findDevice(on, device_id, everybody);
	throw failed("devices.other_pool", {
		message: `${name} is no device of the worker pool ${pool}, nor on the way to one.`,
		details: { device_id, device_name: name },
	});
}

export function listWorkerPools({ db }: { db: Database }): DevicesOperation<"listWorkerPools"> {
	return async ({ body }) => ({
		pools: await db.orm
			.select({ device_id: devices.id, worker_pool: workerPool })
			.from(devices)
			.where(sql`${devices.id} = ${anyOf(body.device_ids, "uuid")}`),
	});
}
