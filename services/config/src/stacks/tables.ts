import type { StackParameter } from "@netconductor/contracts/config/stack-templates";
import type { StackCheck, StackService, StackState } from "@netconductor/contracts/config/stacks";
import type { TemplateVariables } from "@netconductor/contracts/config/templates";
import type { DeviceCheck } from "@netconductor/contracts/devices/checks";
import type { Rollout, RunKind, RunStatus } from "@netconductor/contracts/tasks/model";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { configSchema } from "../schema.ts";
import { inNaturalOrder } from "../tables.ts";

export interface StartingRun {
	key: string;
	at: string;
	kind: "deploy" | "delete";
	version: number;
	state_before: StackState;
	part: boolean;
	reason: string;
	by: string;
}

/** Stack templates: definitions with parameters. */
export const stackDefinitions = configSchema.table(
	"stack_definitions",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		parameters: jsonb().$type<StackParameter[]>().notNull(),
		services: jsonb().$type<StackService[]>().notNull(),
		variables: jsonb().$type<TemplateVariables>().notNull(),
		pre_checks: jsonb().$type<StackCheck[]>().notNull(),
		pre_state_checks: jsonb().$type<DeviceCheck[]>().notNull(),
		checks: jsonb().$type<StackCheck[]>().notNull(),
		state_checks: jsonb().$type<DeviceCheck[]>().notNull(),
		rollout: jsonb().$type<Rollout>().notNull(),
		confirm_within_s: integer().notNull(),
		version: integer().notNull(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
		updated_at: instant().notNull(),
		updated_by: text().notNull(),
		search_text: text().notNull().generatedAlwaysAs(sql`lower(name || ' ' || description)`),
	},
	(table) => [
		uniqueIndex("stack_definitions_name_key").on(sql`lower(${table.name})`),
		index("stack_definitions_by_name").on(inNaturalOrder(table.name)),
		index("stack_definitions_by_updated_at").on(table.updated_at, table.id),
		index("stack_definitions_by_search_text").using("gin", table.search_text.op("gin_trgm_ops")),
	],
);

export const stacks = configSchema.table(
	"stacks",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		state: text().$type<StackState>().notNull(),
		services: jsonb().$type<StackService[]>().notNull(),
		variables: jsonb().$type<TemplateVariables>().notNull(),
		device_variables: jsonb().$type<Record<string, TemplateVariables>>().notNull(),
		pre_checks: jsonb().$type<StackCheck[]>().notNull().default([]),
		pre_state_checks: jsonb().$type<DeviceCheck[]>().notNull().default([]),
		checks: jsonb().$type<StackCheck[]>().notNull(),
		state_checks: jsonb().$type<DeviceCheck[]>().notNull().default([]),
		rollout: jsonb().$type<Rollout>().notNull(),
		confirm_within_s: integer().notNull(),
		version: integer().notNull(),
		deployed_version: integer(),
		deployed_at: instant(),
		/** A template that it uses was changed since it was deployed. */
		templates_changed: boolean().notNull().default(false),
		last_run_id: uuid(),
		/** The stack template that it was made from, and with which values. */
		made_from: uuid().references(() => stackDefinitions.id, { onDelete: "set null" }),
		made_from_version: integer(),
		parameters: jsonb().$type<TemplateVariables>(),
		/** A run that is being started: kept until it is known, also by another process after a crash. */
		starting: jsonb().$type<StartingRun>(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
		updated_at: instant().notNull(),
		updated_by: text().notNull(),
		search_text: text().notNull().generatedAlwaysAs(sql`lower(name || ' ' || description)`),
	},
	(table) => [
		uniqueIndex("stacks_name_key").on(sql`lower(${table.name})`),
		index("stacks_by_name").on(inNaturalOrder(table.name)),
		index("stacks_by_state").on(table.state, table.id),
		index("stacks_by_made_from").on(table.made_from, table.made_from_version),
		index("stacks_by_updated_at").on(table.updated_at, table.id),
		index("stacks_by_deployed_at").on(table.deployed_at, table.id),
		index("stacks_by_search_text").using("gin", table.search_text.op("gin_trgm_ops")),
	],
);

/** Templates that a stack's services use: what is used is not deleted. */
export const stackTemplates = configSchema.table(
	"stack_templates",
	{
		stack_id: uuid()
			.notNull()
			.references(() => stacks.id, { onDelete: "cascade" }),
		template_id: uuid().notNull(),
	},
	(table) => [
		uniqueIndex("stack_templates_key").on(table.stack_id, table.template_id),
		index("stack_templates_by_template").on(table.template_id),
	],
);

/** Runs of a stack: what tasks does not know of them. */
export const stackRuns = configSchema.table(
	"stack_runs",
	{
		run_id: uuid().primaryKey(),
		stack_id: uuid()
			.notNull()
			.references(() => stacks.id, { onDelete: "cascade" }),
		/** What its start was asked for with. */
		start_key: text().notNull(),
		kind: text().$type<RunKind>().notNull(),
		status: text().$type<RunStatus>().notNull(),
		version: integer().notNull(),
		/** State that the stack goes back to when the run changed nothing. */
		state_before: text().$type<StackState>().notNull(),
		/** It was for some of the stack's devices only. */
		part: boolean().notNull(),
		/** It, with the runs that it repeats in part, was for all of the stack's devices. */
		whole: boolean().notNull().default(false),
		/** It has begun to change devices. */
		touched: boolean().notNull().default(false),
		/** It has ended, and what it did to the services on each device is still to be read from it. */
		settle_due: boolean().notNull().default(false),
		reason: text().notNull(),
		started_by: text().notNull(),
		/** Who broke the glass. */
		bypassed_by: text(),
		started_at: instant().notNull(),
		finished_at: instant(),
	},
	(table) => [
		uniqueIndex("stack_runs_start_key").on(table.start_key),
		index("stack_runs_by_stack").on(table.stack_id, table.started_at, table.run_id),
		index("stack_runs_to_settle").on(table.run_id).where(sql`${table.settle_due}`),
	],
);
