import { failed } from "@netconductor/runtime/errors";
import { eq, sql } from "drizzle-orm";
import { jumpLoop, maxJumpHosts, unseenHost } from "../connection/connection.ts";
import { isBuiltIn } from "../device-types/platforms.ts";
import type { Statements } from "../operation.ts";
import { inScope, type Scoped } from "../scope.ts";
import { deviceTypes } from "../tables.ts";

/**
 * Makes sure that the device type exists, and stays until the transaction ends.
 * @throws devices.unknown_type
 */
export async function requireType(tx: Statements, device_type: string): Promise<void> {
	if (isBuiltIn(device_type)) return;
	const found = await tx
		.select({ id: deviceTypes.id })
		.from(deviceTypes)
		.where(eq(deviceTypes.id, device_type))
		.for("key share");
	if (found.length === 0) throw unknownType(device_type);
}

export function unknownType(device_type: string): Error {
	return failed("devices.unknown_type", {
		message: `There is no device type ${device_type}. The list of device types has those that exist; a custom one can be added as data.`,
		details: { device_type },
		errors: [{ path: "body.device_type", message: "unknown" }],
	});
}

/**
 * Makes sure that `device` may be reached through `jump_device_id`: that exists, and following jump hosts from there ends without coming back.
 * @throws devices.not_found, devices.jump_loop
 */
export async function requireJump(
	tx: Statements,
	device: { id: string; name: string },
	jump_device_id: string,
	actor: Scoped,
): Promise<void> {
	const { rows } = await tx.execute<{ id: string; name: string; is_shown: boolean }>(sql`
		with recursive chain as (
			select id, name, jump_device_id, 1 as depth from devices where id = ${jump_device_id}
			union all
			select next.id, next.name, next.jump_device_id, depth + 1
			from chain join devices as next on next.id = chain.jump_device_id
			where depth <= ${maxJumpHosts} and chain.id <> ${device.id}
		) select id, name, ${inScope(actor, sql`chain.id`) ?? sql`true`} as is_shown from chain order by depth`);
	if (rows.length === 0 || rows[0]?.is_shown === false) {
		throw failed("devices.not_found", {
			message: `There is no device with the id ${jump_device_id} to be the jump host of ${device.name}.`,
			details: { device_id: jump_device_id },
			errors: [{ path: "body.jump_device_id", message: "no such device" }],
		});
	}
	if (rows.length > maxJumpHosts || rows.some(({ id }) => id === device.id)) {
		throw jumpLoop([device.name, ...rows.map(({ name, is_shown }) => (is_shown ? name : unseenHost))]);
	}
}
