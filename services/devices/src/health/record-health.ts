import type { Consumer } from "@netconductor/runtime/bus/inbox";
import type { Database } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { newId } from "@netconductor/runtime/id";
import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { findDevice } from "../devices/device-store.ts";
import type { DevicesOperation } from "../operation.ts";
import { devices, healthHistory } from "../tables.ts";
import { observe } from "./health.ts";

/** Writes what an operation's end says about its device: present state, facts, history. A device that is gone by now is no error. */
export function recordHealth({ keep }: { keep: number }): Consumer<"operation.finished.v1"> {
	return async (finished, { tx }) => {
		const seen = observe(finished);
		if (seen === undefined) return;
		const { device_id, run_id, finished_at: at } = finished;
		const { health, error, phases, facts } = seen;
		const [device] = await tx
			.select({ health_at: devices.health_at })
			.from(devices)
			.where(eq(devices.id, device_id))
			.for("update");
		if (device === undefined) return;
		// Events may come late: what is known from later stays.
		if (device.health_at === null || Date.parse(device.health_at) <= Date.parse(at)) {
			await tx
				.update(devices)
				.set({
					health,
					health_at: at,
					health_error: error,
					...(facts !== undefined && { facts: sql`${devices.facts} || ${jsonbText(facts)}::jsonb`, facts_at: at }),
				})
				.where(eq(devices.id, device_id));
		}
		await tx.insert(healthHistory).values({ id: newId(), device_id, at, health, error, run_id, phases });
		await tx.execute(sql`
			delete from health_history where device_id = ${device_id} and (at, id) <= (
				select at, id from health_history where device_id = ${device_id} order by at desc, id desc offset ${keep} limit 1)`);
	};
}

export function listDeviceHealth({ db }: { db: Database }): DevicesOperation<"listDeviceHealth"> {
	return async ({ params: { id }, query }) => {
		await findDevice(db.orm, id);
		const { where, order_by, limit } = cursorWindow(query, {
			key: [
				{ column: healthHistory.at, schema: z.iso.datetime() },
				{ column: healthHistory.id, schema: z.uuid() },
			],
			direction: "descending",
		});
		const rows = await db.orm
			.select()
			.from(healthHistory)
			.where(and(eq(healthHistory.device_id, id), where))
			.orderBy(...order_by)
			.limit(limit);
		const { items, next_cursor } = toCursorPage(rows, query.limit, (row) => [row.at, row.id]);
		return {
			items: items.map(({ at, health, error, run_id, phases }) => ({ at, health, error, run_id, phases })),
			next_cursor,
		};
	};
}
