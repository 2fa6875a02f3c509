import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id } from "../kernel/ids.ts";

export const backupEvents = defineEvents({
	"backup.completed.v1": z.object({
		backup_id: Id,
		device_id: Id,
		device_name: z.string(),
		run_id: Id,
		changed: z.boolean().nullable(),
		lines_added: z.int().nullable(),
		lines_removed: z.int().nullable(),
	}),
	"backup.failed.v1": z.object({
		backup_id: Id,
		device_id: Id,
		device_name: z.string(),
		run_id: Id,
		code: z.string(),
	}),
	"snapshot.completed.v1": z.object({
		snapshot_id: Id,
		run_id: Id,
		status: z.enum(["complete", "partial", "failed"]),
		succeeded: z.int(),
		failed: z.int(),
		changed: z.int(),
	}),
});
