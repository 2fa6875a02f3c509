import { eq, inArray, sql } from "drizzle-orm";
import { defaultCredentialId } from "../credentials/credential-store.ts";
import { noDevice } from "../devices/device-store.ts";
import type { Statements } from "../operation.ts";
import { deviceOverrides, devices } from "../tables.ts";
import { type DeviceLayers, maxJumpHosts } from "./connection.ts";

export interface LoadedDevice extends DeviceLayers {
	device_type: string;
}

/**
 * What decides how a device is reached: its own layers and those of the hosts on the way.
 * @throws devices.not_found
 */
export async function loadLayers(
	on: Statements,
	id: string,
): Promise<{ target: LoadedDevice; layersOf: (device_id: string) => DeviceLayers | undefined }> {
	const { rows } = await on.execute<{ id: string }>(sql`
		with recursive chain as (
			select id, jump_device_id, 0 as depth from devices where id = ${id}
			union all
			select next.id, next.jump_device_id, depth + 1
			from chain join devices as next on next.id = chain.jump_device_id where depth <= ${maxJumpHosts}
		) select distinct id from chain`);
	if (rows.length === 0) throw noDevice(id);
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
		})
		.from(devices)
		.leftJoin(deviceOverrides, eq(deviceOverrides.device_id, devices.id))
		.where(
			inArray(
				devices.id,
				rows.map((row) => row.id),
			),
		);
	const default_credential_id = await defaultCredentialId(on);
	const loaded = new Map(found.map((row) => [row.device.id, { ...row, default_credential_id }]));
	const target = loaded.get(id);
	if (target === undefined) throw noDevice(id);
	return { target, layersOf: (device_id) => loaded.get(device_id) };
}
