import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes minutes begins first: at the end of a run one core would wait for it alone. */
class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const sorted = await super.sort(files);
		const ofWhole = (file: TestSpecification) => (file.moduleId.includes("/e2e/") ? 0 : 1);
		return sorted.toSorted((one, other) => ofWhole(one) - ofWhole(other));
	}
}

export default defineConfig({
	test: {
		include: ["**/*.test.{ts,tsx}"],
		exclude: ["**/node_modules/**", "**/dist/**"],
		globalSetup: ["runtime/src/testing/global-setup.ts", "e2e/src/shared-rabbit.ts", "e2e/src/shared-start.ts"],
		setupFiles: ["runtime/src/db/resolve-drizzle.ts"],
		pool: "forks",
		// Products and browsers wait for much besides a core: with two at a time two cores stood still for a third of a run.
		maxWorkers: 3,
		sequence: { sequencer: LongestFirst },
		// For what hangs. How fast something is, is measured elsewhere.
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
