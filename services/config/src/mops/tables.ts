import type { MopDocument, Parameter } from "@netconductor/contracts/config/mops";
import type { RunStatus } from "@netconductor/contracts/tasks/model";
import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { configSchema } from "../schema.ts";
import { inNaturalOrder } from "../tables.ts";

export const mops = configSchema.table(
	"mops",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		tags: text().array().notNull(),
		enabled: boolean().notNull(),
		/** YAML as it was written. */
		source: text().notNull(),
		/** What it says. */
		document: jsonb().$type<MopDocument>().notNull(),
		steps: integer().notNull(),
		writes: boolean().notNull(),
		version: integer().notNull(),
		last_run_id: uuid(),
		last_run_status: text().$type<RunStatus>(),
		last_run_at: instant(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
		updated_at: instant().notNull(),
		updated_by: text().notNull(),
		search_text: text().notNull().generatedAlwaysAs(sql`lower(name || ' ' || description)`),
	},
	(table) => [
		uniqueIndex("mops_name_key").on(sql`lower(${table.name})`),
		index("mops_by_name").on(inNaturalOrder(table.name)),
		index("mops_by_updated_at").on(table.updated_at, table.id),
		index("mops_by_last_run_at").on(table.last_run_at, table.id),
		index("mops_by_search_text").using("gin", table.search_text.op("gin_trgm_ops")),
		index("mops_by_tag").using("gin", table.tags),
	],
);

/** Every source that a procedure has had; the newest one too. */
export const mopVersions = configSchema.table(
	"mop_versions",
	{
		mop_id: uuid()
			.notNull()
			.references(() => mops.id, { onDelete: "cascade" }),
		version: integer().notNull(),
		source: text().notNull(),
		note: text().notNull(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
	},
	(table) => [primaryKey({ columns: [table.mop_id, table.version] })],
);

/** What the newest document of a procedure names, in lower case, whether it exists or not: procedures by name or id, step types by name. */
export const mopReferences = configSchema.table(
	"mop_references",
	{
		mop_id: uuid()
			.notNull()
			.references(() => mops.id, { onDelete: "cascade" }),
		kind: text().$type<"mop" | "step_type">().notNull(),
		name: text().notNull(),
	},
	(table) => [
		primaryKey({ columns: [table.mop_id, table.kind, table.name] }),
		index("mop_references_by_name").on(table.kind, table.name),
	],
);

/** Runs of procedures. They outlive the procedure. */
export const mopRuns = configSchema.table(
	"mop_runs",
	{
		run_id: uuid().primaryKey(),
		mop_id: uuid().notNull(),
		mop_name: text().notNull(),
		/** Null until it is read from the run: of one that began without us, such as one from a step of another run. */
		version: integer(),
		status: text().$type<RunStatus>().notNull(),
		reason: text().notNull(),
		/** What its start was asked for with, where we asked for it. */
		start_key: text(),
		started_by: text().notNull(),
		/** Who broke the glass for it. */
		bypassed_by: text(),
		started_at: instant().notNull(),
		finished_at: instant(),
	},
	(table) => [
		uniqueIndex("mop_runs_start_key").on(table.start_key),
		index("mop_runs_by_time").on(table.started_at, table.run_id),
		index("mop_runs_by_mop").on(table.mop_id, table.started_at, table.run_id),
		index("mop_runs_running").on(table.started_at, table.run_id).where(sql`${table.finished_at} is null`),
	],
);

/** Step types that somebody defined. */
export const stepTypes = configSchema.table(
	"step_types",
	{
		id: uuid().primaryKey(),
		type: text().notNull(),
		label: text().notNull(),
		description: text().notNull(),
		/** Built-in type that it presets. */
		base: text().notNull(),
		preset: jsonb().$type<Record<string, unknown>>().notNull(),
		parameters: jsonb().$type<Record<string, Parameter>>().notNull(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
		updated_at: instant().notNull(),
	},
	(table) => [uniqueIndex("step_types_type_key").on(table.type)],
);
