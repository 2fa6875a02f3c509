import { bigint, index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";

/**
 * How many devices there are of each value of what lists are filtered by. Triggers of the migrations keep it in the transaction of each
 * change; the number of a value is the sum of its rows, of which there are several where transactions ran side by side.
 */
export const deviceTallies = pgTable(
	"device_tallies",
	{
		id: uuid().primaryKey(),
		criterion: text({ enum: ["all", "device_type", "health", "enabled", "site", "tag", "group"] }).notNull(),
		/** Empty for `all`; of a group its id. */
		value: text().notNull(),
		devices: integer().notNull(),
	},
	(table) => [index("device_tallies_by_value").on(table.criterion, table.value)],
);

/**
 * Transactions that changed devices, groups, who is in them, or host keys. Triggers of the migrations count each of them once, in one of the rows: the
 * sum is another after every commit, and nobody waits for anybody to count.
 */
export const inventoryChanges = pgTable("inventory_changes", {
	id: uuid().primaryKey(),
	changes: bigint({ mode: "number" }).notNull(),
});
