import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id } from "../kernel/ids.ts";

const deviceRef = z.object({ device_id: Id, name: z.string(), by: z.string() });

export const devicesEvents = defineEvents({
	"device.created.v1": deviceRef,
	"device.updated.v1": deviceRef,
	"device.deleted.v1": deviceRef,
	"device.host_key_changed.v1": z.object({
		device_id: Id,
		name: z.string(),
		accepted_fingerprint: z.string(),
		presented_fingerprint: z.string(),
	}),
});
