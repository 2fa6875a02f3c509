import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { HandlerInput } from "@netconductor/contracts/kernel/operation";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, arrayContains, eq, type SQL, sql } from "drizzle-orm";
import type { DevicesOperation } from "../operation.ts";
import { holds } from "../sql.ts";
import { devices } from "../tables.ts";
import { deviceColumns } from "./device-store.ts";

type Query = HandlerInput<(typeof devicesApi)["operations"]["listDevices"]>["query"];
type Filter = Pick<Query, "device_type" | "site" | "tag" | "group" | "health" | "enabled">;

export function listDevices({ db }: { db: Database }): DevicesOperation<"listDevices"> {
	return async ({ query }) => {
		const where = and(deviceFilter(query), query.q ? holds(sql`${devices.search_text}`, query.q) : undefined);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { ...devices, name: sql`lower(${devices.name})` },
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

/** Every criterion narrows down; several tags or groups must all be there. */
export function deviceFilter({ device_type, site, tag, group, health, enabled }: Filter): SQL | undefined {
	return and(
		device_type === undefined ? undefined : eq(devices.device_type, device_type),
		site === undefined ? undefined : eq(devices.site, site),
		tag === undefined || tag.length === 0 ? undefined : arrayContains(devices.tags, tag),
		...(group ?? []).map(
			(name) =>
				sql`exists (select from device_group_members join device_groups on device_groups.id = group_id
					where device_id = devices.id and lower(device_groups.name) = lower(${name}))`,
		),
		health === undefined ? undefined : eq(devices.health, health),
		enabled === undefined ? undefined : eq(devices.enabled, enabled),
	);
}
