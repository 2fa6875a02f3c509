import type { DeviceType } from "@netconductor/contracts/devices/model";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { badPatterns, platformFaults } from "@netconductor/runtime/platform-faults";
import { eq, sql } from "drizzle-orm";
import type { DevicesOperation, Statements } from "../operation.ts";
import { everybody, inScope, type Scoped } from "../scope.ts";
import { holds } from "../sql.ts";
import { deviceTypes } from "../tables.ts";
import { builtInTypes, isBuiltIn, platformsOf } from "./platforms.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

/** A device type without its definition, which for a built-in one is code. */
interface Listed extends Record<string, unknown> {
	id: string;
	label: string;
	vendor: string;
	built_in: boolean;
	devices: number;
	definition: PlatformDefinition | null;
	updated_at: string | null;
}

const sortable = { id: sql`id`, label: sql`lower(label)`, vendor: sql`lower(vendor)`, devices: sql`devices` };

export function listDeviceTypes({ db }: Pick<Needs, "db">): DevicesOperation<"listDeviceTypes"> {
	return async ({ query, actor }) => {
		const matching = sql`${allTypes(actor)}
			where ${query.built_in === undefined ? sql`true` : sql`built_in = ${query.built_in}`}
			and ${query.q ? holds(sql`lower(id || ' ' || label || ' ' || vendor)`, query.q) : sql`true`}`;
		const by = sortable[query.sort.replace("-", "") as keyof typeof sortable];
		const { rows } = await db.orm.execute<Listed & { total: number }>(
			sql`select *, count(*) over ()::int as total from (select * from ${matching}) as matching
				order by ${by} ${sql.raw(query.sort.startsWith("-") ? "desc" : "asc")}, id
				limit ${query.page_size} offset ${(query.page - 1) * query.page_size}`,
		);
		// A page past the end has no row to carry the total.
		const total =
			rows[0]?.total ??
			(await db.orm.execute<{ total: number }>(sql`select count(*)::int as total from ${matching}`)).rows[0]?.total;
		return toPage(query, rows.map(toDeviceType), total ?? 0);
	};
}

export function getDeviceType({ db }: Pick<Needs, "db">): DevicesOperation<"getDeviceType"> {
	return ({ params, actor }) => findDeviceType(db.orm, params.id, actor);
}

export function createDeviceType({ db, clock }: Needs): DevicesOperation<"createDeviceType"> {
	return async ({ body, note }) => {
		refuseBadPatterns(body);
		const after = await db.transaction(async (tx) => {
			const inserted = isBuiltIn(body.id)
				? []
				: await tx
						.insert(deviceTypes)
						.values({ id: body.id, definition: body, updated_at: clock.now().toISOString() })
						.onConflictDoNothing()
						.returning({ id: deviceTypes.id });
			if (inserted.length === 0) {
				throw failed("device_types.id_taken", {
					message: `There is a device type ${body.id} already. Choose another id.`,
					details: { device_type: body.id },
					errors: [{ path: "body.id", message: "taken" }],
				});
			}
			return findDeviceType(tx, body.id);
		});
		note({ resource_type: "device_type", resource_id: body.id, resource_name: body.label, after: body });
		return after;
	};
}

export function updateDeviceType({ db, clock }: Needs): DevicesOperation<"updateDeviceType"> {
	return async ({ params: { id }, body, note }) => {
		refuseBuiltIn(id);
		if (body.id !== id) {
			throw failed("device_types.id_differs", {
				message: `The definition names the id ${body.id}, the address ${id}. An id cannot be changed: add a new device type instead.`,
				errors: [{ path: "body.id", message: `must be ${id}` }],
			});
		}
		refuseBadPatterns(body);
		const { before, after } = await db.transaction(async (tx) => {
			const before = await lockDeviceType(tx, id);
			await tx
				.update(deviceTypes)
				.set({ definition: body, updated_at: clock.now().toISOString() })
				.where(eq(deviceTypes.id, id));
			return { before, after: await findDeviceType(tx, id) };
		});
		note({
			resource_type: "device_type",
			resource_id: id,
			resource_name: body.label,
			before: before.definition,
			after: body,
		});
		return after;
	};
}

export function deleteDeviceType({ db }: Pick<Needs, "db">): DevicesOperation<"deleteDeviceType"> {
	return async ({ params: { id }, note }) => {
		refuseBuiltIn(id);
		const before = await db.transaction(async (tx) => {
			const type = await lockDeviceType(tx, id);
			if (type.devices > 0) {
				throw failed("device_types.in_use", {
					message: `${type.devices} ${type.devices === 1 ? "device has" : "devices have"} the type ${id}. Give them another type first.`,
					details: { device_type: id, devices: type.devices },
				});
			}
			await tx.delete(deviceTypes).where(eq(deviceTypes.id, id));
			return type;
		});
		note({ resource_type: "device_type", resource_id: id, resource_name: before.label, before: before.definition });
		return undefined;
	};
}

export function getPlatforms({ db }: Pick<Needs, "db">): DevicesOperation<"getPlatforms"> {
	return async ({ body }) => ({ platforms: await platformsOf(db.orm, body.ids) });
}

/** Built-in and custom device types as one relation. A built-in one hides a custom one of the same id, which an older release let in. */
function allTypes(actor: Scoped) {
	const covered = inScope(actor, sql`devices.id`) ?? sql`true`;
	const known = JSON.stringify(builtInTypes.map(({ id, label, vendor }) => ({ id, label, vendor })));
	return sql`(
		select id, label, vendor, built_in, definition, updated_at,
			(select count(*) from devices where device_type = types.id and ${covered})::int as devices
		from (
			select id, label, vendor, true as built_in, null::jsonb as definition, null::timestamptz as updated_at
			from jsonb_to_recordset(${known}::jsonb) as known (id text, label text, vendor text)
			union all
			select id, definition->>'label', definition->>'vendor', false, definition, updated_at from device_types
			where not id in (select known.id from jsonb_to_recordset(${known}::jsonb) as known (id text))
		) as types
	) as types`;
}

async function findDeviceType(on: Statements, id: string, actor: Scoped = everybody): Promise<DeviceType> {
	const { rows } = await on.execute<Listed>(sql`select * from ${allTypes(actor)} where id = ${id}`);
	if (rows[0] === undefined) {
		throw failed("device_types.not_found", {
			message: `There is no device type ${id}.`,
			details: { device_type: id },
		});
	}
	return toDeviceType(rows[0]);
}

async function lockDeviceType(tx: Statements, id: string): Promise<DeviceType> {
	await tx.select({ id: deviceTypes.id }).from(deviceTypes).where(eq(deviceTypes.id, id)).for("update");
	return findDeviceType(tx, id);
}

function toDeviceType({ id, label, vendor, built_in, devices, definition, updated_at }: Listed): DeviceType {
	const known = definition ?? builtInTypes.find((platform) => platform.id === id);
	if (known === undefined) throw new TypeError(`device type ${id} has no definition`);
	return {
		id,
		label,
		vendor,
		built_in,
		devices,
		definition: known,
		updated_at: updated_at === null ? null : new Date(updated_at).toISOString(),
	};
}

function refuseBuiltIn(id: string): void {
	if (!isBuiltIn(id)) return;
	throw failed("device_types.built_in", {
		message: `${id} is built in and cannot be changed or deleted. Add a device type of another id with what should differ.`,
		details: { device_type: id },
	});
}

/** @throws device_types.bad_pattern — naming every pattern that does not compile, and why */
function refuseBadPatterns(definition: PlatformDefinition): void {
	const faults = platformFaults(definition, "body");
	// What PostgreSQL cannot hold, no device is meant to be sent either.
	if (jsonbText(definition) !== JSON.stringify(definition))
		faults.push({ path: "body", message: "must not contain NUL or broken characters" });
	if (faults.length > 0) throw badPatterns(faults);
}
