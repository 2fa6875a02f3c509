import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import { isCovered } from "@netconductor/runtime/db/cover";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { devicesInScope } from "@netconductor/runtime/host/device-scope";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { actingFor, type OwnerNeeds } from "../occurrences/owner.ts";
import { occurrences, schedules } from "../tables.ts";
import { noSchedule } from "./schedule.ts";

interface Needs extends OwnerNeeds {
	db: Pick<Database, "orm">;
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listDevicesInScope">;
}

/** Conditions on rows: they exist for whom a call is made. Undefined where all do. */
export interface Exists {
	schedules: SQL | undefined;
	occurrences: SQL | undefined;
}

export interface ScheduleScope {
	of(call: CallerContext): Promise<Exists>;
	/**
	 * Other than its owner left it, it is left by those alone whose role covers what the owner's covers now.
	 * @returns what has to hold still when it is changed
	 * @throws schedules.not_found, auth.out_of_scope
	 */
	requireChange(id: string, call: CallerContext): Promise<SQL | undefined>;
}

/**
 * A schedule exists for a limited role where whoever saved it was limited to no more, and each device that it names is theirs. What came of it exists
 * where it was done in the name of somebody who was limited to no more: a schedule is pressed, and its owner becomes another, by others, too.
 */
export function createScheduleScope(needs: Needs): ScheduleScope {
	const { db, devices } = needs;

	async function of(call: CallerContext): Promise<Exists> {
		const device_ids = await devicesInScope(devices, call);
		if (device_ids === undefined) return { schedules: undefined, occurrences: undefined };
		const { actor } = call;
		return {
			schedules: isCovered(schedules, device_ids, actor),
			occurrences: sql`coalesce(${occurrences.run_as_groups} <@ ${sql.param(actor.device_groups)}::text[], false)`,
		};
	}

	return {
		of,
		async requireChange(id, call) {
			const { device_groups } = call.actor;
			if (device_groups === undefined) return undefined;
			const exists = (await of(call)).schedules;
			const [row] = await db.orm
				.select({ name: schedules.name, owner: schedules.owner })
				.from(schedules)
				.where(and(eq(schedules.id, id), exists));
			if (row === undefined) return noSchedule(id);
			const now = await actingFor(needs, row.owner);
			// In the name of who may start nothing, nothing is stopped.
			const limit = "refused" in now ? [] : now.actor.device_groups;
			if (limit === undefined || limit.some((group) => !device_groups.includes(group))) {
				throw failed("auth.out_of_scope", {
					message: `${row.name} runs as ${row.owner.name}, whose role covers devices by now that yours does not. Ask them, or somebody whose role covers every device.`,
				});
			}
			return and(exists, sql`${schedules.owner} = ${JSON.stringify(row.owner)}::jsonb`);
		},
	};
}
