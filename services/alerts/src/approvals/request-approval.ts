import type { ApprovalRequest, Risk } from "@netconductor/contracts/alerts/approvals";
import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import type { Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { newId } from "@netconductor/runtime/id";
import { and, eq, ne, sql } from "drizzle-orm";
import type { z } from "zod";
import type { AlertsOperation } from "../operation.ts";
import { type DeviceSet, evaluatePolicies, type Requirement, withDemand } from "../policies/evaluate.ts";
import { namedStages } from "../policies/name-stages.ts";
import { readRules } from "../policies/policy-store.ts";
import { approvalDevices, approvals } from "../tables.ts";
import { type ApprovalRow, approvalColumns } from "./approval-store.ts";
import type { DecideNeeds } from "./decide.ts";
import { behind } from "./people.ts";
import { assessRisk } from "./risk.ts";
import { end, isOpen } from "./settle.ts";

type Request = z.output<typeof ApprovalRequest>;

export interface RequestNeeds extends DecideNeeds {
	/** Time to decide where a policy sets none. */
	expiry_minutes: number;
}

/** Asks the policies, and stores an approval where one is needed or demanded. Again with the same key and plan: the same approval, as it stands. */
export function requestApproval(needs: RequestNeeds): AlertsOperation<"requestApproval"> {
	const { db, outbox, clock, expiry_minutes } = needs;
	return async ({ body }) => {
		// Names of devices and commands come from outside; PostgreSQL takes neither NUL nor halves of characters.
		const request: Request = JSON.parse(jsonbText(body));
		const risk = assessRisk(request.risk_facts, request.devices.length);
		const facts = {
			kind: request.kind,
			writes: request.risk_facts.writes,
			risk: risk.level,
			devices: deviceSets(request.devices),
		};
		const { demand } = request;
		const demanded = demand && {
			stages: await namedStages(needs, demand.stages, "body.demand.stages"),
			expires_in_minutes: demand.expires_in_minutes ?? expiry_minutes,
		};
		const behind_requester = await behind(needs, request.requested_by);
		const answer = await db.transaction(async (tx) => {
			// Two that ask with the same key at once: the second finds what the first made.
			await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`approval ${request.key}`}, 0))`);
			const [known] = await tx
				.select(approvalColumns)
				.from(approvals)
				.where(and(eq(approvals.key, request.key), eq(approvals.plan_sha256, request.plan_sha256)));
			if (known !== undefined) return known;
			const now = clock.now();
			await lapseOlder(needs, tx, request, now);
			const requirement = withDemand(evaluatePolicies(await readRules(tx), facts, expiry_minutes), demanded);
			if (requirement.stages.length === 0) return undefined;
			const row = newApproval(request, { risk, requirement, behind_requester, now });
			const { device_ids = null, device_groups = null } = request.cover ?? {};
			await tx.insert(approvals).values({ ...row, cover_device_ids: device_ids, cover_groups: device_groups });
			await insertDevices(tx, row.id, request);
			await outbox.publish(tx, "approval.requested.v1", {
				approval_id: row.id,
				run_id: row.run_id,
				kind: row.kind,
				title: row.title,
				plan_sha256: row.plan_sha256,
				requested_by: { id: row.requested_by_id, name: row.requested_by_name },
				risk_level: row.risk_level,
				device_count: row.device_count,
				expires_at: row.expires_at,
			});
			return row;
		});
		needs.onChange();
		if (answer === undefined) return { needed: false, risk };
		const { id: approval_id, status, expires_at } = answer;
		return { needed: true, approval_id, status, expires_at, risk: answer.risk };
	};
}

/** What was asked for before with the same key was for a plan that is no more. */
async function lapseOlder(needs: RequestNeeds, tx: Tx, { key, plan_sha256 }: Request, now: Date): Promise<void> {
	const older = await tx
		.select(approvalColumns)
		.from(approvals)
		.where(and(eq(approvals.key, key), ne(approvals.plan_sha256, plan_sha256)))
		.for("update");
	for (const approval of older.filter(isOpen)) {
		await end(needs, tx, { approval, now }, "lapsed", "The plan changed; the new one needs an approval of its own.");
	}
}

function newApproval(
	request: Request,
	{
		risk,
		requirement,
		behind_requester,
		now,
	}: { risk: Risk; requirement: Requirement; behind_requester: string[]; now: Date },
): ApprovalRow {
	const { requested_by: by } = request;
	const { stages } = requirement;
	const [first] = stages;
	const not_after = inUtc(request.not_after);
	const expires_at = new Date(now.getTime() + requirement.expires_in_minutes * 60_000).toISOString();
	return {
		id: newId(),
		key: request.key,
		run_id: request.run_id,
		kind: request.kind,
		title: request.title,
		status: "waiting",
		requested_by_kind: by.kind,
		requested_by_id: by.id,
		// A token's name says more than its owner's, and still begins with it.
		requested_by_name: by.name,
		behind_requester,
		reason: request.reason ?? null,
		plan_sha256: request.plan_sha256,
		device_count: request.devices.length,
		risk,
		risk_level: risk.level,
		risk_points: risk.points,
		policies: requirement.policies,
		stages,
		stage: 0,
		open_to_all: first !== undefined && first.users.length === 0 && first.roles.length === 0,
		open_users: first?.users.map(({ id }) => id) ?? [],
		open_roles: first?.roles ?? [],
		approved: 0,
		needed: stages.reduce((sum, { needed }) => sum + needed, 0),
		not_before: inUtc(request.not_before),
		not_after,
		expires_at,
		created_at: now.toISOString(),
		decided_at: null,
		decided_by: [],
		decision_reason: null,
		used_at: null,
		recheck_at: null,
	};
}

async function insertDevices(tx: Tx, approval_id: string, { devices, risk_facts }: Request): Promise<void> {
	const none = new Set(risk_facts.without_rollback);
	const emulated = new Set(risk_facts.emulated_rollback);
	const rollbackOf = (name: string) => {
		if (!risk_facts.writes) return null;
		return none.has(name) ? "none" : emulated.has(name) ? "emulated" : "native";
	};
	const rows = devices
		.toSorted((a, b) => inNaturalOrder(a.name, b.name))
		.map(({ device_id, name, groups = [] }, position) => ({
			position,
			device_id,
			name,
			groups,
			rollback: rollbackOf(name),
		}));
	// One parameter, whatever the number of devices.
	await tx.execute(
		sql`insert into ${approvalDevices} (approval_id, position, device_id, name, groups, rollback)
			select ${approval_id}::uuid, position, device_id, name, groups, rollback
			from jsonb_to_recordset(${jsonbText(rows)}::jsonb)
				as given (position int, device_id uuid, name text, groups text[], rollback text)`,
	);
}

/** Devices by the groups that they are in: a policy cares for nothing else. */
export function deviceSets(devices: Request["devices"]): DeviceSet[] {
	const sets = new Map<string, DeviceSet>();
	for (const { groups } of devices) {
		const key = groups === undefined ? "" : JSON.stringify(groups.toSorted());
		const known = sets.get(key);
		if (known === undefined) sets.set(key, { count: 1, groups });
		else known.count++;
	}
	return [...sets.values()];
}

function inUtc(instant: string | null | undefined): string | null {
	return instant == null ? null : new Date(instant).toISOString();
}
