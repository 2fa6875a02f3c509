import type { ManyConsumer } from "@netconductor/runtime/bus/inbox";
import { afterCommit, type Database, type Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { newId } from "@netconductor/runtime/id";
import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { findDevice } from "../devices/device-store.ts";
import type { DevicesOperation } from "../operation.ts";
import { devices, healthHistory } from "../tables.ts";
import { observe } from "./health.ts";

/** Writes what the ends of operations say about their devices: present state, facts, history. A device that is gone by now is no error. */
export function recordHealth({
	keep,
	onChange = () => {},
}: {
	keep: number;
	/** Told after the commit. */
	onChange?: () => void;
}): ManyConsumer<"operation.finished.v1"> {
	return {
		async many(events, tx) {
			const observed = events.flatMap(({ payload }) => {
				const seen = observe(payload);
				const { device_id, run_id, finished_at: at } = payload;
				return seen === undefined ? [] : [{ id: newId(), device_id, run_id, at, ...seen, facts: seen.facts ?? null }];
			});
			if (observed.length > 0) afterCommit(tx, onChange);
			for (const group of oncePerDevice(observed)) {
				await store(tx, jsonbText(group));
				await forget(tx, jsonbText(group.map(({ device_id }) => ({ device_id }))), keep);
			}
		},
	};
}

/** In groups of different devices: a second observation of one device must find what the first one wrote. */
function oncePerDevice<T extends { device_id: string }>(observed: readonly T[]): T[][] {
	const groups: T[][] = [];
	const seen = new Map<string, number>();
	for (const one of observed) {
		const at = seen.get(one.device_id) ?? 0;
		seen.set(one.device_id, at + 1);
		groups[at] ??= [];
		groups[at].push(one);
	}
	return groups;
}

async function store(tx: Tx, observed: string): Promise<void> {
	// The devices are locked in one order, so that two who lock many do not wait for each other. Events may come late: what is known from later stays.
	await tx.execute(sql`
		with seen as materialized (
			select * from jsonb_to_recordset(${observed}::jsonb)
				as seen (id uuid, device_id uuid, run_id uuid, at timestamptz, health text, error text, phases jsonb, facts jsonb)
		), known as materialized (
			select id from ${devices} where id in (select device_id from seen) order by id for update
		), present as (
			update ${devices} d set health = seen.health, health_at = seen.at, health_error = seen.error,
				facts = case when jsonb_typeof(seen.facts) = 'object' then d.facts || seen.facts else d.facts end,
				facts_at = case when jsonb_typeof(seen.facts) = 'object' then seen.at else d.facts_at end
			from known join seen on seen.device_id = known.id
			where d.id = known.id and (d.health_at is null or d.health_at <= seen.at)
		)
		insert into ${healthHistory} (id, device_id, at, health, error, run_id, phases)
		select seen.id, device_id, at, health, error, run_id, phases from seen join known on known.id = seen.device_id`);
}

/** Drops what is beyond `keep` entries of a device. */
async function forget(tx: Tx, written: string, keep: number): Promise<void> {
	await tx.execute(sql`
		delete from ${healthHistory} h
		using jsonb_to_recordset(${written}::jsonb) as written (device_id uuid), lateral (
			select at, id from ${healthHistory} where device_id = written.device_id order by at desc, id desc offset ${keep} limit 1
		) as beyond
		where h.device_id = written.device_id and (h.at, h.id) <= (beyond.at, beyond.id)`);
}

export function listDeviceHealth({ db }: { db: Database }): DevicesOperation<"listDeviceHealth"> {
	return async ({ params: { id }, query, actor }) => {
		await findDevice(db.orm, id, actor);
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
