import type { DeviceSummary } from "@netconductor/contracts/devices/model";
import { Health } from "@netconductor/contracts/devices/model";
import type { Database } from "@netconductor/runtime/db/database";
import { type SQL, sql } from "drizzle-orm";
import type { DevicesOperation } from "../operation.ts";

/** Values that a list of choices holds at most. */
const mostChoices = 200;

type Counted = Omit<DeviceSummary, "by_health"> & { by_health: Partial<DeviceSummary["by_health"]> };

/** The whole inventory counted in one statement, so that its numbers are of one moment. */
export function getDeviceSummary({ db }: { db: Database }): DevicesOperation<"getDeviceSummary"> {
	return async () => {
		const { rows } = await db.orm.execute<Record<string, unknown> & { summary: Counted }>(sql`
			select json_build_object(
				'total', (select count(*) from devices),
				'enabled', (select count(*) from devices where enabled),
				'by_health', (
					select coalesce(json_object_agg(health, devices), '{}')
					from (select health, count(*) as devices from devices group by health) as counted),
				'by_device_type', ${choices(sql`select device_type as value, count(*) as devices from devices group by device_type`)},
				'by_site', ${choices(sql`select site as value, count(*) as devices from devices where site is not null group by site`)},
				'without_site', (select count(*) from devices where site is null),
				'by_group', ${choices(sql`
					select name as value, count(device_id) as devices
					from device_groups left join device_group_members on group_id = device_groups.id group by device_groups.id`)},
				'by_tag', ${choices(sql`select tag as value, count(*) as devices from devices, unnest(tags) as tag group by tag`)},
				'changed_host_keys', (select count(*) from host_keys where presented_fingerprint is not null)
			) as summary`);
		const summary = rows[0]?.summary;
		if (summary === undefined) throw new TypeError("the count of devices has no row");
		const none = Object.fromEntries(Health.options.map((health) => [health, 0])) as DeviceSummary["by_health"];
		return { ...summary, by_health: { ...none, ...summary.by_health } };
	};
}

function choices(counted: SQL): SQL {
	return sql`(
		select coalesce(json_agg(top), '[]')
		from (select * from (${counted}) as counted order by devices desc, value limit ${mostChoices}) as top)`;
}
