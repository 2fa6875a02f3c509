import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const realtimeConfig = defineConfig(
	"realtime",
	z.object({
		allowed_origins: z
			.array(z.url({ protocol: /^https?$/ }))
			.default([])
			.meta({ description: "Origins of other web pages that may open a WebSocket. The product's own always may." }),
	}),
);
