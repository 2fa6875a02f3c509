import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { sql } from "drizzle-orm";
import type { DevicesOperation } from "../operation.ts";
import { anyOf } from "../sql.ts";
import { deleteDevices } from "./device-store.ts";
import { requireSome, targetsOf } from "./selection.ts";

const maxTags = 100;

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
		const announced = ({ id, name }: { id: string; name: string }) => ({ device_id: id, name, by: actor.name });
		const changed = await db.transaction(async (tx) => {
			const ids = requireSome(await targetsOf(tx, select)).map(({ device_id }) => device_id);
			const chosen = sql`id = ${anyOf(ids, "uuid")}`;
			// In one order, so that two bulk actions do not wait for each other in a circle.
			const { rows } = await tx.execute<{ id: string; name: string }>(
				sql`select id, name from devices where ${chosen} order by id for update`,
			);
			if (action.kind === "delete") {
				await deleteDevices(
					tx,
					rows.map(({ id }) => id),
				);
				await outbox.publishAll(tx, "device.deleted.v1", rows.map(announced));
				return rows.length;
			}
			const { rows: updated } = await tx.execute<{ id: string; name: string; tags: number }>(sql`
				update devices set ${assignment(action)}, updated_at = ${clock.now().toISOString()}
				where ${chosen} and ${differs(action)} returning id, name, cardinality(tags) as tags`);
			const full = updated.find(({ tags }) => tags > maxTags);
			if (full !== undefined) {
				throw failed("devices.too_many_tags", {
					message: `${full.name} would have ${full.tags} tags; ${maxTags} is the most. Nothing was changed.`,
					details: { device_id: full.id, device_name: full.name },
				});
			}
			await outbox.publishAll(tx, "device.updated.v1", updated.map(announced));
			return updated.length;
		});
		note({ resource_type: "device", resource_name: `${changed} devices`, after: { action, changed } });
		return { changed };
	};
}

type TagAction = { kind: "enable" | "disable" } | { kind: "add_tags" | "remove_tags"; tags: string[] };

function assignment(action: TagAction) {
	switch (action.kind) {
		case "enable":
			return sql`enabled = true`;
		case "disable":
			return sql`enabled = false`;
		case "add_tags":
			return sql`tags = array(select distinct tag from unnest(tags || ${sql.param(action.tags)}::text[]) as tag order by tag)`;
		case "remove_tags":
			return sql`tags = array(select tag from unnest(tags) as tag where not tag = ${anyOf(action.tags, "text")} order by tag)`;
	}
}

function differs(action: TagAction) {
	switch (action.kind) {
		case "enable":
			return sql`not enabled`;
		case "disable":
			return sql`enabled`;
		case "add_tags":
			return sql`not tags @> ${sql.param(action.tags)}::text[]`;
		case "remove_tags":
			return sql`tags && ${sql.param(action.tags)}::text[]`;
	}
}
