import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const backupConfig = defineConfig(
	"backup",
	z.object({
		text_threads: z
			.int()
			.min(1)
			.max(32)
			.default(2)
			.meta({ description: "Threads that normalise, compare and search large configurations beside the event loop" }),
		search_timeout_ms: z
			.int()
			.min(100)
			.max(60_000)
			.default(10_000)
			.meta({ description: "Longest time a search may take before it is refused as too broad" }),
	}),
);
