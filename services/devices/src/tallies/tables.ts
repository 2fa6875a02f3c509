import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";

/**
 * How many devices there are of each value of what lists are filtered by. Triggers of the migrations keep it in the transaction of each
 * change; the number of a value is the sum of its rows, of which there are several where transactions ran side by side.
 */
export const deviceTallies = pgTable(
	"device_tallies",
	{
		id: uuid().primaryKey(),
		criterion: text({ enum: ["all", "device_type", "health", "enabled", "site", "tag"] }).notNull(),
		/** Empty for `all`. */
		value: text().notNull(),
		devices: integer().notNull(),
	},
	(table) => [index("device_tallies_by_value").on(table.criterion, table.value)],
);
