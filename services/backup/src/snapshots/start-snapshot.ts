import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { isAppError, toAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { storable } from "@netconductor/runtime/text/lines";
import { and, asc, eq, gt, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import { type BackupTargets, backupPlan } from "../backups/plan.ts";
import type { PendingStart } from "../tables.ts";
import { snapshots } from "../tables.ts";
import { rememberDevices, rememberRun } from "./known.ts";

export interface StartNeeds {
	db: Database;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "startRun">;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
}

/** A start that a crash cut off is taken up again this long after; later nobody expects it any more. */
const longestPending_ms = 15 * 60_000;

export interface NewSnapshot {
	id: string;
	name: string;
	started_by: string;
	chosen: BackupTargets;
}

/**
 * Takes a snapshot: its row with all that is needed to start the run is stored first, then the run is started under the snapshot's own key.
 * A crash in between is made good by `resumeStarts`. The same id again starts nothing twice.
 * @throws what `tasks.startRun` does; the snapshot is then marked as failed, with the reason
 */
export async function startSnapshot(
	needs: StartNeeds,
	given: NewSnapshot,
	caller: CallerContext,
): Promise<{ run_id: string }> {
	const { db, clock } = needs;
	const name = storable(given.name);
	const plan = backupPlan(given.chosen, { title: name, snapshot_id: given.id, started_by: given.started_by });
	const pending = { plan, actor: caller.actor };
	await rememberDevices(db.orm, given.chosen.targets);
	await db.orm
		.insert(snapshots)
		.values({
			id: given.id,
			name,
			status: "running",
			devices: plan.targets.length,
			skipped: plan.skipped.length,
			started_by: given.started_by,
			created_at: clock.now().toISOString(),
			pending,
		})
		.onConflictDoNothing();
	return start(needs, given.id, pending, caller);
}

async function start(
	needs: StartNeeds,
	id: string,
	{ plan, actor }: PendingStart,
	caller: CallerContext,
	keepOnOutage = false,
): Promise<{ run_id: string }> {
	const { db, tasks, clock } = needs;
	try {
		const { run_id } = await tasks.startRun(
			{ body: { idempotency_key: `backup:snapshot:${id}`, plan } },
			{ ...caller, actor },
		);
		// Each by itself: whoever also notes them, on `run.started`, is not waited for with one of them held. A crash in between is made good, too.
		await rememberRun(db.orm, run_id, actorName(actor, plan), clock.now());
		// Where the run's end was reported first, this comes too late to say anything.
		await db.orm
			.update(snapshots)
			.set({
				run_id: sql`coalesce(${snapshots.run_id}, ${run_id}::uuid)`,
				pending: null,
				status: sql`case when ${snapshots.run_id} is null then 'running' else ${snapshots.status} end`,
				error: sql`case when ${snapshots.run_id} is not null then ${snapshots.error} end`,
				finished_at: sql`case when ${snapshots.run_id} is not null then ${snapshots.finished_at} end`,
			})
			.where(eq(snapshots.id, id));
		return { run_id };
	} catch (error) {
		if (!keepOnOutage || !toAppError(error).retryable) await giveUp(needs, id, toAppError(error).message);
		throw error;
	}
}

/** Should the run have begun although its answer was lost, `run.started` puts this right. */
async function giveUp({ db, clock }: StartNeeds, id: string, reason: string): Promise<void> {
	await db.orm
		.update(snapshots)
		.set({ status: "failed", error: storable(reason), pending: null, finished_at: clock.now().toISOString() })
		.where(and(eq(snapshots.id, id), isNull(snapshots.run_id)));
}

/** For whom backups are recorded: the plan says it, because a schedule starts runs in the service's name. */
function actorName(actor: Actor, plan: PendingStart["plan"]): string {
	const started_by = plan.steps[0]?.params.started_by;
	return typeof started_by === "string" ? started_by : actor.name;
}

/** Starts again, under the same key, the runs of snapshots whose start a crash cut off; those that waited too long are marked as failed. */
export async function resumeStarts(needs: StartNeeds): Promise<void> {
	const { db, clock, log } = needs;
	const now = clock.now().getTime();
	const at = (ms: number) => new Date(now + ms).toISOString();
	const left = await db.orm
		.select({ id: snapshots.id, pending: snapshots.pending, created_at: snapshots.created_at })
		.from(snapshots)
		.where(
			and(
				isNotNull(snapshots.pending),
				// One that began a moment ago is under way in another process or call; one from the future began before the clock was set back.
				or(lt(snapshots.created_at, at(-30_000)), gt(snapshots.created_at, at(60_000))),
			),
		)
		.orderBy(asc(snapshots.created_at))
		.limit(100);
	for (const { id, pending, created_at } of left) {
		if (pending === null) continue;
		if (now - Date.parse(created_at) > longestPending_ms) {
			await giveUp(needs, id, "NetConductor stopped before the run was started. Start the backup again.");
			continue;
		}
		try {
			await start(needs, id, pending, needs.ownAccount(), true);
		} catch (err) {
			if (!isAppError(err)) throw err;
			log.warn({ err, snapshot_id: id }, "a snapshot's run could not be started again");
		}
	}
}
