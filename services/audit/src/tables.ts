import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { bigint, check, index, pgTable, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";

/**
 * The chain. `content` is the canonical JSON that was hashed and the only truth; the columns beside it are taken from it for filters, and
 * verification checks that they still agree. A trigger of the first migration refuses every change and deletion.
 */
export const records = pgTable(
	"records",
	{
		position: bigint({ mode: "number" }).primaryKey(),
		id: uuid().notNull(),
		occurred_at: instant().notNull(),
		actor_id: text().notNull(),
		actor_name: text().notNull(),
		service: text().notNull(),
		operation: text().notNull(),
		outcome: text().notNull(),
		resource_type: text(),
		resource_id: text(),
		resource_name: text(),
		summary: text().notNull(),
		/** What a search looks through. The database makes it of the others, so that it cannot differ from them. */
		search_text: text()
			.notNull()
			.generatedAlwaysAs(
				sql`lower(summary || ' ' || actor_name || ' ' || coalesce(resource_name, '') || ' ' || coalesce(resource_id, ''))`,
			),
		content: text().notNull(),
		/** SHA-256 of `content`, hex. */
		hash: text().notNull(),
	},
	(t) => {
		// Each filter alone is answered in the order of the list from its index.
		const newestFirst = [t.occurred_at, t.position] as const;
		return [
			uniqueIndex("records_id_key").on(t.id),
			index("records_by_time").on(...newestFirst),
			index("records_by_actor_id").on(t.actor_id, ...newestFirst),
			index("records_by_actor_name").on(t.actor_name, ...newestFirst),
			index("records_by_service").on(t.service, ...newestFirst),
			index("records_by_operation").on(t.operation, ...newestFirst),
			index("records_by_outcome").on(t.outcome, ...newestFirst),
			index("records_by_resource_id").on(t.resource_id, ...newestFirst),
			index("records_search_trgm").using("gin", t.search_text.op("gin_trgm_ops")),
			index("records_by_resource_type").on(t.resource_type, ...newestFirst),
		];
	},
);

/** The end of the chain: locked by whoever appends, so that records come one after another. */
export const chainHead = pgTable(
	"chain_head",
	{
		id: smallint().primaryKey().default(1),
		position: bigint({ mode: "number" }).notNull(),
		hash: text().notNull(),
	},
	(t) => [check("chain_head_single_row", sql`${t.id} = 1`)],
);
