import { z } from "zod";
import { defineFlowStep } from "../step-type.ts";

/** Either these steps, or those. */
export const stepType = defineFlowStep({
	type: "condition",
	label: "Condition",
	description: "Carries out the steps of `then` where an expression is true, and those of `else` where it is not.",
	category: "flow",
	runs_on: "flow",
	mode: "read",
	blocks: [
		{ name: "then", required: true, many: false },
		{ name: "else", required: false, many: false },
	],
	own_templates: ["if"],
	params: z.strictObject({
		if: z.string().min(1).max(2_000).describe("Expression as after `if` in a template, such as `before is defined`."),
	}),
	example: { if: "before is defined" },
});
