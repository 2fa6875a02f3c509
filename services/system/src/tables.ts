import { instant } from "@netconductor/runtime/db/columns";
import { sql } from "drizzle-orm";
import { bigint, boolean, check, integer, pgTable, smallint, text, uuid } from "drizzle-orm/pg-core";

/** The simulated network; there is one at most. */
export const simulatedNetwork = pgTable(
	"simulated_network",
	{
		id: smallint().primaryKey().default(1),
		/** Configurations and host keys follow from it. */
		seed: text().notNull(),
		/** Number of the next change. */
		changes: integer().notNull().default(0),
		/** Whether its group was made for it, and goes with it when it is empty. */
		own_group: boolean().notNull(),
		created_at: instant().notNull(),
	},
	(t) => [check("simulated_network_single_row", sql`${t.id} = 1`)],
);

/** Devices of the simulated network, as they were added to the inventory. */
export const simulatedDevices = pgTable("simulated_devices", {
	/** By which the simulator knows it; in the inventory it may be renamed. */
	name: text().primaryKey(),
	device_id: uuid().notNull().unique(),
	platform: text().notNull(),
	port: integer().notNull(),
});

/** What was typed on them, to be typed again when they are started again. */
export const simulatedChanges = pgTable("simulated_changes", {
	position: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
	name: text()
		.notNull()
		.references(() => simulatedDevices.name, { onDelete: "cascade" }),
	lines: text().array().notNull(),
	made_at: instant().notNull(),
});
