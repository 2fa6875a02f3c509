import { type Actor, isPermitted, isPerson } from "@netconductor/contracts/kernel/actor";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { withinScopeOf } from "@netconductor/runtime/host/device-scope";
import { storable } from "@netconductor/runtime/text/lines";
import { and, asc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { AlertsOperation } from "../operation.ts";
import { anyOf, holds } from "../sql.ts";
import { approvalDevices, approvals } from "../tables.ts";
import { type ApprovalScope, covering } from "./approval-scope.ts";
import { approvalColumns, ballotOf, idsIn, readCase, toSummary } from "./approval-store.ts";
import { tally } from "./ballot.ts";
import { describe } from "./decide.ts";
import { decide_permission, peopleOf } from "./people.ts";
import type { SettleNeeds } from "./settle.ts";

const day_ms = 86_400_000;
const statsDays = 30;
const approversShown = 100;

interface ListNeeds extends SettleNeeds {
	scope: ApprovalScope;
}

export function listApprovals({ db, clock, scope }: ListNeeds): AlertsOperation<"listApprovals"> {
	return async (call) => {
		const { query, actor } = call;
		const waitsForMe = waitsFor(actor, clock.now());
		const where = and(
			await scope.of(call),
			query.q ? holds(sql`search_text`, storable(query.q)) : undefined,
			query.status === undefined ? undefined : sql`status = ${anyOf(query.status, "text")}`,
			query.kind === undefined ? undefined : sql`kind = ${anyOf(query.kind, "text")}`,
			query.risk === undefined ? undefined : sql`risk_level = ${anyOf(query.risk, "text")}`,
			query.run_id === undefined ? undefined : eq(approvals.run_id, query.run_id),
			query.bypassed === undefined ? undefined : sql`(status = 'bypassed') = ${query.bypassed}`,
			query.mine === undefined ? undefined : mine(query.mine, actor, waitsForMe),
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				created_at: approvals.created_at,
				expires_at: approvals.expires_at,
				decided_at: approvals.decided_at,
				title: approvals.title,
				risk: approvals.risk_points,
			},
			id: approvals.id,
			fallback: "-created_at",
		});
		const total = db.orm.$count(approvals, where);
		const rows = await db.orm
			.select({ ...approvalColumns, total, waits_for_me: sql<boolean>`(${waitsForMe})` })
			.from(approvals)
			.where(where)
			.orderBy(...order_by)
			.limit(limit)
			.offset(offset);
		const items = rows.map((row) => toSummary(row, row.waits_for_me));
		return toPage(query, items, rows[0]?.total ?? (await total));
	};
}

export function getApproval(needs: SettleNeeds): AlertsOperation<"getApproval"> {
	return async ({ params, actor }) => {
		const found = await readCase(needs.db.orm, params.id);
		const people = await peopleOf(needs, params.id, [...idsIn(found), actor.id]);
		const now = needs.clock.now();
		return describe({ ...found, people, tally: tally(ballotOf(found), people), now, became: null }, actor);
	};
}

/** Of the groups of a device those are told that exist for who asks. */
export function listApprovalDevices(needs: SettleNeeds): AlertsOperation<"listApprovalDevices"> {
	const { db } = needs;
	return async (call) => {
		const { params, query } = call;
		await readCase(db.orm, params.id);
		const where = and(
			eq(approvalDevices.approval_id, params.id),
			query.q ? holds(sql`lower(name)`, storable(query.q)) : undefined,
			query.rollback === undefined ? undefined : sql`rollback = ${anyOf(query.rollback, "text")}`,
		);
		const total = db.orm.$count(approvalDevices, where);
		const { device_id, name, groups, rollback } = approvalDevices;
		const rows = await db.orm
			.select({ device_id, name, groups, rollback, total })
			.from(approvalDevices)
			.where(where)
			.orderBy(asc(approvalDevices.position))
			.limit(query.page_size)
			.offset((query.page - 1) * query.page_size);
		const known = await groupsOf(needs, call);
		const shown = rows.map((row) => ({ ...row, groups: row.groups.filter((group) => known?.has(group) ?? true) }));
		return toPage(query, shown, rows[0]?.total ?? (await total));
	};
}

/** Names of the groups that exist for who asks; undefined: all. */
async function groupsOf({ devices, ownAccount }: SettleNeeds, call: CallerContext): Promise<Set<string> | undefined> {
	if (call.actor.device_groups === undefined) return undefined;
	// A role is limited to fewer than a page holds.
	const { items } = await devices.listGroups({ query: { page_size: 500 } }, withinScopeOf(call, ownAccount()));
	return new Set(items.map(({ name }) => name));
}

export function listApprovers(needs: SettleNeeds): AlertsOperation<"listApprovers"> {
	return async ({ params }) => {
		const found = await readCase(needs.db.orm, params.id);
		const { approval } = found;
		const stage = approval.stage === null ? undefined : approval.stages[approval.stage];
		if (approval.status !== "waiting" || stage === undefined) return { items: [], total: 0 };
		const all = stage.users.length === 0 && stage.roles.length === 0;
		const among = { user_ids: stage.users.map(({ id }) => id), roles: stage.roles };
		const { users, total } = await needs.auth.listHolders(
			{ body: { permission: decide_permission, ...(!all && { among }), limited: true, limit: 1_000 } },
			needs.ownAccount(),
		);
		const out = new Set([
			...ballotOf(found).requester_ids,
			...found.votes.flatMap((vote) => [vote.by_id, vote.for_id]),
		]);
		const covers = covering(needs, params.id);
		const sees = await Promise.all(users.map(({ device_groups }) => covers(device_groups)));
		const left = users.filter(({ id }, index) => sees[index] && !out.has(id));
		return {
			items: left
				.slice(0, approversShown)
				.map(({ id, username, display_name, role }) => ({ id, name: username, display_name, role })),
			total: total - (users.length - left.length),
		};
	};
}

export function getApprovalStats({ db, clock, scope }: ListNeeds): AlertsOperation<"getApprovalStats"> {
	return async (call) => {
		const { actor } = call;
		const exists = await scope.of(call);
		const now = clock.now();
		const since = new Date(now.getTime() - statsDays * day_ms).toISOString();
		const waiting = sql`status = 'waiting'`;
		const [open] = await db.orm
			.select({
				waiting: sql<number>`count(*)::int`,
				waiting_for_me: sql<number>`(count(*) filter (where ${waitsFor(actor, now)}))::int`,
				requested_by_me: sql<number>`(count(*) filter (where ${approvals.requested_by_id} = ${actor.id}))::int`,
				next_expiry_at: sql<string | null>`min(${approvals.expires_at})`.mapWith(approvals.expires_at),
			})
			.from(approvals)
			.where(and(waiting, exists));
		const counted = (status: string) => sql<number>`(count(*) filter (where status = ${status}))::int`;
		const [decided] = await db.orm
			.select({
				approved: counted("approved"),
				rejected: counted("rejected"),
				expired: counted("expired"),
				lapsed: counted("lapsed"),
				bypassed: counted("bypassed"),
				median_decision_s: sql<number | null>`percentile_cont(0.5) within group (
					order by extract(epoch from ${approvals.decided_at} - ${approvals.created_at})
				) filter (where status in ('approved', 'rejected'))`,
			})
			.from(approvals)
			.where(
				and(
					gte(approvals.decided_at, since),
					lt(approvals.created_at, new Date(now.getTime() + day_ms).toISOString()),
					exists,
				),
			);
		if (open === undefined || decided === undefined) throw new TypeError("a count has one row");
		return { ...open, ...decided };
	};
}

function mine(which: "to_decide" | "requested" | "decided", actor: Actor, waitsForMe: SQL): SQL {
	switch (which) {
		case "to_decide":
			return waitsForMe;
		case "requested":
			return sql`requested_by_id = ${actor.id}`;
		case "decided":
			return sql`${approvals.id} in (select approval_id from votes where by_id::text = ${actor.id})`;
	}
}

/** The approvals in which somebody has the word; what decides in the end is the ballot (ballot.ts), under a lock. */
function waitsFor(actor: Actor, now: Date): SQL {
	if (!isPerson(actor) || !isPermitted(actor, decide_permission)) return sql`false`;
	const me = actor.id;
	const voted = sql`exists (select from votes v where v.approval_id = approvals.id and v.by_id::text = ${me})`;
	const placeTaken = sql`exists (select from votes v where v.approval_id = approvals.id and v.for_id::text = ${me} and v.void_reason is null)`;
	const asked = sql`(open_to_all or ${me} = any(open_users) or ${actor.role ?? ""} = any(open_roles))`;
	const delegated = sql`exists (
		select from delegations d
		where d.approval_id = approvals.id and d.to_id::text = ${me} and d.until > ${now.toISOString()}::timestamptz and not exists (
			select from votes v where v.approval_id = d.approval_id and coalesce(v.for_id, v.by_id) = d.from_id and v.void_reason is null))`;
	return sql`status = 'waiting' and expires_at > ${now.toISOString()}::timestamptz and requested_by_id <> ${me} and not ${me} = any(behind_requester)
		and not ${voted} and ((${asked} and not ${placeTaken}) or ${delegated})`;
}
