import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["**/*.test.{ts,tsx}"],
		exclude: ["**/node_modules/**", "**/dist/**"],
		globalSetup: ["runtime/src/testing/global-setup.ts"],
		pool: "forks",
		// Two cores: more would only wait for each other.
		maxWorkers: 2,
		testTimeout: 30_000,
		hookTimeout: 60_000,
	},
});
