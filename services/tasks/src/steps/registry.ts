import { applyChange } from "./apply-change.ts";
import { checkState } from "./check-state.ts";
import { collectConfig } from "./collect-config.ts";
import { compareConfig } from "./compare-config.ts";
import { planChange } from "./plan-change.ts";
import { type StepRegistry, stepRegistry } from "./step.ts";
import { testConnection } from "./test-connection.ts";

/** Every step type of the product. */
export const stepTypes: StepRegistry = stepRegistry(
	collectConfig,
	testConnection,
	planChange,
	applyChange,
	checkState,
	compareConfig,
);
