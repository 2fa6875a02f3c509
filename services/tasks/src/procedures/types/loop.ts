import { VariableName } from "@netconductor/contracts/tasks/procedure";
import { z } from "zod";
import { defineFlowStep } from "../step-type.ts";

const Loop = z
	.strictObject({
		items: z.array(z.unknown()).max(10_000).optional().describe("One round for each of them."),
		count: z.int().min(0).max(10_000).optional().describe("So many rounds; the variable counts them from 0."),
		while: z
			.string()
			.min(1)
			.max(2_000)
			.optional()
			.describe("Another round as long as this expression is true. `loop.index` counts the rounds from 1."),
		as: VariableName.default("item").describe(
			"Variable of the steps within that holds the item, or the number of the round.",
		),
		max: z.int().min(1).max(10_000).default(1_000).describe("Most rounds: one more, and the step fails."),
	})
	.refine(({ items, count, while: condition }) => [items, count, condition].filter(isGiven).length === 1, {
		error: "give one of items, count and while",
	});

/** The same steps again and again. */
export const stepType = defineFlowStep({
	type: "loop",
	label: "Loop",
	description:
		"Carries out its steps once for each of `items`, `count` times, or as long as `while` is true. The round's item is a variable of the steps within.",
	category: "flow",
	runs_on: "flow",
	mode: "read",
	blocks: [{ name: "steps", required: true, many: false }],
	own_templates: ["while"],
	params: Loop,
	example: { items: ["192.0.2.1", "192.0.2.2"], as: "neighbor" },
});

function isGiven(value: unknown): boolean {
	return value !== undefined;
}
