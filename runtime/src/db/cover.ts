import type { Actor } from "@netconductor/contracts/kernel/actor";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** Columns that say what a limited role has to cover for a row to exist for it. */
export interface CoverColumns {
	/** Devices, all of which have to be theirs; null: it exists for no such role. */
	cover_device_ids: SQLWrapper;
	/** Ids of device groups, all of which the role has to hold besides; null: none. */
	cover_groups: SQLWrapper;
}

/** Condition that a row exists for a limited role: these are the devices that do. */
export function isCovered(
	{ cover_device_ids, cover_groups }: CoverColumns,
	device_ids: readonly string[],
	{ device_groups = [] }: Pick<Actor, "device_groups">,
): SQL {
	const covered = sql`${sql.param(device_ids)}::uuid[]`;
	// Devices are looked up in a hash, where arrays would be compared one by one.
	return sql`(${cover_device_ids} is not null and coalesce(${cover_groups} <@ ${sql.param(device_groups)}::text[], true)
		and not exists (select from unnest(${cover_device_ids}) as own (id) where own.id <> all(${covered})))`;
}
