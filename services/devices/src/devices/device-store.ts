import type { Device } from "@netconductor/contracts/devices/model";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { eq, getTableColumns, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { anyOf } from "../sql.ts";
import { deviceGroupMembers, deviceGroups, devices } from "../tables.ts";

const { search_text: _, ...columns } = getTableColumns(devices);

/** What a device is read as: its row and the names of its groups. */
export const deviceColumns = {
	...columns,
	// Written out: inside a subquery drizzle would name the outer column without its table.
	groups: sql<string[]>`array(
		select device_groups.name from device_group_members join device_groups on device_groups.id = group_id
		where device_id = devices.id order by lower(device_groups.name))`,
};

/** @throws devices.not_found */
export async function findDevice(on: Statements, id: string): Promise<Device> {
	const [device] = await on.select(deviceColumns).from(devices).where(eq(devices.id, id));
	if (device === undefined) throw noDevice(id);
	return device;
}

/**
 * Keeps a device as it is until the transaction ends, and answers it.
 * @throws devices.not_found
 */
export async function lockDevice(tx: Statements, id: string): Promise<Device> {
	const locked = await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, id)).for("update");
	if (locked.length === 0) throw noDevice(id);
	return findDevice(tx, id);
}

export function noDevice(id: string): Error {
	return failed("devices.not_found", { message: `There is no device with the id ${id}.`, details: { device_id: id } });
}

export function nameTaken(name: string): Error {
	return failed("devices.name_taken", {
		message: `There is a device named ${name} already (upper and lower case count as the same). Choose another name.`,
		details: { device_name: name },
		errors: [{ path: "body.name", message: "taken" }],
	});
}

/** Makes the groups that are missing. Answers the id for each name as it was asked. */
export async function ensureGroups(tx: Statements, names: readonly string[], at: string): Promise<Map<string, string>> {
	// In one order, so that two requests that make the same groups do not wait for each other in a circle.
	const asked = uniqueSorted(names);
	if (asked.length === 0) return new Map();
	await tx
		.insert(deviceGroups)
		.values(asked.map((name) => ({ id: newId(), name, description: "", created_at: at, updated_at: at })))
		.onConflictDoNothing();
	const { rows } = await tx.execute<{ asked: string; id: string }>(
		sql`select asked, id from unnest(${sql.param(asked)}::text[]) as asked join device_groups on lower(name) = lower(asked)
			for key share of device_groups`,
	);
	return new Map(rows.map((row) => [row.asked, row.id]));
}

/** Puts a device into exactly these groups, making missing ones. */
export async function setGroupsOf(tx: Statements, device_id: string, names: string[], at: string): Promise<void> {
	const ids = [...new Set((await ensureGroups(tx, names, at)).values())];
	await tx.delete(deviceGroupMembers).where(eq(deviceGroupMembers.device_id, device_id));
	if (ids.length > 0) await tx.insert(deviceGroupMembers).values(ids.map((group_id) => ({ group_id, device_id })));
}

/**
 * Deletes devices with all that is theirs alone.
 * @throws devices.jump_in_use when a device that stays is reached through one of them
 */
export async function deleteDevices(tx: Statements, ids: string[]): Promise<void> {
	const gone = anyOf(ids, "uuid");
	const behind = await tx
		.select({
			name: devices.name,
			jump: sql<string>`(select name from devices as jump where jump.id = devices.jump_device_id)`,
		})
		.from(devices)
		.where(sql`${devices.jump_device_id} = ${gone} and not ${devices.id} = ${gone}`)
		.limit(10);
	const [first] = behind;
	if (first !== undefined) {
		throw failed("devices.jump_in_use", {
			message: `${behind.map(({ name }) => name).join(", ")} cannot be reached without ${first.jump}. Give them another jump host first.`,
			details: { device_names: behind.map(({ name }) => name) },
		});
	}
	await tx.delete(devices).where(sql`${devices.id} = ${gone}`);
}

/** Tags and groups are sets: sorted, each once. */
export function uniqueSorted(words: readonly string[]): string[] {
	return [...new Set(words)].toSorted();
}
