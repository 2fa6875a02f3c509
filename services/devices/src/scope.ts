import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { and, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { DevicesOperation, Statements } from "./operation.ts";
import { anyOf } from "./sql.ts";
import { deviceGroups, devices } from "./tables.ts";

/** For whom something is done: their role may be limited to the devices of some groups, and no other then exists for them. */
export type Scoped = Pick<Actor, "device_groups">;

/** Condition on the id of a device: it exists for this actor. Undefined where every device does. */
export function inScope({ device_groups }: Scoped, device_id: SQLWrapper): SQL | undefined {
	if (device_groups === undefined) return undefined;
	return sql`${device_id} in (
		select member.device_id from device_group_members as member where member.group_id = ${anyOf(device_groups, "uuid")})`;
}

/** The same of the id of a group. */
export function groupInScope({ device_groups }: Scoped, group_id: SQLWrapper = deviceGroups.id): SQL | undefined {
	return device_groups === undefined ? undefined : sql`${group_id} = ${anyOf(device_groups, "uuid")}`;
}

/** For what services do on their own account, and rules that hold whoever asks. */
export const everybody: Scoped = {};

/**
 * A device stays where whoever changes it sees it.
 * @throws devices.leaves_scope
 */
export async function requireStillInScope(tx: Statements, ids: readonly string[], actor: Scoped): Promise<void> {
	const covered = inScope(actor, sql`id`);
	if (covered === undefined) return;
	const { rows } = await tx.execute<{ name: string }>(
		sql`select name from devices where id = ${anyOf(ids, "uuid")} and not ${covered} order by lower(name) limit 10`,
	);
	if (rows.length === 0) return;
	const names = rows.map(({ name }) => name).join(", ");
	throw failed("devices.leaves_scope", {
		message: `${names} would be in none of the device groups that your role is limited to, so that you would see it no more. Keep it in one of them. Nothing was changed.`,
		errors: [{ path: "body.groups", message: "none of yours" }],
	});
}

export function listDevicesInScope({ db }: { db: Database }): DevicesOperation<"listDevicesInScope"> {
	return async ({ body: { among }, actor }) => {
		const covered = inScope(actor, devices.id);
		if (covered === undefined) return { device_ids: null };
		const asked = among === undefined ? undefined : sql`${devices.id} = ${anyOf(among, "uuid")}`;
		const rows = await db.orm.select({ id: devices.id }).from(devices).where(and(covered, asked));
		return { device_ids: rows.map(({ id }) => id) };
	};
}
