import { z } from "zod";
import { defineFlowStep } from "../step-type.ts";

/** Ends the procedure and takes back what it changed. */
export const stepType = defineFlowStep({
	type: "rollback",
	label: "Roll back",
	description:
		"Takes back what the procedure changed on its devices, in reverse order, then carries out the steps under `rollback:`. The run ends as failed, with the reason.",
	category: "flow",
	runs_on: "flow",
	mode: "read",
	blocks: [],
	params: z.strictObject({
		reason: z.string().max(500).default("").describe("Why, for those who read the run."),
	}),
	example: { reason: "Neighbour {{ neighbor }} did not come up" },
});
