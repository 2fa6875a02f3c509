import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const schedulingConfig = defineConfig(
	"scheduling",
	z.object({
		keep_history_days: z
			.int()
			.min(1)
			.max(36_500)
			.default(365)
			.meta({ description: "Days for which it is kept when schedules came due and what came of it" }),
		max_schedules: z.int().min(1).max(1_000_000).default(20_000).meta({ description: "Most schedules there can be" }),
	}),
);
