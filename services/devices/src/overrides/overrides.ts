import type { Override } from "@netconductor/contracts/devices/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { count, eq } from "drizzle-orm";
import { requireShared } from "../credentials/credential-store.ts";
import { findDevice, lockDevice } from "../devices/device-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { inScope } from "../scope.ts";
import { deviceOverrides } from "../tables.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

export function listOverrides({ db }: Pick<Needs, "db">): DevicesOperation<"listOverrides"> {
	return async ({ query, actor }) => {
		const where = inScope(actor, deviceOverrides.device_id);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { updated_at: deviceOverrides.updated_at },
			id: deviceOverrides.device_id,
			fallback: "updated_at",
		});
		const [items, counted] = await Promise.all([
			db.orm
				.select()
				.from(deviceOverrides)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.select({ total: count() }).from(deviceOverrides).where(where),
		]);
		return toPage(query, items, counted[0]?.total ?? 0);
	};
}

/** A device without an override has one that says nothing. */
export function getOverride({ db }: Pick<Needs, "db">): DevicesOperation<"getOverride"> {
	return async ({ params: { id }, actor }) => {
		const device = await findDevice(db.orm, id, actor);
		return (await findOverride(db.orm, id)) ?? emptyOverride(id, device.updated_at);
	};
}

export function putOverride({ db, clock }: Needs): DevicesOperation<"putOverride"> {
	return async ({ params: { id }, body, actor, note }) => {
		const row = { ...body, device_id: id, updated_at: clock.now().toISOString() };
		const { device, before } = await db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, actor);
			if (body.credential_id !== null) await requireShared(tx, body.credential_id, actor);
			const before = await findOverride(tx, id);
			await tx.insert(deviceOverrides).values(row).onConflictDoUpdate({ target: deviceOverrides.device_id, set: row });
			return { device, before };
		});
		note({ resource_type: "device_override", resource_id: id, resource_name: device.name, before, after: row });
		return row;
	};
}

export function deleteOverride({ db }: Pick<Needs, "db">): DevicesOperation<"deleteOverride"> {
	return async ({ params: { id }, actor, note }) => {
		const { device, before } = await db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, actor);
			const [before] = await tx.delete(deviceOverrides).where(eq(deviceOverrides.device_id, id)).returning();
			return { device, before };
		});
		note({ resource_type: "device_override", resource_id: id, resource_name: device.name, before });
		return undefined;
	};
}

async function findOverride(on: Statements, device_id: string): Promise<Override | undefined> {
	const [override] = await on.select().from(deviceOverrides).where(eq(deviceOverrides.device_id, device_id));
	return override;
}

function emptyOverride(device_id: string, updated_at: string): Override {
	return {
		device_id,
		disabled: false,
		disabled_reason: "",
		host: null,
		port: null,
		credential_id: null,
		timeouts: {},
		updated_at,
	};
}
