import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { devicesInScope } from "@netconductor/runtime/host/device-scope";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

export interface ScopeNeeds {
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listDevicesInScope">;
}

/** Condition on the id of a device: it exists for whom the call is made, and so does what was backed up of it. Undefined where every device does. */
export async function scopeOf(
	{ devices }: ScopeNeeds,
	call: CallerContext,
	device_id: SQLWrapper,
): Promise<SQL | undefined> {
	const ids = await devicesInScope(devices, call);
	return ids === undefined ? undefined : isAmong(device_id, ids);
}

/** As one parameter, however many there are. */
export function isAmong(device_id: SQLWrapper, ids: readonly string[]): SQL {
	return sql`${device_id} = any(${sql.param(ids)}::uuid[])`;
}
