import { Id } from "@netconductor/contracts/kernel/ids";
import { type RestoredConfig, restoreConfig } from "@netconductor/driver-core/change/restore";
import { z } from "zod";
import { changeResult, safely } from "../steps/safe-change.ts";
import { cutText } from "./shared/shown-output.ts";
import { defineDeviceStep } from "./step-type.ts";

/**
 * Takes back what steps of a procedure changed on a device: not a step of documents, but what `rollback` is made of. What others changed since is left
 * alone where it was not in our lines, and named in `foreign`.
 */
export const takeBack = defineDeviceStep({
	type: "take_back",
	label: "Take back",
	description:
		"Takes the configuration back to the one before the changes of these operations. Result: `outcome`, `diff`, `foreign` (what others changed since and was left alone), `cut`.",
	category: "change",
	runs_on: "devices",
	mode: "write",
	repeatable: true,
	params: z.strictObject({
		operation_ids: z
			.array(Id)
			.min(1)
			.max(10_000)
			.describe("Operations whose changes are taken back, the newest first."),
		confirm_within_s: z.int().min(60).max(3_600).default(300).describe("As of set_config."),
	}),
	example: { operation_ids: ["0195d3a0-0000-7000-8000-000000000000"] },
	async run(context) {
		const { params, log } = context;
		const done: RestoredConfig[] = [];
		let isWriting = false;
		for (const operation_id of params.operation_ids) {
			const { before, after } = await context.revealUndo(operation_id);
			const session = await context.session();
			if (!isWriting) await context.beforeWriting();
			isWriting = true;
			const options = { ...safely(context, params), after: after ?? undefined };
			const restored = await restoreConfig(session, before, options);
			done.push(restored);
			const { result, ...end } = changeResult(restored, context);
			if (restored.foreign !== "")
				log(`changed by others since, left alone:\n${restored.foreign.slice(0, longestShown)}`);
			if (result.outcome === "confirmed") continue;
			return { result: resultOf(done), ...end };
		}
		return { result: resultOf(done) };
	},
});

/** Characters of others' changes that the run's output has. */
const longestShown = 20_000;

function resultOf(done: readonly RestoredConfig[]): Record<string, unknown> {
	const [diff, foreign] = (["diff", "foreign"] as const).map((part) => {
		const texts = done.map((restored) => restored[part]).filter((text) => text !== "");
		return cutText([...new Set(texts)].join(""));
	});
	return {
		outcome: done.at(-1)?.outcome,
		diff: diff?.text,
		foreign: foreign?.text,
		cut: diff?.cut === true || foreign?.cut === true,
	};
}
