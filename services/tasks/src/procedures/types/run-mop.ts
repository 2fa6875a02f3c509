import { VariableName } from "@netconductor/contracts/tasks/procedure";
import { z } from "zod";
import { defineFlowStep } from "../step-type.ts";

/** Another procedure as one step. Its steps are put in its place when the procedure is started: `steps`, with its variables as locals. */
export const stepType = defineFlowStep({
	type: "run_mop",
	label: "Run a procedure",
	description:
		"Carries out another procedure, as it stands when this one is started. Its variables are its own; what its steps save, steps after it do not see.",
	category: "flow",
	runs_on: "flow",
	mode: "read",
	blocks: [],
	own_templates: ["variables"],
	params: z.strictObject({
		mop: z.string().min(1).max(200).describe("Name or id of the procedure."),
		variables: z
			.record(VariableName, z.unknown())
			.default({})
			.describe("Values of its variables; those left out have their defaults."),
	}),
	example: { mop: "Check transit", variables: { neighbor: "{{ neighbor }}" } },
});
