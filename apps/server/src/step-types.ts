import type { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import { documentSchema } from "@netconductor/service-config/mops/document-schema";
import { describeStepTypes } from "@netconductor/service-tasks/procedures/describe";
import { loadStepTypes } from "@netconductor/service-tasks/procedures/registry";

/** The step types of procedures that the product has, by name. */
export async function builtInStepTypes(): Promise<StepTypeInfo[]> {
	return describeStepTypes(await loadStepTypes());
}

/** JSON Schema of a procedure's YAML with these step types and none that somebody defined. */
export function mopSchema(types: readonly StepTypeInfo[]): Record<string, unknown> {
	return documentSchema(
		types.flatMap((info) => [info.type, ...info.aliases].map((name) => ({ name, known: { info, preset: null } }))),
	);
}
