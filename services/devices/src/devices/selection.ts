import type { Selection, Target } from "@netconductor/contracts/devices/model";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, or, type SQL, sql } from "drizzle-orm";
import { whyDisabled } from "../connection/connection.ts";
import { workerPool } from "../connection/worker-pool.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { groupInScope, inScope, type Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { deviceOverrides, devices } from "../tables.ts";
import { noGroupNamed } from "./device-store.ts";

export function listTargets({ db }: { db: Database }): DevicesOperation<"listTargets"> {
	return async ({ body, actor }) => ({ targets: await targetsOf(db.orm, body.select, actor) });
}

/**
 * Of the devices that exist for the actor, those of a selection, in order of name, each once; those that cannot be used are marked.
 * @throws devices.not_found, device_groups.not_found — a typing error must not silently leave a device out
 */
export async function targetsOf(on: Statements, select: Selection, actor: Scoped): Promise<Target[]> {
	const rows = await on
		.select({
			device_id: devices.id,
			name: devices.name,
			device_type: devices.device_type,
			worker_pool: workerPool,
			enabled: devices.enabled,
			disabled: deviceOverrides.disabled,
			disabled_reason: deviceOverrides.disabled_reason,
		})
		.from(devices)
		.leftJoin(deviceOverrides, eq(deviceOverrides.device_id, devices.id))
		.where(and(selected(select), inScope(actor, devices.id)))
		.orderBy(sql`lower(${devices.name})`);
	await requireAll(on, notAmong(rows, select), actor);
	return rows.map(({ device_id, name, device_type, worker_pool, ...row }) => {
		const reason = whyDisabled(row, { disabled: row.disabled ?? false, disabled_reason: row.disabled_reason ?? "" });
		return {
			device_id,
			name,
			device_type,
			worker_pool,
			enabled: reason === undefined,
			disabled_reason: reason ?? null,
		};
	});
}

/** Condition on `devices` for a selection: its criteria are joined. */
function selected({ all, device_ids = [], names = [], groups = [], tags = [] }: Selection): SQL | undefined {
	if (all) return undefined;
	const none = sql`false`;
	return or(
		none,
		device_ids.length > 0 ? sql`${devices.id} = ${anyOf(device_ids, "uuid")}` : undefined,
		names.length > 0
			? sql`lower(${devices.name}) in (select lower(asked) from unnest(${sql.param(names)}::text[]) as asked)`
			: undefined,
		groups.length > 0
			? sql`${devices.id} in (select device_id from device_group_members join device_groups on device_groups.id = group_id
				where lower(device_groups.name) in (select lower(asked) from unnest(${sql.param(groups)}::text[]) as asked))`
			: undefined,
		tags.length > 0 ? sql`${devices.tags} && ${sql.param(tags)}::text[]` : undefined,
	);
}

/** What was selected of which these devices do not tell that it is there: what they tell needs no question. */
function notAmong(
	rows: readonly { device_id: string; name: string }[],
	{ device_ids = [], names = [], groups }: Selection,
): Selection {
	const ids = new Set(rows.map(({ device_id }) => device_id));
	const found = new Set(rows.map(({ name }) => name));
	return {
		device_ids: device_ids.filter((id) => !ids.has(id)),
		names: names.filter((name) => !found.has(name)),
		groups,
	};
}

async function requireAll(
	on: Statements,
	{ device_ids = [], names = [], groups = [] }: Selection,
	actor: Scoped,
): Promise<void> {
	const covered = inScope(actor, sql`devices.id`) ?? sql`true`;
	const known = groupInScope(actor, sql`device_groups.id`) ?? sql`true`;
	const missing = async (asked: string[], type: "uuid" | "text", having: SQL) => {
		if (asked.length === 0) return [];
		const { rows } = await on.execute<{ asked: string }>(
			sql`select asked::text as asked from unnest(${sql.param(asked)}::${sql.raw(type)}[]) as asked where not exists (${having}) limit 20`,
		);
		return rows.map((row) => row.asked);
	};
	const noIds = await missing(device_ids, "uuid", sql`select from devices where id = asked and ${covered}`);
	const noNames = await missing(
		names,
		"text",
		sql`select from devices where lower(name) = lower(asked) and ${covered}`,
	);
	const unknown = [...noIds, ...noNames];
	if (unknown.length > 0) {
		throw failed("devices.not_found", {
			message: `There is no device ${unknown.join(", ")}. Nothing was done.`,
			details: { devices: unknown },
		});
	}
	const noGroups = await missing(
		groups,
		"text",
		sql`select from device_groups where lower(name) = lower(asked) and ${known}`,
	);
	if (noGroups.length > 0) throw noGroupNamed(noGroups);
}

/** @throws devices.nothing_selected */
export function requireSome(targets: Target[]): Target[] {
	if (targets.length > 0) return targets;
	throw failed("devices.nothing_selected", { message: "No device matches the selection. Nothing was done." });
}
