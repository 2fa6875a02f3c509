import type { DeviceGroup } from "@netconductor/contracts/devices/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { and, count, eq, sql } from "drizzle-orm";
import { requireShared } from "../credentials/credential-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { everybody, groupInScope } from "../scope.ts";
import { anyOf, holds, refusing } from "../sql.ts";
import { deviceGroupMembers, deviceGroups } from "../tables.ts";
import { membersOf } from "../tallies/tally.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

const groupColumns = {
	id: deviceGroups.id,
	name: deviceGroups.name,
	description: deviceGroups.description,
	credential_id: deviceGroups.credential_id,
	worker_pool: deviceGroups.worker_pool,
	devices: sql<number>`${membersOf(sql`device_groups.id`)}::int`,
	created_at: deviceGroups.created_at,
	updated_at: deviceGroups.updated_at,
};

export function listGroups({ db }: Pick<Needs, "db">): DevicesOperation<"listGroups"> {
	return async ({ query, actor }) => {
		const where = and(
			groupInScope(actor),
			query.q ? holds(sql`lower(${deviceGroups.name} || ' ' || ${deviceGroups.description})`, query.q) : undefined,
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { name: sql`lower(${deviceGroups.name})`, created_at: deviceGroups.created_at },
			id: deviceGroups.id,
			fallback: "name",
		});
		const [items, counted] = await Promise.all([
			db.orm
				.select(groupColumns)
				.from(deviceGroups)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.select({ total: count() }).from(deviceGroups).where(where),
		]);
		return toPage(query, items, counted[0]?.total ?? 0);
	};
}

export function getGroup({ db }: Pick<Needs, "db">): DevicesOperation<"getGroup"> {
	return async ({ params: { id }, actor }) => {
		if (actor.device_groups !== undefined && !actor.device_groups.includes(id)) throw noGroup(id);
		return findGroup(db.orm, id);
	};
}

export function describeGroups({ db }: Pick<Needs, "db">): DevicesOperation<"describeGroups"> {
	return async ({ body }) => ({
		groups: await db.orm
			.select({ id: deviceGroups.id, name: deviceGroups.name })
			.from(deviceGroups)
			.where(sql`${deviceGroups.id} = ${anyOf(body.group_ids, "uuid")}`),
	});
}

export function createGroup({ db, clock }: Needs): DevicesOperation<"createGroup"> {
	return async ({ body, note }) => {
		const id = newId();
		const at = clock.now().toISOString();
		const after = await refusing(
			"device_groups_name_key",
			() => nameTaken(body.name),
			() =>
				db.transaction(async (tx) => {
					if (body.credential_id !== null) await requireShared(tx, body.credential_id, everybody);
					await tx.insert(deviceGroups).values({ ...body, id, created_at: at, updated_at: at });
					return findGroup(tx, id);
				}),
		);
		note({ resource_type: "device_group", resource_id: id, resource_name: after.name, after });
		return after;
	};
}

export function updateGroup({ db, clock }: Needs): DevicesOperation<"updateGroup"> {
	return async ({ params: { id }, body, note }) => {
		const { before, after } = await refusing(
			"device_groups_name_key",
			() => nameTaken(body.name ?? id),
			() =>
				db.transaction(async (tx) => {
					const before = await lockGroup(tx, id);
					if (body.credential_id) await requireShared(tx, body.credential_id, everybody);
					await tx
						.update(deviceGroups)
						.set({ ...body, updated_at: clock.now().toISOString() })
						.where(eq(deviceGroups.id, id));
					return { before, after: await findGroup(tx, id) };
				}),
		);
		note({ resource_type: "device_group", resource_id: id, resource_name: after.name, before, after });
		return after;
	};
}

export function deleteGroup({ db }: Pick<Needs, "db">): DevicesOperation<"deleteGroup"> {
	return async ({ params: { id }, note }) => {
		const before = await db.transaction(async (tx) => {
			const group = await lockGroup(tx, id);
			await tx.delete(deviceGroups).where(eq(deviceGroups.id, id));
			return group;
		});
		note({ resource_type: "device_group", resource_id: id, resource_name: before.name, before });
		return undefined;
	};
}

export function setGroupMembers({ db, clock }: Needs): DevicesOperation<"setGroupMembers"> {
	return async ({ params: { id }, body, note }) => {
		const { before, after } = await db.transaction(async (tx) => {
			const before = await lockGroup(tx, id);
			const wanted = sql`select distinct unnest(${sql.param(body.device_ids)}::uuid[]) as device_id`;
			const { rows: missing } = await tx.execute<{ device_id: string }>(
				sql`select device_id from (${wanted}) as wanted where not exists (select from devices where id = device_id) limit 20`,
			);
			if (missing.length > 0) {
				const ids = missing.map(({ device_id }) => device_id);
				throw failed("devices.not_found", {
					message: `There is no device with the id ${ids.join(", ")}. The group was not changed.`,
					details: { devices: ids },
				});
			}
			await tx.delete(deviceGroupMembers).where(eq(deviceGroupMembers.group_id, id));
			await tx.execute(
				sql`insert into device_group_members (group_id, device_id) select ${id}::uuid, device_id from (${wanted}) as wanted`,
			);
			await tx.update(deviceGroups).set({ updated_at: clock.now().toISOString() }).where(eq(deviceGroups.id, id));
			return { before, after: await findGroup(tx, id) };
		});
		note({ resource_type: "device_group", resource_id: id, resource_name: after.name, before, after });
		return after;
	};
}

async function findGroup(on: Statements, id: string): Promise<DeviceGroup> {
	const [group] = await on.select(groupColumns).from(deviceGroups).where(eq(deviceGroups.id, id));
	if (group === undefined) throw noGroup(id);
	return group;
}

async function lockGroup(tx: Statements, id: string): Promise<DeviceGroup> {
	await tx.select({ id: deviceGroups.id }).from(deviceGroups).where(eq(deviceGroups.id, id)).for("update");
	return findGroup(tx, id);
}

function noGroup(id: string): Error {
	return failed("device_groups.not_found", {
		message: `There is no group with the id ${id}.`,
		details: { group_id: id },
	});
}

function nameTaken(name: string): Error {
	return failed("device_groups.name_taken", {
		message: `There is a group named ${name} already (upper and lower case count as the same). Choose another name.`,
		details: { group_name: name },
		errors: [{ path: "body.name", message: "taken" }],
	});
}
