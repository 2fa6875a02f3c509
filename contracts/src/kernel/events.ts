import type { z } from "zod";

/** Declares the events of a domain: names are past tense and versioned, `backup.completed.v1`. */
export function defineEvents<const E extends Record<`${string}.${string}.v${number}`, z.ZodType>>(events: E): E {
	return events;
}
