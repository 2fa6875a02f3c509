import type { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import { describeStepTypes } from "@netconductor/service-tasks/procedures/describe";
import { loadStepTypes } from "@netconductor/service-tasks/procedures/registry";

/** The step types of procedures that the product has, by name. */
export async function builtInStepTypes(): Promise<StepTypeInfo[]> {
	return describeStepTypes(await loadStepTypes());
}
