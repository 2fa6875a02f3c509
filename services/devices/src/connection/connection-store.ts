import { eq, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { everybody, groupInScope, inScope, type Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { deviceOverrides, devices } from "../tables.ts";
import { type DeviceLayers, maxJumpHosts, unseenHost } from "./connection.ts";
import { workerPoolInUse } from "./worker-pool.ts";

export interface LoadedDevice extends DeviceLayers {
	device_type: string;
}

/**
 * What decides how devices are reached: their own layers and those of the hosts on the way. Ids that do not exist are left out; hosts that do not
 * exist for the actor bear no name.
 */
export async function loadLayers(
	on: Statements,
	ids: readonly string[],
	actor: Scoped = everybody,
): Promise<(device_id: string) => LoadedDevice | undefined> {
	const loaded = new Map<string, LoadedDevice>();
	let next = [...new Set(ids)];
	for (let hops = 0; next.length > 0 && hops <= maxJumpHosts + 1; hops++) {
		const found = await selectLayers(on, next, actor);
		for (const row of found) loaded.set(row.device.id, row);
		const jumps = found.flatMap(({ device }) => device.jump_device_id ?? []);
		next = [...new Set(jumps)].filter((id) => !loaded.has(id));
	}
	return (device_id) => loaded.get(device_id);
}

function selectLayers(on: Statements, ids: readonly string[], actor: Scoped): Promise<LoadedDevice[]> {
	const covered = inScope(actor, sql`devices.id`);
	const known = groupInScope(actor, sql`device_groups.id`);
	return on
		.select({
			device: {
				id: devices.id,
				name:
					covered === undefined
						? devices.name
						: sql<string>`case when ${covered} then devices.name else ${unseenHost} end`,
				host: devices.host,
				port: devices.port,
				enabled: devices.enabled,
				legacy_algorithms: devices.legacy_algorithms,
				credential_id: devices.credential_id,
				jump_device_id: devices.jump_device_id,
			},
			device_type: devices.device_type,
			override: deviceOverrides,
			groups: sql<{ name: string; credential_id: string | null }[]>`coalesce((
				select jsonb_agg(jsonb_build_object('name', ${known === undefined ? sql`device_groups.name` : sql`case when ${known} then device_groups.name else '' end`}, 'credential_id', device_groups.credential_id))
				from device_group_members join device_groups on device_groups.id = group_id
				where device_group_members.device_id = devices.id), '[]')`,
			default_credential_id: sql<string | null>`(select credentials.id from credentials where credentials.is_default)`,
			worker_pool: workerPoolInUse,
		})
		.from(devices)
		.leftJoin(deviceOverrides, eq(deviceOverrides.device_id, devices.id))
		.where(sql`${devices.id} = ${anyOf(ids, "uuid")}`);
}
