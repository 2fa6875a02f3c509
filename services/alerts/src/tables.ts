import type { ApprovalStatus, Person, Risk, RiskLevel, Stage, Vote } from "@netconductor/contracts/alerts/approvals";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import {
	boolean,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
	uuid,
} from "drizzle-orm/pg-core";

export const approvals = pgTable(
	"approvals",
	{
		id: uuid().primaryKey(),
		/** The engine's own word for what it asks for; with the plan's hash it is unique. */
		key: text().notNull(),
		run_id: uuid().notNull(),
		kind: text().notNull(),
		title: text().notNull(),
		status: text().$type<ApprovalStatus>().notNull(),
		requested_by_kind: text().notNull(),
		/** User's id; a service's name where no person stands behind it. */
		requested_by_id: text().notNull(),
		requested_by_name: text().notNull(),
		/** Users who could have asked in the name of the service account that did: no more a second pair of eyes than it. */
		behind_requester: text().array().notNull().default([]),
		reason: text(),
		plan_sha256: text().notNull(),
		device_count: integer().notNull(),
		/** Devices that a limited role has to cover for it to exist for them: all of its run. Null: it exists for no such role. */
		cover_device_ids: uuid().array(),
		/** Ids of device groups that such a role has to hold besides; null: none. */
		cover_groups: text().array(),
		risk: jsonb().$type<Risk>().notNull(),
		risk_level: text().$type<RiskLevel>().notNull(),
		risk_points: integer().notNull(),
		policies: jsonb().$type<Person[]>().notNull(),
		/** As the policies wanted them when it was asked for: a later change of a policy loosens nothing. */
		stages: jsonb().$type<Stage[]>().notNull(),
		/** Index of the stage that is open; null when none is. */
		stage: smallint(),
		/** Who may decide in the open stage, for lists. */
		open_to_all: boolean().notNull(),
		open_users: text().array().notNull(),
		open_roles: text().array().notNull(),
		approved: integer().notNull().default(0),
		needed: integer().notNull(),
		not_before: instant(),
		not_after: instant(),
		expires_at: instant().notNull(),
		created_at: instant().notNull(),
		decided_at: instant(),
		decided_by: text().array().notNull().default([]),
		decision_reason: text(),
		/** When its run began under it: nothing changes it any more. */
		used_at: instant(),
		/** Whoever voted changed: look whether their votes still count. */
		recheck_at: instant(),
		/** What a search looks through; indexed by trigrams. */
		search_text: text().notNull().generatedAlwaysAs(sql`lower(title || ' ' || requested_by_name)`),
	},
	(t) => [
		uniqueIndex("approvals_key").on(t.key, t.plan_sha256),
		index("approvals_by_run").on(t.run_id),
		index("approvals_by_requester").on(t.requested_by_id, t.created_at, t.id),
		index("approvals_by_creation").on(t.created_at, t.id),
		index("approvals_by_status").on(t.status, t.created_at, t.id),
		index("approvals_by_decision").on(t.decided_at, t.id),
		index("approvals_by_title").on(t.title, t.id),
		index("approvals_by_expiry").on(t.expires_at, t.id),
		index("approvals_by_risk").on(t.risk_points, t.id),
		index("approvals_by_search_text").using("gin", t.search_text.op("gin_trgm_ops")),
		index("approvals_waiting").on(t.expires_at).where(sql`${t.status} = 'waiting'`),
		index("approvals_unused")
			.on(t.not_after)
			.where(sql`${t.status} in ('approved', 'bypassed') and ${t.used_at} is null`),
		index("approvals_to_recheck").on(t.recheck_at).where(sql`${t.recheck_at} is not null`),
	],
);

export const votes = pgTable(
	"votes",
	{
		id: uuid().primaryKey(),
		approval_id: uuid()
			.notNull()
			.references(() => approvals.id, { onDelete: "cascade" }),
		stage: smallint(),
		decision: text().$type<Vote["decision"]>().notNull(),
		by_id: uuid().notNull(),
		by_name: text().notNull(),
		for_id: uuid(),
		for_name: text(),
		via: text().$type<Vote["via"]>().notNull(),
		reason: text().notNull(),
		at: instant().notNull(),
		/** Why it does not count any more. */
		void_reason: text(),
	},
	(t) => [
		uniqueIndex("votes_once").on(t.approval_id, t.by_id),
		index("votes_by_person").on(t.by_id),
		index("votes_by_seat").on(t.for_id).where(sql`${t.for_id} is not null`),
	],
);

export const delegations = pgTable(
	"delegations",
	{
		id: uuid().primaryKey(),
		approval_id: uuid()
			.notNull()
			.references(() => approvals.id, { onDelete: "cascade" }),
		from_id: uuid().notNull(),
		from_name: text().notNull(),
		to_id: uuid().notNull(),
		to_name: text().notNull(),
		until: instant().notNull(),
		reason: text().notNull(),
		at: instant().notNull(),
	},
	(t) => [
		uniqueIndex("delegations_one_each").on(t.approval_id, t.from_id),
		index("delegations_by_delegate").on(t.to_id, t.approval_id),
	],
);

export const approvalDevices = pgTable(
	"approval_devices",
	{
		approval_id: uuid()
			.notNull()
			.references(() => approvals.id, { onDelete: "cascade" }),
		/** By name, as people count. */
		position: integer().notNull(),
		device_id: uuid().notNull(),
		name: text().notNull(),
		groups: text().array().notNull(),
		rollback: text().$type<"native" | "emulated" | "none">(),
	},
	(t) => [primaryKey({ columns: [t.approval_id, t.position] })],
);

export const policies = pgTable(
	"policies",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		enabled: boolean().notNull(),
		kinds: text().array().notNull(),
		groups: text().array().notNull(),
		risk_at_least: text().$type<RiskLevel>().notNull(),
		writes_only: boolean().notNull(),
		stages: jsonb().$type<Stage[]>().notNull(),
		expires_in_minutes: integer(),
		built_in: boolean().notNull(),
		position: integer().notNull(),
		created_at: instant().notNull(),
		updated_at: instant().notNull(),
	},
	(t) => [
		uniqueIndex("policies_name_key").on(sql`lower(${t.name})`),
		index("policies_by_position").on(t.position, t.id),
		index("policies_by_change").on(t.updated_at, t.id),
	],
);

/** That somebody broke the glass, for those who are to be told. */
export const glassNotices = pgTable(
	"glass_notices",
	{
		id: uuid().primaryKey(),
		run_id: uuid().notNull(),
		/** Of the run. */
		title: text().notNull(),
		/** Name of who did. */
		by: text().notNull(),
		reason: text().notNull(),
		/** What stood in the way, for people. */
		passed_over: text().notNull(),
		at: instant().notNull(),
		attempts: smallint().notNull().default(0),
		/** Null once it was told, or given up. */
		next_try_at: instant(),
	},
	(table) => [index("glass_notices_to_send").on(table.next_try_at).where(sql`${table.next_try_at} is not null`)],
);
