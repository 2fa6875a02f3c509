import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const configConfig = defineConfig(
	"config",
	z.object({
		render_threads: z.coerce
			.number()
			.int()
			.min(1)
			.max(64)
			.default(2)
			.meta({ description: "How many threads render templates at the same time." }),
	}),
);
