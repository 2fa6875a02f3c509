import { collectConfig } from "./collect-config.ts";
import { type StepRegistry, stepRegistry } from "./step.ts";
import { testConnection } from "./test-connection.ts";

/** Every step type of the product. */
export const stepTypes: StepRegistry = stepRegistry(collectConfig, testConnection);
