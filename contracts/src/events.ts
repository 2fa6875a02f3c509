import { alertsEvents } from "./alerts/events.ts";
import { auditEvents } from "./audit/events.ts";
import { authEvents } from "./auth/events.ts";
import { backupEvents } from "./backup/events.ts";
import { configEvents } from "./config/events.ts";
import { devicesEvents } from "./devices/events.ts";
import { schedulingEvents } from "./scheduling/events.ts";
import { tasksEvents } from "./tasks/events.ts";

/** Every event of the product with the schema of its payload. */
export const eventCatalogue = {
	...alertsEvents,
	...auditEvents,
	...authEvents,
	...devicesEvents,
	...tasksEvents,
	...backupEvents,
	...configEvents,
	...schedulingEvents,
} as const;

export type EventName = keyof typeof eventCatalogue;
