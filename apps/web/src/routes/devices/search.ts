import { Health } from "@netconductor/contracts/devices/model";
import { z } from "zod";

export const DevicesSearch = z.object({
	page: z.int().min(1).max(1_000_000).optional().catch(undefined),
	page_size: z.int().min(1).max(500).optional().catch(undefined),
	sort: z
		.enum(["name", "host", "device_type", "site", "health", "health_at"].flatMap((field) => [field, `-${field}`]))
		.optional()
		.catch(undefined),
	q: z.coerce.string().max(200).optional().catch(undefined),
	health: Health.optional().catch(undefined),
});
