import type { Device } from "@netconductor/contracts/devices/model";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { and, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { groupInScope, inScope, requireStillInScope, type Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { deviceGroupMembers, deviceGroups, devices } from "../tables.ts";

const { search_text: _, ...columns } = getTableColumns(devices);

const allColumns = {
	...columns,
	groups: namesOfGroups(sql`true`),
};

/** What a device is read as: its row and the names of its groups; of groups and jump hosts those that exist for whoever reads. */
export function deviceColumns(actor: Scoped): typeof allColumns {
	const groups = groupInScope(actor, sql`device_groups.id`);
	const jump = inScope(actor, sql`devices.jump_device_id`);
	if (groups === undefined || jump === undefined) return allColumns;
	return {
		...allColumns,
		jump_device_id: sql<string | null>`case when ${jump} then devices.jump_device_id end` as never,
		groups: namesOfGroups(groups),
	};
}

function namesOfGroups(condition: SQL) {
	// Written out: inside a subquery drizzle would name the outer column without its table.
	return sql<string[]>`array(
		select device_groups.name from device_group_members join device_groups on device_groups.id = group_id
		where device_id = devices.id and ${condition} order by lower(device_groups.name))`;
}

/** @throws devices.not_found */
export async function findDevice(on: Statements, id: string, actor: Scoped): Promise<Device> {
	const [device] = await on
		.select(deviceColumns(actor))
		.from(devices)
		.where(and(eq(devices.id, id), inScope(actor, devices.id)));
	if (device === undefined) throw noDevice(id);
	return device;
}

/**
 * Keeps a device as it is until the transaction ends, and answers it.
 * @throws devices.not_found
 */
export async function lockDevice(tx: Statements, id: string, actor: Scoped): Promise<Device> {
	const locked = await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, id)).for("update");
	if (locked.length === 0) throw noDevice(id);
	return findDevice(tx, id, actor);
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

/**
 * Groups by name for whoever's role is limited to some: none of others, and none is made.
 * @throws device_groups.not_found
 */
async function groupsInScope(tx: Statements, names: readonly string[], actor: Scoped): Promise<Map<string, string>> {
	const asked = uniqueSorted(names);
	const { rows } = await tx.execute<{ asked: string; id: string }>(
		sql`select asked, id from unnest(${sql.param(asked)}::text[]) as asked join device_groups on lower(name) = lower(asked)
			where ${groupInScope(actor, sql`device_groups.id`)} for key share of device_groups`,
	);
	const found = new Map(rows.map((row) => [row.asked, row.id]));
	const missing = asked.filter((name) => !found.has(name));
	if (missing.length > 0) throw noGroupNamed(missing);
	return found;
}

export function noGroupNamed(groups: readonly string[]): Error {
	return failed("device_groups.not_found", {
		message: `There is no group ${groups.join(", ")}. Nothing was done.`,
		details: { groups },
	});
}

/** The id of each group as it was named; missing ones are made, where that is not for others to see. @throws device_groups.not_found */
export async function groupsByName(
	tx: Statements,
	names: readonly string[],
	{ at, actor }: { at: string; actor: Scoped },
): Promise<Map<string, string>> {
	return actor.device_groups === undefined ? ensureGroups(tx, names, at) : groupsInScope(tx, names, actor);
}

/**
 * Puts a device into exactly these groups, making missing ones. Whoever's role is limited to some decides on those alone: in others it stays, and
 * of its own it must stay in one.
 * @throws device_groups.not_found, devices.leaves_scope
 */
export async function setGroupsOf(
	tx: Statements,
	device_id: string,
	names: string[],
	{ at, actor }: { at: string; actor: Scoped },
): Promise<void> {
	const ids = [...new Set((await groupsByName(tx, names, { at, actor })).values())];
	await tx
		.delete(deviceGroupMembers)
		.where(and(eq(deviceGroupMembers.device_id, device_id), groupInScope(actor, deviceGroupMembers.group_id)));
	if (ids.length > 0) await tx.insert(deviceGroupMembers).values(ids.map((group_id) => ({ group_id, device_id })));
	await requireStillInScope(tx, [device_id], actor);
}

/**
 * Deletes devices with all that is theirs alone.
 * @throws devices.jump_in_use when a device that stays is reached through one of them
 */
export async function deleteDevices(tx: Statements, ids: string[], actor: Scoped): Promise<void> {
	const gone = anyOf(ids, "uuid");
	const behind = await tx
		.select({
			name: devices.name,
			is_shown: sql<boolean>`coalesce(${inScope(actor, sql`devices.id`) ?? sql`true`}, false)`,
			jump: sql<string>`(select name from devices as jump where jump.id = devices.jump_device_id)`,
		})
		.from(devices)
		.where(sql`${devices.jump_device_id} = ${gone} and not ${devices.id} = ${gone}`)
		.limit(10);
	const [first] = behind;
	if (first !== undefined) {
		const device_names = behind.flatMap(({ name, is_shown }) => (is_shown ? [name] : []));
		const who = device_names.length > 0 ? device_names.join(", ") : "Devices that your role does not cover";
		throw failed("devices.jump_in_use", {
			message: `${who} cannot be reached without ${first.jump}. Give them another jump host first.`,
			details: { device_names },
		});
	}
	// Before the devices are: with them they would go, and be counted, one by one.
	await tx.delete(deviceGroupMembers).where(sql`${deviceGroupMembers.device_id} = ${gone}`);
	await tx.delete(devices).where(sql`${devices.id} = ${gone}`);
}

/** Tags and groups are sets: sorted, each once. */
export function uniqueSorted(words: readonly string[]): string[] {
	return [...new Set(words)].toSorted();
}
