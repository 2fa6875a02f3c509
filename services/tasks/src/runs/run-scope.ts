import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { devicesInScope, type KnowsScope } from "@netconductor/runtime/host/device-scope";
import { type SQL, sql } from "drizzle-orm";
import { rowsOf } from "../rows.ts";
import { runs } from "../tables.ts";
import { notFound } from "./run-store.ts";

export interface RunScope {
	/** Condition on runs: they exist for whom the call is made. Undefined where all do. */
	of(call: CallerContext): Promise<SQL | undefined>;
	/** @throws runs.not_found */
	require(run_id: string, call: CallerContext): Promise<void>;
	/**
	 * Whoever composed a plan has asked for whom it is; here nothing passes that nobody asked about.
	 * @throws devices.not_found — one of these does not exist for whom the call is made
	 */
	requireDevices(device_ids: readonly string[], call: CallerContext): Promise<void>;
}

/**
 * A run exists for a role that is limited to some devices when all of its devices do. Procedures do not: what they say, and where they go next, is of
 * more than the devices that they have come to.
 */
export function createRunScope({ db, devices }: { db: Database; devices: KnowsScope }): RunScope {
	/** One of these that does not exist for whom the call is made. */
	async function outside(device_ids: readonly string[], call: CallerContext): Promise<string | undefined> {
		const asked = [...new Set(device_ids)];
		const covered = new Set(asked.length === 0 ? [] : await devicesInScope(devices, call, asked));
		return asked.find((id) => !covered.has(id));
	}

	return {
		async of(call) {
			const device_ids = await devicesInScope(devices, call);
			if (device_ids === undefined) return undefined;
			return sql`(not exists (select from procedures p where p.run_id = ${runs.id})
				and exists (select from operations o where o.run_id = ${runs.id})
				and not exists (
					select from operations o where o.run_id = ${runs.id} and not o.device_id = any(${sql.param(device_ids)}::uuid[])))`;
		},
		async require(run_id, call) {
			if (call.actor.device_groups === undefined) return;
			const touched = await rowsOf<{ device_id: string }>(
				db,
				`select distinct device_id from operations o
				where run_id = $1 and not exists (select from procedures p where p.run_id = o.run_id)`,
				[run_id],
			);
			const device_ids = touched.map(({ device_id }) => device_id);
			if (device_ids.length === 0 || (await outside(device_ids, call)) !== undefined) throw notFound(run_id);
		},
		async requireDevices(device_ids, call) {
			if (call.actor.device_groups === undefined) return;
			const missing = await outside(device_ids, call);
			if (missing !== undefined) throw failed("devices.not_found", { message: `There is no device ${missing}` });
		},
	};
}
