import { z } from "zod";
import { defineEvents } from "../kernel/events.ts";
import { Id, Timestamp } from "../kernel/ids.ts";

export const authEvents = defineEvents({
	"user.changed.v1": z.object({ user_id: Id, username: z.string(), change: z.enum(["created", "updated", "deleted"]) }),
	"session.revoked.v1": z.object({ session_id: z.string(), user_id: Id, reason: z.string() }),
	/** Every service rotates the key of its vault and seals what it keeps anew. */
	"keys.rotation_requested.v1": z.object({ rotation_id: Id, requested_by: z.string() }),
	"keys.rotated.v1": z.object({
		rotation_id: Id,
		service: z.string(),
		key_id: z.string(),
		resealed: z.int(),
		finished_at: Timestamp,
	}),
});
