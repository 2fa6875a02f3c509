import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { startWorkLoop, type WorkLoop } from "@netconductor/runtime/bus/work-loop";
import { afterCommit } from "@netconductor/runtime/db/database";
import { isAppError } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import { sql } from "drizzle-orm";
import { lockCase } from "./approval-store.ts";
import { end, refresh, type SettleNeeds } from "./settle.ts";

interface Needs extends SettleNeeds {
	log: Log;
	/** Told when an approval ended, or its votes were looked at, without anybody's call. */
	onChange(): void;
}

const rest_ms = 30_000;
const batch = 100;

interface Due extends Record<string, unknown> {
	id: string;
	status: string;
}

/**
 * Ends what nobody decided in time, and looks again at approvals whose voters changed. What is due lies in the database, so a crash delays it and loses
 * nothing; several processes may do it at once.
 */
export function createTimekeeper(needs: Needs): { step(): Promise<boolean | number>; start(): WorkLoop } {
	const { db, clock, log } = needs;

	async function step(): Promise<boolean | number> {
		const now = clock.now();
		const at = now.toISOString();
		// What the time alone decides needs nobody else, and must not wait for a service that is away.
		const { rows: over } = await db.orm.execute<Due>(
			sql`(select id, status from approvals where status = 'waiting' and least(expires_at, not_after) <= ${at} limit ${batch})
				union all
				(select id, status from approvals
				where status in ('approved', 'bypassed') and used_at is null and not_after <= ${at} limit ${batch})`,
		);
		for (const { id } of over) await endInTime(id);
		const { rows: doubtful } = await db.orm.execute<Due>(
			sql`select id, status from approvals where recheck_at <= ${at} order by recheck_at limit ${batch}`,
		);
		for (const { id } of doubtful) await refresh(needs, id);
		if (over.length + doubtful.length > 0) {
			needs.onChange();
			return true;
		}
		const { rows: next } = await db.orm.execute<{ at: string | null }>(
			sql`select min(at) as at from (
				(select min(least(expires_at, not_after)) as at from approvals where status = 'waiting')
				union all
				(select not_after from approvals where status in ('approved', 'bypassed') and used_at is null and not_after is not null
				order by not_after limit 1)
				union all
				(select recheck_at from approvals where recheck_at is not null order by recheck_at limit 1)
			) as due`,
		);
		const due = next[0]?.at ?? null;
		return due === null ? false : Math.max(1, new Date(due).getTime() - clock.now().getTime());
	}

	async function endInTime(id: string): Promise<void> {
		await db.transaction(async (tx) => {
			const { approval } = await lockCase(tx, id);
			const now = clock.now();
			if (approval.used_at !== null) return;
			const windowOver = approval.not_after !== null && new Date(approval.not_after) <= now;
			if (windowOver && ["waiting", "approved", "bypassed"].includes(approval.status)) {
				await end(needs, tx, { approval, now }, "lapsed", "The window in which the run could begin is over.");
			} else if (approval.status === "waiting" && new Date(approval.expires_at) <= now) {
				await end(needs, tx, { approval, now }, "expired", "Nobody decided in time.");
			}
		});
	}

	return {
		step,
		start: () =>
			startWorkLoop({
				step,
				rest_ms,
				clock,
				onError(err, failures) {
					// Short absences of the database or of auth are everyday; the next look makes up for them.
					if (!isAppError(err) || failures > 3) log.error({ err }, "approvals could not be looked after; trying again");
				},
			}),
	};
}

/** Whoever has a word in an approval and changes makes it be looked at again. */
export function followUsers(needs: Pick<Needs, "clock">, wake: () => void): Consumers {
	return {
		async "user.changed.v1"({ user_id, change }, { tx }) {
			if (change === "created") return;
			await tx.execute(
				sql`update approvals set recheck_at = ${needs.clock.now().toISOString()}
					where (status = 'waiting' or (status in ('approved', 'bypassed') and used_at is null))
						and id in (
							select approval_id from votes where by_id = ${user_id} or for_id = ${user_id}
							union select approval_id from delegations where from_id = ${user_id} or to_id = ${user_id})`,
			);
			afterCommit(tx, wake);
		},
	};
}
