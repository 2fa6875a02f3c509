import { z } from "zod";
import { defineFlowStep } from "../step-type.ts";

/** Lists of steps that go on at the same time. */
export const stepType = defineFlowStep({
	type: "parallel",
	label: "Parallel",
	description:
		"Carries out several lists of steps at the same time and goes on when all have ended. It failed when a branch failed. What branches save, steps after it have.",
	category: "flow",
	runs_on: "flow",
	mode: "read",
	blocks: [{ name: "branches", required: true, many: true }],
	params: z.strictObject({}),
	example: {},
});
