import type { DeviceSummary } from "@netconductor/contracts/devices/model";
import { Health } from "@netconductor/contracts/devices/model";
import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type { Database } from "@netconductor/runtime/db/database";
import { type SQL, sql } from "drizzle-orm";
import type { DevicesOperation } from "../operation.ts";
import { groupInScope, inScope, type Scoped } from "../scope.ts";
import { membersOf } from "../tallies/tally.ts";

/** Values that a list of choices holds at most. */
const mostChoices = 200;

type Counted = Omit<DeviceSummary, "by_health"> & { by_health: Partial<DeviceSummary["by_health"]> };

const total = sql`(select coalesce(sum(devices), 0) from device_tallies where criterion = 'all')`;

/** The inventory counted in one statement, so that its numbers are of one moment. */
export function getDeviceSummary({ db }: { db: Database }): DevicesOperation<"getDeviceSummary"> {
	return async ({ actor }) => {
		const counts = actor.device_groups === undefined ? ofAll : ofThose(actor);
		const { rows } = await db.orm.execute<Record<string, unknown> & { summary: Counted }>(sql`
			select json_build_object(${counts}) as summary`);
		const summary = rows[0]?.summary;
		if (summary === undefined) throw new TypeError("the count of devices has no row");
		const none = Object.fromEntries(Health.options.map((health) => [health, 0])) as DeviceSummary["by_health"];
		return { ...summary, by_health: { ...none, ...summary.by_health } };
	};
}

/** Of the whole inventory most numbers are kept, not counted. */
const ofAll = sql`
	'total', ${total},
	'enabled', (select coalesce(sum(devices), 0) from device_tallies where criterion = 'enabled' and value = 'true'),
	'by_health', (select coalesce(json_object_agg(value, devices), '{}') from (${tallies("health")}) as counted),
	'by_device_type', ${choices(tallies("device_type"))},
	'by_site', ${choices(tallies("site"))},
	'without_site', ${total} - (select coalesce(sum(devices), 0) from device_tallies where criterion = 'site'),
	'by_worker_pool', case
		when exists (select from devices where worker_pool is not null) or exists (select from device_groups where worker_pool is not null)
		then ${choices(sql`
		select coalesce(devices.worker_pool, grouped.worker_pool, ${defaultWorkerPool}) as value, count(*) as devices
		from devices left join (
			select distinct on (device_id) device_id, device_groups.worker_pool
			from device_group_members join device_groups on device_groups.id = group_id where device_groups.worker_pool is not null
			order by device_id, lower(device_groups.name) collate "C", device_groups.name collate "C"
		) as grouped on grouped.device_id = devices.id group by 1`)}
		when ${total} = 0 then '[]'
		else json_build_array(json_build_object('value', ${defaultWorkerPool}::text, 'devices', ${total})) end,
	'by_group', ${choices(sql`select name as value, ${membersOf(sql`device_groups.id`)} as devices from device_groups`)},
	'by_tag', ${choices(tallies("tag"))},
	'changed_host_keys', (select count(*) from host_keys where presented_fingerprint is not null)`;

/** Of the devices that exist for whose role is limited to some. */
function ofThose(actor: Scoped): SQL {
	const covered = inScope(actor, sql`devices.id`) ?? sql`true`;
	const member = inScope(actor, sql`device_id`) ?? sql`true`;
	const known = groupInScope(actor, sql`device_groups.id`) ?? sql`true`;
	const all = sql`(select * from devices where ${covered})`;
	return sql`
		'total', (select count(*) from ${all} as devices),
		'enabled', (select count(*) from ${all} as devices where enabled),
		'by_health', (
			select coalesce(json_object_agg(health, devices), '{}')
			from (select health, count(*) as devices from ${all} as devices group by health) as counted),
		'by_device_type', ${choices(sql`select device_type as value, count(*) as devices from ${all} as devices group by device_type`)},
		'by_site', ${choices(sql`select site as value, count(*) as devices from ${all} as devices where site is not null group by site`)},
		'without_site', (select count(*) from ${all} as devices where site is null),
		'by_worker_pool', ${choices(sql`
			select coalesce(devices.worker_pool, grouped.worker_pool, ${defaultWorkerPool}) as value, count(*) as devices
			from ${all} as devices left join (
				select distinct on (device_id) device_id, device_groups.worker_pool
				from device_group_members join device_groups on device_groups.id = group_id where device_groups.worker_pool is not null
				order by device_id, lower(device_groups.name) collate "C", device_groups.name collate "C"
			) as grouped on grouped.device_id = devices.id group by 1`)},
		'by_group', ${choices(sql`
			select name as value, count(device_id) as devices
			from device_groups left join device_group_members on group_id = device_groups.id where ${known} group by device_groups.id`)},
		'by_tag', ${choices(sql`select tag as value, count(*) as devices from ${all} as devices, unnest(tags) as tag group by tag`)},
		'changed_host_keys', (select count(*) from host_keys where presented_fingerprint is not null and ${member})`;
}

/** How many devices there are of each value. */
function tallies(criterion: "health" | "device_type" | "site" | "tag"): SQL {
	return sql`select value, sum(devices) as devices from device_tallies where criterion = ${criterion} group by value having sum(devices) > 0`;
}

function choices(counted: SQL): SQL {
	return sql`(
		select coalesce(json_agg(top), '[]')
		from (select * from (${counted}) as counted order by devices desc, value limit ${mostChoices}) as top)`;
}
