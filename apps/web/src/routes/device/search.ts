import { z } from "zod";

export const DeviceSearch = z.object({
	tab: z.enum(["config", "versions", "health"]).optional().catch(undefined),
	/** Version to show in place of the newest. */
	backup: z.uuid().optional().catch(undefined),
	/** Line to lead to. */
	line: z.int().min(1).optional().catch(undefined),
});
