import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { HandlerInput } from "@netconductor/contracts/kernel/operation";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, arrayContains, eq, type SQL, sql } from "drizzle-orm";
import type { DevicesOperation } from "../operation.ts";
import { anyOf, holds } from "../sql.ts";
import { devices, inNaturalOrder } from "../tables.ts";
import { deviceColumns } from "./device-store.ts";

type Query = HandlerInput<(typeof devicesApi)["operations"]["listDevices"]>["query"];
type Filter = Omit<Query, "page" | "page_size" | "sort">;

export function listDevices({ db }: { db: Database }): DevicesOperation<"listDevices"> {
	return async ({ query }) => {
		const where = deviceFilter(query);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { ...devices, name: inNaturalOrder(devices.name) },
			id: devices.id,
			fallback: "name",
			unique: ["name"],
		});
		const total = db.orm.$count(devices, where);
		// Each row carries the total: one statement costs half of two, and both numbers are of the same moment.
		const rows = await db.orm
			.select({ ...deviceColumns, total })
			.from(devices)
			.where(where)
			.orderBy(...order_by)
			.limit(limit)
			.offset(offset);
		return toPage(query, rows, rows[0]?.total ?? (await total));
	};
}

export function describeDevices({ db }: { db: Database }): DevicesOperation<"describeDevices"> {
	return async ({ body }) => ({
		devices: await db.orm
			.select(deviceColumns)
			.from(devices)
			.where(sql`${devices.id} = ${anyOf(body.device_ids, "uuid")}`)
			.orderBy(inNaturalOrder(devices.name)),
	});
}

/** Every criterion narrows down; several tags or groups must all be there, of several device types or healths one. */
export function deviceFilter(filter: Filter): SQL | undefined {
	const { q, device_type = [], site, tag, group, health = [], enabled, credential_id, changed_host_key } = filter;
	return and(
		q ? holds(sql`${devices.search_text}`, q) : undefined,
		device_type.length === 0 ? undefined : sql`${devices.device_type} = ${anyOf(device_type, "text")}`,
		site === undefined ? undefined : eq(devices.site, site),
		tag === undefined || tag.length === 0 ? undefined : arrayContains(devices.tags, tag),
		...(group ?? []).map(
			(name) =>
				sql`exists (select from device_group_members join device_groups on device_groups.id = group_id
					where device_id = devices.id and lower(device_groups.name) = lower(${name}))`,
		),
		health.length === 0 ? undefined : sql`${devices.health} = ${anyOf(health, "text")}`,
		enabled === undefined ? undefined : eq(devices.enabled, enabled),
		credential_id === undefined ? undefined : eq(devices.credential_id, credential_id),
		changed_host_key === undefined
			? undefined
			: sql`${devices.id} ${sql.raw(changed_host_key ? "in" : "not in")} (
				select device_id from host_keys where presented_fingerprint is not null)`,
	);
}
