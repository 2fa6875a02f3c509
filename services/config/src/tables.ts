import type { TemplateSettings, TemplateType } from "@netconductor/contracts/config/templates";
import { instant } from "@netconductor/runtime/db/columns";
import { type SQL, sql } from "drizzle-orm";
import { type AnyPgColumn, index, integer, jsonb, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { configSchema } from "./schema.ts";

const lower = (column: AnyPgColumn): SQL => sql`lower(${column})`;

/** As people count: `vlan-2` before `vlan-10`. The collation is made by the migrations. */
export function inNaturalOrder(name: AnyPgColumn): SQL {
	return sql`lower(${name}) collate natural_order`;
}

export const templates = configSchema.table(
	"templates",
	{
		id: uuid().primaryKey(),
		name: text().notNull(),
		description: text().notNull(),
		type: text().$type<TemplateType>().notNull(),
		platforms: text().array().notNull(),
		tags: text().array().notNull(),
		validation_template_id: uuid().references((): AnyPgColumn => templates.id),
		delete_template_id: uuid().references((): AnyPgColumn => templates.id),
		source: text().notNull(),
		settings: jsonb().$type<TemplateSettings>().notNull(),
		version: integer().notNull(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
		updated_at: instant().notNull(),
		updated_by: text().notNull(),
		/** What a search looks through; indexed by trigrams. */
		search_text: text().notNull().generatedAlwaysAs(sql`lower(name || ' ' || description)`),
	},
	(table) => [
		uniqueIndex("templates_name_key").on(lower(table.name)),
		index("templates_by_name").on(inNaturalOrder(table.name)),
		index("templates_by_type").on(table.type, table.id),
		index("templates_by_created_at").on(table.created_at, table.id),
		index("templates_by_updated_at").on(table.updated_at, table.id),
		index("templates_by_search_text").using("gin", table.search_text.op("gin_trgm_ops")),
		index("templates_by_tag").using("gin", table.tags),
		index("templates_by_platform").using("gin", table.platforms),
		index("templates_by_validation").on(table.validation_template_id),
		index("templates_by_delete").on(table.delete_template_id),
	],
);

/** Every source that a template has had, with its settings; the newest one too. */
export const templateVersions = configSchema.table(
	"template_versions",
	{
		template_id: uuid()
			.notNull()
			.references(() => templates.id, { onDelete: "cascade" }),
		version: integer().notNull(),
		source: text().notNull(),
		settings: jsonb().$type<TemplateSettings>().notNull(),
		lines: integer().notNull(),
		note: text().notNull(),
		restored_from: integer(),
		created_at: instant().notNull(),
		created_by: text().notNull(),
	},
	(table) => [primaryKey({ columns: [table.template_id, table.version] })],
);

/** Names that a template's newest source includes, imports or extends, whether such templates exist or not. */
export const templateReferences = configSchema.table(
	"template_references",
	{
		template_id: uuid()
			.notNull()
			.references(() => templates.id, { onDelete: "cascade" }),
		name: text().notNull(),
	},
	(table) => [
		primaryKey({ columns: [table.template_id, table.name] }),
		index("template_references_by_name").on(table.name, table.template_id),
	],
);
