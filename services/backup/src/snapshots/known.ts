import type { Target } from "@netconductor/contracts/devices/model";
import type { Orm } from "@netconductor/runtime/db/database";
import { storable } from "@netconductor/runtime/text/lines";
import { sql } from "drizzle-orm";
import { devices, runs } from "../tables.ts";

/** Notes names and types of devices that are about to be backed up: the report of a failed attempt does not say the type. */
export async function rememberDevices(tx: Orm, targets: readonly Target[]): Promise<void> {
	// One order for all, so that two snapshots at a time do not wait for each other in a circle.
	const sorted = targets.toSorted((a, b) => (a.device_id < b.device_id ? -1 : 1));
	for (let from = 0; from < sorted.length; from += 1_000) {
		await tx
			.insert(devices)
			.values(
				sorted.slice(from, from + 1_000).map(({ device_id, name, device_type }) => ({
					device_id,
					device_name: storable(name),
					device_type: storable(device_type),
				})),
			)
			.onConflictDoUpdate({
				target: devices.device_id,
				set: { device_name: sql`excluded.device_name`, device_type: sql`excluded.device_type`, deleted_at: null },
				setWhere: sql`(${devices.device_name}, ${devices.device_type}) is distinct from (excluded.device_name, excluded.device_type) or ${devices.deleted_at} is not null`,
			});
	}
}

export function rememberRun(tx: Orm, run_id: string, started_by: string, now: Date): Promise<void> {
	return rememberRuns(tx, [{ run_id, started_by, at: now }]);
}

export async function rememberRuns(
	tx: Orm,
	started: readonly { run_id: string; started_by: string; at: Date }[],
): Promise<void> {
	await tx
		.insert(runs)
		.values(
			started.map(({ run_id, started_by, at }) => ({
				run_id,
				started_by: storable(started_by),
				created_at: at.toISOString(),
			})),
		)
		.onConflictDoNothing();
}
