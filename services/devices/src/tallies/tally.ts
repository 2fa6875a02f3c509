import type { DeviceFilter } from "@netconductor/contracts/devices/model";
import { type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import type { Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { deviceTallies } from "./tables.ts";

type Filter = z.output<typeof DeviceFilter> & { q?: string | undefined };
type Criterion = (typeof deviceTallies.$inferSelect)["criterion"];

/**
 * How many devices a filter leaves, where that is known without counting them: of no criterion, and of one whose values are tallied. Undefined
 * of any other filter, and for whom only the devices of some groups exist.
 */
export function tallied(filter: Filter, { device_groups }: Scoped): SQL<number> | undefined {
	if (device_groups !== undefined) return undefined;
	const given = Object.entries(filter).filter(([, value]) => !isNothing(value));
	const [first, ...more] = given;
	if (first === undefined) return sumOf("all", [""]);
	if (more.length > 0) return undefined;
	const { device_type = [], health = [], enabled, site, tag = [], group = [] } = filter;
	if (device_type.length > 0) return sumOf("device_type", device_type);
	if (health.length > 0) return sumOf("health", health);
	if (enabled !== undefined) return sumOf("enabled", [String(enabled)]);
	if (site !== undefined) return sumOf("site", [site]);
	// Of several tags or groups, all must be there.
	if (tag.length === 1) return sumOf("tag", tag);
	return group.length === 1
		? membersOf(sql`(select id from device_groups where lower(name) = lower(${group[0]}))`)
		: undefined;
}

/** What narrows nothing down: `deviceFilter` leaves it out, too. */
function isNothing(value: unknown): boolean {
	return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

/** How many devices are in a group, by its id. */
export function membersOf(group_id: SQL): SQL<number> {
	return sql<number>`(
		select coalesce(sum(tally.devices), 0) from ${deviceTallies} as tally where tally.criterion = 'group' and tally.value = ${group_id}::text)`;
}

function sumOf(criterion: Criterion, values: readonly string[]): SQL<number> {
	// Each value once: of a list that names one twice `any` takes each row once, too.
	return sql<number>`(
		select coalesce(sum(tally.devices), 0) from ${deviceTallies} as tally
		where tally.criterion = ${criterion} and tally.value = ${anyOf(values, "text")})`;
}
