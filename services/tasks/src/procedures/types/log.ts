import { z } from "zod";
import { defineServerStep } from "../step-type.ts";

/** Says something to whoever reads the run. */
export const stepType = defineServerStep({
	type: "log",
	label: "Log",
	description: "Writes a message into the run. Result: `message`, `level`.",
	category: "flow",
	runs_on: "server",
	mode: "read",
	params: z.strictObject({
		message: z.string().max(20_000).describe("What is written."),
		level: z.enum(["info", "warning", "error"]).default("info").describe("How it is shown."),
	}),
	example: { message: "Neighbour {{ neighbor }} is up" },
	run: async ({ params }) => ({ result: { message: params.message, level: params.level } }),
});
