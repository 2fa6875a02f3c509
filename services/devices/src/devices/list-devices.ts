import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Device } from "@netconductor/contracts/devices/model";
import type { HandlerInput } from "@netconductor/contracts/kernel/operation";
import { countedAhead } from "@netconductor/contracts/kernel/page";
import type { Database } from "@netconductor/runtime/db/database";
import { plannedForItsValues } from "@netconductor/runtime/db/named-statements";
import {
	endOfPage,
	followingPage,
	fromNearerEnd,
	type PageWindow,
	pageWindow,
	toPage,
} from "@netconductor/runtime/db/paging";
import { and, arrayContains, eq, type SQL, sql } from "drizzle-orm";
import { reachedByPool } from "../connection/worker-pool.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { groupInScope, inScope, type Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { deviceGroupMembers, deviceGroups, devices, inNaturalOrder } from "../tables.ts";
import { tallied } from "../tallies/tally.ts";
import { deviceColumns } from "./device-store.ts";
import type { DeviceSearch } from "./search.ts";

type Query = HandlerInput<(typeof devicesApi)["operations"]["listDevices"]>["query"];
type Filter = Omit<Query, "page" | "page_size" | "sort" | "count" | "after">;

export function listDevices({ db, search }: { db: Database; search: DeviceSearch }): DevicesOperation<"listDevices"> {
	return async ({ query, actor }) => {
		const { page: _, page_size: __, sort, count: wanted, after, ...filter } = query;
		const where = await deviceFilter({ on: db.orm, search }, filter, actor);
		const asked = windowOf(query);
		const { limit, order_by } = asked;
		/** Entries before the page, by its number. */
		const before = asked.offset;
		// Behind the end of the page before it, the page is the first one.
		const there = after === undefined ? where : and(where, followingPage(after, sort, orders));
		const window = after === undefined ? asked : { ...asked, offset: 0 };
		const counted = tallied(filter, actor);
		const isNear = wanted === "near" && counted === undefined;

		/** How many there are in all, where so many were found from the beginning of the page on. */
		function totalWith(found: SQL): SQL {
			if (counted !== undefined) return counted;
			if (isNear) return sql`${before} + ${found}`;
			const all = sql`${db.orm.$count(devices, where)}`;
			// Counted only where nothing else tells how many there are: a page that is not full is the last one.
			return after === undefined ? sql`case when ${found} < ${limit} then ${before} + ${found} else ${all} end` : all;
		}

		function answer(items: Device[], total: number) {
			const last = items.at(-1);
			return {
				...toPage(query, items, total),
				total_is_exact: !isNear || total < before + limit + countedAhead,
				next_after: last === undefined || items.length < limit ? null : endOfPage(sort, orders, last),
			};
		}

		async function read(near: PageWindow) {
			const reach = isNear ? { ...near, limit: limit + countedAhead } : near;
			const walked = db.orm.$with("walked").as(idsOfPage(db.orm, reach, there));
			// What is read twice PostgreSQL keeps, in the order in which it was found.
			const page = db.orm.$with("page").as(db.orm.select({ id: walked.id }).from(walked).limit(near.limit));
			const memberships = db.orm.$with("memberships").as(groupsOfPage(db.orm, sql`(select id from ${page})`, actor));
			// Few are found by an index of what is asked for, many by walking along the order: which of them it is depends on the words.
			const planned = sql.raw(where === undefined ? "" : plannedForItsValues);
			const total = sql<number>`${planned} ${totalWith(sql`(select count(*) from ${walked})`)}`.mapWith(Number);
			// Each row carries the total: one statement costs half of two, and both numbers are of the same moment.
			return db.orm
				.with(walked, page, memberships)
				.select({ ...deviceColumns(actor), groups: sql<string[]>`coalesce(${memberships.groups}, '{}')`, total })
				.from(page)
				.innerJoin(devices, eq(devices.id, page.id))
				.leftJoin(memberships, eq(memberships.device_id, devices.id))
				.orderBy(...order_by);
		}

		if (window.offset >= farAway && counted !== undefined) {
			const total = await numberOf(db.orm, counted);
			if (before >= total) return answer([], total);
			const rows = await read(fromNearerEnd(window, total));
			// Where devices came or went meanwhile the end is another: found from the beginning the page is that of its moment.
			if (rows[0]?.total === total) return answer(rows, total);
		}
		const rows = await read(window);
		// Beyond the last page nothing says how many there are.
		return answer(
			rows,
			rows[0]?.total ?? (before === 0 && after === undefined ? 0 : await db.orm.$count(devices, where)),
		);
	};
}

/** From here on a page may be nearer to the end of its list by more than it costs to ask how long that is. */
const farAway = 1_000;

async function numberOf(on: Statements, counted: SQL<number>): Promise<number> {
	const { rows } = await on.execute<{ number: string }>(sql`select ${counted} as number`);
	return Number(rows[0]?.number);
}

export const orders = {
	columns: { ...devices, name: inNaturalOrder(devices.name) },
	id: devices.id,
	fallback: "name",
	unique: ["name"],
	of: { name: inNaturalOrder },
} as const;

export function windowOf(query: Pick<Query, "page" | "page_size" | "sort">): PageWindow {
	return pageWindow(query, orders);
}

/** Ids alone, which an index tells: whatever else a device is read as would be worked out for all that the page leaves behind, too. */
export function idsOfPage(on: Statements, { limit, offset, order_by }: PageWindow, where: SQL | undefined) {
	return on
		.select({ id: devices.id })
		.from(devices)
		.where(where)
		.orderBy(...order_by)
		.limit(limit)
		.offset(offset);
}

/** The groups of all devices of a page at once: asked for one device after another they cost as much as all the rest of it. */
function groupsOfPage(on: Statements, ids: SQL, actor: Scoped) {
	return on
		.select({
			device_id: deviceGroupMembers.device_id,
			groups: sql<string[]>`array_agg(${deviceGroups.name} order by lower(${deviceGroups.name}))`.as("groups"),
		})
		.from(deviceGroupMembers)
		.innerJoin(deviceGroups, eq(deviceGroups.id, deviceGroupMembers.group_id))
		.where(and(sql`${deviceGroupMembers.device_id} in ${ids}`, groupInScope(actor, deviceGroups.id)))
		.groupBy(deviceGroupMembers.device_id);
}

export function describeDevices({ db }: { db: Database }): DevicesOperation<"describeDevices"> {
	return async ({ body, actor }) => ({
		devices: await db.orm
			.select(deviceColumns(actor))
			.from(devices)
			.where(and(sql`${devices.id} = ${anyOf(body.device_ids, "uuid")}`, inScope(actor, devices.id)))
			.orderBy(inNaturalOrder(devices.name)),
	});
}

/**
 * Of the devices that exist for the actor, those of a filter. Every criterion narrows down; several tags or groups must all be there, of several device types
 * or healths one.
 */
export async function deviceFilter(
	{ on, search }: { on: Statements; search: DeviceSearch },
	filter: Filter,
	actor: Scoped,
): Promise<SQL | undefined> {
	const {
		q,
		device_type = [],
		site,
		worker_pool,
		tag,
		group = [],
		health = [],
		enabled,
		credential_id,
		changed_host_key,
	} = filter;
	// By their ids PostgreSQL knows how many are in them, and plans for that; by their names it would guess.
	const groups = group.length === 0 ? [] : await idsOfGroups(on, group, actor);
	return and(
		inScope(actor, devices.id),
		q ? await search(q) : undefined,
		device_type.length === 0 ? undefined : sql`${devices.device_type} = ${anyOf(device_type, "text")}`,
		site === undefined ? undefined : eq(devices.site, site),
		worker_pool === undefined ? undefined : reachedByPool(worker_pool),
		tag === undefined || tag.length === 0 ? undefined : arrayContains(devices.tags, tag),
		...groups.map((id) =>
			id === null
				? sql`false`
				: sql`${devices.id} in (select device_id from device_group_members where group_id = ${id}::uuid)`,
		),
		health.length === 0 ? undefined : sql`${devices.health} = ${anyOf(health, "text")}`,
		enabled === undefined ? undefined : eq(devices.enabled, enabled),
		credential_id === undefined ? undefined : eq(devices.credential_id, credential_id),
		changed_host_key === undefined
			? undefined
			: sql`${devices.id} ${sql.raw(changed_host_key ? "in" : "not in")} (
				select device_id from host_keys where presented_fingerprint is not null)`,
	);
}

/** The id of each of these groups; null where there is none for the actor. */
async function idsOfGroups(on: Statements, names: readonly string[], actor: Scoped): Promise<(string | null)[]> {
	const { rows } = await on.execute<{ id: string | null }>(sql`
		select device_groups.id from unnest(${sql.param(names)}::text[]) as asked
		left join device_groups on lower(device_groups.name) = lower(asked) and ${groupInScope(actor, sql`device_groups.id`) ?? sql`true`}`);
	return rows.map(({ id }) => id);
}
