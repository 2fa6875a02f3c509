import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { storable } from "@netconductor/runtime/text/lines";
import { eq, sql } from "drizzle-orm";
import type { PeopleNeeds } from "../approvals/people.ts";
import type { AlertsOperation } from "../operation.ts";
import { holds } from "../sql.ts";
import { policies } from "../tables.ts";
import { namedStages } from "./name-stages.ts";
import {
	getPolicyForChange,
	getPolicyRow,
	lockPolicies,
	type PolicyRow,
	policyColumns,
	refusingTakenName,
} from "./policy-store.ts";

export interface PolicyNeeds extends PeopleNeeds {
	db: Database;
	clock: Clock;
}

export function listApprovalPolicies({ db }: PolicyNeeds): AlertsOperation<"listApprovalPolicies"> {
	return async ({ query }) => {
		const where = query.q ? holds(sql`lower(name || ' ' || description)`, storable(query.q)) : undefined;
		const { limit, offset, order_by } = pageWindow(query, {
			columns: { position: policies.position, name: sql`lower(name)`, updated_at: policies.updated_at },
			id: policies.id,
			fallback: "position",
		});
		const total = db.orm.$count(policies, where);
		const rows = await db.orm
			.select(policyColumns)
			.from(policies)
			.where(where)
			.orderBy(...order_by)
			.limit(limit)
			.offset(offset);
		return toPage(query, rows, await total);
	};
}

export function getApprovalPolicy({ db }: PolicyNeeds): AlertsOperation<"getApprovalPolicy"> {
	return ({ params }) => getPolicyRow(db.orm, params.id);
}

export function createApprovalPolicy(needs: PolicyNeeds): AlertsOperation<"createApprovalPolicy"> {
	const { db, clock } = needs;
	return async ({ body, note }) => {
		const stages = await namedStages(needs, body.stages, "body.stages");
		const now = clock.now().toISOString();
		const id = newId();
		const after = await refusingTakenName(body.name, () =>
			db.transaction(async (tx) => {
				await lockPolicies(tx);
				const { rows } = await tx.execute<{ next: number }>(
					sql`select coalesce(max(position), 0) + 1 as next from policies where not built_in`,
				);
				const position = rows[0]?.next ?? 1;
				await tx
					.insert(policies)
					.values({ ...body, stages, id, position, built_in: false, created_at: now, updated_at: now });
				return getPolicyRow(tx, id);
			}),
		);
		note({ ...about(after), after: rules(after) });
		return after;
	};
}

export function updateApprovalPolicy(needs: PolicyNeeds): AlertsOperation<"updateApprovalPolicy"> {
	const { db, clock } = needs;
	return async ({ params: { id }, body, note }) => {
		const { stages: given, ...fields } = body;
		const stages = given === undefined ? undefined : await namedStages(needs, given, "body.stages");
		const { before, after } = await refusingTakenName(body.name ?? id, () =>
			db.transaction(async (tx) => {
				const before = await getPolicyForChange(tx, id);
				await tx
					.update(policies)
					.set({ ...fields, ...(stages && { stages }), updated_at: clock.now().toISOString() })
					.where(eq(policies.id, id));
				return { before, after: await getPolicyRow(tx, id) };
			}),
		);
		note({ ...about(after), before: rules(before), after: rules(after) });
		return after;
	};
}

export function deleteApprovalPolicy({ db }: PolicyNeeds): AlertsOperation<"deleteApprovalPolicy"> {
	return async ({ params: { id }, note }) => {
		const before = await db.transaction(async (tx) => {
			const found = await getPolicyForChange(tx, id);
			await tx.delete(policies).where(eq(policies.id, id));
			return found;
		});
		note({ ...about(before), before: rules(before) });
		return undefined;
	};
}

export function orderApprovalPolicies({ db }: PolicyNeeds): AlertsOperation<"orderApprovalPolicies"> {
	return async ({ body: { ids }, note }) => {
		const { before, after } = await db.transaction(async (tx) => {
			await lockPolicies(tx);
			const { rows } = await tx.execute<{ id: string; name: string }>(
				sql`select id, name from policies where not built_in order by position, id for update`,
			);
			const names = new Map(rows.map(({ id, name }) => [id, name]));
			if (new Set(ids).size !== ids.length || ids.length !== names.size || ids.some((id) => !names.has(id))) {
				throw failed("approval_policies.bad_order", {
					message: `The order must name each of the ${names.size} policies once, and not the built-in one. Somebody may have added or deleted one: look again.`,
				});
			}
			await tx.execute(
				sql`update policies set position = given.position
					from unnest(${sql.param(ids)}::uuid[]) with ordinality as given (id, position) where policies.id = given.id`,
			);
			return { before: rows.map(({ name }) => name), after: ids.map((id) => names.get(id)) };
		});
		note({ resource_type: "approval_policy", before: { order: before }, after: { order: after } });
		return undefined;
	};
}

function about({ id, name }: Pick<PolicyRow, "id" | "name">) {
	return { resource_type: "approval_policy", resource_id: id, resource_name: name };
}

function rules(policy: Omit<PolicyRow, "position">) {
	const { name, enabled, kinds, groups, risk_at_least, writes_only, stages, expires_in_minutes } = policy;
	return { name, enabled, kinds, groups, risk_at_least, writes_only, stages, expires_in_minutes };
}
