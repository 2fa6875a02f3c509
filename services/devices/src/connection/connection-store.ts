import { eq, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { anyOf } from "../sql.ts";
import { deviceOverrides, devices } from "../tables.ts";
import { type DeviceLayers, maxJumpHosts } from "./connection.ts";

export interface LoadedDevice extends DeviceLayers {
	device_type: string;
}

/** What decides how devices are reached: their own layers and those of the hosts on the way. Ids that do not exist are left out. */
export async function loadLayers(
	on: Statements,
	ids: readonly string[],
): Promise<(device_id: string) => LoadedDevice | undefined> {
	const found = await on
		.select({
			device: {
				id: devices.id,
				name: devices.name,
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
				select jsonb_agg(jsonb_build_object('name', device_groups.name, 'credential_id', device_groups.credential_id))
				from device_group_members join device_groups on device_groups.id = group_id
				where device_group_members.device_id = devices.id), '[]')`,
			default_credential_id: sql<string | null>`(select credentials.id from credentials where credentials.is_default)`,
		})
		.from(devices)
		.leftJoin(deviceOverrides, eq(deviceOverrides.device_id, devices.id))
		.where(
			sql`${devices.id} in (
				with recursive chain as (
					select id, jump_device_id, 0 as depth from devices where id = ${anyOf(ids, "uuid")}
					union all
					select next.id, next.jump_device_id, depth + 1
					from chain join devices as next on next.id = chain.jump_device_id where depth <= ${maxJumpHosts}
				) select id from chain)`,
		);
	const loaded = new Map(found.map((row) => [row.device.id, row]));
	return (device_id) => loaded.get(device_id);
}
