import { pgSchema } from "drizzle-orm/pg-core";

export const garden = pgSchema("garden");
