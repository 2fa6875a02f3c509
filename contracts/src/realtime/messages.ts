import { z } from "zod";
import { OutputChunk, Run, RunOperation } from "../tasks/model.ts";

/** What `/ws/tasks/{id}` sends. Output resumes with `?after=<seq>`; states are sent whole, so a missed one does no harm. */
export const TaskMessage = z.discriminatedUnion("type", [
	z.object({ type: z.literal("run"), run: Run }),
	z.object({ type: z.literal("operation"), operation: RunOperation }),
	z.object({ type: z.literal("output"), chunk: OutputChunk }),
	/** Everything was sent and the run has ended; the server closes next. */
	z.object({ type: z.literal("end"), run: Run, last_seq: z.int() }),
]);
export type TaskMessage = z.infer<typeof TaskMessage>;

/** What `/ws/dashboard` sends: that something changed, so that the page reads it again. */
export const DashboardMessage = z.discriminatedUnion("type", [
	z.object({ type: z.literal("run"), run: Run }),
	z.object({
		type: z.literal("changed"),
		what: z.enum(["devices", "backups", "snapshots", "workers"]),
		id: z.string(),
	}),
]);
export type DashboardMessage = z.infer<typeof DashboardMessage>;

/** Ephemeral topic that says: run `run_id` has news (rows up to date in the database). Payload of the topic `run.progress`. */
export const RunProgress = z.object({
	run_id: z.string(),
	/** Latest stored output. */
	seq: z.int().optional(),
	/** Operations that changed. */
	operation_ids: z.array(z.string()).max(100).optional(),
	/** The run itself changed. */
	run: z.boolean().optional(),
});
export type RunProgress = z.infer<typeof RunProgress>;

/** Close codes of our WebSockets, besides RFC 6455's. */
export const closeCodes = {
	ticket_invalid: 4401,
	forbidden: 4403,
	not_found: 4404,
	too_slow: 4408,
	too_many: 4429,
} as const;
