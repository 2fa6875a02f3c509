import { sql } from "drizzle-orm";
import { integer, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../../../../src/db/columns.ts";
import { newId } from "../../../../src/id.ts";
import { garden } from "../schema.ts";

export const beds = garden.table("beds", {
	id: uuid().primaryKey().$defaultFn(newId),
	name: text().notNull().unique(),
});

export const plants = garden.table("plants", {
	id: uuid().primaryKey().$defaultFn(newId),
	bed_id: uuid()
		.notNull()
		.references(() => beds.id, { onDelete: "cascade" }),
	name: text().notNull(),
	height_cm: integer(),
	planted_at: instant().notNull().default(sql`now()`),
});
