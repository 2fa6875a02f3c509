import { systemClock } from "@netconductor/runtime/clock";
import { z } from "zod";
import { defineServerStep } from "../step-type.ts";

/** Up to here nothing is put aside and taken up again, which costs more than sleeping. */
const short_s = 5;

/** Lets time pass. */
export const stepType = defineServerStep({
	type: "wait",
	label: "Wait",
	description: "Waits for a time. A long wait survives restarts. Result: `waited_s`.",
	category: "flow",
	aliases: ["delay", "sleep"],
	runs_on: "server",
	mode: "read",
	params: z.strictObject({
		seconds: z.number().min(0).max(604_800).describe("How long, in seconds; at most seven days."),
	}),
	example: { seconds: 30 },
	async run({ params: { seconds }, state, now, signal }) {
		if (seconds <= short_s) {
			await systemClock.sleep(seconds * 1000, signal);
			return { result: { waited_s: seconds } };
		}
		const until = typeof state?.until === "string" ? new Date(state.until) : new Date(now().getTime() + seconds * 1000);
		if (now() >= until) return { result: { waited_s: seconds } };
		return {
			wait: { state: { until: until.toISOString() }, until, waiting_for: { kind: "time", until: until.toISOString() } },
		};
	},
});
