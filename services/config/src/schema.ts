import { pgSchema } from "drizzle-orm/pg-core";

/** In a file of its own: drizzle-kit would else write `CREATE SCHEMA`, which the service's role may not. */
export const configSchema = pgSchema("config");
