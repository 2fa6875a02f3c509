import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["**/*.test.{ts,tsx}"],
		exclude: ["**/node_modules/**", "**/dist/**"],
		globalSetup: ["runtime/src/testing/global-setup.ts"],
		pool: "forks",
		// Two cores: more would only wait for each other.
		maxWorkers: 2,
		// Tests that kill processes and wait for leases share two cores here; CI, whose machines are busier still, looks twice.
		retry: process.env.CI ? 1 : 0,
		testTimeout: 30_000,
		hookTimeout: 60_000,
	},
});
