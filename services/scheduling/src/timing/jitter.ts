import { createHash } from "node:crypto";

/**
 * How much later an occurrence starts, in milliseconds below `jitter_s`: the same whoever asks and however often, evenly spread over occurrences, so that
 * a thousand schedules of one minute do not begin in one second.
 */
export function jitterOf(schedule_id: string, due_at: number, jitter_s: number): number {
	if (jitter_s === 0) return 0;
	const digest = createHash("sha256").update(`${schedule_id} ${due_at}`).digest();
	return Math.floor((digest.readUInt32BE() / 2 ** 32) * jitter_s * 1000);
}
