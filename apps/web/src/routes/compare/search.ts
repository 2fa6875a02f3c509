import { z } from "zod";

export const CompareSearch = z.object({
	from: z.uuid().optional().catch(undefined),
	to: z.uuid().optional().catch(undefined),
	mode: z.enum(["text", "section"]).optional().catch(undefined),
	form: z.enum(["raw", "normalised"]).optional().catch(undefined),
});
