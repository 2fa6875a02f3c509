import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { Handler } from "@netconductor/runtime/host/service";
import { and, type SQL, sql } from "drizzle-orm";
import { checkTimeZone } from "../schedule/due.ts";
import { type ScopeNeeds, scopeOf } from "../scope.ts";

type Operations = (typeof backupApi)["operations"];

interface Counted extends Record<string, unknown> {
	backups: number;
	failed: number;
	changed: number;
	lines_added: number;
	lines_removed: number;
}

/**
 * Day by day, each counted between its own two moments, so that the index of times is read and nothing is sorted: failures and changes, which
 * are few, have an index of their own.
 */
export function getActivity(needs: ScopeNeeds & { db: Database; clock: Clock }): Handler<Operations["getActivity"]> {
	const { db, clock } = needs;
	return async (call) => {
		const { device_id, days, time_zone } = call.query;
		checkTimeZone(time_zone, "query.time_zone");
		const { names, starts } = daysUntil(clock.now(), days, time_zone);
		const scope = await scopeOf(needs, call, sql`device_id`);
		const { rows } = await db.orm.execute<Counted>(
			device_id === undefined && scope === undefined
				? ofAll(starts)
				: ofSome(starts, and(scope, device_id === undefined ? undefined : sql`device_id = ${device_id}`) ?? sql`true`),
		);
		return { time_zone, days: rows.map((row, index) => ({ day: names[index] as string, ...row })) };
	};
}

/** The last `count` days, that of `now` included, and their beginnings; one more beginning ends the last day. */
function daysUntil(now: Date, count: number, time_zone: string): { names: string[]; starts: string[] } {
	const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(time_zone).toPlainDate();
	const dates = Array.from({ length: count + 1 }, (_, index) => today.add({ days: index + 1 - count }));
	return {
		names: dates.slice(0, -1).map(String),
		// A day begins where its clocks say so, which is not midnight where summer time begins at midnight.
		starts: dates.map((date) => date.toZonedDateTime(time_zone).startOfDay().toInstant().toString()),
	};
}

function daysOf(starts: string[]): SQL {
	return sql`unnest(${sql.param(starts.slice(0, -1))}::timestamptz[], ${sql.param(starts.slice(1))}::timestamptz[])
		with ordinality as day (start, stop, number)`;
}

const ofDay = sql`created_at >= day.start and created_at < day.stop`;

function ofAll(starts: string[]): SQL {
	return sql`
		select (select count(*) from backups where ${ofDay})::int as backups,
			(select count(*) from backups where ${ofDay} and status = 'failed')::int as failed, changes.*
		from ${daysOf(starts)} cross join lateral (
			select count(*)::int as changed, coalesce(sum(lines_added), 0)::int as lines_added, coalesce(sum(lines_removed), 0)::int as lines_removed
			from backups where ${ofDay} and changed
		) as changes order by day.number`;
}

function ofSome(starts: string[], devices: SQL): SQL {
	return sql`
		select counted.* from ${daysOf(starts)} cross join lateral (
			select count(*)::int as backups, (count(*) filter (where status = 'failed'))::int as failed, (count(*) filter (where changed))::int as changed,
				coalesce(sum(lines_added) filter (where changed), 0)::int as lines_added,
				coalesce(sum(lines_removed) filter (where changed), 0)::int as lines_removed
			from backups where ${devices} and ${ofDay}
		) as counted order by day.number`;
}
