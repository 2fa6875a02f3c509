import type { BulkAction } from "@netconductor/contracts/devices/model";
import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { type SQL, sql } from "drizzle-orm";
import { requireShared } from "../credentials/credential-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { groupInScope, requireStillInScope, type Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { deleteDevices, groupsByName, noGroupNamed } from "./device-store.ts";
import { recordedNames } from "./recorded-names.ts";
import { requireSome, targetsOf } from "./selection.ts";

const maxTags = 100;

type Changed = Record<string, unknown> & { id: string; name: string };

/** One action on many devices: on all of them, or, when one refuses, on none. Counts those that it changed. */
export function updateDevices({
	db,
	outbox,
	clock,
}: {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}): DevicesOperation<"updateDevices"> {
	return async ({ body: { select, action }, actor, note }) => {
		const at = clock.now().toISOString();
		const announced = ({ id, name }: Changed) => ({ device_id: id, name, by: actor.name });
		const changed = await db.transaction(async (tx) => {
			const ids = requireSome(await targetsOf(tx, select, actor)).map(({ device_id }) => device_id);
			// In one order, so that two bulk actions do not wait for each other in a circle.
			const { rows } = await tx.execute<Changed>(
				sql`select id, name from devices where id = ${anyOf(ids, "uuid")} order by id for update`,
			);
			const locked = rows.map(({ id }) => id);
			if (action.kind === "delete") {
				await deleteDevices(tx, locked, actor);
				await outbox.publishAll(tx, "device.deleted.v1", rows.map(announced));
				return rows;
			}
			const updated = await change(tx, locked, action, { at, actor });
			await requireStillInScope(tx, locked, actor);
			await outbox.publishAll(tx, "device.updated.v1", updated.map(announced));
			return updated;
		});
		const devices = recordedNames(changed.map(({ name }) => name).sort(inNaturalOrder));
		note({
			resource_type: "device",
			resource_name: `${changed.length} devices`,
			...(action.kind === "delete" && { before: { devices } }),
			after: { action, changed: changed.length, ...(action.kind !== "delete" && { devices }) },
		});
		return { changed: changed.length };
	};
}

/** Changes those of the devices, locked by the caller, that are not yet as the action wants them, and answers them. */
async function change(
	tx: Statements,
	ids: string[],
	action: Exclude<BulkAction, { kind: "delete" }>,
	{ at, actor }: { at: string; actor: Scoped },
): Promise<Changed[]> {
	const update = async (assignment: SQL, differs: SQL) => {
		const { rows } = await tx.execute<Changed & { tags: number }>(sql`
			update devices set ${assignment}, updated_at = ${at}
			where id = ${anyOf(ids, "uuid")} and ${differs} returning id, name, cardinality(tags) as tags`);
		return rows;
	};
	switch (action.kind) {
		case "enable":
			return update(sql`enabled = true`, sql`not enabled`);
		case "disable":
			return update(sql`enabled = false`, sql`enabled`);
		case "set_site":
			return update(sql`site = ${action.site}`, sql`site is distinct from ${action.site}::text`);
		case "set_worker_pool":
			return update(
				sql`worker_pool = ${action.worker_pool}`,
				sql`worker_pool is distinct from ${action.worker_pool}::text`,
			);
		case "add_tags": {
			const given = sql`${sql.param(action.tags)}::text[]`;
			const updated = await update(
				sql`tags = array(select distinct tag from unnest(tags || ${given}) as tag order by tag)`,
				sql`not tags @> ${given}`,
			);
			refuseTooManyTags(updated);
			return updated;
		}
		case "remove_tags":
			return update(
				sql`tags = array(select tag from unnest(tags) as tag where not tag = ${anyOf(action.tags, "text")} order by tag)`,
				sql`tags && ${sql.param(action.tags)}::text[]`,
			);
		case "set_credential": {
			const { credential_id } = action;
			if (credential_id !== null) await requireShared(tx, credential_id, actor);
			const updated = await update(
				sql`credential_id = ${credential_id}`,
				sql`credential_id is distinct from ${credential_id}::uuid`,
			);
			// An own login serves nobody once its device names another credential.
			await tx.execute(sql`delete from credentials where device_id = ${anyOf(ids, "uuid")}`);
			return updated;
		}
		case "add_to_group": {
			const group_id = (await groupsByName(tx, [action.group], { at, actor })).get(action.group);
			return membersChanged(
				tx,
				at,
				sql`insert into device_group_members (group_id, device_id)
					select ${group_id}::uuid, id from devices where id = ${anyOf(ids, "uuid")}
					on conflict do nothing returning group_id, device_id`,
			);
		}
		case "remove_from_group":
			await requireGroup(tx, action.group, actor);
			return membersChanged(
				tx,
				at,
				sql`delete from device_group_members using device_groups
					where device_groups.id = group_id and lower(device_groups.name) = lower(${action.group}) and device_id = ${anyOf(ids, "uuid")}
					returning group_id, device_id`,
			);
	}
}

/** Runs what changes memberships, and marks its devices and group as changed. */
async function membersChanged(tx: Statements, at: string, membership: SQL): Promise<Changed[]> {
	const { rows } = await tx.execute<Changed>(sql`
		with moved as (${membership}),
			noted as (update device_groups set updated_at = ${at} where id in (select group_id from moved))
		update devices set updated_at = ${at} where id in (select device_id from moved) returning id, name`);
	return rows;
}

async function requireGroup(tx: Statements, name: string, actor: Scoped): Promise<void> {
	const known = groupInScope(actor, sql`id`) ?? sql`true`;
	const { rows } = await tx.execute(sql`select from device_groups where lower(name) = lower(${name}) and ${known}`);
	if (rows.length === 0) throw noGroupNamed([name]);
}

function refuseTooManyTags(updated: readonly (Changed & { tags: number })[]): void {
	const full = updated.find(({ tags }) => tags > maxTags);
	if (full === undefined) return;
	throw failed("devices.too_many_tags", {
		message: `${full.name} would have ${full.tags} tags; ${maxTags} is the most. Nothing was changed.`,
		details: { device_id: full.id, device_name: full.name },
	});
}
