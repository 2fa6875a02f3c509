import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const alertsConfig = defineConfig(
	"alerts",
	z.object({
		approval_expiry_minutes: z
			.int()
			.min(1)
			.max(43_200)
			.default(30)
			.meta({ description: "Time to decide on an approval, where its policy sets none" }),
	}),
);
