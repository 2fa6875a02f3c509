import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const devicesConfig = defineConfig(
	"devices",
	z.object({
		health_history_entries: z.coerce
			.number()
			.int()
			.min(1)
			.max(100_000)
			.default(500)
			.meta({ description: "How many results of contacts are kept for each device; the oldest go first." }),
	}),
);
