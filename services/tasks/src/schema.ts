import { pgSchema } from "drizzle-orm/pg-core";

/** The engine's library keeps its own tables (`workflow_status`, `queues`, ...) in here too: the role may use no other schema. */
export const tasksSchema = pgSchema("tasks");
