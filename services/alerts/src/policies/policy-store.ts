import type { ApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import type { Orm, Tx } from "@netconductor/runtime/db/database";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { asc, eq, getTableColumns, sql } from "drizzle-orm";
import { policies } from "../tables.ts";

export type PolicyRow = typeof policies.$inferSelect;

/** The same in every installation, so that processes that start together make one. */
const built_in_id = "00000000-0000-7000-8000-0000000000a1";
/** After every other. */
const last_position = 1_000_000;

// Names written out: Drizzle drops the table's from columns in the list of a select on one table.
const rank = sql<number>`(select count(*)::int from policies p where (p.position, p.id) <= (policies.position, policies.id))`;

/** A policy as the API shows it: its position counts from 1, whatever was deleted before it. */
export const policyColumns = { ...getTableColumns(policies), position: rank.as("rank") };

/** Policies in the order in which they are looked through; the built-in one is last. */
export function readRules(orm: Orm): Promise<PolicyRow[]> {
	return orm.select().from(policies).orderBy(asc(policies.position), asc(policies.id));
}

/** Makes the built-in policy where there is none: writes need one approval by somebody else, reads need none. */
export async function ensureBuiltIn(orm: Orm, now: string): Promise<void> {
	const row: PolicyRow = {
		id: built_in_id,
		name: "Writes need somebody else",
		description:
			"What no policy before it decides: a change needs one approval by somebody other than who asked for it.",
		enabled: true,
		kinds: [],
		groups: [],
		risk_at_least: "low",
		writes_only: true,
		stages: [{ name: "Approval", needed: 1, users: [], roles: [] }],
		expires_in_minutes: null,
		built_in: true,
		position: last_position,
		created_at: now,
		updated_at: now,
	};
	await orm.insert(policies).values(row).onConflictDoNothing({ target: policies.id });
}

/** @throws approval_policies.not_found */
export async function getPolicyRow(orm: Orm, id: string): Promise<ApprovalPolicy> {
	const [found] = await orm.select(policyColumns).from(policies).where(eq(policies.id, id));
	return found ?? missing(id);
}

/** The policy, locked until the transaction ends. @throws approval_policies.not_found, approval_policies.built_in */
export async function getPolicyForChange(tx: Tx, id: string): Promise<PolicyRow> {
	const [found] = await tx.select().from(policies).where(eq(policies.id, id)).for("update");
	if (found === undefined) return missing(id);
	if (!found.built_in) return found;
	throw failed("approval_policies.built_in", {
		message: `“${found.name}” is built in. Put a policy before it: the first that matches decides.`,
		details: { policy_id: id },
	});
}

/** One after another, so that positions are given once and an order that is set names them all. */
export async function lockPolicies(tx: Tx): Promise<void> {
	await tx.execute(sql`select from policies where built_in for update`);
}

/** Runs `work`; a name that is taken becomes an error for people. @throws approval_policies.name_taken */
export async function refusingTakenName<T>(name: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (violatedUnique(error) !== "policies_name_key") throw error;
		throw failed("approval_policies.name_taken", {
			message: `There is an approval policy named ${name} already (upper and lower case count as the same).`,
			details: { name },
			errors: [{ path: "body.name", message: "taken" }],
		});
	}
}

function missing(id: string): never {
	throw failed("approval_policies.not_found", {
		message: `There is no approval policy ${id}.`,
		details: { policy_id: id },
	});
}
