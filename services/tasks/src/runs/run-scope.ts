import type { RunCover } from "@netconductor/contracts/alerts/approvals";
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

/** What a limited role has to cover for a run to exist for it; undefined: it exists for none, or there is no such run. */
export async function coverOf(db: Database, run_id: string): Promise<RunCover | undefined> {
	const [run] = await rowsOf<{ device_ids: string[]; starter_groups: string[] | null; is_procedure: boolean }>(
		db,
		`select coalesce(p.device_ids, array(select distinct device_id from operations o where o.run_id = r.id)) as device_ids,
			p.starter -> 'device_groups' as starter_groups, p.run_id is not null as is_procedure
		from runs r left join procedures p on p.run_id = r.id
		where r.id = $1 and (p.run_id is null or p.device_ids is not null)`,
		[run_id],
	);
	if (run === undefined) return undefined;
	const { device_ids, starter_groups, is_procedure } = run;
	if (is_procedure) return starter_groups === null ? undefined : { device_ids, device_groups: starter_groups };
	return device_ids.length === 0 ? undefined : { device_ids };
}

/**
 * A run exists for a role that is limited to some devices when all of its devices do, those that a procedure has not come to yet, too. That of a
 * procedure is besides to be started by somebody who was limited to no more: its steps tell what they found out in their name.
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
			const covered = sql`${sql.param(device_ids)}::uuid[]`;
			const groups = sql`${JSON.stringify(call.actor.device_groups)}::jsonb`;
			// Who started it first, which costs next to nothing; devices are looked up in a hash, where arrays would be compared one by one.
			return sql`coalesce(
				(select case when p.starter -> 'device_groups' <@ ${groups}
						then p.device_ids is not null and not exists (select from unnest(p.device_ids) as own (id) where own.id <> all(${covered}))
						else false end
					from procedures p where p.run_id = ${runs.id}),
				exists (select from operations o where o.run_id = ${runs.id})
				and not exists (select from operations o where o.run_id = ${runs.id} and not o.device_id = any(${covered})))`;
		},
		async require(run_id, call) {
			if (call.actor.device_groups === undefined) return;
			const own = new Set(call.actor.device_groups);
			const cover = await coverOf(db, run_id);
			const mayBeShown = cover !== undefined && (cover.device_groups ?? []).every((id) => own.has(id));
			if (!mayBeShown || (await outside(cover.device_ids, call)) !== undefined) throw notFound(run_id);
		},
		async requireDevices(device_ids, call) {
			if (call.actor.device_groups === undefined) return;
			const missing = await outside(device_ids, call);
			if (missing !== undefined) throw failed("devices.not_found", { message: `There is no device ${missing}` });
		},
	};
}
