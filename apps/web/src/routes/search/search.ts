import { z } from "zod";

export const ConfigSearchParams = z.object({
	q: z.coerce.string().max(500).optional().catch(undefined),
	regex: z.boolean().optional().catch(undefined),
	case: z.boolean().optional().catch(undefined),
	/** As things stood then: local time as the field gives it. */
	at: z
		.string()
		.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/)
		.optional()
		.catch(undefined),
	page: z.int().min(1).max(10_000).optional().catch(undefined),
});
