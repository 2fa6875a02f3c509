import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id } from "../kernel/ids.ts";

export const schedulingEvents = defineEvents({
	/** A calendar was added, changed or deleted: what it held may go on, and what it did not may be held. */
	"schedule_calendar.changed.v1": z.object({ calendar_id: Id }),
});
