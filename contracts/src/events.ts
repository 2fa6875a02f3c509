import { auditEvents } from "./audit/events.ts";
import { authEvents } from "./auth/events.ts";
import { backupEvents } from "./backup/events.ts";
import { devicesEvents } from "./devices/events.ts";
import { tasksEvents } from "./tasks/events.ts";

/** Every event of the product with the schema of its payload. */
export const eventCatalogue = {
	...auditEvents,
	...authEvents,
	...devicesEvents,
	...tasksEvents,
	...backupEvents,
} as const;

export type EventName = keyof typeof eventCatalogue;
