import type { ExecuteMop } from "@netconductor/contracts/config/mops";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { CallContext } from "@netconductor/runtime/host/service";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import type { ChangeNeeds } from "./change-mops.ts";
import type { DevicesClient, TasksClient } from "./clients.ts";
import { compile, requirePermissions } from "./compile.ts";
import { noteRun } from "./mop-runs.ts";
import { findMop } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { mopRuns } from "./tables.ts";

export interface RunNeeds extends ChangeNeeds {
	tasks: TasksClient;
	devices: DevicesClient;
	ownAccount(): CallerContext;
}

export function executeMop(needs: RunNeeds): MopOperation<"executeMop"> {
	return ({ params, body, ...call }) =>
		start(needs, params.id, { ...body, not_after: null }, `mop:${params.id}:${call.request_id}`, call);
}

/** For a service that may ask again after a crash. */
export function startMopRun(needs: RunNeeds): MopOperation<"startMopRun"> {
	return async ({ body: { key, mop, ...wanted }, ...call }) => {
		const start_key = `mop:key:${key}`;
		const [known] = await needs.db.orm.select().from(mopRuns).where(eq(mopRuns.start_key, start_key));
		return known === undefined ? start(needs, mop, wanted, start_key, call) : { run_id: known.run_id };
	};
}

/**
 * Puts the procedure together and starts it. The same key again answers the same run, so that one which was started and not noted here (a crash
 * between the two) is noted when it is asked for again, or tells of itself (`mop-runs.ts`).
 */
async function start(
	needs: RunNeeds,
	key: string,
	wanted: z.output<typeof ExecuteMop> & { not_after: string | null },
	idempotency_key: string,
	call: CallContext,
): Promise<{ run_id: string }> {
	const mop = await findMop(needs.db.orm, key);
	if (!mop.enabled) {
		throw failed("mops.disabled", {
			message: `${mop.name} is not enabled. Nothing was started.`,
			details: { mop: mop.name },
		});
	}
	const { mode, reason, not_after } = wanted;
	const compiled = await compile(needs, mop, wanted, { rehearsal: false }, call);
	requirePermissions(mop.name, compiled, call);
	const title = `${mop.name}${reason === "" ? "" : `: ${reason}`}`.slice(0, 200);
	const procedure = { ...compiled.procedure, title, mode, reason, not_after };
	const started_at = needs.clock.now().toISOString();
	const { run_id } = await needs.tasks.startProcedure({ body: { idempotency_key, procedure } }, call);
	const { id: mop_id, name: mop_name, version } = mop;
	await needs.db.transaction((tx) =>
		noteRun(tx, {
			run_id,
			mop_id,
			mop_name,
			version,
			reason,
			start_key: idempotency_key,
			started_by: call.actor.name,
			started_at,
		}),
	);
	call.note({
		resource_type: "mop",
		resource_id: mop_id,
		resource_name: mop_name,
		// Values may be secrets: their names are kept.
		after: {
			run_id,
			version,
			mode,
			devices: procedure.targets.length,
			variables: Object.keys(wanted.variables),
			reason,
		},
	});
	return { run_id };
}
